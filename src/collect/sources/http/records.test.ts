import { expect, test } from 'vitest'
import type { IngestBody } from './body.ts'
import { splitRecords } from './records.ts'

function body(...lines: readonly unknown[]): IngestBody {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  return {
    source: 'http:files',
    scope: 'team',
    tokenId: 't',
    format: 'records',
    index: undefined,
    body: Buffer.from(text),
    digest: 'd',
    origin: '192.0.2.1',
    received: 0,
  }
}

test('takes texts and documents with the sender’s ids, in its scope', () => {
  const { records, items, refused } = splitRecords(
    body(
      { id: 'a:1', text: 'line', header: '#Fields: x', origin: '/var/log/x' },
      { id: 'a:2', json: { m: 1 } },
      { id: 'a:3', text: 'torn', unreadable: 'cut' },
    ),
  )
  expect(records).toEqual([
    { id: 'team/sent/a:1', text: 'line', header: '#Fields: x', origin: '/var/log/x' },
    { id: 'team/sent/a:2', json: { m: 1 }, origin: '192.0.2.1' },
    { id: 'team/sent/a:3', text: 'torn', unreadable: 'cut', origin: '192.0.2.1' },
  ])
  expect([items, refused]).toEqual([[], 0])
})

test.each([
  ['text', 'not a record: the line is not JSON'],
  [{ id: '', text: 'x' }, 'not a record'],
  [{ id: 'a' }, 'either text or json'],
  [{ id: 'a', text: 'x', json: {} }, 'either text or json'],
  [{ id: 'a', json: [1] }, 'not a record'],
  [{ id: 'a', text: 'x', scope: 'other' }, 'not a record'],
])('keeps %j as an unknown that says why', (line, reason) => {
  const { records, trouble } = splitRecords(body(line, { id: 'b', text: 'whole' }))
  expect(records).toHaveLength(2)
  expect(records[0]!.unreadable).toContain(reason)
  expect(trouble?.at).toBe(0)
  expect(records[1]).toMatchObject({ id: 'team/sent/b' })
})
