import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import type { LakeEvent } from './lake.ts'
import type { Bound, Match, Query } from './query/ast.ts'
import { parseQuery } from './query/parse.ts'
import { printQuery } from './query/print.ts'
import { matches } from './testing/naive-evaluator.ts'

const RECEIVED = Date.UTC(2026, 7, 1, 10, 20)
const NOW = RECEIVED + 60_000
const DOCUMENTS = 200
const QUERIES = 300

/** Few values a field, so that random queries find something; signs that some layer on the way could misread. */
const POOLS: Readonly<Record<string, readonly JsonValue[]>> = {
  'event.code': ['4624', 4625, '0x10', '46'],
  'event.category': [['authentication'], ['network', 'Session'], 'process', []],
  'host.name': ['web-03', 'WEB-04', 'web_03', 'web%', ['a', 'b'], ''],
  'user.name': ['root', 'ｒoot', '管理者', 'ﾛｸﾞ', 'ログ', "o'brien", ['alice', 'root'], null],
  'source.ip': [
    '10.1.2.3',
    '10.1.200.3',
    '203.0.113.9',
    'fe80::1',
    '2001:db8::1',
    '::ffff:10.1.2.3',
    'LOCAL',
    ['10.1.2.3', 'fe80::1'],
  ],
  'client.ip': ['10.1.2.3', '2001:db8::1', 'fe80::1%eth0', ['10.1.200.3', 'FE80::1']],
  'destination.port': [22, 443, '443', 65_536, 'https', [1, 2], '0x10', ' ', [2 ** 64, 'https']],
  'event.type': ['', [''], ['', 'red']],
  'process.command_line': ['cmd /c "x"', 'C:\\a\\b.exe -x 100%', 'line\none', 'ｃｍｄ'],
  'url.path': ['/admin/login', '/etc/passwd', '/'],
  message: ['Failed password for root', 'ログイン失敗 root', '100%_done\\', 'tab\there', 'ROOT'],
  'http.response.body.bytes': [12.5, 900, '900', -3, 9007199254740991, 'Infinity', 1e21, 1e-7],
  // What the engine's own reader of JSON gives up a whole document for.
  'other.id': [2 ** 64, -(2 ** 63), '18446744073709551616', 'half \ud800', 'C:\\ud800\\x', 'a "\\"', [1e20, 'red']],
  'nested.at': ['2026-07-31T00:00:00.000Z', '2026-07-31T12:30:15.250Z', '2026-08-01T00:00:00Z'],
  'tags.list': [['red', 'Blue'], ['blue', null], 'red', true, { deep: 'red' }],
}
const FIELDS = [
  ...Object.keys(POOLS),
  '@timestamp',
  'event.ingested',
  'event.id',
  '_id',
  'kanpeki.parser',
  'tags',
  'nothing.here',
]

const document = fc
  .record(
    Object.fromEntries(
      Object.entries(POOLS).map(([field, pool]) => [field, fc.option(fc.constantFrom(...pool), { nil: undefined })]),
    ),
  )
  .map((flat) => nest(flat as Record<string, JsonValue | undefined>))

function nest(flat: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const doc: Record<string, JsonValue> = {}
  for (const [path, value] of Object.entries(flat)) {
    if (value === undefined) continue
    const keys = path.split('.')
    let here = doc
    for (const key of keys.slice(0, -1)) {
      here[key] ??= {}
      here = here[key] as Record<string, JsonValue>
    }
    here[keys.at(-1)!] = value
  }
  return doc
}

const scalars = Object.values(POOLS).flatMap((pool) =>
  pool.flatMap((value) => (Array.isArray(value) ? value : [value]) as JsonValue[]),
)
const texts = [
  ...new Set(scalars.filter((value) => value !== null && typeof value !== 'object').map(String)),
  ...[
    'e3',
    'e12',
    'json',
    'ROOT',
    'roo',
    '10.0.0.0/8',
    '10.1.2.0/24',
    'fe80::/10',
    '2001:DB8:0:0::1',
    '10.1.2.3/33',
    '0443',
    '18446744073709552000',
    '1e+21',
    '2001:0db8::0001',
    '4625',
    "x' OR 1=1",
    'Ｒ',
  ],
]
const anyText = fc.constantFrom(...texts)
const times = [
  '2026-07-31',
  '2026-07-31T12:30',
  '2026-07-31T12:30:15.250',
  '2026-08-01T10:02',
  '2026-08',
  'now',
  'now-20m',
  'now-1d',
]
const piece = anyText.chain((text) =>
  fc
    .tuple(fc.nat({ max: text.length }), fc.nat({ max: text.length }))
    .map(([a, b]) => text.slice(Math.min(a, b), Math.max(a, b))),
)
const wildcard: fc.Arbitrary<Match> = fc
  .tuple(
    piece,
    fc.constantFrom('*' as const, '?' as const),
    piece,
    fc.option(fc.constantFrom('*' as const, '?' as const), { nil: undefined }),
  )
  .map(([before, sign, after, last]) => ({
    kind: 'wildcard' as const,
    pieces: [
      ...(before === '' ? [] : [{ literal: before }]),
      sign,
      ...(after === '' ? [] : [{ literal: after }]),
      ...(last === undefined ? [] : [last]),
    ],
  }))
  // A star alone is "exists" in the language.
  .filter(({ pieces }) => pieces.some((one) => one !== '*') && !(pieces[0] === '*' && pieces[1] === '*'))
const term: fc.Arbitrary<Match> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('text' as const), text: anyText, quoted: fc.boolean() }) },
  { weight: 2, arbitrary: wildcard },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('regex' as const),
      source: fc.constantFrom('ro+t', 'web.0[34]', '[a-z]+', '.*失敗.*', '4\\d{2}', '(10|203)\\..+', 'fail|done', '"x"'),
    }),
  },
)
const bounded = (values: fc.Arbitrary<string>): fc.Arbitrary<Match> => {
  const end: fc.Arbitrary<Bound> = fc.record({ value: values, inclusive: fc.boolean() })
  return fc.oneof(
    fc.record({ kind: fc.constant('range' as const), low: end, high: fc.option(end, { nil: undefined }) }),
    fc.record({ kind: fc.constant('range' as const), low: fc.constant(undefined), high: end }),
  )
}
const words = anyText.filter((text) => !/^\d{4}/.test(text))
const anyOf: fc.Arbitrary<Query> = fc
  .tuple(fc.constantFrom(...FIELDS), fc.array(anyText, { minLength: 2, maxLength: 5 }), fc.boolean())
  .map(([field, of, quoted]) => ({
    kind: 'or',
    parts: of.map((text) => ({ kind: 'term', field, match: { kind: 'text', text, quoted } })),
  }))
const leaf: fc.Arbitrary<Query> = fc.oneof(
  { weight: 2, arbitrary: anyOf },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('exists' as const), field: fc.constantFrom(...FIELDS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('term' as const), field: fc.constant(undefined), match: term }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('term' as const), field: fc.constantFrom(...FIELDS), match: term }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('term' as const),
      field: fc.constantFrom(...FIELDS.filter((field) => field !== 'nested.at')),
      match: bounded(words),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('term' as const),
      field: fc.constantFrom('@timestamp', 'event.ingested', 'nested.at'),
      match: bounded(fc.constantFrom(...times)),
    }),
  },
)
const query = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 5, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('not' as const), part: tie('query') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        parts: fc.array(tie('query'), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
})).query

const events: readonly LakeEvent[] = fc
  .sample(document, { numRuns: DOCUMENTS, seed: 7 })
  .map((doc, n) =>
    testEvent(`e${n}`, doc, { observed: Date.UTC(2026, 7, 1, 10) + n * 1500, parser: n % 9 === 0 ? 'unknown' : 'json' }),
  )
let bed: TestLake
beforeAll(async () => {
  bed = await startTestLake({ clock: { now: () => NOW } })
  await bed.lake.append(testBatch(1, RECEIVED, events.slice(0, 120)))
  await bed.lake.append(testBatch(2, RECEIVED, events.slice(120)))
})
afterAll(() => bed.stop())

async function found(tree: Query): Promise<readonly string[]> {
  const page = await bed.lake.search({ scope: 'default', query: tree, limit: 1000, order: 'oldest' })
  return page.events.map((event) => event.id)
}

test.each(['as inserted', 'after a merge'])(
  'the engine finds what the language says, query by query, %s',
  async (when) => {
    if (when === 'after a merge') await bed.lake.compact()
    let told = 0
    await fc.assert(
      fc.asyncProperty(query, async (tree) => {
        const expected = events.filter((event) => matches(tree, event, RECEIVED, NOW)).map((event) => event.id)
        if (expected.length > 0 && expected.length < DOCUMENTS) told += 1
        expect(await found(tree), printQuery(tree)).toEqual(expected)
      }),
      { numRuns: QUERIES },
    )
    console.log(`${QUERIES} random queries over ${DOCUMENTS} documents, ${told} of them found some and not all`)
    expect(told).toBeGreaterThan(QUERIES / 10)
  },
  120_000,
)

test.each([
  ['user.name:ｒｏｏｔ', 'user.name:(root OR "ｒｏｏｔ")'],
  ['user.name:ﾛｸﾞ', 'user.name:("ﾛｸﾞ" OR "ログ")'],
  ['user.name:ｒoot', 'user.name:(root OR "ｒoot")'],
  ['source.ip:2001:DB8:0:0::1', 'source.ip:"2001:db8::1"'],
  ['_id:e7', 'event.id:e7'],
  ['＋user.name：root　－host.name：web＊', 'user.name:root AND NOT host.name:web*'],
])('%s finds the same as %s', async (one, other) => {
  const ids = await found(parseQuery(one))
  expect(ids).toEqual(await found(parseQuery(other)))
  expect(ids.length).toBeGreaterThan(0)
})
