import type { JsonObject } from '../kernel/json.ts'
import { type Measure, type Reading, shareOf } from '../kernel/measure.ts'
import type { Lake, TimeRange } from '../platform/lake/lake.ts'
import type { Query } from '../platform/lake/query/ast.ts'
import { readJson } from '../platform/state/columns.ts'
import { allApplications, type ProtectDb, verdictCounts } from './tuning/queries.ts'
import { and, STOPPED, TRANSACTIONS, term, WATCHED } from './waf-queries.ts'

type MeasureInfo = Omit<Measure, 'measure'>

const MOST_HOSTS = 100

function knowsNothing(params: JsonObject): string | undefined {
  const stray = Object.keys(params)[0]
  return stray === undefined ? undefined : `it has no parameter ${stray}; it knows none`
}

const BLOCKED: MeasureInfo = {
  id: 'protect.blocked-attacks',
  unit: 'count',
  title: { en: 'Attacks stopped at the door', ja: '入口で遮断した攻撃' },
  check: knowsNothing,
}
const ENFORCED: MeasureInfo = {
  id: 'protect.enforcement',
  unit: 'percent',
  title: { en: 'Requests under a firewall that blocks', ja: '遮断モードのWAFを通ったリクエスト' },
  check: knowsNothing,
}
const COVERAGE: MeasureInfo = {
  id: 'protect.application-coverage',
  unit: 'percent',
  title: { en: 'Applications behind a firewall', ja: 'WAFで守られているアプリケーション' },
  check: ({ hosts, ...rest }) => {
    const stray = Object.keys(rest)[0]
    if (stray !== undefined) return `it has no parameter ${stray}; it knows hosts`
    // Without a list, it is the applications that were declared on the page Protect.
    if (hosts === undefined) return undefined
    const isList = Array.isArray(hosts) && hosts.length > 0 && hosts.length <= MOST_HOSTS
    return isList && hosts.every((host) => typeof host === 'string' && host !== '')
      ? undefined
      : `hosts must be a list of 1 to ${MOST_HOSTS} names, e.g. [shop.example.com]`
  },
}

const FALSE_POSITIVES: MeasureInfo = {
  id: 'protect.false-positives',
  unit: 'percent',
  title: { en: 'Requests that a firewall found by mistake', ja: 'WAFによる検知のうち誤検知の割合' },
  check: knowsNothing,
}
const DETECT_ONLY: MeasureInfo = {
  id: 'protect.detect-only',
  unit: 'percent',
  title: { en: 'Hours in which a firewall only looked on', ja: 'WAFが検知モードで動いていた時間の割合' },
  check: knowsNothing,
}

/** What a card may name, for checking cards where no server runs. */
export function protectMeasureInfos(): readonly MeasureInfo[] {
  return [BLOCKED, ENFORCED, COVERAGE, FALSE_POSITIVES, DETECT_ONLY]
}

const SILENT = { en: 'No firewall reported a request in this time.', ja: 'この期間にWAFから届いたリクエストがありません。' }

/** What cards may demand of firewalls, counted in the lake by the time events arrived: clients cannot choose that. */
export function protectMeasures(
  lake: Pick<Lake, 'count' | 'histogram'>,
  stateOf: (scope: string) => ProtectDb,
): readonly Measure[] {
  const counts = async (scope: string, from: number, to: number, ...queries: readonly Query[]): Promise<number[]> => {
    const range: TimeRange = { from, to, by: 'received' }
    return await Promise.all(queries.map((query) => lake.count({ scope, query, range })))
  }
  return [
    {
      ...BLOCKED,
      measure: async (_params, from, to, scope) => {
        const [all = 0, stopped = 0] = await counts(scope, from, to, TRANSACTIONS, STOPPED)
        if (all === 0) return silent()
        return { value: stopped, good: stopped, bad: 0, unknown: 0, evidence: { requests: all, stopped } }
      },
    },
    {
      ...ENFORCED,
      measure: async (_params, from, to, scope) => {
        const blocking = and(TRANSACTIONS, term('waf.mode', 'block'))
        const [all = 0, under = 0] = await counts(scope, from, to, TRANSACTIONS, blocking)
        if (all === 0) return silent()
        return {
          value: shareOf(under, all),
          good: under,
          bad: all - under,
          unknown: 0,
          evidence: { requests: all, blocking: under },
        }
      },
    },
    {
      ...COVERAGE,
      measure: async ({ hosts }, from, to, scope) => {
        const names = (hosts as readonly string[] | undefined) ?? (await declaredHosts(stateOf(scope)))
        if (names.length === 0) return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: NONE_DECLARED }
        const seen = await counts(scope, from, to, ...names.map((name) => and(TRANSACTIONS, term('url.domain', name))))
        const bare = names.filter((_, at) => (seen[at] ?? 0) === 0)
        const good = names.length - bare.length
        return {
          value: shareOf(good, names.length),
          good,
          bad: bare.length,
          unknown: 0,
          evidence: { hosts: names.slice(0, MOST_HOSTS), without: bare.slice(0, 20) },
        }
      },
    },
    {
      ...FALSE_POSITIVES,
      measure: async (_params, from, to, scope) => {
        const { attack, false: mistaken } = await verdictCounts(stateOf(scope), from, to)
        const judged = attack + mistaken
        if (judged === 0) return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: NONE_JUDGED }
        const evidence = { judged, mistaken }
        return { value: (mistaken / judged) * 100, good: attack, bad: mistaken, unknown: 0, evidence }
      },
    },
    {
      ...DETECT_ONLY,
      measure: async (_params, from, to, scope) => {
        const range: TimeRange = { from, to, by: 'received' }
        const hours = async (query: Query) =>
          (await lake.histogram({ scope, query, range, step: HOUR })).flatMap(({ at, count }) => (count > 0 ? [at] : []))
        const [seen, watched] = await Promise.all([hours(TRANSACTIONS), hours(WATCHED)])
        if (seen.length === 0) return silent()
        const bad = watched.length
        return {
          value: (bad / seen.length) * 100,
          good: seen.length - bad,
          bad,
          unknown: 0,
          evidence: { hours: seen.length, watched: watched.slice(0, 20).map((at) => new Date(at).toISOString()) },
        }
      },
    },
  ]
}

const HOUR = 3_600_000
const NONE_DECLARED = { en: 'No application is declared.', ja: '宣言されたアプリケーションがありません。' }
const NONE_JUDGED = { en: 'Nobody judged a finding in this time.', ja: 'この期間に判定された検知がありません。' }

async function declaredHosts(db: ProtectDb): Promise<string[]> {
  return [...new Set((await allApplications(db)).flatMap(({ hosts }) => readJson<string[]>(hosts)))].sort()
}

function silent(): Reading {
  return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: SILENT }
}
