import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { ENTERPRISE_USER } from './attributes.ts'
import { applyPatch, readPatch } from './patch.ts'

const HOME = { type: 'home', value: 'h' }
const WORK = { type: 'work', value: 'w', primary: true }
const BEFORE: JsonObject = {
  userName: 'a',
  title: 't',
  name: { givenName: 'g', familyName: 'f' },
  emails: [WORK, HOME],
  members: [{ value: '1' }, { value: '2' }],
  [ENTERPRISE_USER]: { department: 'd', manager: { value: 'm' } },
}

it.each<readonly [string, JsonObject, Record<string, unknown>]>([
  ['adds an attribute', { op: 'add', path: 'nickName', value: 'n' }, { nickName: 'n' }],
  ['finds attributes in any case', { op: 'Replace', path: 'USERNAME', value: 'b' }, { userName: 'b' }],
  [
    'reaches into a complex one',
    { op: 'replace', path: 'name.givenName', value: 'x' },
    { name: { givenName: 'x', familyName: 'f' } },
  ],
  [
    'merges what is added to a complex one',
    { op: 'add', path: 'name', value: { middleName: 'm' } },
    { name: { givenName: 'g', familyName: 'f', middleName: 'm' } },
  ],
  ['replaces a complex one', { op: 'replace', path: 'name', value: { givenName: 'x' } }, { name: { givenName: 'x' } }],
  ['removes', { op: 'remove', path: 'title' }, { title: undefined }],
  [
    'removes the last of a complex one with it',
    { op: 'remove', path: `${ENTERPRISE_USER}:manager.value` },
    { [ENTERPRISE_USER]: { department: 'd' } },
  ],
  [
    'appends',
    { op: 'add', path: 'emails', value: [{ type: 'other', value: 'o' }] },
    { emails: [WORK, HOME, { type: 'other', value: 'o' }] },
  ],
  [
    'appends nothing twice',
    { op: 'add', path: 'members', value: [{ value: '2' }, { value: '3' }] },
    { members: [{ value: '1' }, { value: '2' }, { value: '3' }] },
  ],
  [
    'lets a new primary take over',
    { op: 'add', path: 'emails', value: { value: 'p', primary: true } },
    { emails: [{ ...WORK, primary: false }, HOME, { value: 'p', primary: true }] },
  ],
  [
    'changes the elements a filter chooses',
    { op: 'replace', path: 'emails[type eq "home"].value', value: 'x' },
    { emails: [WORK, { type: 'home', value: 'x' }] },
  ],
  [
    'takes a filter for a key',
    { op: 'replace', value: { 'emails[type eq "home"].value': 'x', 'name.givenName': 'y' } },
    { emails: [WORK, { type: 'home', value: 'x' }], name: { givenName: 'y', familyName: 'f' } },
  ],
  [
    'replaces a whole element',
    { op: 'replace', path: 'emails[type eq "home"]', value: { value: 'x' } },
    { emails: [WORK, { value: 'x' }] },
  ],
  [
    'makes the element that the filter describes',
    { op: 'add', path: 'emails[type eq "other" and display eq "O"].value', value: 'x' },
    { emails: [WORK, HOME, { type: 'other', display: 'O', value: 'x' }] },
  ],
  [
    'makes the array too',
    { op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '1' },
    { phoneNumbers: [{ type: 'work', value: '1' }] },
  ],
  ['removes chosen elements', { op: 'remove', path: 'members[value eq "1"]' }, { members: [{ value: '2' }] }],
  [
    'removes a part of chosen elements',
    { op: 'remove', path: 'emails[primary eq true].primary' },
    { emails: [{ type: 'work', value: 'w' }, HOME] },
  ],
  [
    'removes the elements in the value, as Entra ID asks',
    { op: 'Remove', path: 'members', value: [{ value: '1' }, { value: 'x' }] },
    { members: [{ value: '2' }] },
  ],
  ['removes all', { op: 'remove', path: 'members' }, { members: undefined }],
  [
    'reaches the enterprise extension',
    { op: 'add', path: `${ENTERPRISE_USER}:department`, value: 'x' },
    { [ENTERPRISE_USER]: { department: 'x', manager: { value: 'm' } } },
  ],
  [
    'takes an object without a path',
    { op: 'replace', value: { title: 'x', 'name.familyName': 'y' } },
    { title: 'x', name: { givenName: 'g', familyName: 'y' } },
  ],
  [
    'takes the extension in an object without a path',
    { op: 'add', value: { [ENTERPRISE_USER]: { department: 'x' } } },
    { [ENTERPRISE_USER]: { department: 'x', manager: { value: 'm' } } },
  ],
])('%s', (_what, operation, change) => {
  const frozen = structuredClone(BEFORE)
  const after = applyPatch(BEFORE, readPatch({ Operations: [operation] }))
  expect(after).toEqual({ ...BEFORE, ...change })
  expect(BEFORE).toEqual(frozen)
})

it('adds members at once that come one an operation', () => {
  const operations = readPatch({
    Operations: ['3', '4', '5'].map((value) => ({ op: 'add', path: 'members', value: [{ value }] })),
  })
  expect(operations).toHaveLength(1)
  expect(applyPatch(BEFORE, operations)['members']).toHaveLength(5)
})

it('applies or refuses anything, and never reaches a prototype', () => {
  const names = fc.constantFrom(
    'title',
    'name',
    'emails',
    'members',
    'name.givenName',
    'emails[type eq "work"]',
    'emails[type eq "work"].value',
    '__proto__',
    'constructor.prototype',
    'a[b',
    ']',
    '',
    `${ENTERPRISE_USER}:manager`,
  )
  const operation = fc.record(
    {
      op: fc.constantFrom('add', 'Replace', 'remove', 'x'),
      path: fc.oneof(names, fc.string({ maxLength: 20 })),
      value: fc.jsonValue({ maxDepth: 2 }),
    },
    { requiredKeys: ['op'] },
  )
  let applied = 0
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 4 }), (operations) => {
      try {
        applyPatch(BEFORE, readPatch({ Operations: operations } as unknown as JsonObject))
        applied += 1
      } catch (error) {
        expect(error).toMatchObject({ name: 'ScimProblem', status: 400 })
      }
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 3_000 },
  )
  expect(applied).toBeGreaterThan(100)
})
