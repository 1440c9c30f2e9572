import type { JsonObject } from '../../kernel/json.ts'
import { type Measure, type Reading, UNITS, type Unit } from '../../kernel/measure.ts'
import type { State } from '../../platform/state/state.ts'
import { say } from '../messages.ts'
import { samplesBetween, seriesById } from './queries.ts'
import { seriesId } from './schema.ts'
import type { SamplesTable, SeriesTables } from './tables.ts'

const STATISTICS = ['last', 'mean', 'min', 'max', 'p95', 'sum'] as const
type Statistic = (typeof STATISTICS)[number]

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
  return UNITS.map((unit) => ({ id: externalMeasureId(unit), unit, title: TITLES[unit], check: checkParams }))
}

/**
 * Figures that others measure (coverage of MFA, RTO of the last rehearsal …): `series` names one, `statistic` says what of
 * its samples in the window counts, `last` by default. A reading is as old as the newest sample.
 */
export function externalMeasures(state: State): readonly Measure[] {
  return externalMeasureInfos().map((info) => ({
    ...info,
    async measure(params, from, to, scope): Promise<Reading> {
      const db = state.scoped<SeriesTables>(scope)
      const id = String(params['series'])
      const nothing = { value: null, good: 0, bad: 0, unknown: 0, evidence: { series: id } }
      const series = await seriesById(db, scope, id)
      if (series === undefined) return { ...nothing, missing: say({ code: 'series-absent', params: { series: id } }) }
      if (series.unit !== info.unit)
        return {
          ...nothing,
          missing: say({ code: 'series-unit', params: { series: id, measure: externalMeasureId(series.unit) } }),
        }
      const samples = await samplesBetween(db, scope, id, from, to)
      const newest = samples[samples.length - 1]
      if (newest === undefined) return { ...nothing, missing: say({ code: 'series-empty', params: { series: id } }) }
      const statistic = (params['statistic'] ?? 'last') as Statistic
      return { ...itemsOf(statistic, samples, newest), value: statisticOf(statistic, samples), asOf: newest.at }
    },
  }))
}

function itemsOf(statistic: Statistic, samples: readonly SamplesTable[], newest: SamplesTable) {
  const counted = statistic === 'last' ? [newest] : samples
  const sum = (of: 'good' | 'bad' | 'unknown'): number => counted.reduce((all, sample) => all + sample[of], 0)
  const evidence: JsonObject = {
    series: newest.series,
    statistic,
    samples: samples.length,
    newest: { at: new Date(newest.at).toISOString(), value: newest.value, outbox: newest.outbox, by: newest.by_name },
  }
  return { good: sum('good'), bad: sum('bad'), unknown: sum('unknown'), evidence }
}

function statisticOf(statistic: Statistic, samples: readonly SamplesTable[]): number {
  const values = samples.map(({ value }) => value)
  switch (statistic) {
    case 'last':
      return values[values.length - 1]!
    case 'mean':
      return values.reduce((sum, value) => sum + value, 0) / values.length
    case 'sum':
      return values.reduce((sum, value) => sum + value, 0)
    case 'min':
      return Math.min(...values)
    case 'max':
      return Math.max(...values)
    case 'p95':
      // Nearest rank: a figure that was really measured.
      return values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!
  }
}

function checkParams({ series, statistic, ...rest }: JsonObject): string | undefined {
  const stray = Object.keys(rest)[0]
  if (stray !== undefined) return `there is no parameter ${stray}; it knows series and statistic`
  if (!seriesId.safeParse(series).success) return 'series must be the id of a series, such as mfa-coverage'
  if (statistic !== undefined && !STATISTICS.some((known) => known === statistic))
    return `statistic must be one of ${STATISTICS.join(', ')}`
  return undefined
}
