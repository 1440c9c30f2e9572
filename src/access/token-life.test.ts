import { expect, it } from 'vitest'
import { type TokenLife, tokenLife } from './token-life.ts'

const none: TokenLife = { days: null, maxDays: null }

it.each([
  ['read', undefined, { days: 365, maxDays: null }, 365],
  ['read', undefined, { days: 365, maxDays: 90 }, 90],
  ['admin', undefined, none, undefined],
  ['admin', 400, { days: 365, maxDays: null }, 400],
  ['ingest', undefined, { days: 365, maxDays: null }, undefined],
  ['ingest', undefined, { days: 365, maxDays: 730 }, 730],
  ['ingest', 30, { days: 365, maxDays: 730 }, 30],
] as const)('a token for %s asked for %s days under %j lasts %s', (grant, asked, life, days) =>
  expect(tokenLife(grant, asked, life)).toBe(days === undefined ? undefined : days * 86_400_000),
)

it('refuses a longer life than the settings allow', () =>
  expect(() => tokenLife('read', 91, { days: 365, maxDays: 90 })).toThrow(expect.objectContaining({ code: 'token_life' })))
