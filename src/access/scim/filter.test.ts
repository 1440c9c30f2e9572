import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { type Filter, matches, type Operator, parseFilter } from './filter.ts'

const AOI: JsonObject = {
  id: 'A1',
  externalId: 'Ext',
  userName: 'aoi@example.com',
  name: { familyName: "O'Malley" },
  title: 'Engineer',
  active: true,
  logins: 7,
  emails: [
    { type: 'work', value: 'aoi@example.com', primary: true },
    { type: 'home', value: 'aoi@home.example' },
  ],
  meta: { lastModified: '2026-01-01T00:00:00.000Z' },
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'SOC', manager: { value: '26' } },
}

// The shapes are those of RFC 7644 §3.4.2.2.
it.each([
  ['userName eq "AOI@example.com"', true],
  ['USERNAME Eq "aoi@example.com"', true],
  ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "aoi"', true],
  ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "soc"', true],
  ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "26"', true],
  ['name.familyName co "O\'Malley"', true],
  ['externalId eq "Ext"', true],
  ['externalId eq "ext"', false],
  ['userName ew ".com"', true],
  ['userName ne "x"', true],
  ['title pr', true],
  ['nickName pr', false],
  ['nickName eq null', true],
  ['title eq null', false],
  ['title ne null', true],
  ['active eq true', true],
  ['active eq false', false],
  ['logins gt 6.5', true],
  ['logins le 6', false],
  ['meta.lastModified gt "2025-05-13T04:42:34Z"', true],
  ['meta.lastModified lt "2025-05-13T04:42:34Z"', false],
  ['meta.lastModified ge "2026-01-01T00:00:00Z"', true],
  ['meta.lastModified lt "2026-01-01T00:00:00Z"', false],
  ['meta.lastModified eq "2026-01-01T09:00:00+09:00"', true],
  ['meta.lastModified ne "2026-01-01T09:00:00+09:00"', false],
  ['meta.created gt "2025-05-13T04:42:34Z"', false],
  ['emails[primary eq "True"]', true],
  ['emails[primary eq "False"]', false],
  ['title pr and userName sw "b"', false],
  ['title pr or userName sw "b"', true],
  ['title eq "x" and title eq "y" or active eq true', true],
  ['active eq true or title eq "x" and title eq "y"', true],
  ['(active eq true or title eq "x") and title eq "y"', false],
  ['not (title eq "x")', true],
  ['emails eq "aoi@home.example"', true],
  ['emails.type eq "home"', true],
  ['emails[type eq "work" and value co "@example.com"]', true],
  ['emails[type eq "home" and primary eq true]', false],
  ['emails[not (type eq "home")]', true],
  ['title eq "a\\"b"', false],
  ['title gt 5', false],
])('%s is %s', (text, answer) => {
  expect(matches(parseFilter(text), AOI)).toBe(answer)
})

it.each([
  [''],
  ['title'],
  ['title eq'],
  ['title eq x'],
  ['title is "x"'],
  ['title eq "x'],
  ['title eq "x" and'],
  ['title eq "x" title eq "y"'],
  ['(title pr'],
  ['title pr)'],
  ['emails[type eq "x"'],
  ['active gt true'],
  ['__proto__ pr'],
  ['a.constructor pr'],
  ['a..b pr'],
  ['title eq "\\x"'],
  [`${'('.repeat(50)}title pr${')'.repeat(50)}`],
  ['x'.repeat(5_000)],
])('refuses %s', (text) => {
  expect(() => parseFilter(text)).toThrow(expect.objectContaining({ scimType: 'invalidFilter' }))
})

const name = fc.constantFrom('userName', 'title', 'name.familyName', 'emails.value', 'id')
const literal = fc.oneof(fc.string({ maxLength: 12 }), fc.integer(), fc.boolean(), fc.constant(null))
const comparison = fc
  .record({
    path: name,
    operator: fc.constantFrom<Operator>('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'),
    value: literal,
  })
  .filter(({ operator, value }) => operator === 'eq' || operator === 'ne' || (value !== null && typeof value !== 'boolean'))
const { filter: anyFilter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    comparison.map(({ path, ...rest }): Filter => ({ kind: 'compare', path: path.split('.'), ...rest })),
    name.map((path): Filter => ({ kind: 'present', path: path.split('.') })),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('filter'), right: tie('filter') }),
    tie('filter').map((of): Filter => ({ kind: 'not', of })),
    tie('filter').map((of): Filter => ({ kind: 'has', path: ['emails'], of })),
  ),
}))

function written(filter: Filter): string {
  switch (filter.kind) {
    case 'compare':
      return `${filter.path.join('.')} ${filter.operator} ${JSON.stringify(filter.value)}`
    case 'present':
      return `${filter.path.join('.')} pr`
    case 'not':
      return `not (${written(filter.of)})`
    case 'has':
      return `${filter.path.join('.')}[${written(filter.of)}]`
    default:
      return `(${written(filter.left)}) ${filter.kind} (${written(filter.right)})`
  }
}

it('reads every filter back as it was meant', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(parseFilter(written(filter))).toEqual(filter)
    }),
    { numRuns: 1_000 },
  )
})

it('answers or refuses anything at all, by one kind of error, and never with a fault', () => {
  const pieces = fc.constantFrom(
    'title',
    ' eq ',
    '"x"',
    '(',
    ')',
    '[',
    ']',
    ' and ',
    ' or ',
    'not ',
    ' pr',
    '.',
    ':',
    '\\',
    '"',
    '1',
    'null',
  )
  const texts = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
  )
  let read = 0
  fc.assert(
    fc.property(texts, (text) => {
      try {
        expect(typeof matches(parseFilter(text), AOI)).toBe('boolean')
        read += 1
      } catch (error) {
        expect(error).toMatchObject({ name: 'ScimProblem', scimType: 'invalidFilter' })
      }
    }),
    { numRuns: 5_000 },
  )
  expect(read).toBeGreaterThan(0)
})

it('a filter and its negation never agree', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(matches({ kind: 'not', of: filter }, AOI)).toBe(!matches(filter, AOI))
    }),
  )
})
