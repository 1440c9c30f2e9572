import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { parseRecord } from '../normalise/parse-record.ts'
import { createMasker } from './mask.ts'
import { maskingRule } from './schema.ts'
import { writtenForms } from './written-forms.ts'

const rule = maskingRule.parse({ id: 'people', title: 'people', fields: ['user.name'], replace: 'X' })
const masker = createMasker([rule], Buffer.alloc(32))!

function masked(record: { readonly json?: JsonObject; readonly text?: string }): string {
  const parsed = parseRecord({ id: '1', ...record }, { received: 0, zoneMinutes: 0, prefer: [] })
  if ('unknown' in parsed) throw new Error(parsed.unknown)
  for (const { ecs } of parsed.events) masker(ecs, new Map())
  return JSON.stringify(parsed.events)
}

describe('a value that was masked in its field', () => {
  it.each([
    ['JSON', 'CORP\\alice', '{"user":"CORP\\\\alice"}', '{"user":"X"}'],
    ['JSON within JSON', 'CORP\\alice', '{"log":"{\\"user\\":\\"CORP\\\\\\\\alice\\"}"}', '{"log":"{\\"user\\":\\"X\\"}"}'],
    ['JSON in ASCII', '山田太郎', '{"user":"\\u5c71\\u7530\\u592a\\u90ce"}', '{"user":"X"}'],
    ['JSON in ASCII, capitals', 'Zoë Müller', '{"user":"Zo\\u00EB M\\u00FCller"}', '{"user":"X"}'],
    ['JSON with escaped slashes', 'web/alice', '{"user":"web\\/alice"}', '{"user":"X"}'],
    ['XML', "O'Brien & Co", '<Data Name="User">O&apos;Brien &amp; Co</Data>', '<Data Name="User">X</Data>'],
    ['XML that spares apostrophes', "O'Brien & Co", "<Data>O'Brien &amp; Co</Data>", '<Data>X</Data>'],
  ])('is masked where the line writes it as %s', (_name, name, line, expected) => {
    const doc = { '@timestamp': '2026-11-23T00:00:00Z', message: line, user: { name } }
    expect(masked({ json: doc })).toContain(JSON.stringify(expected))
  })

  it('is masked in the line of auditd, which writes it in hexadecimal', () => {
    const message = `type=USER_LOGIN msg=audit(1700000000.123:42): pid=1 uid=0 msg='op=login acct=616C69636520736D697468 exe="/usr/sbin/sshd" res=failed'`
    const text = masked({ text: message })
    expect(text).toContain('acct=X ')
    expect(text).not.toMatch(/616C69636520736D697468|alice smith/)
  })

  it('has no other forms where nothing would be escaped', () => {
    expect([...writtenForms('alice', false)]).toEqual(['alice'])
  })
})

it.each([
  ['a list', ['alice', 'bob']],
  ['an object', { first: 'alice', rest: { last: 'bob' } }],
])('masks a name that is sent as %s, and so is kept beside its field', (_name, name) => {
  const text = masked({ json: { '@timestamp': '2026-11-23T00:00:00Z', user: { name }, message: 'of alice' } })
  expect(text).not.toMatch(/alice|bob/)
  expect(text).toContain('"name_original"')
})
