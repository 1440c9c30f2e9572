/** Times are milliseconds UTC; `conditions`, `preview` and `last_events` are JSON. */
export interface ExceptionsTable {
  id: string
  scope: string
  rule_id: string
  rule_title: string
  rule_title_ja: string
  conditions: string
  reason: string
  owner: string
  /** `expired` is never stored: `expires` says it. */
  state: 'waiting' | 'active' | 'refused' | 'ended'
  author_account: string | null
  author_name: string
  created: number
  expires: number
  decided_account: string | null
  decided_name: string | null
  decided: number | null
  hidden: number
  last_hidden: number | null
  last_events: string
  preview: string
}
