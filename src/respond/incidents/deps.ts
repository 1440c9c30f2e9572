import type { Clock } from '../../kernel/clock.ts'
import type { State } from '../../platform/state/state.ts'
import type { RunState } from '../playbooks/schema.ts'
import type { IncidentPolicy } from './policy.ts'
import type { Db } from './queries.ts'
import type { Both } from './words.ts'

/** An alert as the room that keeps it gives it. Times are milliseconds UTC. */
export interface AlertSnapshot {
  readonly id: string
  readonly rule: string
  readonly title: Both
  /** 1 to 5. */
  readonly severity: number
  readonly entity: { readonly kind: string; readonly name: string }
  readonly techniques: readonly string[]
  /** Ids of its events, oldest first. */
  readonly events: readonly string[]
  readonly firstObserved: number
  readonly raised: number
  /** When a person first did something about it. */
  readonly acknowledged: number | null
}

export interface IncidentEvent {
  readonly id: string
  /** Milliseconds UTC. */
  readonly at: number
  readonly lane: string
  readonly summary: string
  readonly entities: readonly { readonly kind: string; readonly name: string }[]
}

/** What a playbook did, as its runner tells it. Times are milliseconds UTC. */
export interface IncidentRun {
  readonly id: string
  readonly title: Both
  readonly state: RunState
  readonly started: number
  readonly ended: number | null
  /** Everything was only planned. */
  readonly simulated: boolean
  readonly actions: readonly { readonly at: number; readonly text: Both }[]
}

export interface Channel {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly enabled: boolean
}

export interface Telling {
  readonly scope: string
  readonly channel: string
  readonly incident: string
  readonly number: number
  readonly severity: number
  readonly subject: string
  readonly text: string
}

/** What became of something that was handed to a channel. */
export interface DeliveryFate {
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly at: number | null
  readonly error: string | null
}

/** What incidents need of the rest of the house; wired in src/app. */
export interface IncidentDeps {
  readonly state: State
  readonly clock: Clock
  readonly policy: IncidentPolicy
  /** Alerts of a scope; those that do not exist are left out. */
  readonly alerts: (scope: string, ids: readonly string[]) => Promise<readonly AlertSnapshot[]>
  /** Events that are still kept. */
  readonly events: (scope: string, ids: readonly string[]) => Promise<readonly IncidentEvent[]>
  readonly artefact: (
    scope: string,
    id: string,
  ) => Promise<{ readonly id: string; readonly name: string; readonly sha256: string } | undefined>
  readonly channels: (scope: string) => Promise<readonly Channel[]>
  /**
   * Hands a message to a channel in the caller's transaction.
   * @returns the channel's name, and the id that the receiver will see.
   * @throws KanpekiError `not_found` for a channel that does not exist.
   */
  readonly tell: (trx: Db, message: Telling, now: number) => Promise<{ readonly channel: string; readonly delivery: string }>
  readonly fates: (deliveries: readonly string[]) => Promise<ReadonlyMap<string, DeliveryFate>>
  readonly runs: (scope: string, incident: string) => Promise<readonly IncidentRun[]>
  /** Places in the ledger by outbox number. */
  readonly ledgerIndexes: (outbox: readonly number[]) => Promise<ReadonlyMap<number, number>>
  /** The console's address as people reach it, without a trailing slash. */
  readonly origin: () => string
  /** Something changed: evidence waits for the ledger, messages wait for their channel, pages are old. */
  readonly changed: () => void
}
