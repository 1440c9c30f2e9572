import { isUint32 } from '../table.ts'
import type { Query } from './ast.ts'
import { asciiLower, mayHold } from './document-text.ts'
import { hotByField, proseFields, rowColumns, timeColumns } from './fields.ts'
import { irregularValues, jsonValues } from './json-values.ts'
import { addressForms, isNetwork } from './network.ts'
import { numberOf } from './numbers.ts'
import type { Params } from './params.ts'

/** A field that is to be one of several whole values. */
export interface AnyOf {
  readonly field: string
  readonly texts: readonly string[]
}

/** Sets apart, of what one or the other of must hold, fields that are compared with several whole values. */
export function withAnyOf(parts: readonly Query[]): { readonly together: readonly AnyOf[]; readonly rest: readonly Query[] } {
  const byField = Map.groupBy(parts, wholeField)
  const together: AnyOf[] = []
  const rest: Query[] = []
  for (const [field, own] of byField) {
    if (field === undefined || own.length < 2) rest.push(...own)
    else together.push({ field, texts: own.flatMap((part) => textOf(part) ?? []) })
  }
  return { together, rest }
}

/** Whether an address of this field may be written in other forms than the one that was asked for. */
export function hasForms(field: string, text: string): boolean {
  return /(?:^|\.)ip$/.test(field) && addressForms(text).length > 1
}

function wholeField(part: Query): string | undefined {
  return textOf(part) === undefined || part.kind !== 'term' ? undefined : part.field
}

function textOf(part: Query): string | undefined {
  if (part.kind !== 'term' || part.field === undefined || part.match.kind !== 'text') return undefined
  const { field, match } = part
  if (timeColumns.has(field) || proseFields.has(field) || hotByField.get(field)?.kind === 'text') return undefined
  return !match.quoted && isNetwork(match.text) ? undefined : match.text
}

/** One set instead of a condition for each value: the engine reads a hundred of those for longer than the events. */
export function anyOf({ field, texts }: AnyOf, params: Params): string {
  const forms = [...new Set(texts.flatMap((text) => [asciiLower(text), ...(hasForms(field, text) ? addressForms(text) : [])]))]
  const values = forms.filter((text) => text !== '')
  if (values.length === 0) return '0'
  const set = params.add('Array(String)', values)
  const row = rowColumns.get(field)
  if (row !== undefined) return `lower(${row}) IN ${set}`
  const one = `arrayExists(v -> lower(v) IN ${set}, `
  const column = hotByField.get(field)
  if (column === undefined) {
    const held = values.map((text) => `(${mayHold(text, params)})`)
    return `((${held.join(' OR ')}) AND ${one}${jsonValues(field, params)}))`
  }
  const { column: name, kind } = column
  const own =
    kind === 'list' ? `${one}${name})` : kind === 'number' ? ofNumbers(name, values, params) : `lower(${name}) IN ${set}`
  return `(${own} OR (irregular != '' AND ${one}${irregularValues(field, params)})))`
}

function ofNumbers(name: string, values: readonly string[], params: Params): string {
  const numbers = values.flatMap((text) => numberOf(text) ?? [])
  const fit = numbers.filter(isUint32)
  return fit.length === 0 ? '0' : `ifNull(${name} IN ${params.add('Array(Int64)', fit)}, 0)`
}
