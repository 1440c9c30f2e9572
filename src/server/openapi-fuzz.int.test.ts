import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SESSION_COOKIE } from '../access/authenticate.ts'
import { insertAccount, insertAssignment, insertSession } from '../access/queries.ts'
import { ROLES } from '../access/schema.ts'
import { hashSecret, newSecret } from '../access/secret.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

/** Requests to each operation: half follow its schema and are bent in one place, half are anything at all. */
const CASES_AN_OPERATION = 15
const ANSWER_WITHIN_MS = 10_000

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-fuzz-'))
let kanpeki: Kanpeki
let token: string
const reported: unknown[] = []

beforeAll(async () => {
  kanpeki = await serve(
    readConfig(folder, { port: '0' }, {}),
    createLog({
      write: (line) => {
        if (/a request failed/.test(line)) reported.push(line)
      },
      pretty: false,
      now: Date.now,
    }),
  )
  const made = await createToken(
    kanpeki.services.state.tables<AccessTables>(),
    { scope: 'default', name: 'fuzz', grant: 'admin', owner: null },
    Date.now(),
  )
  token = made.token
  const db = kanpeki.services.state.tables<AccessTables>()
  await insertAccount(db, { id: 'fuzz', scope: 'default', name: 'fuzz', password: '', created: Date.now() })
  for (const role of ROLES)
    await insertAssignment(db, {
      id: role,
      scope: '*',
      account_id: 'fuzz',
      role,
      origin: 'local',
      by_name: 'test',
      created: Date.now(),
    })
})
afterAll(async () => {
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

/** A person who may do everything, signed in anew for each operation: one of them signs out. */
async function signedIn(): Promise<string> {
  const db = kanpeki.services.state.tables<AccessTables>()
  const secret = newSecret()
  const now = Date.now()
  await insertSession(db, {
    hash: hashSecret(secret),
    scope: 'default',
    id: randomUUID(),
    account_id: 'fuzz',
    methods: '["pwd"]',
    address: '127.0.0.1',
    agent: 'fuzz',
    created: now,
    last_used: now,
    expires: now + 3_600_000,
  })
  return `${SESSION_COOKIE}=${secret}`
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly { name: string; in: 'path' | 'query'; schema: JsonObject }[]
  readonly body: JsonObject | undefined
}

const HOSTILE = [
  '',
  ' ',
  '\0',
  '\u202e',
  '\ud800',
  '%00',
  '%',
  '%ff',
  '../../../../etc/passwd',
  '..%2f..%2f',
  "' or 1=1 --",
  '"); drop table access_accounts; --',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '$' + '{7*7}',
  '__proto__',
  'constructor',
  '(a+)+$',
  '*'.repeat(300),
  'a'.repeat(3_000),
  '-1',
  '1e309',
  '99999999999999999999',
  'NaN',
  'null',
  '2026-13-45T99:99:99Z',
  '0000-00-00T00:00:00.000Z',
  '+275760-09-13T00:00:00.001Z',
  '¼',
  '﷽',
  '完璧',
] as const

const hostileText = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 60 }))
const hostileValue: fc.Arbitrary<JsonValue> = fc.oneof(
  hostileText,
  fc.constantFrom<JsonValue>(null, true, 0, -1, 1e308, -0, 2 ** 53, [], {}, [[]], [null], { __proto__: null, a: 1 }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>,
  fc.constant(JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}') as JsonValue),
)

/** Values of a JSON schema's form, as far as zod writes them; anything for what it leaves open. */
function formOf(schema: JsonObject, depth = 0): fc.Arbitrary<JsonValue> {
  const of = (value: unknown): JsonObject => (typeof value === 'object' && value !== null ? (value as JsonObject) : {})
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonObject[] | undefined
  if (choices !== undefined) return fc.oneof(...choices.map((one) => formOf(one, depth)))
  if (schema['const'] !== undefined) return fc.constant(schema['const'] as JsonValue)
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as JsonValue[]))
  if (depth > 5) return fc.constant(null)
  switch (schema['type']) {
    case 'string':
      if (schema['format'] === 'date-time') return fc.constantFrom('2026-11-22T00:00:00.000Z', '1970-01-01T00:00:00.000Z')
      if (schema['format'] === 'uuid') return fc.uuid({ version: 4 })
      return fc.oneof(fc.string({ minLength: Number(schema['minLength'] ?? 0), maxLength: 40 }), hostileText)
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom(-1, 1e9, 2 ** 53))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(formOf(of(schema['items']), depth + 1), { maxLength: 3 })
    case 'object': {
      const required = (schema['required'] as string[] | undefined) ?? []
      const properties = Object.entries(of(schema['properties'])).map(([key, one]) => [key, formOf(of(one), depth + 1)] as const)
      return fc.record(Object.fromEntries(properties), {
        requiredKeys: required.filter((key) => properties.some(([name]) => name === key)),
      }) as fc.Arbitrary<JsonValue>
    }
    default:
      return hostileValue
  }
}

function bent(body: JsonValue, key: number, value: JsonValue): JsonValue {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return value
  const keys = Object.keys(body)
  return keys.length === 0 ? value : { ...body, [keys[key % keys.length]!]: value }
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A lone surrogate has no URL form; the rest is sent as it is. */
function encoded(value: JsonValue): string {
  return encodeURIComponent(textOf(value).toWellFormed())
}

function requestOf(operation: Operation): fc.Arbitrary<{ path: string; body: string | undefined; type: string }> {
  const place = (which: 'path' | 'query') => operation.parameters.filter((one) => one.in === which)
  const schemaOf = (name: string): JsonObject => place('path').find((one) => one.name === name)?.schema ?? { type: 'string' }
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
  const body = operation.body
  return fc
    .record({
      params: fc.tuple(...names.map((name) => fc.oneof(formOf(schemaOf(name)), hostileText))),
      query: fc.tuple(...place('query').map(({ schema }) => fc.option(fc.oneof(formOf(schema), hostileValue)))),
      extra: fc.option(fc.tuple(fc.constantFrom('__proto__', 'scope', 'a[b]', 'cursor', ''), hostileText), { freq: 5 }),
      body: body === undefined ? fc.constant(undefined) : fc.oneof(formOf(body), hostileValue),
      bend: fc.option(fc.tuple(fc.nat(30), hostileValue)),
      raw: fc.option(fc.constantFrom('{', '[[[[', '"', '\u0000', 'a=b', '{"a":1}{"a":2}', '['.repeat(50_000)), { freq: 8 }),
      type: fc.constantFrom(
        'application/json',
        'application/json',
        'application/json',
        'text/plain',
        'application/xml',
        'x/y;charset=\u00ff',
      ),
    })
    .map(({ params, query, extra, body: content, bend, raw, type }) => {
      let path = operation.path
      for (const [index, name] of names.entries()) path = path.replace(`{${name}}`, encoded(params[index]!))
      const pairs = place('query').flatMap(({ name }, index) => {
        const value = query[index]
        return value === null || value === undefined ? [] : [`${name}=${encoded(value)}`]
      })
      if (extra !== null) pairs.push(`${encodeURIComponent(extra[0])}=${encoded(extra[1])}`)
      const sent = content === undefined ? undefined : bend === null ? content : bent(content, bend[0], bend[1])
      return {
        path: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`,
        body: operation.method === 'GET' ? undefined : (raw ?? (sent === undefined ? undefined : JSON.stringify(sent))),
        type,
      }
    })
}

/** What a reply must never show: a stack, a path of the program, a driver's words. */
const LEAKS = /\bat [\w.<>]+ \(|node:internal|node_modules|\.(?:ts|js):\d+:\d+|SQLITE_|syntax error at|relation "/

it('answers random and hostile input to every operation without a fault, a stack or an end in sight', async () => {
  const openApi = (await (await fetch(`${kanpeki.url}/api/v1/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { parameters: Operation['parameters']; requestBody?: { content: Record<string, { schema: JsonObject }> } }>
    >
  }
  const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, one]): Operation => ({
        method: method.toUpperCase(),
        path,
        parameters: one.parameters,
        body: one.requestBody?.content['application/json']?.schema,
      }),
    ),
  )
  expect(operations.length).toBe(kanpeki.routes.length)
  const statuses = new Map<number, number>()
  let sent = 0
  for (const operation of operations) {
    const cookie = await signedIn()
    await fc.assert(
      fc.asyncProperty(requestOf(operation), fc.boolean(), async ({ path, body, type }, byToken) => {
        const reply = await fetch(`${kanpeki.url}${path}`, {
          method: operation.method,
          redirect: 'manual',
          headers: {
            ...(byToken ? { authorization: `Bearer ${token}` } : { cookie, 'x-kanpeki-csrf': '1' }),
            ...(body === undefined ? {} : { 'content-type': type.replace(/[^\x20-\x7e]/g, '') }),
          },
          ...(body === undefined ? {} : { body }),
          signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        })
        sent += 1
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
        const stream = reply.headers.get('content-type')?.startsWith('text/event-stream') === true
        if (stream) {
          await reply.body?.cancel()
          return
        }
        const text = await reply.text()
        expect(reply.status, `${operation.method} ${path} ${text.slice(0, 500)}`).toBeLessThan(500)
        if (reply.status >= 400) {
          expect(text).not.toMatch(LEAKS)
          // A witness answers as C2SP tlog-witness says.
          const form = operation.path.startsWith('/witness/')
            ? /text\/(plain|x\.tlog\.size)|problem\+json/
            : /problem\+json|scim\+json/
          expect(reply.headers.get('content-type'), `${operation.method} ${path}`).toMatch(form)
        }
      }),
      { numRuns: CASES_AN_OPERATION, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
    )
  }
  expect(reported).toEqual([])
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  console.log(
    `${operations.length} operations, ${sent} requests, ${[...statuses]
      .sort()
      .map(([code, n]) => `${code}: ${n}`)
      .join(', ')}`,
  )
}, 600_000)
