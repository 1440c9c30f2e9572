import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Measure, Reading } from '../../kernel/measure.ts'
import { completenessMeasure } from '../completeness.ts'
import type { CollectTables } from '../tables.ts'
import { type HostFigures, hostFigures, lostBetween } from './figures.ts'

/** What a card may name, without anything to measure. */
const INFOS = [
  { id: 'collect.completeness', unit: 'percent', title: { en: 'Completeness of sources', ja: '収集元の完全性' } },
  { id: 'collect.silent-hosts', unit: 'count', title: { en: 'Silent hosts', ja: '途絶えたホスト' } },
  { id: 'collect.clock-skew', unit: 'count', title: { en: 'Hosts with a wrong clock', ja: '時計のずれたホスト' } },
  { id: 'collect.lost-events', unit: 'count', title: { en: 'Events known to be lost', ja: '欠落と判明したイベント' } },
] as const satisfies readonly Omit<Measure, 'measure'>[]

export function collectMeasureInfos(): readonly Omit<Measure, 'measure'>[] {
  return [
    { id: 'collect.source-completeness', unit: 'percent', title: { en: 'Source completeness', ja: '収集元の完全性' } },
    ...INFOS,
  ]
}

const NO_HOSTS = {
  en: 'No host has sent events for long enough to be expected.',
  ja: '継続してイベントを送ったホストがまだありません。',
}
const NO_SOURCES = { en: 'No source has sent anything in this time.', ja: 'この期間に送信した収集元がありません。' }

/**
 * What cards may demand of collecting. `collect.completeness` is the older `collect.source-completeness` by its shorter name.
 * Silent hosts and clocks are as they are now, whatever the window; losses are those of the window.
 */
export function collectMeasures<T>(handle: Kysely<T>, clock: Clock): readonly Measure[] {
  const db = handle as unknown as Kysely<CollectTables>
  const sources = completenessMeasure(handle, clock)
  const read: Readonly<Record<(typeof INFOS)[number]['id'], Measure['measure']>> = {
    'collect.completeness': (params, from, to, scope) => sources.measure(params, from, to, scope),
    'collect.silent-hosts': async (_params, _from, _to, scope) =>
      ofHosts(await hostFigures(db, scope), ({ silent }) => silent, 'silent'),
    'collect.clock-skew': async (_params, _from, _to, scope) =>
      ofHosts(await hostFigures(db, scope), ({ skewed }) => skewed, 'skewed'),
    'collect.lost-events': async (_params, from, to, scope) => {
      const { lost, received, sources: named } = await lostBetween(db, scope, from, to)
      if (received === 0 && lost === 0) return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: NO_SOURCES }
      return { value: lost, good: received, bad: lost, unknown: 0, evidence: { lost, received, sources: named } }
    },
  }
  return [sources, ...INFOS.map((info) => ({ ...info, measure: read[info.id] }))]
}

function ofHosts(figures: HostFigures, pick: (figures: HostFigures) => number, what: 'silent' | 'skewed'): Reading {
  const { watched, young, names } = figures
  if (watched === 0) return { value: null, good: 0, bad: 0, unknown: young, evidence: { hosts: 0, young }, missing: NO_HOSTS }
  const bad = pick(figures)
  return { value: bad, good: watched - bad, bad, unknown: young, evidence: { hosts: watched, young, [what]: [...names[what]] } }
}
