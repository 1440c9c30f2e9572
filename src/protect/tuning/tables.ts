import type { WafVerdict } from '../schema.ts'

/** Times are milliseconds UTC; `preview` and `hosts` are JSON. */
export interface ExclusionsTable {
  id: string
  scope: string
  rule: number
  path: string
  variable: string | null
  reason: string
  owner: string
  author_account: string | null
  author_name: string
  created: number
  expires: number
  ended: number | null
  ended_name: string | null
  reference: string | null
  preview: string
}

export interface ApplicationsTable {
  scope: string
  name: string
  hosts: string
  owner: string
  author_name: string
  created: number
}

export interface WafVerdictsTable {
  scope: string
  reference: string
  verdict: WafVerdict
  /** The rule that decided, and where; for the share of each. */
  rule: number | null
  author_name: string
  at: number
}

export interface ProtectTables {
  protect_exclusions: ExclusionsTable
  protect_applications: ApplicationsTable
  protect_verdicts: WafVerdictsTable
}
