import { expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { mergeClaims } from './merge-claims.ts'

const WORK = { email: 'mori@example.com' }
const OTHER = { email: 'ceo@example.com' }
const YES = { email_verified: true }
const NO = { email_verified: false }

test.each<[what: string, token: JsonObject, userinfo: JsonObject, merged: JsonObject]>([
  ['all from userinfo', {}, { ...WORK, ...YES }, { ...WORK, ...YES }],
  ['all from the ID token', { ...WORK, ...YES }, {}, { ...WORK, ...YES }],
  ['the ID token before userinfo', { ...WORK, ...NO }, { ...WORK, ...YES }, { ...WORK, ...NO }],
  ['the word of userinfo on the same address', WORK, { ...WORK, ...YES }, { ...WORK, ...YES }],
  ['no word of userinfo on another address', OTHER, { ...WORK, ...YES }, OTHER],
  ['no word of the ID token on an address that it does not name', YES, OTHER, OTHER],
  ['no word on no address', YES, {}, {}],
  ['the rest of both', { sub: 'a', name: 'A' }, { sub: 'a', name: 'B', groups: ['x'] }, { sub: 'a', name: 'A', groups: ['x'] }],
])('%s', (_what, token, userinfo, merged) => {
  expect(mergeClaims(token, userinfo)).toEqual(merged)
})
