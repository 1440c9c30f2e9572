export interface AccountsTable {
  id: string
  scope: string
  name: string
  role: string
  /** `scrypt$N$r$p$salt$hash`, base64url parts. */
  password: string
  created: number
}

export interface SessionsTable {
  /** SHA-256 of the cookie's secret, hex: a stolen database opens no session. */
  hash: string
  scope: string
  account_id: string
  created: number
  last_used: number
  expires: number
}

export interface TokensTable {
  id: string
  scope: string
  name: string
  /** SHA-256 of the token, hex. */
  hash: string
  grants: string
  created: number
  last_used: number | null
  expires: number | null
}

export interface SetupTable {
  hash: string
  scope: string
  created: number
  expires: number
}

export interface AccessTables {
  access_accounts: AccountsTable
  access_sessions: SessionsTable
  access_tokens: TokensTable
  access_setup: SetupTable
}
