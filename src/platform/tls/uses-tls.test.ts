import { expect, it } from 'vitest'
import { type TlsChoice, usesTls } from './uses-tls.ts'

const choice = (host: string, tls: TlsChoice['tls'], cert: string | null = null): TlsChoice => ({ host, tls, 'tls-cert': cert })

it.each([
  [choice('127.0.0.1', 'auto'), false],
  [choice('localhost', 'auto'), false],
  [choice('127.0.0.1', 'auto', 'cert.pem'), true],
  [choice('127.0.0.1', 'on'), true],
  [choice('::1', 'off', 'cert.pem'), false],
  [choice('0.0.0.0', 'auto'), true],
  [choice('192.0.2.1', 'auto'), true],
  [choice('kanpeki.example', 'on'), true],
])('%j speaks TLS: %s', (given, expected) => expect(usesTls(given)).toBe(expected))

it.each(['0.0.0.0', '::', '192.0.2.1', 'localhost.example'])('refuses plain text on %s', (host) =>
  expect(() => usesTls(choice(host, 'off'))).toThrow(expect.objectContaining({ code: 'no_tls' })),
)
