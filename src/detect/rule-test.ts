import type { StoredEvent } from '../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { testsOf } from './engines/sigma/load/rule-info.ts'
import { compileSigma } from './engines/sigma/match/program.ts'
import type { CorrelationDocument, LoadedRules, RuleTest } from './engines/sigma/rule.ts'
import { ruleSetOf } from './rule-set.ts'

/** One test that stands inside a rule, ready to run. */
export interface PackedTest {
  readonly rule: string
  readonly file: string
  readonly title: string
  readonly test: RuleTest
  /** Runs it through the engines and says whether the rule fired. */
  fires(): boolean
}

/** Where no event says when it was: the tests' own beginning of time. */
const BEGIN = Date.UTC(2026, 0, 1)

/**
 * The tests inside the rules. A test's events are what the parsers would give; one of them may be
 * `{repeat: N, every: SECONDS, event: …}`, whose `{n}` in any text counts from 0.
 * A correlation is tested with the rules below it and without those above, so that a silent part can be tested too.
 */
export function packedTests(loaded: LoadedRules): PackedTest[] {
  const sigma = compileSigma(loaded.rules)
  const plain = loaded.rules.flatMap(({ info, tests }) =>
    tests.map((test) => ({
      rule: info.id,
      file: info.file,
      title: info.title,
      test,
      fires: () => eventsOf(test).some(({ doc }) => sigma.match(doc).some((match) => match.info.id === info.id)),
    })),
  )
  const correlated = loaded.correlations.flatMap((document) =>
    testsOf(document.doc).map((test) => ({
      rule: String(document.doc['id']),
      file: document.file,
      title: String(document.doc['title']),
      test,
      fires: () => correlationFires(loaded, document, test),
    })),
  )
  return [...plain, ...correlated]
}

function correlationFires(loaded: LoadedRules, document: CorrelationDocument, test: RuleTest): boolean {
  const ruleSet = ruleSetOf({ ...loaded, correlations: [...withParts(document, loaded.correlations)] })
  return ruleSet.run(eventsOf(test), true).some(({ rule }) => rule.id === document.doc['id'])
}

export function withParts(
  document: CorrelationDocument,
  all: readonly CorrelationDocument[],
  found = new Set<CorrelationDocument>(),
): Set<CorrelationDocument> {
  if (found.has(document)) return found
  found.add(document)
  const section = document.doc['correlation']
  const references = isJsonObject(section) && Array.isArray(section['rules']) ? (section['rules'] as readonly JsonValue[]) : []
  for (const other of all)
    if (references.some((reference) => reference === other.doc['id'] || reference === other.doc['name']))
      withParts(other, all, found)
  return found
}

function eventsOf(test: RuleTest): StoredEvent[] {
  return test.events.flatMap(unfold).map((doc, index) => {
    const time = timeOf(doc) ?? BEGIN + index
    const id = `test-${index}`
    return {
      id,
      scope: 'test',
      source: 'test',
      parser: 'test',
      observed: time,
      received: time,
      writer: 'test',
      sequence: 0,
      index,
      doc,
    }
  })
}

function timeOf(doc: JsonObject): number | undefined {
  const text = doc['@timestamp']
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

function unfold(entry: JsonObject): JsonObject[] {
  const { repeat, every, event } = entry
  if (typeof repeat !== 'number' || typeof every !== 'number' || !isJsonObject(event)) return [entry]
  const start = timeOf(event) ?? BEGIN
  return Array.from({ length: repeat }, (_, n) => ({
    ...(numbered(event, n) as JsonObject),
    '@timestamp': new Date(start + n * every * 1000).toISOString(),
  }))
}

function numbered(value: JsonValue, n: number): JsonValue {
  if (typeof value === 'string') return value.replaceAll('{n}', String(n))
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((each) => numbered(each, n))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, numbered(member, n)]))
}
