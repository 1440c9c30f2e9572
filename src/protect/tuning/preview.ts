import { getPath, type JsonObject } from '../../kernel/json.ts'
import type { Lake, TimeRange } from '../../platform/lake/lake.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import { type ExclusionPreview, type ExclusionWhat, exclusionRule, isRule, type Suggestion } from '../schema.ts'
import { and, anyOf, STOPPED, TRANSACTIONS, term } from '../waf-queries.ts'
import { judgedReferences, type ProtectDb } from './queries.ts'

export const PREVIEW_DAYS = 7
const DAY = 86_400_000
const MOST_CLIENTS = 1000
const MOST_ATTACKS = 200

type Reading = Pick<Lake, 'count' | 'top' | 'search'>

/** What this rule found there: `waf.matched` has rule and variable together. */
function foundBy({ rule, path, variable }: ExclusionWhat): Query {
  const matched =
    variable === null
      ? ({ kind: 'term', field: 'waf.matched', match: { kind: 'wildcard', pieces: [{ literal: `${rule} ` }, '*'] } } as const)
      : term('waf.matched', `${rule} ${variable}`)
  return and(TRANSACTIONS, term('url.path', path), matched)
}

/** What an exclusion would have touched in the last days. */
export async function previewExclusion(
  lake: Reading,
  db: ProtectDb,
  scope: string,
  what: ExclusionWhat,
  now: number,
): Promise<ExclusionPreview> {
  const range: TimeRange = { from: now - PREVIEW_DAYS * DAY, to: now + 1, by: 'received' }
  const found = foundBy(what)
  const judged = (await judgedReferences(db, 'attack', range.from)).slice(0, MOST_ATTACKS)
  const [all, stopped, clients, attacks] = await Promise.all([
    lake.count({ scope, query: found, range }),
    lake.count({ scope, query: and(found, STOPPED), range }),
    lake.top({ scope, query: found, range, field: 'source.ip', limit: MOST_CLIENTS }),
    judged.length === 0 ? 0 : lake.count({ scope, query: and(found, anyOf('http.request.id', judged)), range }),
  ])
  return { days: PREVIEW_DAYS, found: all, stopped, clients: clients.length, attacks }
}

/** Transactions that are looked at, newest first. */
const MOST_LOOKED_AT = 10_000
/** Fewer may be one person, or a few who attack. */
const LEAST_CLIENTS = 5
/** Of the clients in whose requests a rule finds something there, this share was suspected of nothing else. */
const LEAST_CLEAN = 0.8
const MOST_SUGGESTED = 20

interface Seen {
  readonly client: string
  readonly reference: string
  readonly path: string
  readonly pairs: readonly string[]
  /** Stopped, or it would have been. */
  readonly isSuspected: boolean
}

/**
 * What could be excluded, learned from traffic that looks clean: a rule finds something in one parameter of one path in what
 * many different clients send, nearly all of whom were suspected of nothing else, and nobody judged any of it an attack. A
 * person decides.
 */
export async function suggestExclusions(
  lake: Reading,
  db: ProtectDb,
  scope: string,
  now: number,
  inForce: readonly ExclusionWhat[],
): Promise<Suggestion[]> {
  const range: TimeRange = { from: now - PREVIEW_DAYS * DAY, to: now + 1, by: 'received' }
  const query = and(TRANSACTIONS, { kind: 'exists', field: 'waf.matched' })
  const { events } = await lake.search({ scope, query, range, limit: MOST_LOOKED_AT })
  const judged = new Set(await judgedReferences(db, 'attack', range.from))
  const suggested = cleanPairs(
    events.map(({ doc }) => seenOf(doc)),
    judged,
  ).filter(({ what }) => !inForce.some((each) => covers(each, what)))
  return await Promise.all(
    suggested.slice(0, MOST_SUGGESTED).map(async ({ what, requests, clients }) => ({
      ...what,
      requests,
      clients,
      all: await lake.count({ scope, query: and(TRANSACTIONS, term('url.path', what.path)), range }),
    })),
  )
}

function seenOf(doc: JsonObject): Seen {
  const text = (path: string): string => {
    const value = getPath(doc, path)
    return typeof value === 'string' ? value : ''
  }
  const matched = getPath(doc, 'waf.matched')
  return {
    client: text('source.ip'),
    reference: text('http.request.id'),
    path: text('url.path'),
    pairs: Array.isArray(matched) ? matched.filter((each) => typeof each === 'string') : [],
    isSuspected: getPath(doc, 'waf.would.status') !== undefined,
  }
}

interface CleanPair {
  readonly what: { readonly rule: number; readonly path: string; readonly variable: string }
  readonly requests: number
  readonly clients: number
}

/** The pairs that look harmless, most clients first. */
export function cleanPairs(all: readonly Seen[], attacks: ReadonlySet<string>): CleanPair[] {
  const byPair = new Map<string, Seen[]>()
  const suspected = new Map<string, Seen[]>()
  for (const seen of all) {
    for (const pair of new Set(seen.pairs)) push(byPair, `${seen.path}\n${pair}`, seen)
    if (seen.isSuspected) push(suspected, seen.client, seen)
  }
  const found: CleanPair[] = []
  for (const [key, requests] of byPair) {
    const [path = '', pair = ''] = key.split('\n')
    const what = whatOf(path, pair)
    if (what === undefined || requests.some(({ reference }) => attacks.has(reference))) continue
    const clients = [...new Set(requests.map(({ client }) => client))]
    if (clients.length < LEAST_CLIENTS) continue
    const isClean = (client: string) => (suspected.get(client) ?? []).every(({ pairs }) => pairs.includes(pair))
    if (clients.filter(isClean).length / clients.length < LEAST_CLEAN) continue
    found.push({ what, requests: requests.length, clients: clients.length })
  }
  return found.sort((one, other) => other.clients - one.clients || other.requests - one.requests)
}

/** Undefined for what no exclusion can say, or what rules reckon with. */
function whatOf(path: string, pair: string): CleanPair['what'] | undefined {
  const [, digits, variable = ''] = /^(\d+) (.*)$/s.exec(pair) ?? []
  if (
    digits === undefined ||
    !isRule(Number(digits)) ||
    !/^[A-Z_]+(?::.{1,200})?$/.test(variable) ||
    /^(?:TX|MATCHED_|LOGIN|API)/.test(variable)
  )
    return undefined
  const what = { rule: Number(digits), path, variable }
  return path.startsWith('/') && exclusionRule({ ...what, until: 1 }) !== undefined ? what : undefined
}

function push(map: Map<string, Seen[]>, key: string, seen: Seen): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [seen])
  else list.push(seen)
}

function covers(one: ExclusionWhat, other: ExclusionWhat): boolean {
  return one.rule === other.rule && one.path === other.path && (one.variable === null || one.variable === other.variable)
}
