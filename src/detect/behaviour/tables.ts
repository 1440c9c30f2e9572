import type { BehaviourKind } from '../engines/behaviour/features.ts'

/** What is known of a user or host; `profile` is the engine's own text. Times are milliseconds UTC. */
export interface BehaviourTable {
  scope: string
  kind: BehaviourKind
  name: string
  last_seen: number
  /** As it stood at `score_at`; it decays from there. */
  score: number
  score_at: number
  profile: string
}

/** What all entities of a scope and kind have in common. */
export interface BehaviourPoolsTable {
  scope: string
  kind: BehaviourKind
  pool: string
}

/** Up to which batch of a writer all of it counts, and what its bounds have cost. */
export interface BehaviourStateTable {
  writer: string
  scope: string
  sequence: number
  entities: number
  evicted: number
  forgotten: number
  late: number
}

export interface BehaviourTables {
  detect_behaviour: BehaviourTable
  detect_behaviour_pools: BehaviourPoolsTable
  detect_behaviour_state: BehaviourStateTable
}
