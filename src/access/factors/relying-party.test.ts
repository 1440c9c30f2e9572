import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { codeOf } from '../../platform/testing/code-of.ts'
import { relyingParty } from './relying-party.ts'

const asking = (host: string): IncomingMessage => ({ headers: { host } }) as IncomingMessage

it.each([
  ['https://siem.example.com', 'siem.example.com', 'siem.example.com', 'https://siem.example.com'],
  ['https://siem.example.com', 'evil.example', 'siem.example.com', 'https://siem.example.com'],
  ['http://localhost:7300', '127.0.0.1:7300', 'localhost', 'http://localhost:7300'],
  ['http://127.0.0.1:7300', 'localhost:7300', 'localhost', 'http://localhost:7300'],
  ['https://[::1]:7300', 'localhost:7300', 'localhost', 'https://localhost:7300'],
  ['http://127.0.0.1:7300', 'localhost:9999', 'localhost', 'http://localhost:7300'],
])('at %s asked as %s it is %s', (origin, host, id, at) => {
  expect(relyingParty(origin, asking(host))).toEqual({ id, origin: at })
})

it.each([
  ['http://127.0.0.1:7300', '127.0.0.1:7300'],
  ['http://127.0.0.1:7300', 'localhost.evil.example'],
  ['https://192.0.2.1', 'localhost'],
  ['https://[2001:db8::1]', 'siem.example.com'],
  ['http://siem.example.com', 'siem.example.com'],
])('there is none at %s asked as %s', (origin, host) => {
  expect(codeOf(() => relyingParty(origin, asking(host)))).toBe('passkeys_unavailable')
})
