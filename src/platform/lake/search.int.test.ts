import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { compileQuery } from './query/compile.ts'
import { Params } from './query/params.ts'
import { parseQuery } from './query/parse.ts'
import { rangeBetween } from './time-range.ts'

const RECEIVED = Date.UTC(2026, 7, 1, 10, 20)

/** Observed a minute apart, from 10:00. */
const documents: Readonly<Record<string, JsonObject>> = {
  ssh: {
    event: { code: '5', category: ['authentication'], outcome: 'failure' },
    host: { name: 'web-03' },
    user: { name: 'root' },
    source: { ip: '203.0.113.9', port: 50_022 },
    message: 'Failed password for root from 203.0.113.9',
  },
  v6: {
    event: { category: ['network', 'session'] },
    host: { name: 'WEB-04' },
    source: { ip: 'fe80::1' },
    destination: { ip: '10.1.2.3', port: 443 },
  },
  cmd: {
    event: { code: '4688' },
    host: { name: 'pc-1' },
    process: { name: 'cmd.exe', executable: 'C:\\Windows\\System32\\cmd.exe', command_line: 'cmd /c "echo 100%_done\\n"' },
    winlog: {
      channel: 'Security',
      event_data: { TargetImage: 'C:\\Windows\\lsass.exe', GrantedAccess: '0x1410', ProcessId: 700 },
    },
  },
  script: { winlog: { event_data: { ScriptBlockText: "line one\n\tInvoke-Mimikatz -x 'y'\nthird" } }, tags: ['red', 'Blue'] },
  web: {
    url: { path: '/admin/login' },
    http: { request: { method: 'POST' }, response: { status_code: 503, body: { bytes: 12.5 } } },
  },
  web2: { url: { path: '/etc/passwd' }, http: { response: { status_code: '200', body: { bytes: 900 } } } },
  odd: {
    user: { name: ['alice', 'bob'] },
    source: { ip: ['10.0.0.7', 'LOCAL'] },
    destination: { port: 'https' },
    host: { name: { deep: 1 } },
  },
  japanese: {
    message: '完璧　ログイン失敗: 管理者',
    user: { name: '管理者' },
    'dotted.key': 'flat',
    nested: { at: '2026-07-31T09:00:00+09:00' },
  },
  empty: { user: { name: '' }, note: null, flag: true, list: [], text: 'null' },
}

const ids = Object.keys(documents)
const except = (...names: string[]) => ids.filter((id) => !names.includes(id))

/** Which documents each query finds. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  ['*', ids],
  ['failed', ['ssh']],
  ['"password for root"', ['ssh']],
  ['FAILED root', ['ssh']],
  ['pass*root', ['ssh']],
  ['invoke-mimikatz', ['script']],
  ['"Invoke-Mimikatz -x"', ['script']],
  ['third', ['script']],
  ['"C:\\\\Windows\\\\System32"', ['cmd']],
  ['"100%_done"', ['cmd']],
  ['100\\%x', []],
  ['ログイン', ['japanese']],
  ['/Fail.d password/', ['ssh']],
  ['host.name:web-03', ['ssh']],
  ['host.name:web-*', ['ssh', 'v6']],
  ['host.name:web-0?', ['ssh', 'v6']],
  ['host.name:/web-0[3-9]/', ['ssh', 'v6']],
  ['host.name:/eb-0/', []],
  ['NOT host.name:web-*', except('ssh', 'v6')],
  ['host.name:(web-03 OR pc-1)', ['ssh', 'cmd']],
  ['event.category:session', ['v6']],
  ['event.category:(network AND session)', ['v6']],
  ['source.ip:203.0.113.0/24', ['ssh']],
  ['source.ip:fe80::/10', ['v6']],
  ['source.ip:10.0.0.0/8', ['odd']],
  ['source.ip:LOCAL', ['odd']],
  ['source.ip:203.0.*', ['ssh']],
  ['source.ip:[203.0.113.1 TO 203.0.113.99]', ['ssh']],
  ['destination.ip:10.0.0.0/8 OR source.ip:10.0.0.0/8', ['v6', 'odd']],
  ['source.port:50022', ['ssh']],
  ['source.port:>=50000', ['ssh']],
  ['destination.port:[400 TO 500}', ['v6']],
  ['destination.port:4*', ['v6']],
  ['destination.port:https', ['odd']],
  ['http.response.status_code:>=500', ['web']],
  ['http.response.status_code:200', ['web2']],
  ['http.response.body.bytes:[12 TO 13]', ['web']],
  ['http.response.body.bytes:>100', ['web2']],
  ['url.path:/admin/login', ['web']],
  ['url.path:\\/admin\\/*', ['web']],
  ['process.command_line:"echo 100%_done"', ['cmd']],
  ['process.executable:*\\\\cmd.exe', ['cmd']],
  ['process.executable:"c:\\\\windows\\\\system32\\\\cmd.exe"', ['cmd']],
  ['winlog.event_data.TargetImage:*\\\\lsass.exe', ['cmd']],
  ['winlog.event_data.GrantedAccess:0x1410', ['cmd']],
  ['winlog.event_data.GrantedAccess:0x14', []],
  ['winlog.event_data.ProcessId:700', ['cmd']],
  ['winlog.event_data.ScriptBlockText:*mimikatz*', ['script']],
  ['tags:blue', ['script']],
  ['tags:/r.d/', ['script']],
  ['message:password', ['ssh']],
  ['message:"管理者"', ['japanese']],
  ['user.name:管理者', ['japanese']],
  ['user.name:bob', ['odd']],
  ['user.name:*', ['ssh', 'odd', 'japanese']],
  // Of columns and of the document at once.
  ['event.code:4688 AND winlog.event_data.ProcessId:700', ['cmd']],
  ['event.code:4688 AND (winlog.event_data.ProcessId:(7 OR 700) AND host.name:(pc-* OR web-*))', ['cmd']],
  ['event.code:4688 AND winlog.event_data.ProcessId:7', []],
  ['host.name:web-* AND NOT failed', ['v6']],
  ['NOT user.name:* AND tags:blue AND (host.name:x OR mimikatz)', ['script']],
  ['_exists_:host.name', ['ssh', 'v6', 'cmd', 'odd']],
  ['_exists_:tags', ['script']],
  ['_exists_:list', []],
  ['_exists_:note', []],
  ['_exists_:text', ['empty']],
  ['flag:true', ['empty']],
  ['dotted.key:flat', ['japanese']],
  ['nested.at:2026-07-31T00\\:00*', []],
  ['nested.at:[2026-07-31T00:00:00Z TO 2026-07-31T00:00:00Z]', ['japanese']],
  ['@timestamp:"2026-08-01T10:02"', ['cmd']],
  ['@timestamp:[2026-08-01T10:00 TO 2026-08-01T10:01]', ['ssh', 'v6']],
  ['@timestamp:>=2026-08-01', ids],
  ['@timestamp:<2026-08-01', []],
  ['@timestamp:>now-1h', ids],
  ['event.ingested:>2026-08-01T11:00', []],
  ['event.id:script', ['script']],
  ['kanpeki.parser:unknown', []],
  ['nothing.here:x', []],
  ['user.name:"\' OR 1=1 --"', []],
  ['"\\\\\' OR 1=1"', []],
]

let bed: TestLake
let now = RECEIVED
beforeAll(async () => {
  bed = await startTestLake({ clock: { now: () => now } })
  const events = Object.entries(documents).map(([id, doc], n) => testEvent(id, doc, { observed: Date.UTC(2026, 7, 1, 10, n) }))
  await bed.lake.append(testBatch(1, RECEIVED, events.slice(0, 5)))
  await bed.lake.append(testBatch(2, RECEIVED, events.slice(5)))
  const other = testEvent(
    'other',
    { host: { name: 'web-03' }, message: 'Failed password for root' },
    { scope: 'other', observed: RECEIVED },
  )
  await bed.lake.append(testBatch(3, RECEIVED, [other]))
})
afterAll(() => bed.stop())

async function found(text: string): Promise<readonly string[]> {
  const { events } = await bed.lake.search({ scope: 'default', query: parseQuery(text), limit: 100, order: 'oldest' })
  return events.map((event) => event.id)
}

describe.each(['as inserted', 'after a merge'])('%s', (when) => {
  beforeAll(async () => {
    if (when === 'after a merge') await bed.lake.compact()
  })
  test.each(cases)('%s', async (text, expected) => {
    expect(await found(text)).toEqual(expected)
    expect(await bed.lake.count({ scope: 'default', query: parseQuery(text) })).toBe(expected.length)
  })
  test(`${cases.length} queries were asked`, () => expect(cases.length).toBeGreaterThan(60))
})

test('every value becomes a bound parameter', () => {
  const nasty = `x'); DROP TABLE events; --`
  for (const text of [`"${nasty}"`, `a.b:"${nasty}"`, `host.name:"${nasty}"`, `n:[1 TO "${nasty}"]`, `/${nasty}/`]) {
    const sql = compileQuery(parseQuery(text), { params: new Params(), now: 0 })
    expect(sql).not.toContain('DROP')
  }
})

test('a regular expression that the engine cannot run is refused with the reason', async () => {
  await expect(found('/(?=a)b/')).rejects.toMatchObject({ code: 'query_regex' })
})

test('pages follow each other without loss or repetition, newest first', async () => {
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await bed.lake.search({
      scope: 'default',
      query: { kind: 'all' },
      limit: 2,
      ...(after === undefined ? {} : { after }),
    })
    seen.push(...page.events.map((event) => event.id))
    after = page.cursor
  } while (after !== undefined)
  expect(seen).toEqual([...ids].reverse())
  await expect(bed.lake.search({ scope: 'default', query: { kind: 'all' }, limit: 2, after: 'rubbish' })).rejects.toMatchObject({
    code: 'query_cursor',
  })
})

test('every page means the same moment by now', async () => {
  const query = parseQuery('@timestamp:>now-18m')
  const first = await bed.lake.search({ scope: 'default', query, limit: 4 })
  expect(first.events.map(({ id }) => id)).toEqual([...ids].reverse().slice(0, 4))
  now += 15 * 60_000
  const after = first.cursor === undefined ? {} : { after: first.cursor }
  const second = await bed.lake.search({ scope: 'default', query, limit: 4, ...after })
  expect(second.events.map(({ id }) => id)).toEqual(
    [...ids]
      .reverse()
      .slice(4, 8)
      .filter((id) => ids.indexOf(id) > 2),
  )
  now = RECEIVED
})

test('counts per time and per value', async () => {
  const from = Date.UTC(2026, 7, 1, 10)
  const request = { scope: 'default', query: parseQuery('*'), range: { from, to: from + 12 * 60_000 } }
  const bars = await bed.lake.histogram({ ...request, step: 240_000 })
  expect(bars).toEqual([0, 1, 2].map((n) => ({ at: from + n * 240_000, count: [4, 4, 1][n] })))
  await expect(bed.lake.histogram({ ...request, step: 1 })).rejects.toMatchObject({ code: 'query_range' })
  expect(await bed.lake.top({ ...request, field: 'user.name', limit: 10 })).toEqual(
    ['alice', 'bob', 'root', '管理者'].map((value) => ({ value, count: 1 })),
  )
  expect(await bed.lake.top({ ...request, field: 'event.category', limit: 1 })).toEqual([{ value: 'authentication', count: 1 }])
  expect(await bed.lake.top({ ...request, field: 'tags', limit: 9 })).toHaveLength(2)
})

test('one event, and those around it on the same host', async () => {
  expect(await bed.lake.get('default', 'cmd')).toMatchObject({ id: 'cmd', sequence: 1, index: 2, doc: documents['cmd'] })
  expect(await bed.lake.get('default', 'other')).toBeUndefined()
  expect(await bed.lake.get(undefined, 'other')).toMatchObject({ scope: 'other' })
  const around = await bed.lake.around('default', 'web', 120_000, 10)
  expect(around.events.map((event) => event.id)).toEqual(['script', 'web', 'web2', 'odd'])
  expect(around.more).toBe(false)
  expect((await bed.lake.around('default', 'ssh', 3_600_000, 10)).events).toHaveLength(1)
})

test('an event is among those around it, however many share its time or came before', async () => {
  const at = RECEIVED + 500_000
  const burst = (name: string, time: (n: number) => number) =>
    Array.from({ length: 40 }, (_, n) => testEvent(`${name}-${n}`, { host: { name } }, { scope: 'busy', observed: time(n) }))
  await bed.lake.append(
    testBatch(
      4,
      RECEIVED,
      burst('same', () => at),
    ),
  )
  await bed.lake.append(
    testBatch(
      5,
      RECEIVED,
      burst('last', (n) => at + n),
    ),
  )
  const idsAround = async (id: string) => {
    const { events, more } = await bed.lake.around('busy', id, 1000, 5)
    return [events.map((event) => event.id).join(' '), more]
  }
  expect(await idsAround('same-30')).toEqual(['same-28 same-29 same-30 same-31 same-32', true])
  expect(await idsAround('last-39')).toEqual(['last-35 last-36 last-37 last-38 last-39', true])
})

test('no event is too old for a search with an open beginning, nor for its bar', async () => {
  const times = [Date.UTC(1601, 0, 1), -3_600_030_000, -90_000, -60_000, -30_000, -1, 0, 1, 30_000, 59_999]
  const old = times.map((observed, n) => testEvent(`old-${n}`, {}, { scope: 'old', observed }))
  await bed.lake.append(testBatch(6, RECEIVED, old))
  const query = parseQuery('*')
  const before2026 = rangeBetween(undefined, '2026-01-01T00:00:00Z')!
  expect(await bed.lake.count({ scope: 'old', query, range: before2026 })).toBe(times.length)
  for (const [from, to] of [
    [-600_000, 600_000],
    [0, 600_000],
    [-360_000, 600_000],
    [-300_030, 600_000],
    [1, 600_000],
  ] as const) {
    const bars = await bed.lake.histogram({ scope: 'old', query, range: { from, to }, step: 300_000 })
    const expected = bars.map(({ at }) => times.filter((time) => time >= at && time < Math.min(at + 300_000, to)).length)
    expect(
      bars.map(({ count }) => count),
      `${from}`,
    ).toEqual(expected)
  }
})

test('sources and sizes', async () => {
  const own = (await bed.lake.sources(0)).find(({ scope }) => scope === 'default')
  expect(own).toEqual({ source: 'test', scope: 'default', events: ids.length, unknown: 0, lastReceived: RECEIVED })
  expect(await bed.lake.stats()).toMatchObject({ events: ids.length + 91, hours: [{ hour: Date.UTC(2026, 7, 1, 10) }] })
})
