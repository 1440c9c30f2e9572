import type { JsonValue } from '../../../kernel/json.ts'
import type { Draft } from '../../normalise/draft.ts'

/** Data fields of an event by their original names, all as text, as Windows itself keeps them. */
export type EventData = Record<string, string>

/** What every shape is read into. Undefined is "the record does not say". */
export interface WindowsRecord {
  readonly channel: string | undefined
  readonly provider: string | undefined
  readonly providerGuid: string | undefined
  readonly eventId: number
  readonly computer: string | undefined
  readonly recordId: string | undefined
  /** Windows' number: 1 critical … 5 verbose, 0 always logged. */
  readonly level: number | undefined
  readonly task: string | undefined
  readonly opcode: string | undefined
  /** `success` and `failure` are the audit keywords of the Security log. */
  readonly audit: 'success' | 'failure' | undefined
  readonly keywords: readonly string[] | undefined
  readonly version: number | undefined
  readonly processId: number | undefined
  readonly threadId: number | undefined
  readonly activityId: string | undefined
  /** Who wrote the event (`System/Security/@UserID`), not whom it is about. */
  readonly writer: Draft | undefined
  readonly message: string | undefined
  readonly data: EventData
  /** Name of the element under UserData; its members are in `data`. */
  readonly userData: string | undefined
  /** Milliseconds UTC. */
  readonly observed: number | undefined
  /** ECS fields that only this shape carries, e.g. the agent. */
  readonly extra: Draft | undefined
}

/** A data value as text: members and lists as JSON. Null, which some dumpers write for an empty element, is no value. */
export function dataText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function wholeNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  return typeof value === 'string' && value !== '' && value.length < 16 && Number.isSafeInteger(+value) ? +value : undefined
}

export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' ? String(value) : undefined
}

/** Bits 52 and 53 of the keywords mask (winmeta.xml): WINEVENT_KEYWORD_AUDIT_FAILURE and …_SUCCESS. */
const AUDIT_FAILURE = 0x10
const AUDIT_SUCCESS = 0x20

/**
 * The audit outcome in a keywords mask, as `0x8020000000000000`, as a signed 64-bit number (which JSON has already
 * rounded, far from these bits), or as Winlogbeat's names.
 */
export function auditOf(keywords: JsonValue | undefined): 'success' | 'failure' | undefined {
  if (typeof keywords === 'string') {
    if (keywords.length === 18 && keywords.startsWith('0x')) return auditBits(Number.parseInt(keywords.slice(4, 6), 16))
    return auditName(keywords)
  }
  if (typeof keywords === 'number') {
    if (keywords === 0) return undefined
    return auditBits(Math.floor((keywords < 0 ? keywords + 2 ** 64 : keywords) / 2 ** 48) & 0xff)
  }
  if (!Array.isArray(keywords)) return undefined
  for (const name of keywords as readonly JsonValue[]) {
    const audit = typeof name === 'string' ? auditName(name) : undefined
    if (audit !== undefined) return audit
  }
  return undefined
}

function auditBits(bits: number): 'success' | 'failure' | undefined {
  if ((bits & AUDIT_FAILURE) !== 0) return 'failure'
  return (bits & AUDIT_SUCCESS) !== 0 ? 'success' : undefined
}

function auditName(name: string): 'success' | 'failure' | undefined {
  if (name === 'Audit Success') return 'success'
  return name === 'Audit Failure' ? 'failure' : undefined
}

const AUDIT_SUCCESS_NAMES = ['Audit Success']
const AUDIT_FAILURE_NAMES = ['Audit Failure']

/** Winlogbeat's names of the keywords; masks that have none stay masks. */
export function keywordNames(
  keywords: JsonValue | undefined,
  audit: 'success' | 'failure' | undefined,
): readonly string[] | undefined {
  if (Array.isArray(keywords)) return (keywords as readonly JsonValue[]).map((name) => dataText(name) ?? '')
  if (audit !== undefined) return audit === 'success' ? AUDIT_SUCCESS_NAMES : AUDIT_FAILURE_NAMES
  if (typeof keywords === 'number') {
    return keywords === 0 ? undefined : [`0x${BigInt.asUintN(64, BigInt(Math.trunc(keywords))).toString(16)}`]
  }
  if (typeof keywords !== 'string' || keywords === '' || keywords === '0x0' || keywords === '0x8000000000000000') return undefined
  return [keywords]
}
