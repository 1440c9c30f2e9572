import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { Account } from '../tables.ts'
import { attribute, CORE_GROUP, CORE_USER, ENTERPRISE_USER, keyOf } from './attributes.ts'
import { invalid } from './problem.ts'
import type { ScimGroupsTable, ScimUser } from './tables.ts'

const TEXT_LENGTH = 200
const DOCUMENT_BYTES = 32 * 1024
/** What one line of text must not hold: it is compared, shown on pages and told in the ledger. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Kept as the client wrote them and given back; nothing here acts on them. A password never is. */
const KEPT = [
  'name',
  'displayName',
  'nickName',
  'profileUrl',
  'title',
  'userType',
  'preferredLanguage',
  'locale',
  'timezone',
  'emails',
  'phoneNumbers',
  'ims',
  'photos',
  'addresses',
  'entitlements',
  'roles',
  ENTERPRISE_USER,
] as const
const MULTI_VALUED = new Set<string>(['emails', 'phoneNumbers', 'ims', 'photos', 'addresses', 'entitlements', 'roles'])
const COMPLEX = new Set<string>(['name', ENTERPRISE_USER])

/** A user as a client describes one. */
export interface UserInput {
  readonly userName: string
  readonly externalId: string | null
  readonly active: boolean
  readonly document: JsonObject
}

export interface GroupInput {
  readonly displayName: string
  readonly externalId: string | null
  /** Account ids; undefined where the client did not say. */
  readonly members: readonly string[] | undefined
}

/** Names are compared in this form. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

/** @throws ScimProblem `invalidValue`. */
export function readUser(resource: JsonObject): UserInput {
  const document: Record<string, JsonValue> = {}
  for (const name of KEPT) {
    const value = attribute(resource, name)
    if (value === undefined || value === null) continue
    document[name] = checked(name, value)
  }
  if (JSON.stringify(document).length > DOCUMENT_BYTES) throw invalid('invalidValue', 'This user is described too largely.')
  return {
    userName: line(attribute(resource, 'userName'), 'userName'),
    externalId: optionalLine(attribute(resource, 'externalId'), 'externalId'),
    active: truth(attribute(resource, 'active')),
    document,
  }
}

/** @throws ScimProblem `invalidValue`. */
export function readGroup(resource: JsonObject): GroupInput {
  const members = attribute(resource, 'members')
  return {
    displayName: line(attribute(resource, 'displayName'), 'displayName'),
    externalId: optionalLine(attribute(resource, 'externalId'), 'externalId'),
    members: keyOf(resource, 'members') === undefined ? undefined : memberIds(members ?? []),
  }
}

function memberIds(members: JsonValue): string[] {
  const list = Array.isArray(members) ? (members as readonly JsonValue[]) : [members]
  const ids = list.map((one) => {
    const value = isJsonObject(one) ? attribute(one, 'value') : one
    if (typeof value !== 'string' || value === '') throw invalid('invalidValue', 'A member has a value: the id of a user.')
    return value
  })
  return [...new Set(ids)]
}

function checked(name: string, value: JsonValue): JsonValue {
  if (MULTI_VALUED.has(name)) return Array.isArray(value) ? value : [value]
  if (COMPLEX.has(name)) {
    if (!isJsonObject(value)) throw invalid('invalidValue', `${name} is an object.`)
    return value
  }
  if (typeof value !== 'string') throw invalid('invalidValue', `${name} is text.`)
  return value
}

function line(value: JsonValue | undefined, name: string): string {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '' || text.length > TEXT_LENGTH || UNSEEN.test(text)) {
    throw invalid('invalidValue', `${name} is one line of 1 to ${TEXT_LENGTH} characters.`)
  }
  return text
}

function optionalLine(value: JsonValue | undefined, name: string): string | null {
  return value === undefined || value === null || value === '' ? null : line(value, name)
}

/** Entra ID sends "True" and "False" as text. Left out is active. */
function truth(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === true) return true
  if (value === false) return false
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  if (text !== 'true' && text !== 'false') throw invalid('invalidValue', 'active is true or false.')
  return text === 'true'
}

export function displayOf({ document }: Pick<UserInput, 'document'>): string {
  const name = isJsonObject(document['name']) ? document['name'] : {}
  const parts = [attribute(name, 'givenName'), attribute(name, 'familyName')].filter(isText).join(' ')
  const [first] = [document['displayName'], attribute(name, 'formatted'), parts].filter(isText)
  return (first ?? '').replace(new RegExp(UNSEEN, 'gu'), '').trim().slice(0, TEXT_LENGTH)
}

export function emailOf({ document }: Pick<UserInput, 'document'>): string | null {
  const emails = Array.isArray(document['emails']) ? (document['emails'] as readonly JsonValue[]) : []
  const listed = emails.map((one) => (isJsonObject(one) ? one : { value: one }))
  const chosen = listed.find((one) => attribute(one, 'primary') === true) ?? listed[0]
  const value = chosen === undefined ? undefined : attribute(chosen, 'value')
  return isText(value) && value.length <= TEXT_LENGTH && !UNSEEN.test(value) ? value : null
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== ''
}

export type StoredUser = ScimUser & Pick<Account, 'name' | 'active'>

export interface NamedId {
  readonly id: string
  readonly name: string
}

/** @param base `https://host/scim/v2`. */
export function userResource(row: StoredUser, groups: readonly NamedId[], base: string): JsonObject {
  const document = readJson<JsonObject>(row.document)
  const location = `${base}/Users/${row.account_id}`
  return {
    schemas: [CORE_USER, ...(Object.hasOwn(document, ENTERPRISE_USER) ? [ENTERPRISE_USER] : [])],
    id: row.account_id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    userName: row.name,
    ...document,
    active: row.active === 1,
    groups: groups.map(({ id, name }) => ({ value: id, display: name, type: 'direct', $ref: `${base}/Groups/${id}` })),
    meta: metaOf('User', row, location),
  }
}

export function groupResource(row: ScimGroupsTable, members: readonly NamedId[], base: string): JsonObject {
  const location = `${base}/Groups/${row.id}`
  return {
    schemas: [CORE_GROUP],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.name,
    members: members.map(({ id, name }) => ({ value: id, display: name, type: 'User', $ref: `${base}/Users/${id}` })),
    meta: metaOf('Group', row, location),
  }
}

function metaOf(
  resourceType: string,
  row: { readonly created: number; readonly modified: number; readonly version: number },
  location: string,
): JsonObject {
  return {
    resourceType,
    created: new Date(row.created).toISOString(),
    lastModified: new Date(row.modified).toISOString(),
    location,
    version: versionTag(row.version),
  }
}

export function versionTag(version: number): string {
  return `W/"${version}"`
}
