import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { parseQuery } from './query/parse.ts'

const RECEIVED = Date.UTC(2026, 7, 1, 10, 20)
const half = '\ud800'

/** The first are as JSON.stringify writes them, and the engine's own reader of JSON does not read them. */
const documents: Readonly<Record<string, JsonObject>> = {
  large: { other: { id: 2 ** 64, text: ',18446744073709551616,' }, winlog: { event_data: { CommandLine: 'evil -x' } } },
  small: { other: { id: -(2 ** 63) }, winlog: { event_data: { CommandLine: 'evil -x' } } },
  half: { other: { id: half, path: 'C:\\ud800\\a"b' }, winlog: { event_data: { CommandLine: 'evil -x' } } },
  key: { [half]: 1, winlog: { event_data: { CommandLine: 'evil -x' } } },
  column: { user: { name: [half, 'mallory'] }, source: { port: [2 ** 64, 'x'] } },
  float: { other: { id: 1e21 } },
  zone: { source: { ip: 'fe80::1%eth0' }, client: { ip: '2001:db8::1' }, other: { amount: 'Infinity' } },
  nothing: { event: { type: '', category: ['', 'web'] }, source: { port: ' ' }, destination: { port: '0x1bb' } },
}

const ids = Object.keys(documents)

let bed: TestLake
beforeAll(async () => {
  bed = await startTestLake({ clock: { now: () => RECEIVED } })
  const events = Object.entries(documents).map(([id, doc], n) => testEvent(id, doc, { observed: RECEIVED + n }))
  await bed.lake.append(testBatch(1, RECEIVED, events))
})
afterAll(() => bed.stop())

async function found(text: string): Promise<readonly string[]> {
  const query = parseQuery(text)
  return (await bed.lake.search({ scope: 'default', query, limit: 100, order: 'oldest' })).events.map(({ id }) => id)
}

test.each([
  ['winlog.event_data.CommandLine:"evil -x"', ['large', 'small', 'half', 'key']],
  ['winlog.event_data.CommandLine:/evil.*/', ['large', 'small', 'half', 'key']],
  ['NOT winlog.event_data.CommandLine:evil*', ['column', 'float', 'zone', 'nothing']],
  ['other.id:18446744073709552000', ['large']],
  ['other.id:>1e19', ['large', 'float']],
  ['other.id:<0', ['small']],
  ['other.id:"1e+21"', ['float']],
  ['other.text:",18446744073709551616,"', ['large']],
  ['other.path:"C:\\\\ud800\\\\a\\"b"', ['half']],
  ['user.name:mallory', ['column']],
  ['source.port:x', ['column']],
  ['source.ip:fe80::1%eth0', ['zone']],
  ['source.ip:fe80::1%eth0/64', []],
  ['source.ip:[fe80::1%eth0 TO fe80::2]', ['zone']],
  ['client.ip:2001:DB8:0:0::0001', ['zone']],
  ['client.ip:(10.0.0.1 OR 2001:DB8:0:0::0001)', ['zone']],
  ['other.amount:>100', []],
  ['_exists_:event.type', []],
  ['event.type:""', []],
  ['event.category:""', []],
  ['event.category:w*', ['nothing']],
  ['source.port:0', []],
  ['destination.port:0x1bb', ['nothing']],
  ['destination.port:443', []],
])('%s', async (text, expected) => {
  expect(await found(text)).toEqual(expected)
})

test('their values are counted', async () => {
  const values = await bed.lake.top({ scope: 'default', query: parseQuery('*'), field: 'other.id', limit: 9 })
  expect(values.map(({ value }) => value).sort()).toEqual(['-9223372036854776000', '18446744073709552000', '1e+21', '\ufffd'])
})

test.each([
  ['winlog.event_data.CommandLine', 'evil -x', ['large', 'small', 'half', 'key']],
  ['user.name', 'mallory', ['column']],
  ['client.ip', '2001:db8::1', ['zone']],
  ['event.id', 'float', ['float']],
  ['destination.port', '0x1bb', ['nothing']],
])('%s is one of as many values as a query can hold', async (field, value, expected) => {
  const others = Array.from({ length: 900 }, (_, n) => `v${n}`).join(' OR ')
  expect(await found(`${field}:(${others} OR "${value}")`)).toEqual(expected)
  expect(await found(`NOT ${field}:("${value}" OR ${others})`)).toHaveLength(ids.length - expected.length)
})

test('more than the engine can read at once is refused as a query that is too long', async () => {
  const parts = Array.from({ length: 900 }, (_, n) => `a${n}*`).join(' OR ')
  await expect(found(`other.text:(${parts})`)).rejects.toMatchObject({ code: 'query_long' })
})
