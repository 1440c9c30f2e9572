import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonValue } from '../../kernel/json.ts'
import { JsonScan, NOTHING, PLAIN, UNREADABLE } from './json-scan.ts'

const KEYS = ['a', 'b', 'cc', 'EventID', '', 'constructor', '__proto__', 'a"b', 'é']
const PATHS: readonly (readonly string[])[] = [
  ...KEYS.map((key) => [key]),
  ...KEYS.flatMap((key) => KEYS.slice(0, 5).map((inner) => [key, inner])),
  ['a', 'b', 'cc'],
]

/** What the scan says of a text, or undefined where it leaves it to JSON.parse. */
function scanned(scan: JsonScan, text: Buffer, before = 0, after = 0): readonly (JsonValue | undefined)[] | undefined {
  const bytes = Buffer.concat([Buffer.alloc(before, '{'), text, Buffer.from('\n{"a":1}'.slice(0, after))])
  const paths = PATHS.map((keys) => scan.path(keys))
  if (!scan.read(bytes, before, before + text.length)) return undefined
  return paths.map((path) => (path === undefined ? undefined : scan.value(path)))
}

/** What JSON.parse says, `fault` where it throws or the text is no object. Arrays on the way are not looked into. */
function parsed(text: Buffer): readonly (JsonValue | undefined)[] | 'fault' {
  let doc: JsonValue
  try {
    doc = JSON.parse(text.toString('utf8')) as JsonValue
  } catch {
    return 'fault'
  }
  if (typeof doc !== 'object' || doc === null || Array.isArray(doc)) return 'fault'
  return PATHS.map((keys) => {
    if (keys.includes('é')) return undefined
    let here: JsonValue | undefined = doc
    for (const key of keys) {
      if (typeof here !== 'object' || here === null || Array.isArray(here) || !Object.hasOwn(here, key)) return undefined
      here = (here as Readonly<Record<string, JsonValue>>)[key]
    }
    return here
  })
}

const scalar = fc.oneof(
  fc.constantFrom('C:\\Windows\\x.exe', 'a/b', 'tab\there', 'naïve', '\u0000\u001f\u007f', '💥', '\ud800', '', '"', '\\'),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar as fc.Arbitrary<JsonValue>,
    fc.array(tie('value'), { maxLength: 3 }) as fc.Arbitrary<JsonValue>,
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonValue>,
  ),
}))
const anyObject = fc.dictionary(fc.constantFrom(...KEYS, 'other'), anyValue, { maxKeys: 6 })

/** JSON with the freedom that writers have: white space, codes for any character, slashes with a backslash. */
function written(value: JsonValue, style: number): string {
  const text = JSON.stringify(value, null, style % 4)
  if (style % 3 === 0) return text.replaceAll('/', '\\/')
  if (style % 3 === 1)
    return text.replaceAll(/[w-z](?=[^"]*"[^:])/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return text
}

test('a scan says yes to nothing that JSON.parse would not read with the same values', () => {
  const scan = new JsonScan()
  let yes = 0
  let faults = 0
  fc.assert(
    fc.property(
      anyObject,
      fc.nat(11),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', '\n', '\u0001', 'u', 'é', '\xff'),
        ),
        { maxLength: 2 },
      ),
      fc.nat(8),
      (doc, style, changes, after) => {
        let text = Buffer.from(written(doc as JsonValue, style), 'utf8')
        for (const [at, put] of changes) {
          const place = at % (text.length + 1)
          text = Buffer.concat([text.subarray(0, place), Buffer.from(put, 'latin1'), text.subarray(place + (at % 2))])
        }
        const said = scanned(scan, text, at(after), after)
        const truth = parsed(text)
        if (truth === 'fault') {
          faults += 1
          expect(said).toBeUndefined()
        } else if (said !== undefined) {
          yes += 1
          expect(said).toEqual(truth)
        }
      },
    ),
    { numRuns: 4_000 },
  )
  expect([yes > 500, faults > 500]).toEqual([true, true])
})

test('a line is taken only when JSON.parse would read just that line, with the same values', () => {
  const scan = new JsonScan()
  const paths = PATHS.map((keys) => scan.path(keys))
  const counts = { taken: 0, left: 0 }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyObject, fc.nat(11), fc.constantFrom('', '', '', '\r', ' ', '\t\r', '}', ' x', '\n')), {
        minLength: 1,
        maxLength: 4,
      }),
      (docs) => {
        const lines = docs.map(([doc, style, end]) => `${written(doc as JsonValue, style)}${end}`)
        const bytes = Buffer.from(lines.join('\n'))
        for (let from = 0; from <= bytes.length; ) {
          const feed = bytes.indexOf(10, from)
          const to = feed < 0 ? bytes.length : feed
          const said = scan.readLine(bytes, from)
          const truth = parsed(bytes.subarray(from, to))
          if (said < 0) counts.left += 1
          else {
            counts.taken += 1
            expect(said).toBe(to)
            expect(paths.map((path) => (path === undefined ? undefined : scan.value(path)))).toEqual(truth)
            expect(scan.doc()).toEqual(JSON.parse(bytes.toString('utf8', from, to)))
          }
          from = to + 1
        }
      },
    ),
    { numRuns: 1_000 },
  )
  expect([counts.taken > 200, counts.left > 500]).toEqual([true, true])
})

/** Some bytes before the text, so that offsets are not by chance right. */
const at = (seed: number) => seed % 5

test('what JSON.stringify writes is scanned, unless a path leads through an array or a key has escapes', () => {
  const scan = new JsonScan()
  for (const keys of PATHS) scan.path(keys)
  let cases = 0
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'other', 'é'), scalar as fc.Arbitrary<JsonValue>), (doc) => {
      const bytes = Buffer.from(JSON.stringify(doc))
      cases += 1
      expect(scan.read(bytes, 0, bytes.length)).toBe(true)
      expect(scan.doc()).toEqual(JSON.parse(JSON.stringify(doc)))
    }),
  )
  expect(cases).toBeGreaterThan(50)
})

test('a path that is asked for after the text was read is found in it', () => {
  const scan = new JsonScan()
  const bytes = Buffer.from('{"a":{"b":"x"},"c":1e3}')
  expect(scan.read(bytes, 0, bytes.length)).toBe(true)
  expect([['a', 'b'], ['c'], ['d'], ['a', 'b', 'e']].map((keys) => scan.value(scan.path(keys)!))).toEqual([
    'x',
    1000,
    undefined,
    undefined,
  ])
})

test.each([
  ['leads through an array', '{"c":"x","a":[{"b":1}],"d":"y"}'],
  ['stands twice in the text', '{"c":"x","a":{"b":1},"a":{"b":2},"d":"y"}'],
])('a path that is asked for after the text was read, and %s, makes all of it unreadable', (_what, json) => {
  const scan = new JsonScan()
  const [c, d] = [scan.path(['c'])!, scan.path(['d'])!]
  const bytes = Buffer.from(json)
  expect(scan.read(bytes, 0, bytes.length)).toBe(true)
  expect([scan.kind(c), scan.kind(d), scan.hasCodes]).toEqual([PLAIN, PLAIN, false])
  const place = scan.startOf(d)
  const inner = scan.path(['a', 'b'])!
  expect([scan.kind(inner), scan.kind(c), scan.kind(d), scan.hasCodes]).toEqual([UNREADABLE, UNREADABLE, UNREADABLE, true])
  expect([scan.startOf(d), scan.doc()]).toEqual([place, JSON.parse(json)])
  expect(scan.read(Buffer.from('{"d":"z"}'), 0, 9)).toBe(true)
  expect([scan.kind(c), scan.value(d), scan.hasCodes]).toEqual([NOTHING, 'z', false])
})

test.each([
  ['a key written twice', '{"a":1,"a":2}'],
  ['the same key in two objects of one name', '{"a":{"b":1},"a":{"cc":2}}'],
  ['a key with an escape', '{"\\u0061":1}'],
  ['an array where a path leads on', '{"a":[{"b":1}]}'],
  ['great depth', `{"other":${'['.repeat(100)}${']'.repeat(100)}}`],
  ['a text that ends in the next line', '{"a":"b'],
  ['an object that ends in the next line', '{"a":1'],
  ['no object', '[1]'],
  ['nothing', ''],
])('%s is left to JSON.parse', (_what, text) => {
  expect(scanned(new JsonScan(), Buffer.from(text), 1, 8)).toBeUndefined()
})
