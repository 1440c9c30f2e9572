import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, foldsByUnit } from '../../../../platform/text/fold.ts'
import { ESCAPED, JsonScan, PLAIN } from '../../../scan/json-scan.ts'
import type { GlobPart, LiteralKind } from '../expression.ts'
import { matchesGlob } from './glob.ts'
import { LiteralIndex } from './literal-index.ts'
import { rawFilter } from './raw-filter.ts'
import { ScannedLiteral } from './scanned-literal.ts'

const letters = fc.string({
  unit: fc.constantFrom('a', 'b', 'B', 'k', 'K', '\\', '.', 'é', 'É', 'Σ', 'ς', '😀', 'İ', '1', 'n', '\n', '"'),
  maxLength: 12,
})
const long = fc.array(letters, { minLength: 20, maxLength: 60 }).map((parts) => parts.join(''))
const how = fc.constantFrom<LiteralKind>('exact', 'prefix', 'suffix', 'contains')

const meets: Readonly<Record<LiteralKind, (text: string, literal: string) => boolean>> = {
  exact: (text, literal) => text === literal,
  prefix: (text, literal) => text.startsWith(literal),
  suffix: (text, literal) => text.endsWith(literal),
  contains: (text, literal) => text.includes(literal),
}

test('an index finds exactly the literals that a value meets', () => {
  const scan = new JsonScan()
  const marks = scan.literals.marks(60)!
  let found = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(how, letters), { minLength: 1, maxLength: 60 }),
      fc.array(fc.oneof(letters, long), { maxLength: 20 }),
      (pairs, texts) => {
        const literals = pairs
          .map(([kind, text]) => [kind, fold(text)] as const)
          .filter(([kind, text]) => foldsByUnit(text) && (text !== '' || kind === 'exact'))
        const index = new LiteralIndex()
        for (const [id, [kind, text]] of literals.entries()) index.add(kind, text, id)
        for (const text of [...texts, ...pairs.map(([, literal]) => literal)]) {
          const expected = literals.flatMap(([kind, literal], id) => (meets[kind](fold(text), literal) ? [id] : []))
          expect([...new Set(index.lookup(text))].sort((a, b) => a - b)).toEqual(expected)
          expect(index.meets(text)).toBe(expected.length > 0)
          expectFoundInJson(scan, marks, { index, literals }, text, expected)
          found += expected.length
        }
      },
    ),
    { numRuns: 300 },
  )
  expect(found).toBeGreaterThan(1000)
})

/** A text that JSON.stringify writes in ASCII without codes is looked up as it stands there, at once or for one literal alone. */
function expectFoundInJson(
  scan: JsonScan,
  marks: number,
  { index, literals }: { readonly index: LiteralIndex; readonly literals: readonly (readonly [LiteralKind, string])[] },
  text: string,
  expected: readonly number[],
): void {
  const path = scan.path(['a'])!
  const bytes = Buffer.from(JSON.stringify({ a: text }))
  expect(scan.read(bytes, 0, bytes.length)).toBe(true)
  const kind = scan.kind(path)
  if (kind !== PLAIN && kind !== ESCAPED) return
  const count = scan.find(index.inScan(scan), marks, scan.startOf(path), scan.endOf(path))
  expect([...scan.answer.subarray(0, count)].sort((a, b) => a - b)).toEqual(expected)
  // In a scan of its own: the literals of all runs would fill one.
  const alone = literals.flatMap(([kind, literal], id) => (meetsAlone(bytes, kind, literal) ? [id] : []))
  expect(alone).toEqual(expected)
}

const single = new JsonScan()
const known = new Map<string, ScannedLiteral>()

function meetsAlone(bytes: Buffer, kind: LiteralKind, literal: string): boolean {
  const path = single.path(['a'])!
  single.read(bytes, 0, bytes.length)
  const key = `${kind} ${literal}`
  const test = known.get(key) ?? new ScannedLiteral(literal, kind)
  known.set(key, test)
  const told = test.holds(single, path)
  expect(told).toBeDefined()
  return told === true
}

test('the raw text is never said to lack a literal that a value holds', () => {
  const scan = new JsonScan()
  let skipped = 0
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          letters.filter((text) => text.length > 6),
          fc.constant('abab1.ab'),
        ),
        { minLength: 1, maxLength: 5 },
      ),
      fc.array(fc.oneof(letters, long), { maxLength: 6 }),
      fc.boolean(),
      (words, values, escaped) => {
        const json = JSON.stringify({ a: values, b: { c: values[0] ?? '' } })
        const text = escaped
          ? json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          : json
        const bytes = Buffer.from(text)
        expect(scan.read(bytes, 0, bytes.length)).toBe(true)
        const filter = rawFilter(words.map(fold), scan)
        if (filter === undefined) return
        const answer = filter(scan)
        const holds = values.some((value) => words.some((word) => fold(value).includes(fold(word))))
        if (holds) expect(answer).toBe(true)
        if (!answer) skipped += 1
      },
    ),
    { numRuns: 1500 },
  )
  expect(skipped).toBeGreaterThan(0)
})

test('a glob means what the same pattern means as a regular expression', () => {
  const part = fc.oneof<fc.Arbitrary<GlobPart>[]>(
    fc.constantFrom<GlobPart>('any', 'one'),
    fc.string({ unit: fc.constantFrom('a', 'b', '.', '\\', '𠮷'), minLength: 1, maxLength: 3 }).map((literal) => ({ literal })),
  )
  let held = 0
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 7 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '.', '\\', '𠮷', '😀'), maxLength: 14 }),
      (parts, text) => {
        const source = parts
          .map((each) => (each === 'any' ? '.*' : each === 'one' ? '.' : each.literal.replace(/[.\\]/g, '\\$&')))
          .join('')
        const expected = new RegExp(`^(?:${source})$`, 'su').test(text)
        expect(matchesGlob(parts, text)).toBe(expected)
        if (expected) held += 1
      },
    ),
    { numRuns: 5000 },
  )
  expect(held).toBeGreaterThan(100)
})

test('a glob of many wildcards takes no time', () => {
  const parts: GlobPart[] = Array.from({ length: 200 }, (_, at): GlobPart => (at % 2 === 0 ? 'any' : { literal: 'a' }))
  expect(matchesGlob([...parts, { literal: 'b' }], 'a'.repeat(100_000))).toBe(false)
})
