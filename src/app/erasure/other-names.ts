import { getPath, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import type { Match, Query } from '../../platform/lake/query/ast.ts'
import { personQuery, spanQuery, term } from './identity.ts'
import type { ErasureRequest, Found } from './schema.ts'

/** Where accounts stand with a domain or as an address: fewer than an erasure asks, since each costs a look into every event so named. */
const FIELDS = [
  'user.name',
  'user.email',
  'user.target.name',
  'user.effective.name',
  'source.user.name',
  'related.user',
  'winlog.user.name',
  'winlog.event_data.TargetUserName',
  'winlog.event_data.SubjectUserName',
  'winlog.event_data.User',
] as const

/** Events that are looked at for names. */
const LOOKED_AT = 500
const NAMED = 20

/**
 * Accounts of the same name that are written otherwise: with a domain (`CORP\alice`), as an address (`alice@corp.example`), or without
 * what was asked for. They may be somebody else's, so that they stay until they are asked for by themselves; that they stay is told.
 */
export async function otherNames(
  lake: Pick<Lake, 'count' | 'search'>,
  asked: Pick<ErasureRequest, 'identities' | 'from' | 'to'>,
  scope: string | undefined,
): Promise<Found['others']> {
  const bare = [...new Set(asked.identities.flatMap(({ kind, value }) => (kind === 'user' ? [bareName(value)] : [])))]
  if (bare.length === 0) return { events: 0, names: [] }
  const so = bare.map(
    (name): Query => ({
      kind: 'and',
      parts: [
        // The text index passes over most events.
        term(undefined, name),
        { kind: 'or', parts: FIELDS.map((field): Query => ({ kind: 'term', field, match: writtenAs(name) })) },
      ],
    }),
  )
  const span = spanQuery(asked)
  const query: Query = {
    kind: 'and',
    parts: [
      { kind: 'or', parts: so },
      ...(span === undefined ? [] : [span]),
      { kind: 'not', part: personQuery({ identities: asked.identities }) },
    ],
  }
  const { events } = await lake.search({ scope, query, limit: LOOKED_AT, order: 'oldest' })
  const count = events.length < LOOKED_AT ? events.length : await lake.count({ scope, query })
  const names = new Set(events.flatMap(({ doc }) => namesIn(doc, bare)))
  return { events: count, names: [...names].sort().slice(0, NAMED) }
}

/** The account's own name: `alice` of `CORP\alice` and of `alice@corp.example`. */
const bareName = (value: string): string => value.replace(/^.*\\/, '').replace(/(?<=.)@.*$/, '')

/** The name alone, behind a domain, before one, or between. */
function writtenAs(name: string): Match {
  const literal = name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return { kind: 'regex', source: `(?:.*\\\\)?${literal}(?:@.*)?` }
}

function namesIn(doc: JsonObject, bare: readonly string[]): readonly string[] {
  const wanted = new Set(bare.map((name) => name.toLowerCase()))
  return FIELDS.flatMap((field) => [getPath(doc, field) ?? []].flat() as readonly JsonValue[])
    .filter((value) => typeof value === 'string')
    .filter((value) => wanted.has(bareName(value).toLowerCase()))
}
