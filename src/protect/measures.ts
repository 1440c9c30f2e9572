import type { JsonObject } from '../kernel/json.ts'
import type { Measure, Reading } from '../kernel/measure.ts'
import type { Lake, TimeRange } from '../platform/lake/lake.ts'
import type { Query } from '../platform/lake/query/ast.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'

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
    const isList = Array.isArray(hosts) && hosts.length > 0 && hosts.length <= MOST_HOSTS
    return isList && hosts.every((host) => typeof host === 'string' && host !== '')
      ? undefined
      : `hosts must be a list of 1 to ${MOST_HOSTS} names, e.g. [shop.example.com]`
  },
}

/** What a card may name, for checking cards where no server runs. */
export function protectMeasureInfos(): readonly MeasureInfo[] {
  return [BLOCKED, ENFORCED, COVERAGE]
}

const TRANSACTIONS = parseQuery('event.dataset:"waf.transaction"')
const STOPPED = and(TRANSACTIONS, parseQuery('event.action:"waf-blocked"'))
const SILENT = { en: 'No firewall reported a request in this time.', ja: 'この期間にWAFから届いたリクエストがありません。' }

/** What cards may demand of firewalls, counted in the lake by the time events arrived: clients cannot choose that. */
export function protectMeasures(lake: Pick<Lake, 'count'>): readonly Measure[] {
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
          value: (under / all) * 100,
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
        const names = hosts as readonly string[]
        const seen = await counts(scope, from, to, ...names.map((name) => and(TRANSACTIONS, term('url.domain', name))))
        const bare = names.filter((_, at) => (seen[at] ?? 0) === 0)
        const good = names.length - bare.length
        return {
          value: (good / names.length) * 100,
          good,
          bad: bare.length,
          unknown: 0,
          evidence: { hosts: [...names], without: bare.slice(0, 20) },
        }
      },
    },
  ]
}

function silent(): Reading {
  return { value: null, good: 0, bad: 0, unknown: 0, evidence: {}, missing: SILENT }
}

function and(...parts: readonly Query[]): Query {
  return { kind: 'and', parts }
}

function term(field: string, text: string): Query {
  return { kind: 'term', field, match: { kind: 'text', text, quoted: true } }
}
