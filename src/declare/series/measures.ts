import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject } from '../../kernel/json.ts'
import { type Measure, type Question, type Reading, UNITS, type Unit } from '../../kernel/measure.ts'
import type { State } from '../../platform/state/state.ts'
import { say } from '../messages.ts'
import { newestSamples, type SeriesDb, samplesBetween, seriesByIds } from './queries.ts'
import { seriesId } from './schema.ts'
import { STATISTICS, type Statistic, statisticOf } from './statistic.ts'
import type { SamplesTable, SeriesTables } from './tables.ts'

/** Of `external.days` alone: days since the newest sample, whatever it says. */
const AGE = 'age'
const DAY_MS = 86_400_000
type Counted = Statistic | typeof AGE

const TITLES: Readonly<Record<Unit, { readonly en: string; readonly ja: string }>> = {
  percent: { en: 'External share', ja: '外部の計測値（割合）' },
  seconds: { en: 'External time', ja: '外部の計測値（時間）' },
  count: { en: 'External count', ja: '外部の計測値（件数）' },
  days: { en: 'External days', ja: '外部の計測値（日数）' },
}

/** The measure of series with this unit. */
export function externalMeasureId(unit: Unit): string {
  return `external.${unit}`
}

/** What a card may name, for checking cards where no server runs. */
export function externalMeasureInfos(): readonly Omit<Measure, 'measure'>[] {
  return UNITS.map((unit) => ({
    id: externalMeasureId(unit),
    unit,
    title: TITLES[unit],
    check: (params) => checkParams(params, unit === 'days' ? [...STATISTICS, AGE] : STATISTICS),
  }))
}

/**
 * Figures that others measure (coverage of MFA, RTO of the last rehearsal …): `series` names one, `statistic` says what of
 * its samples in the window counts, `last` by default. A reading is as old as the newest sample; `age`, of `external.days`,
 * is how many days ago that one came, of a series of any unit (rehearsals, checks).
 */
export function externalMeasures(state: State): readonly Measure[] {
  return externalMeasureInfos().map((info) => {
    const measureMany = (questions: readonly Question[], scope: string): Promise<readonly Reading[]> =>
      readSeries(state.tables<SeriesTables>(), info.unit, questions, scope)
    return {
      ...info,
      measureMany,
      measure: async (params, from, to, scope) => (await measureMany([{ params, from, to }], scope))[0]!,
    }
  })
}

async function readSeries(db: SeriesDb, unit: Unit, questions: readonly Question[], scope: string): Promise<readonly Reading[]> {
  const named = new Set(questions.map(({ params }) => String(params['series'])))
  const known = new Map((await seriesByIds(db, scope, [...named])).map((series) => [series.id, series]))
  const newest = await newestOf(
    db,
    scope,
    questions.filter(({ params }) => needsNewest(statisticNamed(params))),
  )
  const readings: Reading[] = []
  for (const question of questions) {
    const { params, from, to } = question
    const id = String(params['series'])
    const nothing = { value: null, good: 0, bad: 0, unknown: 0, evidence: { series: id } }
    const series = known.get(id)
    const statistic = statisticNamed(params)
    if (series === undefined) readings.push({ ...nothing, missing: say({ code: 'series-absent', params: { series: id } }) })
    else if (series.unit !== unit && statistic !== AGE) {
      const missing = say({ code: 'series-unit', params: { series: id, measure: externalMeasureId(series.unit) } })
      readings.push({ ...nothing, missing })
    } else {
      const last = newest.get(newestKey(question))
      const samples = statistic === 'last' ? (last === undefined ? [] : [last]) : await samplesBetween(db, scope, id, from, to)
      readings.push(
        samples.length === 0
          ? { ...nothing, missing: say({ code: 'series-empty', params: { series: id } }) }
          : readingOf(statistic, samples, to),
      )
    }
  }
  return readings
}

function newestKey({ params, from, to }: Question): string {
  return `${from} ${to} ${String(params['series'])}`
}

/** Most cards ask for the newest figure: those are looked up together, for each span of time once. */
async function newestOf(db: SeriesDb, scope: string, questions: readonly Question[]): Promise<ReadonlyMap<string, SamplesTable>> {
  const found = new Map<string, SamplesTable>()
  for (const asked of Map.groupBy(questions, ({ from, to }) => `${from} ${to}`).values()) {
    const { from, to } = asked[0]!
    const ids = [...new Set(asked.map(({ params }) => String(params['series'])))]
    for (const sample of await newestSamples(db, scope, ids, from, to))
      found.set(newestKey({ params: { series: sample.series }, from, to }), sample)
  }
  return found
}

/** Whether the newest sample alone decides. */
function needsNewest(statistic: Counted): boolean {
  return statistic === 'last' || statistic === AGE
}

function statisticNamed(params: JsonObject): Counted {
  return (params['statistic'] ?? 'last') as Counted
}

/** @param samples at least one, oldest first. */
function readingOf(statistic: Counted, samples: readonly SamplesTable[], to: number): Reading {
  const newest = samples[samples.length - 1]!
  const inputs = samples.map(({ at, value, good, bad, unknown, by_name: by }) =>
    createHash('sha256')
      .update(canonicalJson({ at: new Date(at).toISOString(), value, good, bad, unknown, by }))
      .digest('hex'),
  )
  return {
    ...itemsOf(statistic, samples, newest),
    value:
      statistic === AGE
        ? Math.max(0, Math.round((100 * (to - newest.at)) / DAY_MS) / 100)
        : statisticOf(
            statistic,
            samples.map(({ value }) => value),
          ),
    // That nothing came since is known now; what came is as old as it is.
    asOf: statistic === AGE ? to : newest.at,
    // Of a hundred samples the hash of all their hashes: a leaf is small.
    inputs: inputs.length <= 20 ? inputs : [createHash('sha256').update(inputs.join('')).digest('hex')],
  }
}

function itemsOf(statistic: Counted, samples: readonly SamplesTable[], newest: SamplesTable) {
  const counted = needsNewest(statistic) ? [newest] : samples
  const sum = (of: 'good' | 'bad' | 'unknown'): number => counted.reduce((all, sample) => all + sample[of], 0)
  const evidence: JsonObject = {
    series: newest.series,
    statistic,
    samples: samples.length,
    newest: { at: new Date(newest.at).toISOString(), value: newest.value, outbox: newest.outbox, by: newest.by_name },
  }
  return { good: sum('good'), bad: sum('bad'), unknown: sum('unknown'), evidence }
}

function checkParams({ series, statistic, ...rest }: JsonObject, statistics: readonly string[]): string | undefined {
  const stray = Object.keys(rest)[0]
  if (stray !== undefined) return `there is no parameter ${stray}; it knows series and statistic`
  if (!seriesId.safeParse(series).success) return 'series must be the id of a series, such as mfa-coverage'
  if (statistic !== undefined && !statistics.some((known) => known === statistic))
    return `statistic must be one of ${statistics.join(', ')}`
  return undefined
}
