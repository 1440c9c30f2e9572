import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { scopeAsked } from './authenticate.ts'

const asked = (method: string, url: string, header?: string): string | undefined =>
  scopeAsked({ method, url, headers: header === undefined ? {} : { 'x-kanpeki-scope': header } } as unknown as IncomingMessage)

it.each([
  ['GET', '/api/v1/alerts', undefined],
  ['GET', '/api/v1/alerts?scope=tokyo', 'tokyo'],
  // RFC 3986 §3.4: a query may hold question marks.
  ['GET', '/api/v1/audit/export?person=who?&scope=tokyo', 'tokyo'],
  ['GET', '/api/v1/alerts?q=a%26scope=osaka&scope=tokyo', 'tokyo'],
  ['GET', '/api/v1/alerts?sc%6Fpe=tokyo', 'tokyo'],
  ['GET', '/api/v1/alerts?telescope=tokyo', undefined],
  ['GET', '/api/v1/alerts?scope=tokyo&scope=tokyo', 'tokyo'],
  ['HEAD', '/api/v1/alerts?scope=tokyo', 'tokyo'],
  ['POST', '/api/v1/alerts?scope=tokyo', undefined],
])('reads the scope that %s %s asks for', (method, url, scope) => {
  expect(asked(method, url)).toBe(scope)
})

it('goes by the header first, and refuses two scopes', () => {
  expect(asked('GET', '/?scope=tokyo', 'osaka')).toBe('osaka')
  expect(() => asked('GET', '/?scope=tokyo&scope=osaka')).toThrow('two scopes')
})
