import type { JsonValue } from '../../../../kernel/json.ts'
import type { Field, Place } from './field.ts'

const NOTHING: ReadonlySet<JsonValue> = new Set(['<NA>', 'N/A'])

/**
 * Any field, from `output_fields` of an alert that Falco wrote as JSON: the fields of that alert's own output, and no more. Null says
 * that there was no value.
 */
export function outputField(name: string, roots: readonly (readonly string[])[]): Field {
  return {
    list: LISTS.has(name),
    type: NUMBERS.test(name) ? 'number' : ADDRESSES.has(name) ? 'address' : 'text',
    places(argument) {
      const written = argument === undefined ? name : `${name}[${argument}]`
      const convert = (value: JsonValue): JsonValue | undefined => {
        if (value === null || NOTHING.has(value)) return null
        if (Array.isArray(value)) return value
        return typeof value === 'object' ? undefined : value
      }
      return roots.flatMap((root): Place[] => [
        { keys: [...root, written], convert },
        { keys: [...root, ...written.split('.')], convert },
      ])
    },
  }
}

const NUMBERS =
  /^(?:fd\.(?:num|[csrl]?port)|proc\.(?:v?p?pid|tty|duration|ppid\.duration)|user\.(?:login)?uid|group\.gid|evt\.(?:num|rawtime|rawres))$/
const ADDRESSES: ReadonlySet<string> = new Set([
  'fd.ip',
  'fd.sip',
  'fd.cip',
  'fd.rip',
  'fd.lip',
  'fd.net',
  'fd.snet',
  'fd.cnet',
  'fd.rnet',
  'fd.lnet',
])
const LISTS: ReadonlySet<string> = new Set(['ka.req.pod.containers.image', 'ka.req.pod.containers.image.repository'])
