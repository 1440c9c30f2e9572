/** How many values each rule masked in events that sources of a scope brought. */
export interface MaskedTable {
  scope: string
  rule: string
  masked: number
  /** Milliseconds UTC. */
  last_at: number
}

export interface MaskingTables {
  collect_masked: MaskedTable
}
