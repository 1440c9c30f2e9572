/** Authorities that issue certificates for machines: the newest issues, the ones before are trusted until they end. */
export interface CaTable {
  id: string
  scope: string
  /** PEM. */
  certificate: string
  /** PKCS #8, sealed for `access_ca:ID`. */
  key: string
  created: number
  /** From then on its certificates are refused: its own end, or the end of the overlap after a rotation. */
  trusted_until: number
}

/** A secret that lets machines ask for their first certificate. */
export interface EnrolmentsTable {
  id: string
  scope: string
  name: string
  /** SHA-256 of the token, hex. */
  hash: string
  /** How many machines may still use it, of how many. */
  uses_left: number
  uses: number
  by_name: string
  created: number
  expires: number
}

export interface AgentsTable {
  id: string
  scope: string
  name: string
  enrolment_id: string
  created: number
  last_seen: number | null
  revoked: number | null
}

export interface CertificatesTable {
  /** SHA-256 of the certificate, hex without colons. */
  fingerprint: string
  scope: string
  agent_id: string
  ca_id: string
  /** Hex. */
  serial: string
  created: number
  expires: number
  revoked: number | null
}

export interface MachineTables {
  access_ca: CaTable
  access_enrolments: EnrolmentsTable
  access_agents: AgentsTable
  access_certificates: CertificatesTable
}
