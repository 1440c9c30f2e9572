import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Unit } from '../../kernel/measure.ts'
import type { MetricPoint, PointsTaken } from '../../kernel/metric-point.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import { allSeries, newestSample, noteAsked } from './queries.ts'
import { giveSample } from './sample.ts'
import type { Pull } from './schema.ts'
import type { SeriesTable, SeriesTables } from './tables.ts'

type Wanted = Extract<Pull, { kind: 'otlp' }>

export interface OtlpDeps {
  readonly state: State
  readonly clock: Clock
}

const NAMED = 10
/** UCUM units that senders use, and how many of ours one of them is. Others are taken as they are only for counts. */
const FACTORS: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  percent: { '%': 1, '1': 100, '': 1 },
  seconds: { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9, min: 60, h: 3600, d: 86_400, '': 1 },
  days: { d: 1, h: 1 / 24, min: 1 / 1440, s: 1 / 86_400, '': 1 },
  count: { '1': 1, '': 1 },
}

/**
 * Takes the figures among OpenTelemetry metrics that series of this scope wait for; each sample is evidence like every other.
 * A series takes the point whose metric and attributes it names; where several are left it takes none and says so.
 */
export async function takePoints(
  { state, clock }: OtlpDeps,
  { scope, by }: { readonly scope: string; readonly by: string },
  points: readonly MetricPoint[],
): Promise<PointsTaken> {
  const db = state.tables<SeriesTables>()
  const waiting = (await allSeries(db)).flatMap((row) => {
    const pull = row.scope === scope && row.pull !== null ? readJson<Pull>(row.pull) : undefined
    return pull?.kind === 'otlp' ? [{ row, pull }] : []
  })
  const known = new Set<MetricPoint>()
  const faults: string[] = []
  let taken = 0
  let rejected = 0
  for (const { row, pull } of waiting) {
    const mine = points.filter((point) => matches(pull, point))
    if (mine.length === 0) continue
    for (const point of mine) known.add(point)
    const asked_at = clock.now()
    try {
      if (await takeOne({ state, clock }, row, pull, mine, by)) taken += 1
      await noteAsked(db, scope, row.id, { asked_at, failing_since: null, fault: null })
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      rejected += mine.length
      const fault = messageOf(error).slice(0, 500)
      faults.push(`${row.id}: ${fault}`)
      await noteAsked(db, scope, row.id, { asked_at, failing_since: row.failing_since ?? asked_at, fault })
    }
  }
  const others = points.filter((point) => !known.has(point))
  if (others.length > 0) faults.push(unknownOf(others))
  return { taken, rejected, message: faults.length === 0 ? undefined : faults.join(' ') }
}

function matches({ metric, attributes }: Wanted, point: MetricPoint): boolean {
  return point.metric === metric && Object.entries(attributes).every(([name, value]) => point.attributes[name] === value)
}

/** @returns whether it says something new: the same figure within `every` seconds does not. */
async function takeOne(
  { state, clock }: OtlpDeps,
  row: SeriesTable,
  pull: Wanted,
  points: readonly MetricPoint[],
  by: string,
): Promise<boolean> {
  const kinds = new Set(points.map(({ attributes }) => JSON.stringify(Object.entries(attributes).sort())))
  if (kinds.size > 1) throw failed(`${pull.metric} comes from ${kinds.size} places; name attributes so that one is left`)
  const point = points.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)).at(-1)!
  const factor = FACTORS[row.unit][point.unit.startsWith('{') ? '' : point.unit]
  if (factor === undefined) throw failed(`${pull.metric} is in ${point.unit}, and the series is in ${row.unit}`)
  // Nanoseconds to seconds and the like leave digits behind that nobody measured.
  const value = Number((point.value * factor).toPrecision(12))
  const at = point.at ?? clock.now()
  const before = await newestSample(state.tables<SeriesTables>(), row.scope, row.id)
  if (before !== undefined && (at <= before.at || (before.value === value && at - before.at < pull.every * 1000))) return false
  return await state.transaction<SeriesTables, boolean>(async (trx) => {
    const sample = { value, good: 0, bad: 0, unknown: 0, at: new Date(at).toISOString(), detail: { otlp: pull.metric } }
    return (await giveSample(trx, { scope: row.scope, series: row.id, by, sample }, clock)).stored
  })
}

function unknownOf(points: readonly MetricPoint[]): string {
  const names = [...new Set(points.map(({ metric }) => metric))].sort()
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return `No series waits for ${points.length} data ${points.length === 1 ? 'point' : 'points'}: ${names.slice(0, NAMED).join(', ')}${more}.`
}

function failed(reason: string): KanpekiError {
  return new KanpekiError('pull_failed', `The figure could not be had: ${reason}.`)
}
