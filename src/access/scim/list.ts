import { z } from 'zod'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { attributePath, keyOf, valuesAt } from './attributes.ts'

export const MAX_RESULTS = 1_000
const DEFAULT_RESULTS = 100
const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

const number = z
  .string()
  .regex(/^[+-]?\d{1,9}$/)
  .transform(Number)
const text = z.string().max(4_000)

/** RFC 7644 §3.4.2: a start before the first is the first, a negative count none. */
export const listQuerySchema = z.object({
  filter: text.optional(),
  startIndex: number.optional(),
  count: number.optional(),
  sortBy: text.optional(),
  sortOrder: z.enum(['ascending', 'descending']).optional(),
  attributes: text.optional(),
  excludedAttributes: text.optional(),
})
export type ListQuery = z.output<typeof listQuerySchema>
export const oneQuerySchema = listQuerySchema.pick({ attributes: true, excludedAttributes: true })

/** @param resources all that match, in the store's order. @throws ScimProblem `invalidPath`. */
export function listReply(resources: readonly JsonObject[], query: ListQuery): JsonObject {
  const ordered = query.sortBy === undefined ? resources : sorted(resources, query.sortBy, query.sortOrder === 'descending')
  const start = Math.max(1, query.startIndex ?? 1)
  const count = Math.min(MAX_RESULTS, Math.max(0, query.count ?? DEFAULT_RESULTS))
  const page = ordered.slice(start - 1, start - 1 + count).map((one) => chosen(one, query))
  return {
    schemas: [LIST_SCHEMA],
    totalResults: resources.length,
    startIndex: start,
    itemsPerPage: page.length,
    Resources: page,
  }
}

function sorted(resources: readonly JsonObject[], by: string, descending: boolean): JsonObject[] {
  const path = attributePath(by, 'invalidPath')
  const keyed = resources.map((resource) => ({ resource, key: sortKey(valuesAt(resource, path)[0]) }))
  // What has no value comes last in ascending order (RFC 7644 §3.4.2.3).
  keyed.sort((a, b) => (a.key === b.key ? 0 : a.key === undefined ? 1 : b.key === undefined ? -1 : a.key < b.key ? -1 : 1))
  if (descending) keyed.reverse()
  return keyed.map(({ resource }) => resource)
}

function sortKey(value: JsonValue | undefined): string | undefined {
  return value === undefined || typeof value === 'object' ? undefined : String(value).toLowerCase()
}

/** Always told (RFC 7643 §7, `returned`: always). */
const ALWAYS = ['schemas', 'id']

/** The attributes that a client asked for, or did not ask to leave out. @throws ScimProblem `invalidPath`. */
export function chosen(resource: JsonObject, query: Pick<ListQuery, 'attributes' | 'excludedAttributes'>): JsonObject {
  if (query.attributes !== undefined && query.attributes !== '') {
    const kept: Record<string, JsonValue> = {}
    for (const name of ALWAYS) if (resource[name] !== undefined) kept[name] = resource[name]
    for (const path of pathsOf(query.attributes)) keep(resource, kept, path)
    return kept
  }
  if (query.excludedAttributes === undefined || query.excludedAttributes === '') return resource
  return pathsOf(query.excludedAttributes)
    .filter(([name]) => !ALWAYS.includes(name ?? ''))
    .reduce(leaveOut, resource)
}

function pathsOf(list: string): (readonly string[])[] {
  return list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => attributePath(one, 'invalidPath'))
}

function keep(from: JsonObject, into: Record<string, JsonValue>, [name = '', ...rest]: readonly string[]): void {
  const key = keyOf(from, name)
  const value = key === undefined ? undefined : from[key]
  if (key === undefined || value === undefined) return
  into[key] = rest.length === 0 ? value : within(value, (one) => part(one, into[key], rest))
}

function part(from: JsonObject, already: JsonValue | undefined, rest: readonly string[]): JsonObject {
  const kept: Record<string, JsonValue> = isJsonObject(already) ? { ...already } : {}
  keep(from, kept, rest)
  return kept
}

function leaveOut(from: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject {
  const key = keyOf(from, name)
  const value = key === undefined ? undefined : from[key]
  if (key === undefined || value === undefined) return from
  if (rest.length > 0) return { ...from, [key]: within(value, (one) => leaveOut(one, rest)) }
  const { [key]: _gone, ...left } = from
  return left
}

function within(value: JsonValue, change: (one: JsonObject) => JsonObject): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((one) => within(one, change))
  return isJsonObject(value) ? change(value) : value
}
