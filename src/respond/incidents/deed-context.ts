import type { AlertSnapshot, IncidentDeps } from './deps.ts'
import type { Actor, Said } from './enter.ts'
import type { Db, IncidentChange } from './queries.ts'
import type { IncidentsTable } from './tables.ts'

/** What a deed works with. */
export interface DeedContext {
  /** Limited to the incident's scope. */
  readonly trx: Db
  readonly deps: IncidentDeps
  /** As it was before the deed. */
  readonly incident: IncidentsTable
  readonly by: Actor
  /** Milliseconds UTC. */
  readonly now: number
  /** What had to be fetched from other rooms before the transaction began. */
  readonly fetched: {
    readonly alerts: readonly AlertSnapshot[]
    readonly artefact: { readonly id: string; readonly name: string; readonly sha256: string } | undefined
  }
  /** Writes the change, the timeline and the evidence, which belong together. */
  done(said: Said, change?: IncidentChange): Promise<IncidentsTable>
  /** The same in another incident. */
  enterIn(other: IncidentsTable, said: Said): Promise<IncidentsTable>
}
