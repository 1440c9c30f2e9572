import type { AlertDetail } from '../../../src/detect/schema.ts'

/** How a Sigma item compares; `is` without a modifier. */
export const HOWS = ['is', 'contains', 'startswith', 'endswith', 're', 'cidr', 'gt', 'gte', 'lt', 'lte', 'exists'] as const
export type How = (typeof HOWS)[number]

export interface ReadCondition {
  readonly field: string
  readonly how: How
  readonly value: string
}

const ITEM = /^([^\s:|]+)((?:\|[a-z0-9]+)*): (.*)$/su
/** Modifiers that change how a value is written or joined, not how it is compared. */
const SILENT = new Set([
  'all',
  'cased',
  'windash',
  'wide',
  'utf16',
  'utf16le',
  'utf16be',
  'base64offset',
  'base64',
  'expand',
  'i',
  'm',
  's',
])

/** Reads a condition written as a Sigma item (`Image|endswith: \cmd.exe`); undefined for any other text. */
export function readCondition(text: string): ReadCondition | undefined {
  const match = ITEM.exec(text)
  if (match === null) return undefined
  const [, field = '', modifiers = '', value = ''] = match
  const left = modifiers.split('|').filter((modifier) => modifier !== '' && !SILENT.has(modifier))
  const how = left.length === 0 ? 'is' : HOWS.find((one) => one === left[0])
  return how === undefined || left.length > 1 ? undefined : { field, how, value }
}

export interface NumberedCondition {
  readonly text: string
  readonly fields: readonly string[]
  readonly read: ReadCondition | undefined
}

/** The conditions without repeats: two selections of a rule may ask the same. */
export function numbered(conditions: AlertDetail['conditions']): readonly NumberedCondition[] {
  const kept = new Map<string, NumberedCondition>()
  for (const { text, fields } of conditions) {
    const key = `${text}\n${fields.join('\n')}`
    if (!kept.has(key)) kept.set(key, { text, fields, read: readCondition(text) })
  }
  return [...kept.values()]
}
