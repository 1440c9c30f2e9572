import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import type { LakeMender } from '../../platform/lake/mend.ts'
import { HOUR_MS } from '../../platform/lake/table.ts'
import type { Log } from '../../platform/log.ts'
import { settingsOf } from '../../platform/state/settings.ts'
import type { State } from '../../platform/state/state.ts'
import { keptSegments } from '../pipeline/queries.ts'
import type { PipelineTables } from '../pipeline/tables.ts'
import { type WrongHour, wrongHours } from './repair/hours.ts'

export interface Damage {
  readonly hours: readonly WrongHour[]
  /** Sealed files that are missing or cut off. */
  readonly files: readonly string[]
}

/** What can be seen without reading every byte. */
export async function damageOf(state: State, mender: Pick<LakeMender, 'counted'>, root: string): Promise<Damage> {
  const hours = await wrongHours(state, mender)
  const files: string[] = []
  for (const { file, bytes } of await keptSegments(state.tables<PipelineTables>())) {
    const found = await stat(join(root, file)).catch(() => undefined)
    // Of hours that 0.1 sealed the size is not known.
    if (found === undefined || (bytes > 0 && found.size !== bytes)) files.push(file)
  }
  return { hours, files }
}

/** What the running server knows of it, for Overview. Times are milliseconds UTC. */
export interface DamageStatus {
  readonly since: number
  /** Hours of which the lake does not hold what the record says, and how many events that is. */
  readonly hours: number
  readonly events: number
  readonly files: number
}

const DAMAGE = 'care.damage'
/** A batch is committed to the record a little after it is in the lake. */
const SETTLED_MS = HOUR_MS + 600_000

export interface DamageDeps {
  readonly state: State
  readonly mender: Pick<LakeMender, 'counted'>
  readonly root: string
  readonly clock: Clock
  readonly log: Log
}

/**
 * The engine leaves a part that it finds broken out of the lake and goes on: nobody would hear of it. Call it when nothing
 * is being sealed or taken out.
 */
export async function lookForDamage({ state, mender, root, clock, log }: DamageDeps): Promise<void> {
  const now = clock.now()
  const found = await damageOf(state, mender, root)
  const hours = found.hours.filter(({ hour }) => hour + SETTLED_MS <= now)
  const settings = settingsOf(state)
  const before = await damageStatus(state)
  if (hours.length === 0 && found.files.length === 0) {
    if (before !== undefined) await settings.delete(DAMAGE)
    return
  }
  const events = hours.reduce((sum, { inLake, recorded }) => sum + Math.abs(recorded - inLake), 0)
  const status: DamageStatus = { since: before?.since ?? now, hours: hours.length, events, files: found.files.length }
  if (before?.events !== events || before.files !== status.files)
    log.error('the store is damaged: stop Kanpeki and run kanpeki doctor --repair', {
      hours: hours.slice(0, 20).map(({ hour }) => new Date(hour).toISOString()),
      events,
      files: found.files.slice(0, 20),
    })
  await settings.set(DAMAGE, JSON.stringify(status))
}

export async function damageStatus(state: State): Promise<DamageStatus | undefined> {
  const text = await settingsOf(state).get(DAMAGE)
  return text === undefined ? undefined : (JSON.parse(text) as DamageStatus)
}
