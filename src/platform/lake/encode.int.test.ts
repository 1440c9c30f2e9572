import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { parseQuery } from './query/parse.ts'
import { HOT_COLUMNS } from './table.ts'

let bed: TestLake
beforeAll(async () => {
  bed = await startTestLake()
})
afterAll(() => bed.stop())

/** Texts full of what a format of tables and lines could stumble over; lone surrogates are no text that arrives as UTF-8. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\\', '\t', '\n', '\n\n', '\r', '\r\n', '\0', "'", '"', '[', ']', ',', '\\N', '\\t', '\u001a', ';'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
  ),
  minLength: 1,
  maxLength: 12,
})
const number = fc.oneof(fc.nat(70_000), fc.constantFrom(0, 4_294_967_295))

function nested(path: string, value: JsonValue): JsonObject {
  return path.split('.').reduceRight<JsonValue>((inner, key) => ({ [key]: inner }), value) as JsonObject
}

test('whatever a column holds comes back as it was', async () => {
  let cases = 0
  let sequence = 0
  for (const { field, kind } of HOT_COLUMNS) {
    const value: fc.Arbitrary<JsonValue> =
      kind === 'number' ? number : kind === 'list' ? fc.array(text, { minLength: 1, maxLength: 3 }) : text
    const scope = `scope of ${field}`
    const sample = fc.sample(fc.record({ id: text, source: text, parser: text, request: text, value }), { numRuns: 60, seed: 7 })
    const events = sample.map(({ value: drawn, id, ...rest }, n) =>
      testEvent(`${n}${id}`, nested(field, drawn), { ...rest, scope }),
    )
    await bed.lake.append(testBatch(++sequence, 1_760_000_000_000, events, "w\t'\\"))
    const [stored] = await bed.lake.readFrom("w\t'\\", sequence - 1, 1)
    expect(stored?.json).toEqual(events.map((event) => event.json))
    expect(stored?.events.map(({ id, source, parser }) => [id, source, parser])).toEqual(
      events.map(({ id, source, parser }) => [id, source, parser]),
    )
    const requests = events.map((event) => event.request)
    expect(await bed.lake.knownRequests(requests, 0)).toEqual(new Set(requests))
    const expected = new Map<string, number>()
    for (const one of sample.flatMap((drawn) => drawn.value)) expected.set(String(one), (expected.get(String(one)) ?? 0) + 1)
    const top = await bed.lake.top({ scope, query: parseQuery('*'), field, limit: 10_000 })
    expect(new Map(top.map((row) => [row.value, row.count]))).toEqual(expected)
    cases += sample.length
  }
  expect(cases).toBe(HOT_COLUMNS.length * 60)
})
