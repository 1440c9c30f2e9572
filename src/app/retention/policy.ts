import { KanpekiError } from '../../kernel/error.ts'
import type { Config } from '../../platform/config.ts'
import type { Query } from '../../platform/lake/query/ast.ts'

export const DAY_MS = 86_400_000

/** How long events of one scope or one source are kept; a source's goes before its scope's. */
export interface Exception {
  readonly field: 'kanpeki.scope' | 'kanpeki.source'
  readonly name: string
  readonly days: number
}

export interface RetentionPolicy {
  /** Null keeps events for ever. */
  readonly days: number | null
  /** Bytes of the lake and its sealed files together. */
  readonly size: number | null
  readonly exceptions: readonly Exception[]
  /** Days that closed alerts are kept. */
  readonly alertDays: number | null
}

/** @throws KanpekiError `config` for an exception that is not like `scope:NAME=DAYS`. */
export function retentionPolicy(values: Config['values']): RetentionPolicy {
  return {
    days: values['retention-days'],
    size: values['retention-size'],
    exceptions: values['retention-for'].map(readException),
    alertDays: values['retention-alert-days'],
  }
}

function readException(text: string): Exception {
  const [, kind, name = '', days] = /^(scope|source):(.+)=(\d{1,4})$/.exec(text) ?? []
  if (kind === undefined || Number(days) < 1)
    throw new KanpekiError('config', `retention-for holds '${text}', which names no scope or source with its days.`, {
      remedy: 'Write scope:team-a=30 or source:http:web=14.',
      place: { field: 'retention-for' },
    })
  return { field: kind === 'scope' ? 'kanpeki.scope' : 'kanpeki.source', name, days: Number(days) }
}

/** Which events of a certain age have to go. `key` is the same where the same ones do. */
export type Due = 'none' | { readonly query: Query; readonly key: string; readonly policy: string }

/** @param age milliseconds since the youngest of the events was received. */
export function dueAt({ days, exceptions }: RetentionPolicy, age: number): Due {
  const isDue = (limit: number): boolean => age >= limit * DAY_MS
  const all = days !== null && isDue(days)
  const due = exceptions.filter((one) => isDue(one.days))
  if (!all && due.length === 0) return 'none'
  const sources = exceptions.filter((one) => one.field === 'kanpeki.source')
  const scopes = exceptions.filter((one) => one.field === 'kanpeki.scope')
  const dueScopes = due.filter((one) => one.field === 'kanpeki.scope')
  const rest: Query[] = [
    ...(dueScopes.length === 0 ? [] : [without(anyOf(dueScopes), sources)]),
    ...(all ? [without({ kind: 'all' }, [...sources, ...scopes])] : []),
  ]
  const parts = [...due.filter((one) => one.field === 'kanpeki.source').map(term), ...rest]
  const key = [all ? `*=${days}` : '', ...due.map((one) => `${one.field}:${one.name}=${one.days}`)].join(' ').trim()
  const nothingElse = all && due.length === exceptions.length
  return { query: nothingElse ? { kind: 'all' } : anyPart(parts), key, policy: `retention ${describe(days, all, due)}` }
}

function describe(days: number | null, all: boolean, due: readonly Exception[]): string {
  return [...(all ? [`${days} d`] : []), ...due.map(({ field, name, days: own }) => `${field.slice(8)} ${name} ${own} d`)].join(
    ', ',
  )
}

function term({ field, name }: Exception): Query {
  return { kind: 'term', field, match: { kind: 'text', text: name, quoted: true } }
}

function anyOf(exceptions: readonly Exception[]): Query {
  return anyPart(exceptions.map(term))
}

function anyPart(parts: readonly Query[]): Query {
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
}

function without(query: Query, exceptions: readonly Exception[]): Query {
  if (exceptions.length === 0) return query
  const others: Query = { kind: 'not', part: anyOf(exceptions) }
  return query.kind === 'all' ? others : { kind: 'and', parts: [query, others] }
}
