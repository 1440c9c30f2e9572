import { BlockList, isIP } from 'node:net'
import type { Detection } from '../../kernel/detection.ts'
import { getPath, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { ConditionOp, ExceptionCondition } from './schema.ts'

/** What an exception looks at: what the rule groups by and found, and the event itself where it is at hand. */
export type Looked = Pick<Detection, 'group' | 'fields'> & { readonly doc: JsonObject | undefined }

/** Whether all conditions hold. A field that nothing names fails its condition: what is not known hides nothing. */
export function holds(conditions: readonly ExceptionCondition[], looked: Looked): boolean {
  return conditions.every((condition) => valuesAt(looked, condition.field).some((value) => fits(condition, value)))
}

function valuesAt({ group, fields, doc }: Looked, field: string): readonly string[] {
  const value = group[field] ?? fields[field] ?? (doc === undefined ? undefined : getPath(doc, field))
  return (Array.isArray(value) ? (value as readonly JsonValue[]) : [value]).flatMap((one) =>
    typeof one === 'string' ? [one] : typeof one === 'number' || typeof one === 'boolean' ? [String(one)] : [],
  )
}

const TEXT: Readonly<Record<Exclude<ConditionOp, 'cidr'>, (value: string, wanted: string) => boolean>> = {
  is: (value, wanted) => value === wanted,
  starts: (value, wanted) => value.startsWith(wanted),
  ends: (value, wanted) => value.endsWith(wanted),
  contains: (value, wanted) => value.includes(wanted),
}

function fits({ op, values }: ExceptionCondition, value: string): boolean {
  if (op === 'cidr') return values.some((network) => inNetwork(value, network))
  const test = TEXT[op]
  const folded = value.toLowerCase()
  return values.some((wanted) => test(folded, wanted.toLowerCase()))
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  const family = isIP(address)
  if (family === 0 || family !== isIP(base)) return false
  const list = new BlockList()
  list.addSubnet(base, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
