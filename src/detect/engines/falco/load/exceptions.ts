import { isJsonObject, type JsonValue } from '../../../../kernel/json.ts'
import {
  type Check,
  type Condition,
  type FieldRef,
  LIST_OPERATORS,
  NUMBER_OPERATORS,
  type Operator,
  TEXT_OPERATORS,
} from '../condition/ast.ts'
import { parseCondition } from '../condition/parse.ts'
import { FalcoFault } from '../fault.ts'
import type { Item } from './items.ts'

/** When a rule does not hold: combinations of values of its fields (falco.org, "Rule Exceptions"). */
export interface Exception {
  readonly name: string
  readonly fields: readonly string[]
  readonly comparisons: readonly Operator[]
  /** True where one field stands alone, not in a list: its values are compared as one list. */
  readonly single: boolean
  /** One entry a combination; an entry's parts are texts or lists of texts. */
  readonly values: readonly (readonly (string | readonly string[])[])[]
}

const OPERATORS: readonly string[] = [...TEXT_OPERATORS, ...NUMBER_OPERATORS, ...LIST_OPERATORS]

/** Reads a rule's exceptions. Those that are appended may leave out the fields of one that is known. */
export function exceptionsOf(item: Item, known: readonly Exception[]): readonly Exception[] {
  const value = item.fields['exceptions']
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw fault("'exceptions' must be a list")
  return (value as readonly JsonValue[]).map((entry) => exceptionOf(entry, known))
}

function exceptionOf(entry: JsonValue, known: readonly Exception[]): Exception {
  if (!isJsonObject(entry) || typeof entry['name'] !== 'string') throw fault('an exception needs a name')
  const { name } = entry
  const before = known.find((each) => each.name === name)
  const { fields, comps, values } = entry
  if (fields === undefined && before === undefined) throw fault(`the exception '${name}' needs 'fields'`)
  const single = fields === undefined ? before!.single : !Array.isArray(fields)
  const names = fields === undefined ? before!.fields : texts(fields, name)
  const comparisons = comps === undefined ? (before?.comparisons ?? names.map(() => (single ? 'in' : '='))) : texts(comps, name)
  if (comparisons.length !== names.length)
    throw fault(`the exception '${name}' has ${names.length} fields and ${comparisons.length} comparisons`)
  for (const each of comparisons) if (!OPERATORS.includes(each)) throw fault(`the exception '${name}' compares with '${each}'`)
  return {
    name,
    fields: names,
    comparisons: comparisons as readonly Operator[],
    single,
    values: valuesOf(values, { name, width: names.length, single }),
  }
}

function valuesOf(
  values: JsonValue | undefined,
  { name, width, single }: { readonly name: string; readonly width: number; readonly single: boolean },
): Exception['values'] {
  if (values === undefined || values === null) return []
  if (!Array.isArray(values)) throw fault(`the values of the exception '${name}' must be a list`)
  const entries = values as readonly JsonValue[]
  if (single) return entries.length === 0 ? [] : [[entries.flatMap((entry) => texts(entry, name))]]
  return entries.map((entry) => {
    if (!Array.isArray(entry) || entry.length !== width)
      throw fault(`an entry of the exception '${name}' must have ${width} values`)
    return (entry as readonly JsonValue[]).map((part) => (Array.isArray(part) ? texts(part, name) : texts(part, name)[0]!))
  })
}

function texts(value: JsonValue, name: string): readonly string[] {
  const entries = Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
  return entries.map((entry) => {
    if (entry === null || typeof entry === 'object') throw fault(`the exception '${name}' holds something that is no text`)
    return String(entry)
  })
}

/** Appended values join those of the exception with the same name; others are new. */
export function mergeExceptions(
  before: readonly Exception[],
  more: readonly Exception[],
  how: 'append' | 'replace',
): readonly Exception[] {
  if (how === 'replace') return more
  const joined = before.map((each) => {
    const same = more.filter(({ name }) => name === each.name)
    return { ...each, values: [...each.values, ...same.flatMap(({ values }) => values)] }
  })
  return [...joined, ...more.filter(({ name }) => !before.some((each) => each.name === name))]
}

/** The condition under which the rule is excepted; undefined where no values are given. */
export function exceptionCondition({ fields, comparisons, values }: Exception): Condition | undefined {
  if (values.length === 0) return undefined
  const refs = fields.map(fieldRef)
  const items = values.map((entry): Condition => {
    const checks = entry.map((part, index) => check(refs[index]!, comparisons[index]!, part))
    return checks.length === 1 ? checks[0]! : { kind: 'and', items: checks }
  })
  return items.length === 1 ? items[0] : { kind: 'or', items }
}

function check(field: FieldRef, operator: Operator, part: string | readonly string[]): Check {
  const parts = typeof part === 'string' ? [part] : part
  const isList = (LIST_OPERATORS as readonly string[]).includes(operator)
  // `(a, b)` in one text is a list, too.
  const values = isList ? parts.flatMap((each) => (/^\(.*\)$/s.test(each) ? each.slice(1, -1).split(',') : [each])) : parts
  if (!isList && values.length !== 1) throw fault(`'${operator}' compares with one value, not with ${values.length}`)
  return { kind: 'check', field, operator, values: values.map((text) => written(text.trim())) }
}

function written(text: string): { readonly text: string; readonly quoted: boolean } {
  const bare = /^"(.*)"$/s.exec(text)?.[1] ?? /^'(.*)'$/s.exec(text)?.[1]
  return bare === undefined ? { text, quoted: false } : { text: bare, quoted: true }
}

function fieldRef(text: string): FieldRef {
  const parsed = parseCondition(`${text} exists`)
  if (parsed.kind !== 'check') throw fault(`'${text}' is no field`)
  return parsed.field
}

function fault(reason: string): FalcoFault {
  return new FalcoFault('exception', reason, 'exceptions')
}
