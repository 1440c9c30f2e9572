/** A rule that used up its time. Times are milliseconds UTC; `silenced` is JSON. */
export interface QuarantineTable {
  rule_id: string
  scope: string
  /** Another version of the rule gets a new chance. */
  rule_version: string
  title: string
  file: string
  at: number
  took_ms: number
  budget_ms: number
  events: number
  event_id: string
  /** Ids of correlations that cannot speak without it. */
  silenced: string
}

export interface QuarantineTables {
  detect_quarantine: QuarantineTable
}
