export interface ProvidersTable {
  /** The path segment of its addresses. */
  id: string
  scope: string
  /** JSON of `ProviderSettings`. */
  settings: string
  /** Sealed for `access_sso_providers:ID`; null for a public client. */
  secret: string | null
  created: number
  updated: number
}

/** An account of a provider that signs in to one of ours. */
export interface IdentitiesTable {
  id: string
  scope: string
  provider: string
  /** The provider's `sub`. A provider's issuer never changes, so that the pair with it is what OIDC Core §5.7 asks for. */
  subject: string
  account_id: string
  /** How the provider called the person last. */
  name: string
  created: number
  last_used: number | null
}

/** A sign-in on its way through a provider; taken once. */
export interface FlowsTable {
  id: string
  scope: string
  provider: string
  /** SHA-256 of the secret in the browser's cookie: state, nonce and verifier are made from that secret. */
  hash: string
  to_path: string
  /** Whom a new link is for, and their session; null for a sign-in. */
  account_id: string | null
  session_id: string | null
  created: number
  expires: number
}

export interface SsoTables {
  access_sso_providers: ProvidersTable
  access_identities: IdentitiesTable
  access_sso_flows: FlowsTable
}
