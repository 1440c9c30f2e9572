import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { ReadEntry } from '../verify/entry.ts'
import { AUDIT_TYPES, type AuditType } from './schema.ts'

/** What an entry says of somebody's doing. */
export interface Deed {
  readonly type: AuditType
  readonly action: string
  readonly by: { readonly id: string; readonly name: string } | null
  readonly target: string
}

/** Members of a body that tell what was acted on, where neither a name nor the action's noun does. */
const TARGETS = ['playbook', 'alert', 'card', 'rule', 'source', 'asset', 'scope', 'id'] as const
const MAX_TEXT = 300

/** @returns undefined for an entry that is the machine's own. */
export function deedOf({ type, body }: Pick<ReadEntry, 'type' | 'body'>): Deed | undefined {
  const known = AUDIT_TYPES.find((one) => one === type)
  if (known === undefined) return undefined
  const action = actionOf(known, body)
  // An admin entry that names what it is about means that; elsewhere a target may be an action's own.
  const told = known === 'admin' ? textIn(body['target']) : undefined
  return { type: known, action, by: byOf(known, body), target: told ?? targetOf(action, body) }
}

function actionOf(type: AuditType, body: JsonObject): string {
  const said = textIn(body['action']) ?? textIn(body['change']) ?? textIn(body['outcome']) ?? 'unknown'
  switch (type) {
    case 'admin':
    case 'artefact':
    case 'incident':
      return said
    case 'signin':
      return `session.${textIn(body['outcome']) ?? said}`
    case 'verdict':
      return `alert.${textIn(body['change']) ?? said}`
    case 'run':
      return `run.${textIn(body['change']) ?? said}`
    case 'card':
      return `card.${textIn(body['change']) ?? said}`
    case 'rule':
    case 'source':
      return `${type}.${said}`
  }
}

function byOf(type: AuditType, body: JsonObject): Deed['by'] {
  if (type === 'signin') return person(textIn(body['account']) ?? '', textIn(body['name']) ?? '')
  // A run is its playbook's; where a person approved, answered, stopped or undid something of it, that is who did it.
  if (type === 'run') return person(textIn(body['personId']) ?? '', runBy(body))
  const by = body['by']
  if (isJsonObject(by)) return person(textIn(by['id']) ?? '', textIn(by['name']) ?? '')
  // A card's file speaks for nobody; elsewhere a text is a person's name.
  return typeof by === 'string' && !(type === 'card' && by === 'file') ? person('', by) : null
}

function runBy(body: JsonObject): string {
  return textIn(body['person']) ?? textIn(body['undoBy']) ?? textIn(body['by']) ?? ''
}

function person(id: string, name: string): Deed['by'] {
  return id === '' && name === '' ? null : { id, name: name === '' ? id : name }
}

function targetOf(action: string, body: JsonObject): string {
  const noun = action.split('.', 1)[0] ?? ''
  if (noun === 'incident' && typeof body['number'] === 'number') return `INC-${body['number']}`
  const named = textIn(body['name'])
  const subject = textIn(body[noun]) ?? TARGETS.map((key) => textIn(body[key])).find((text) => text !== undefined)
  const before = isJsonObject(body['before']) ? body['before'] : undefined
  const names = before?.['names'] ?? (isJsonObject(body['after']) ? body['after']['names'] : undefined)
  const first = Array.isArray(names) ? textIn((names as readonly JsonValue[])[0]) : undefined
  return (named ?? first ?? subject ?? '').slice(0, MAX_TEXT)
}

function textIn(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : undefined
}

/** How ids and names are compared. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
