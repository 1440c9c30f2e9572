import type { JsonObject } from '../../kernel/json.ts'
import { type Measure, type Reading, shareOf } from '../../kernel/measure.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import { waiversAt } from '../work/exceptions.ts'
import { exceptionsOf } from '../work/queries.ts'
import { causesOf } from './causes.ts'
import { allInventories, allScans, assetsOf, type Db, graveFindings, openOfKind } from './queries.ts'
import type { AssessTables, FindingsTable } from './tables.ts'

const NAMED_IN_EVIDENCE = 20
const GRAVE = 9

type MeasureInfo = Omit<Measure, 'measure'>

const MTTR: MeasureInfo = {
  id: 'assess.vulnerability-mttr',
  unit: 'seconds',
  title: { en: 'Time to fix grave vulnerabilities', ja: '深刻な脆弱性の修正時間（MTTR）' },
  check: ({ score, label, statistic, ...rest }) => {
    const stray = Object.keys(rest)[0]
    if (stray !== undefined) return `it has no parameter ${stray}; it knows score, label and statistic`
    if (score !== undefined && !(typeof score === 'number' && score >= 0 && score <= 10))
      return 'score must be a number from 0 to 10'
    if (label !== undefined && !(typeof label === 'string' && /^[^=]+=.+$/.test(label)))
      return 'label must be NAME=VALUE, e.g. exposure=internet'
    return statistic === undefined || statistic === 'mean' || statistic === 'max' ? undefined : 'statistic must be mean or max'
  },
}
const COVERAGE: MeasureInfo = {
  id: 'assess.scan-coverage',
  unit: 'percent',
  title: { en: 'Assets whose installed software is known', ja: '構成情報のある資産の割合' },
  check: (params) => {
    const stray = Object.keys(params)[0]
    return stray === undefined ? undefined : `it has no parameter ${stray}; it knows none`
  },
}

const EXPOSED: MeasureInfo = {
  id: 'assess.mttr-critical-exposed',
  unit: 'seconds',
  title: {
    en: 'Time to fix critical vulnerabilities facing the internet',
    ja: 'インターネットに面した緊急の脆弱性の修正時間（MTTR）',
  },
  check: ({ statistic, ...rest }) => {
    const stray = Object.keys(rest)[0]
    if (stray !== undefined) return `it has no parameter ${stray}; it knows statistic`
    return statistic === undefined || statistic === 'mean' || statistic === 'max' ? undefined : 'statistic must be mean or max'
  },
}
const SECRETS: MeasureInfo = {
  id: 'assess.hard-coded-secrets',
  unit: 'count',
  title: { en: 'Secrets in source code', ja: 'ソースコードに書かれた秘密情報' },
  check: (params) => {
    const stray = Object.keys(params)[0]
    return stray === undefined ? undefined : `it has no parameter ${stray}; it knows none`
  },
}

/** What a card may name, for checking cards where no server runs. */
export function assessMeasureInfos(): readonly MeasureInfo[] {
  return [MTTR, EXPOSED, COVERAGE, SECRETS]
}

/** Measures over what is installed and what of it is weak. */
export function assessMeasures(state: State): readonly Measure[] {
  const scoped = (scope: string): Db => state.scoped<AssessTables>(scope)
  return [
    { ...MTTR, measure: (params, from, to, scope) => mttr(scoped(scope), params, from, to) },
    {
      ...EXPOSED,
      measure: (params, from, to, scope) =>
        mttr(scoped(scope), { ...params, score: GRAVE, label: 'exposure=internet' }, from, to),
    },
    { ...SECRETS, measure: (_params, from, to, scope) => secrets(scoped(scope), from, to) },
    { ...COVERAGE, measure: (_params, from, _to, scope) => coverage(scoped(scope), from) },
  ]
}

function nothing(missing: { readonly en: string; readonly ja: string }): Reading {
  return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing }
}

/**
 * From first sight to the list that no longer has it; what is still open has waited until now: leaving it out would reward
 * not fixing. As old as the oldest list: what a host that fell silent has now, nobody knows.
 */
async function mttr(db: Db, { score, label, statistic }: JsonObject, from: number, to: number): Promise<Reading> {
  const inventories = [...(await allInventories(db)), ...(await allScans(db)).map((scan) => ({ ...scan, unjudged: 0 }))]
  const least = typeof score === 'number' ? score : GRAVE
  const wanted = typeof label === 'string' ? await namesLabelled(db, label) : undefined
  const counted = wanted === undefined ? inventories : inventories.filter(({ asset }) => wanted.has(asset.toLowerCase()))
  if (counted.length === 0)
    return nothing({ en: 'Nothing is known of what is installed there.', ja: '対象の資産に構成情報がありません。' })
  const rows = (await graveFindings(db, least, from)).filter(
    ({ asset, first_seen: seen }) => seen < to && (wanted === undefined || wanted.has(asset.toLowerCase())),
  )
  // One cause counts once whoever reports it; what only its advisory left was not fixed, and counts for nothing.
  const causes = causesOf(rows).filter(
    ({ gone, rows: all }) => gone === null || gone >= to || all.some((row) => row.gone_by !== null),
  )
  const open = causes.filter(({ gone }) => gone === null || gone >= to)
  const seconds = causes.map(({ gone, firstSeen }) => Math.max(0, Math.min(gone ?? to, to) - firstSeen) / 1000)
  const value =
    statistic === 'max'
      ? seconds.reduce((most, one) => Math.max(most, one), 0)
      : seconds.reduce((sum, one) => sum + one, 0) / Math.max(1, seconds.length)
  return {
    value: Math.round(value),
    good: causes.length - open.length,
    bad: open.length,
    unknown: counted.reduce((sum, { unjudged }) => sum + unjudged, 0),
    evidence: {
      assets: new Set(counted.map(({ asset }) => asset)).size,
      vulnerabilities: causes.length,
      open: open.slice(0, NAMED_IN_EVIDENCE).map(({ row }) => nameOf(row)),
      /** Where in the evidence it stands that they are gone. */
      proofs: [...new Set(causes.flatMap(({ rows: all }) => all.flatMap((row) => row.gone_outbox ?? [])))].slice(
        0,
        NAMED_IN_EVIDENCE,
      ),
      lists: counted.slice(0, NAMED_IN_EVIDENCE).map(({ asset, source, sha256 }) => `${asset} ${source} ${sha256}`),
    },
    asOf: oldest(counted),
  }
}

/** Open findings that are secrets, whoever reports them; null unless somebody looked within the window: nobody looking finds none. */
async function secrets(db: Db, from: number, to: number): Promise<Reading> {
  const scans = (await allScans(db)).filter(
    ({ kinds, partial, received }) =>
      partial === 0 && received >= from && received < to && readJson<string[]>(kinds).includes('secret'),
  )
  if (scans.length === 0)
    return nothing({ en: 'Nobody looked for secrets within the window.', ja: '対象期間に秘密情報のスキャンがありません。' })
  const [rows, exceptions] = await Promise.all([openOfKind(db, 'secret'), exceptionsOf(db)])
  const waiverOf = waiversAt(exceptions, to)
  const causes = causesOf(rows)
  const open = causes.filter((cause) => waiverOf(cause)?.exception.kind !== 'statement')
  return {
    value: open.length,
    good: scans.length,
    bad: open.length,
    unknown: 0,
    evidence: {
      scans: scans.slice(0, NAMED_IN_EVIDENCE).map(({ asset, source, sha256 }) => `${asset} ${source} ${sha256}`),
      secrets: open.slice(0, NAMED_IN_EVIDENCE).map(({ row }) => nameOf(row)),
      falsePositives: causes.length - open.length,
    },
    asOf: oldest(scans),
  }
}

/** When the oldest came; infinite where there is none. */
function oldest(lists: readonly { readonly received: number }[]): number {
  return lists.reduce((least, { received }) => Math.min(least, received), Number.POSITIVE_INFINITY)
}

function nameOf({ id, asset, package: name }: FindingsTable): string {
  return `${id} ${name} ${asset}`
}

async function namesLabelled(db: Db, label: string): Promise<ReadonlySet<string>> {
  const [name = '', ...value] = label.split('=')
  const assets = (await assetsOf(db)).filter(({ labels }) => readJson<Record<string, string>>(labels)[name] === value.join('='))
  return new Set(assets.flatMap(({ names }) => readJson<string[]>(names).map((one) => one.toLowerCase())))
}

async function coverage(db: Db, from: number): Promise<Reading> {
  const assets = await assetsOf(db)
  if (assets.length === 0) return nothing({ en: 'No asset is listed.', ja: '登録された資産がありません。' })
  const lists = (await allInventories(db)).filter(({ received }) => received >= from)
  const known = new Set(lists.map(({ asset }) => asset.toLowerCase()))
  const without = assets.filter(({ names }) => !readJson<string[]>(names).some((name) => known.has(name.toLowerCase())))
  const good = assets.length - without.length
  return {
    value: shareOf(good, assets.length),
    good,
    bad: 0,
    unknown: without.length,
    evidence: {
      assets: assets.length,
      without: without.slice(0, NAMED_IN_EVIDENCE).map(({ names }) => readJson<string[]>(names)[0] ?? ''),
    },
  }
}
