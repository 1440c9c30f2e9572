import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { runRegex } from '../../../../platform/regex/run.ts'
import type { RegexTest } from '../expression.ts'
import type { JsonShapeFile, RecogniseTest } from './schema.ts'

type When = NonNullable<JsonShapeFile['when']>

/** Whether a document is one of those that the alternatives describe. Fields are members of the document's top. */
export function recogniser(when: When): (doc: JsonObject) => boolean {
  const alternatives = when.map((fields) => Object.entries(fields).map(([names, test]) => fieldTest(names.split('|'), test)))
  return (doc) => {
    for (const tests of alternatives) if (tests.every((test) => test(doc))) return true
    return false
  }
}

/** A pattern as the engine's regular expressions take it: no pattern of a file can hang it. */
export function patternTest(pattern: string): RegexTest {
  return { kind: 'regex', pattern, insensitive: false, multiline: false, dotAll: false }
}

function fieldTest(names: readonly string[], test: RecogniseTest): (doc: JsonObject) => boolean {
  const holds = valueTest(test)
  const [only] = names
  // An event may say `constructor`: only its own members count.
  const read = (doc: JsonObject, name: string): JsonValue | undefined => (Object.hasOwn(doc, name) ? doc[name] : undefined)
  if (names.length === 1) return (doc) => holds(read(doc, only!))
  return (doc) => names.some((name) => holds(read(doc, name)))
}

function valueTest(test: RecogniseTest): (value: JsonValue | undefined) => boolean {
  if (test === 'text') return (value) => typeof value === 'string'
  if (test === 'present') return (value) => value !== undefined
  if (test === 'absent') return (value) => value === undefined
  if (test === 'object') return (value) => isJsonObject(value)
  if ('is' in test) return (value) => value === test.is
  if ('begins' in test) return (value) => typeof value === 'string' && value.startsWith(test.begins)
  if ('contains' in test) {
    const part = test.contains.toLowerCase()
    return (value) => typeof value === 'string' && value.toLowerCase().includes(part)
  }
  if ('matches' in test) {
    const run = runRegex(patternTest(test.matches))
    return (value) => typeof value === 'string' && run(value, () => value.toLowerCase())
  }
  const words = new Set(test['is-one-of'].map((word) => word.toLowerCase()))
  return (value) => typeof value === 'string' && words.has(value.toLowerCase())
}
