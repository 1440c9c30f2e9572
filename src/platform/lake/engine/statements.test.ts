import { createServer } from 'node:http'
import { createClient } from '@clickhouse/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { insertEvents } from '../queries.ts'
import { bindParameters, insertFromFile, isInsert } from './statements.ts'

const BATCH = { writer: "w')", sequence: 1, received: 0, salt: '', rows: { count: 1 } }

test('turns the insert that the lake writes into one that reads a file', () => {
  const [sent, read] = [insertEvents(BATCH, 'abc123').sql, insertEvents(BATCH, 'abc123', '/x').sql]
  expect(isInsert(sent) && isInsert(read)).toBe(true)
  const file = insertFromFile(sent, "/a 'folder'/1")
  expect(file).toBe(read.replace(/file\(\{\w+:String\}/, "file('/a \\'folder\\'/1'"))
})

test.each([
  'INSERT INTO t FORMAT TSV',
  'INSERT INTO t (a) SELECT 1',
  "INSERT INTO t (a) SELECT a FROM input('a String')",
  "INSERT INTO t (a) SELECT a FROM input('a String') FORMAT Native; DROP TABLE t",
  'SELECT 1',
])('refuses %s', (sql) => {
  expect(insertFromFile(sql, '/x')).toBeUndefined()
})

test.each([
  ['INSERT INTO t (a) SELECT 1', true],
  ["INSERT INTO FUNCTION file('x', 'Parquet') SELECT 1", false],
  ['SELECT 1', false],
])('whether %s puts rows into a table: %s', (sql, yes) => {
  expect(isInsert(sql)).toBe(yes)
})

test('binds outside quoted text only', () => {
  const values = new Map([
    ['a', 'x'],
    ['n', '5'],
  ])
  expect(bindParameters("SELECT {a:String}, '{a:String}\\'{a:String}', `{a:String}`, {n:UInt8}", values)).toBe(
    "SELECT 'x', '{a:String}\\'{a:String}', `{a:String}`, CAST('5' AS UInt8)",
  )
  expect(() => bindParameters('{b:String}', values)).toThrow('Substitution b is not set')
})

/** What the engine makes of a text literal: only these escapes occur in ours. */
function readLiteral(sql: string): string | undefined {
  const body = /^'((?:[^'\\]|\\[\\'])*)'$/s.exec(sql)?.[1]
  return body?.replaceAll(/\\(.)/gs, '$1')
}

test('any text arrives as itself, and as one literal', async () => {
  // The official client writes the parameters; a stand-in for the server's address is enough to see them.
  const sent: string[] = []
  const server = createServer((request, response) => {
    sent.push(new URL(request.url ?? '/', 'http://x').searchParams.get('param_p') ?? '')
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const client = createClient({ url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` })
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\\', "'", '\n', '\t', '\r', '\0', '{p:String}', '`', '"'),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
  })
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      await client.command({ query: 'SELECT {p:String}', query_params: { p: value } })
      expect(readLiteral(bindParameters('{p:String}', new Map([['p', sent.at(-1) ?? '']])))).toBe(value)
    }),
    { numRuns: 200 },
  )
  await client.close()
  server.close()
})
