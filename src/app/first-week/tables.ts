/** The path that a scope began with; at most one a scope. `name` is JSON `{en, ja}`. */
export interface FirstWeekTable {
  scope: string
  card_id: string
  name: string
  by_name: string
  at: number
}

export interface FirstWeekTables {
  app_first_week: FirstWeekTable
}
