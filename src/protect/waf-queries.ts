import type { Query } from '../platform/lake/query/ast.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'

/** All transactions of firewalls in the lake; those that were stopped; those under a firewall that only looks on. */
export const TRANSACTIONS = parseQuery('event.dataset:"waf.transaction"')
export const STOPPED = and(TRANSACTIONS, parseQuery('event.action:"waf-blocked"'))
export const WATCHED = and(TRANSACTIONS, term('waf.mode', 'detect'))

export function and(...parts: readonly Query[]): Query {
  return { kind: 'and', parts }
}

export function anyOf(field: string, values: readonly string[]): Query {
  return { kind: 'or', parts: values.map((value) => term(field, value)) }
}

export function term(field: string, text: string): Query {
  return { kind: 'term', field, match: { kind: 'text', text, quoted: true } }
}
