import { createHash } from 'node:crypto'
import { canonicalJson } from '../../kernel/json.ts'
import type { Query } from '../../platform/lake/query/ast.ts'
import { addressForms } from '../../platform/lake/query/network.ts'
import type { ErasureRequest, Identity } from './schema.ts'

/** ECS fields, and those of Windows beside them, that say who or what an event is about. */
const FIELDS: Readonly<Record<Exclude<Identity['kind'], 'text'>, readonly string[]>> = {
  user: [
    'user.name',
    'user.id',
    'user.full_name',
    'user.email',
    'user.target.name',
    'user.effective.name',
    'user.changes.name',
    'client.user.name',
    'source.user.name',
    'destination.user.name',
    'server.user.name',
    'process.user.name',
    'process.real_user.name',
    'file.owner',
    'related.user',
    'winlog.user.name',
    'winlog.event_data.TargetUserName',
    'winlog.event_data.SubjectUserName',
    'winlog.event_data.User',
  ],
  email: [
    'user.email',
    'user.name',
    'user.target.email',
    'client.user.email',
    'source.user.email',
    'destination.user.email',
    'email.from.address',
    'email.sender.address',
    'email.to.address',
    'email.cc.address',
    'email.bcc.address',
    'email.reply_to.address',
    'related.user',
  ],
  ip: [
    'source.ip',
    'client.ip',
    'destination.ip',
    'server.ip',
    'host.ip',
    'observer.ip',
    'source.address',
    'client.address',
    'source.nat.ip',
    'client.nat.ip',
    'related.ip',
    'winlog.event_data.IpAddress',
  ],
  host: ['host.name', 'host.hostname', 'client.domain', 'source.domain', 'winlog.computer_name', 'related.hosts'],
}

/** As it was asked for; an IPv6 address also as RFC 5952 writes it, which is how events have it. */
export function formsOf({ kind, value }: Identity): readonly string[] {
  return kind === 'ip' ? [...new Set([value, ...addressForms(value)])] : [value]
}

/** The events that name one of these identities, in the span that was asked for. */
export function personQuery({ identities, from, to }: Pick<ErasureRequest, 'identities' | 'from' | 'to'>): Query {
  const parts = identities.map(({ kind, value }): Query => {
    if (kind === 'text') return term(undefined, value)
    // What is nowhere in the document is in none of its fields: the text index passes over most events.
    const forms = formsOf({ kind, value })
    const fields = FIELDS[kind].flatMap((field) => forms.map((form) => term(field, form)))
    return {
      kind: 'and',
      parts: [
        { kind: 'or', parts: forms.map((form) => term(undefined, form)) },
        { kind: 'or', parts: fields },
      ],
    }
  })
  const any: Query = parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  const span = spanQuery({ from, to })
  return span === undefined ? any : { kind: 'and', parts: [any, span] }
}

/** Events observed in [from, to); undefined where that is any time. */
export function spanQuery({ from, to }: Pick<ErasureRequest, 'from' | 'to'>): Query | undefined {
  if (from === undefined && to === undefined) return undefined
  return {
    kind: 'term',
    field: '@timestamp',
    match: {
      kind: 'range',
      low: from === undefined ? undefined : { value: from, inclusive: true },
      high: to === undefined ? undefined : { value: to, inclusive: false },
    },
  }
}

/** Events that have a text in a field, or anywhere. */
export function term(field: string | undefined, text: string): Query {
  return { kind: 'term', field, match: { kind: 'text', text, quoted: true } }
}

/** Stands for the person in the ledger: SHA-256 over a secret and the identities in canonical form, hexadecimal. */
export function subjectHash(receipt: string, identities: readonly Identity[]): string {
  const sorted = identities.map(({ kind, value }) => `${kind}:${value}`).sort()
  return createHash('sha256').update(receipt).update('\0').update(canonicalJson(sorted)).digest('hex')
}
