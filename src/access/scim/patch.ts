import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { attribute, attributePath, ENTERPRISE_USER, isAttributeName, keyOf } from './attributes.ts'
import { type Filter, matches, parseFilter } from './filter.ts'
import { invalid } from './problem.ts'

export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string | undefined
  readonly value: JsonValue | undefined
}

const MAX_OPERATIONS = 1_000

/**
 * Reads the body of a PATCH. Microsoft Entra ID capitalises `op` and puts what it removes into `value`; both are taken.
 * @throws ScimProblem `invalidSyntax`.
 */
export function readPatch(body: JsonObject): PatchOperation[] {
  const operations = attribute(body, 'Operations')
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MAX_OPERATIONS) {
    throw invalid('invalidSyntax', `A PATCH has 1 to ${MAX_OPERATIONS} Operations.`)
  }
  return together(
    (operations as readonly JsonValue[]).map((one) => {
      const given = isJsonObject(one) ? one : {}
      const op = attribute(given, 'op')
      const path = attribute(given, 'path') ?? undefined
      const kind = typeof op === 'string' ? op.toLowerCase() : ''
      if (kind !== 'add' && kind !== 'replace' && kind !== 'remove') {
        throw invalid('invalidSyntax', 'An operation is add, replace or remove.')
      }
      if (path !== undefined && typeof path !== 'string') throw invalid('invalidPath', 'A path is text.')
      return { op: kind, path, value: attribute(given, 'value') }
    }),
  )
}

/** Members that are added one an operation are added at once: each operation looks at all that are there. */
function together(operations: readonly PatchOperation[]): PatchOperation[] {
  const merged: PatchOperation[] = []
  for (const one of operations) {
    const last = merged.at(-1)
    if (one.op === 'add' && one.path?.toLowerCase() === 'members' && last?.op === 'add' && last.path === one.path) {
      const value = [last.value ?? [], one.value ?? []].flat() as readonly JsonValue[]
      merged[merged.length - 1] = { ...one, value }
    } else merged.push(one)
  }
  return merged
}

/** What an operation works on: attribute names inwards, and which elements of the array at `names`. */
interface Target {
  readonly names: readonly string[]
  readonly chosen: Filter | undefined
  /** Below each chosen element. */
  readonly sub: string | undefined
}

/**
 * The resource after the operations, in order (RFC 7644 §3.5.2); the one given stays as it is. What the attributes may
 * hold is for the caller to check.
 * @throws ScimProblem `invalidPath`, `noTarget`, `invalidValue`.
 */
export function applyPatch(resource: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  return operations.reduce(applyOne, resource)
}

function applyOne(resource: JsonObject, { op, path, value }: PatchOperation): JsonObject {
  if (path !== undefined && path.trim() !== '') return applyAt(resource, targetOf(path.trim()), op, value)
  if (op === 'remove') throw invalid('noTarget', 'A remove names what it removes.')
  if (!isJsonObject(value)) throw invalid('invalidValue', 'Without a path the value is an object.')
  let changed = resource
  for (const [key, one] of Object.entries(value)) {
    // Keys may themselves be paths: Entra ID writes `name.givenName` and `emails[type eq "work"].value`, both write the
    // enterprise URN.
    const target = targetOf(key)
    const { names } = target
    if (names.length === 1 && names[0] === ENTERPRISE_USER && isJsonObject(one)) {
      for (const [inner, held] of Object.entries(one)) {
        const below = [ENTERPRISE_USER, ...attributePath(inner, 'invalidPath')]
        changed = applyAt(changed, { names: below, chosen: undefined, sub: undefined }, op, held)
      }
    } else changed = applyAt(changed, target, op, one)
  }
  return changed
}

function targetOf(path: string): Target {
  const open = path.indexOf('[')
  if (open < 0) return { names: attributePath(path, 'invalidPath'), chosen: undefined, sub: undefined }
  const close = path.lastIndexOf(']')
  if (close < open) throw invalid('invalidPath', `The path '${path.slice(0, 100)}' lacks a ']'.`)
  const after = path.slice(close + 1)
  const sub = after === '' ? undefined : after.slice(1)
  if (sub !== undefined && (!after.startsWith('.') || !isAttributeName(sub))) {
    throw invalid('invalidPath', `The path '${path.slice(0, 100)}' ends in something else than an attribute.`)
  }
  return { names: attributePath(path.slice(0, open), 'invalidPath'), chosen: parseFilter(path.slice(open + 1, close)), sub }
}

function applyAt(resource: JsonObject, target: Target, op: PatchOperation['op'], value: JsonValue | undefined): JsonObject {
  const [name, ...rest] = target.names
  if (name === undefined) throw invalid('invalidPath', 'A path names an attribute.')
  const key = keyOf(resource, name) ?? name
  const here = Object.hasOwn(resource, key) ? resource[key] : undefined
  if (rest.length > 0) {
    if (Array.isArray(here)) {
      const elements = (here as readonly JsonValue[]).map((one) =>
        isJsonObject(one) ? applyAt(one, { ...target, names: rest }, op, value) : one,
      )
      return { ...resource, [key]: elements }
    }
    const inner = applyAt(isJsonObject(here) ? here : {}, { ...target, names: rest }, op, value)
    return Object.keys(inner).length === 0 ? without(resource, key) : { ...resource, [key]: inner }
  }
  const changed =
    target.chosen === undefined ? changedWhole(here, op, value) : changedElements(here, target.chosen, target.sub, op, value)
  return changed === undefined || changed === null ? without(resource, key) : { ...resource, [key]: changed }
}

function without(resource: JsonObject, key: string): JsonObject {
  const { [key]: _gone, ...rest } = resource
  return rest
}

function changedWhole(
  here: JsonValue | undefined,
  op: PatchOperation['op'],
  value: JsonValue | undefined,
): JsonValue | undefined {
  if (op === 'remove') return Array.isArray(here) && value !== undefined && value !== null ? lessElements(here, value) : undefined
  if (value === undefined) throw invalid('invalidValue', `A ${op} has a value.`)
  if (op === 'replace') return value
  if (Array.isArray(here)) return moreElements(here as readonly JsonValue[], value)
  return isJsonObject(here) && isJsonObject(value) ? { ...here, ...value } : value
}

/** Those that are named in a remove's value; RFC 7644 has no such form, Entra ID removes members by it. */
function lessElements(here: readonly JsonValue[], value: JsonValue): JsonValue[] {
  const gone = new Set((Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).map(identityOf))
  return here.filter((one) => !gone.has(identityOf(one)))
}

function identityOf(element: JsonValue): string {
  const value = isJsonObject(element) ? (attribute(element, 'value') ?? element) : element
  return JSON.stringify(value)
}

function moreElements(here: readonly JsonValue[], value: JsonValue): JsonValue[] {
  const given = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  const known = new Set(here.map((one) => JSON.stringify(one)))
  const added = given.filter((one) => !known.has(JSON.stringify(one)))
  // There is one primary element: a new one takes it over (RFC 7644 §3.5.2).
  const takesOver = added.some((one) => isJsonObject(one) && one['primary'] === true)
  return [...(takesOver ? here.map(notPrimary) : here), ...added]
}

function notPrimary(element: JsonValue): JsonValue {
  return isJsonObject(element) && element['primary'] === true ? { ...element, primary: false } : element
}

function changedElements(
  here: JsonValue | undefined,
  chosen: Filter,
  sub: string | undefined,
  op: PatchOperation['op'],
  value: JsonValue | undefined,
): JsonValue | undefined {
  const elements: readonly JsonValue[] = here === undefined || here === null ? [] : Array.isArray(here) ? here : [here]
  const isChosen = (one: JsonValue): boolean => matches(chosen, isJsonObject(one) ? one : { value: one })
  if (op === 'remove') {
    const left = elements.flatMap((one) => {
      if (!isChosen(one)) return [one]
      return sub === undefined || !isJsonObject(one) ? [] : [without(one, keyOf(one, sub) ?? sub)]
    })
    return left.length === 0 ? undefined : left
  }
  if (value === undefined) throw invalid('invalidValue', `A ${op} has a value.`)
  const replaced = (one: JsonObject): JsonObject => {
    if (sub !== undefined) return { ...one, [keyOf(one, sub) ?? sub]: value }
    if (!isJsonObject(value)) throw invalid('invalidValue', 'An element is replaced by an object.')
    return op === 'add' ? { ...one, ...value } : value
  }
  if (elements.some(isChosen)) {
    const changed = elements.map((one) => (isChosen(one) ? replaced(isJsonObject(one) ? one : { value: one }) : one))
    return isDeepStrictEqual(changed, elements) ? (here ?? undefined) : changed
  }
  // Both of the large clients set `emails[type eq "work"].value` of somebody who has none yet.
  const described = describedBy(chosen)
  if (described === undefined) throw invalid('noTarget', 'No element is what the path describes.')
  return [...elements, replaced(described)]
}

/** The element that a filter of equalities describes; undefined for any other. */
function describedBy(filter: Filter): JsonObject | undefined {
  if (filter.kind === 'compare' && filter.operator === 'eq' && filter.path.length === 1 && filter.value !== null) {
    return { [filter.path[0] ?? '']: filter.value }
  }
  if (filter.kind !== 'and') return undefined
  const [left, right] = [describedBy(filter.left), describedBy(filter.right)]
  return left === undefined || right === undefined ? undefined : { ...left, ...right }
}
