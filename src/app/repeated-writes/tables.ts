/** A write that its sender may ask for again under the key that it chose. Times are milliseconds UTC. */
export interface RepeatedWritesTable {
  /** SHA-256 of who asked, in which scope, and the key. */
  mark: string
  scope: string
  /** SHA-256 of what was asked: method, address and body. */
  asked: string
  /** The run of the server that began it; empty once it is known that its outcome is not. */
  run: string
  /** The answer, sealed: it may hold a secret that is told once. Null until there is one. */
  answer: string | null
  created: number
}

export interface RepeatedWriteTables {
  app_repeated_writes: RepeatedWritesTable
}
