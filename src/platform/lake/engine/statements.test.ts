import { createServer } from 'node:http'
import { createClient } from '@clickhouse/client'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { insertEvents } from '../queries.ts'
import { INSERT_COLUMNS } from '../table.ts'
import { bindParameters, readInsert } from './statements.ts'

test('reads the insert that the lake writes', () => {
  expect(readInsert(insertEvents('abc123'))).toMatchObject({
    table: 'events',
    columns: INSERT_COLUMNS,
    format: 'TabSeparated',
    settings: { insert_deduplication_token: 'abc123', input_format_parallel_parsing: 0 },
  })
})

test.each([
  'INSERT INTO t FORMAT TSV',
  'INSERT INTO t (a) SELECT 1',
  "INSERT INTO t (a) SETTINGS x = 'it''s' FORMAT TSV",
  'INSERT INTO t (a); DROP TABLE t FORMAT TSV',
  'SELECT 1',
])('refuses %s', (sql) => {
  expect(readInsert(sql)).toBeUndefined()
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
