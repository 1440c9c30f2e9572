import { describe, expect, test } from 'vitest'
import { changedProviderSchema, newProviderSchema } from '../../../src/access/sso/schema.ts'
import type { SettingView } from '../../../src/app/care/schema.ts'
import { certificateState } from './agents/certificate-state.ts'
import { enrolCommands } from './agents/enrol-command.ts'
import { fileLine, matching, valueText } from './config/setting-text.ts'
import { changedProvider, draftOf, newProvider } from './sso/provider-draft.ts'

const NOW = Date.parse('2026-11-22T00:00:00Z')

test.each([
  ['2027-02-20T00:00:00.000Z', null, 'good'],
  ['2026-11-28T00:00:00.000Z', null, 'ending'],
  ['2026-11-22T00:00:00.000Z', null, 'ended'],
  [null, null, 'ended'],
  ['2027-02-20T00:00:00.000Z', '2026-11-01T00:00:00.000Z', 'revoked'],
] as const)('a certificate until %s, revoked %s, is %s', (certificateExpires, revoked, state) => {
  expect(certificateState({ certificateExpires, revoked }, NOW)).toBe(state)
})

test('a machine compares the server’s certificate before it tells the token, where there is one', () => {
  expect(enrolCommands('http://127.0.0.1:7300', 'T').trust).toBeUndefined()
  const { trust, enrol, run } = enrolCommands('https://siem.example', 'T')
  expect(trust).toContain('-connect siem.example:443')
  expect(trust).not.toContain('KANPEKI_TOKEN')
  expect(enrol).toBe('KANPEKI_TOKEN=T ./kanpeki agent enrol --to https://siem.example --ca server.pem')
  expect(run).toBe('./kanpeki agent run')
})

const bytes = (count: number): string => `${count / 2 ** 20} MB`
const setting = (about: Partial<SettingView>): SettingView => ({
  key: 'organisation',
  value: 'Kanpeki',
  from: 'default',
  fallback: 'Kanpeki',
  meaning: { en: 'Your name on the console.', ja: 'コンソールに表示する組織名。' },
  variable: 'KANPEKI_ORGANISATION',
  flag: null,
  ...about,
})

describe('a setting', () => {
  test.each([
    [null, null, undefined],
    ['', null, undefined],
    [[], [], undefined],
    [['a', 'b'], [], 'a, b'],
    [536_870_912, '512 MB', '512 MB'],
    [7300, 7300, '7300'],
    [86_400_000, '24 h', '24 h'],
    [5_400_000, '12 h', '90 m'],
    [1500, '12 h', '1500 ms'],
    [false, true, 'false'],
  ] as const)('%j (by default %j) is shown as %s', (value, fallback, text) => {
    expect(valueText(value as never, bytes, fallback as never)).toBe(text)
  })

  test.each([
    ['your CONSOLE', 1],
    ['組織名', 1],
    ['ｋａｎｐｅｋｉ', 1],
    ['KANPEKI_ORG', 1],
    ['console nothing', 0],
    ['', 1],
  ])('is found by %j: %d', (search, count) => {
    expect(matching([setting({})], search)).toHaveLength(count)
  })

  test('is written into the file as YAML reads it', () => {
    expect(fileLine(setting({ value: 7300, key: 'port' }))).toBe('port: 7300')
    expect(fileLine(setting({ value: null, fallback: [], key: 'rules' }))).toBe('rules: []')
  })
})

describe('a provider of single sign-on', () => {
  const draft = {
    ...draftOf(undefined),
    id: 'corp',
    titleJa: '社内ログイン',
    issuer: 'https://login.example.com ',
    clientId: 'kanpeki',
    secret: 's3cret',
    scopes: 'openid profile, email',
    domains: 'Example.com',
    groupsClaim: ' ',
    groups: [{ group: ' ', roles: [] }],
  }
  test('is told as the server takes it', () => {
    expect(newProviderSchema.parse(newProvider(draft))).toMatchObject({
      title: { en: '社内ログイン', ja: '社内ログイン' },
      issuer: 'https://login.example.com',
      clientSecret: 's3cret',
      scopes: ['profile', 'email'],
      domains: ['example.com'],
      groupsClaim: null,
      groups: [],
      provisioned: null,
    })
  })
  test.each([
    ['a secret that was not typed stays', { secret: '' }, true, undefined],
    ['a new one goes in', { secret: 'new' }, true, 'new'],
    ['a public client gives it up', { secret: '', publicClient: true }, true, null],
    ['a public client that had none says nothing', { secret: '', publicClient: true }, false, undefined],
  ] as const)('%s', (_name, change, had, secret) => {
    const body = changedProviderSchema.parse(changedProvider({ ...draft, ...change }, had))
    expect('clientSecret' in body ? body.clientSecret : undefined).toBe(secret)
    expect(body).not.toHaveProperty('issuer')
  })
})
