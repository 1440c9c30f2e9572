/** Reviews that were held. Times are milliseconds UTC. */
export interface ReviewsTable {
  scope: string
  week: string
  held: number
  by_name: string
  note: string
  /** JSON of a `keptReview`: how things stood. */
  view: string
  outbox: number
}

export interface DecisionsTable {
  scope: string
  week: string
  item: string
  /** JSON `{en, ja}`. */
  title: string
  choice: 'act' | 'accept' | 'postpone'
  note: string
  owner: string
  due: string | null
  by_name: string
  at: number
  outbox: number
}

/** Who gets the review by mail, when, and how that went. */
export interface ReviewMailTable {
  scope: string
  account: string
  enabled: 0 | 1
  email: string
  weekday: number
  hour: number
  language: 'en' | 'ja'
  /** The last week that was sent. */
  week: string | null
  sent: number | null
  error: string | null
  /** Not before then, after a failure. */
  next: number
}

export interface WeeklyTables {
  app_reviews: ReviewsTable
  app_review_decisions: DecisionsTable
  app_review_mail: ReviewMailTable
}
