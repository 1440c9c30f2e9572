import { expect, test } from 'vitest'
import { type FoundEvent, searchOutput } from './search-output.ts'
import { columnsOf } from './terminal-text.ts'

const event = (message: string, more: FoundEvent['doc'] = {}): FoundEvent => ({
  id: 'e1',
  observed: '2026-11-22T05:00:00.000Z',
  source: 'http:web',
  parser: 'json',
  doc: { message, ...more },
})

test('a table lines up whatever width its letters have', () => {
  const output = searchOutput('table', ['host.name', 'message'], 60)
  const lines = output
    .lines([event('plain', { host: { name: 'web-03' } }), event('全角', { host: { name: '管理サーバー' } })])
    .split('\n')
  expect(lines).toEqual(['host.name     message', 'web-03        plain', '管理サーバー  全角', ''])
  expect(output.lines([event('later page', { host: { name: 'a very long name of a host' } })])).toBe('a very long…  later page\n')
})

test('the last column is cut at the edge of the terminal', () => {
  const [, line = ''] = searchOutput('table', ['host.name', 'message'], 40)
    .lines([event('あ'.repeat(60))])
    .split('\n')
  expect(columnsOf(line)).toBeLessThanOrEqual(40)
  expect(line.endsWith('…')).toBe(true)
})

test('nothing in an event reaches the terminal as a command', () => {
  const text = searchOutput('table', ['message'], 80).lines([event('\u001b[2J\u001b]0;gone\u0007 a\r\nb \u202etxt.exe')])
  expect(text).toBe('message\n·[2J·]0;gone· a b ·txt.exe\n')
})

test('CSV and NDJSON, whole or by field', () => {
  const one = event('=1+1', { tags: ['a', 'b'], process: { pid: 4 } })
  expect(searchOutput('csv', ['event.id', 'message', 'tags', 'process', 'none'], 80).lines([one])).toBe(
    `e1,'=1+1,a; b,"{""pid"":4}",\r\n`,
  )
  expect(searchOutput('csv', undefined, 80).head()).toBe(
    'timestamp,event.id,kanpeki.source,host.name,user.name,event.action,message,source.ip\r\n',
  )
  expect(searchOutput('ndjson', undefined, 80).lines([one])).toBe(`${JSON.stringify(one.doc)}\n`)
  expect(searchOutput('ndjson', ['process.pid', 'none'], 80).lines([one])).toBe('{"process.pid":4,"none":null}\n')
})
