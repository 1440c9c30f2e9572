import { expect, it } from 'vitest'
import { readConfig } from '../platform/config.ts'
import { securityTxt, securityTxtRoute } from './security-txt.ts'

const at = (time: string) => ({ now: () => Date.parse(time) })

it('names contacts, an expiry of less than a year, languages and its own address', () => {
  const text = securityTxt({
    contacts: ['mailto:security@example.com', 'https://example.com/report'],
    origin: 'https://siem.example.com',
    clock: at('2026-11-22T05:06:07.890Z'),
  })
  expect(text).toBe(
    [
      'Contact: mailto:security@example.com',
      'Contact: https://example.com/report',
      'Expires: 2027-05-21T00:00:00Z',
      'Preferred-Languages: en, ja',
      'Canonical: https://siem.example.com/.well-known/security.txt',
      '',
    ].join('\r\n'),
  )
})

it('is not found, with the remedy, while nobody is named', async () => {
  const { handle } = securityTxtRoute({ contacts: [], origin: null, clock: at('2026-11-22T00:00:00Z') })
  await expect(handle({} as never)).rejects.toMatchObject({
    code: 'not_found',
    remedy: expect.stringContaining('security-contact') as string,
  })
})

it.each([
  'security@example.com',
  'http://example.com',
  'mailto:x',
  'https://a b',
  'javascript:alert(1)',
  'mailto:a@b\nExpires: 1',
])('takes no contact such as %j', (contact) => {
  const flags = { 'security-contact': [contact] as unknown as string }
  expect(() => readConfig('/nonexistent', flags, {})).toThrow(/security-contact is not valid/)
})

it('reads contacts from the environment', () => {
  const { values } = readConfig('/nonexistent', {}, { KANPEKI_SECURITY_CONTACT: 'mailto:a@example.com, tel:+81-3-0000-0000' })
  expect(values['security-contact']).toEqual(['mailto:a@example.com', 'tel:+81-3-0000-0000'])
})
