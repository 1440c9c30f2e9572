import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller, Route } from '../../platform/http/route.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../../platform/testing/lakes.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { recordDetections } from '../alerts.ts'
import { migrations } from '../migrations.ts'
import type { DetectTables } from '../tables.ts'
import { openIndicators } from './live-index.ts'
import { searchPast } from './past.ts'
import { countWaiting } from './queries.ts'
import { readText } from './read/read-text.ts'
import { refreshDue } from './refresh.ts'
import { iocRoutes } from './routes.ts'
import type { IocList } from './schema.ts'
import { knownList, takeReading } from './store.ts'
import type { IocTables } from './tables.ts'
import { startTaxiiServer, type TaxiiServer } from './testing/taxii-server.ts'

const NOW = Date.UTC(2026, 10, 22, 8)
const HOUR = 3_600_000
const ann = testCaller({ id: 'ann' })

const indicator = (n: number, more: JsonObject = {}): JsonObject => ({
  type: 'indicator',
  id: `indicator--${n}`,
  pattern_type: 'stix',
  pattern: `[ipv4-addr:value = '45.137.21.${n}']`,
  modified: '2026-11-01T00:00:00.000Z',
  ...more,
})

describeStates('indicator lists', (bed) => {
  let state: State
  let now = NOW
  const clock = { now: () => now }
  const sealer = createSealer([new Uint8Array(32).fill(7)])
  const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => {} } })
  const closers: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    now = NOW
    state = await bed.open(migrations, clock)
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  const deps = () => ({ state, clock, sealer, outgoing, changed: async () => {} })
  async function ask<T>(
    method: string,
    path: string,
    input: { body?: unknown; params?: unknown; query?: unknown } = {},
    caller: Caller = ann,
  ): Promise<T> {
    const route = iocRoutes(deps()).find((one) => one.method === method && one.path === path) as Route
    const parsed = {
      body: route.body === undefined ? undefined : route.body.parse(input.body),
      query: route.query === undefined ? undefined : route.query.parse(input.query ?? {}),
      params: input.params,
    }
    const reply = await (route.handle as (what: unknown) => Promise<unknown>)({ ...parsed, caller })
    return (route.response === undefined ? undefined : route.response.parse(reply)) as T
  }
  const listed = async (): Promise<readonly IocList[]> => (await ask<{ lists: IocList[] }>('GET', '/api/v1/ioc/lists')).lists
  const evidence = async (): Promise<JsonObject[]> =>
    (await readOutbox(state.tables(), 0, 100)).filter(({ type }) => type === 'admin').map(({ body }) => body)

  it('takes what people write, names what it leaves out, and gives it back', async () => {
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own', confidence: 60 } })
    const text = '45.137.21.9\nbad.example\n10.0.0.1\ngoogle.com\n???\n'
    const added = await ask<{ added: number }>('POST', '/api/v1/ioc/lists/:id/indicators', {
      params: { id: list.id },
      body: { text, days: 2 },
    })
    expect(added).toMatchObject({
      added: 2,
      changed: 0,
      skipped: { counts: { unreadable: 1, 'private-address': 1, 'popular-domain': 1 } },
    })
    expect(await listed()).toMatchObject([{ name: 'Own', indicators: 2, pastWaiting: 2, skipped: { counts: { unreadable: 1 } } }])
    const found = await ask('GET', '/api/v1/ioc/indicators', { query: { q: 'bad[.]example' } })
    expect(found).toMatchObject({
      indicators: [{ value: 'bad.example', confidence: 60, until: new Date(NOW + 48 * HOUR).toISOString() }],
    })
    expect(
      await ask('POST', '/api/v1/ioc/lists/:id/remove', {
        params: { id: list.id },
        body: { values: ['hxxp://x.example', '45.137.21.9'] },
      }),
    ).toEqual({
      removed: 1,
    })
    expect((await evidence()).map(({ action, added: came, removed }) => [action, came, removed])).toEqual([
      ['ioc-list.create', undefined, undefined],
      ['ioc-list.update', 2, 0],
      ['ioc-list.update', 0, 1],
    ])
    const elsewhere = testCaller({ id: 'bob', scope: 'team-b' })
    expect((await ask<{ lists: IocList[] }>('GET', '/api/v1/ioc/lists', {}, elsewhere)).lists).toEqual([])
    await expect(ask('DELETE', '/api/v1/ioc/lists/:id', { params: { id: list.id } }, elsewhere)).rejects.toMatchObject({
      code: 'not_found',
    })
    await ask('DELETE', '/api/v1/ioc/lists/:id', { params: { id: list.id } })
    expect(await listed()).toEqual([])
  })

  it('follows a TAXII 2.1 collection: pages, news only, what is withdrawn, and errors', async () => {
    const server: TaxiiServer = await startTaxiiServer(2, { user: 'kanpeki', password: 'secret words' })
    closers.push(server.close)
    for (let n = 1; n <= 5; n += 1) server.objects.push({ added: `2026-11-0${n}T00:00:00.000001Z`, object: indicator(n) })
    server.objects.push({ added: '2026-11-02T12:00:00.000000Z', object: { type: 'malware', id: 'malware--1' } })
    const body = {
      name: 'Intel',
      kind: 'taxii',
      url: server.collection,
      user: 'kanpeki',
      secret: 'secret words',
      everyMinutes: 60,
    }
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body })
    expect(list).toMatchObject({ indicators: 5, error: null, fetched: new Date(NOW).toISOString() })
    expect(server.asked).toHaveLength(3)
    // Nothing is due yet; then news only.
    expect(await refreshDue(deps())).toBe(0)
    now += 2 * HOUR
    server.objects.push({ added: '2026-11-09T00:00:00.000000Z', object: indicator(9) })
    server.objects.push({
      added: '2026-11-09T00:00:00.000001Z',
      object: indicator(1, { revoked: true, modified: '2026-11-09T00:00:00.000Z' }),
    })
    expect(await refreshDue(deps())).toBe(1)
    expect(server.asked.at(-1)).toContain('added_after=2026-11-05T00%3A00%3A00.000001Z')
    expect(await listed()).toMatchObject([{ indicators: 5, error: null }])
    now += 2 * HOUR
    expect(await refreshDue(deps())).toBe(1)
    await server.close()
    now += 2 * HOUR
    expect(await refreshDue(deps())).toBe(0)
    expect(await listed()).toMatchObject([{ indicators: 5, error: expect.stringContaining('could not be reached') }])
    const stored = await state.tables<IocTables>().selectFrom('detect_ioc_lists').select('secret').executeTakeFirstOrThrow()
    expect(stored.secret).toMatch(/^kpseal1:/)
    const wrong = await startTaxiiServer(2, { user: 'x', password: 'y' })
    closers.push(wrong.close)
    expect(await ask('POST', '/api/v1/ioc/lists', { body: { ...body, name: 'Wrong', url: wrong.collection } })).toMatchObject({
      indicators: 0,
      error: expect.stringContaining('answers 401'),
    })
  })

  it('follows a file and a MISP feed, and lets go what is not in the file any more', async () => {
    const files = new Map<string, string>([
      ['/list.txt', '45.137.21.1\n45.137.21.2\n'],
      ['/feed/manifest.json', JSON.stringify({ '5f0e0000-0000-4000-8000-000000000001': { timestamp: '100' } })],
      [
        '/feed/5f0e0000-0000-4000-8000-000000000001.json',
        JSON.stringify({ Event: { info: 'E', Attribute: [{ type: 'domain', value: 'bad.example', to_ids: true, uuid: 'u' }] } }),
      ],
    ])
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      const text = files.get(request.url ?? '')
      response.writeHead(text === undefined ? 404 : 200).end(text)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await ask('POST', '/api/v1/ioc/lists', { body: { name: 'File', kind: 'url', url: `${base}/list.txt` } })
    await ask('POST', '/api/v1/ioc/lists', { body: { name: 'MISP', kind: 'misp', url: `${base}/feed/` } })
    expect((await listed()).map(({ indicators, error }) => [indicators, error])).toEqual([
      [2, null],
      [1, null],
    ])
    files.set('/list.txt', '45.137.21.2\n45.137.21.3\n')
    now += 24 * HOUR
    asked.length = 0
    expect(await refreshDue(deps())).toBe(2)
    expect(asked).toEqual(['/list.txt', '/feed/manifest.json'])
    // An event of older days that was published only now, and one that changed.
    const [first, older] = ['5f0e0000-0000-4000-8000-000000000001', '5f0e0000-0000-4000-8000-000000000002']
    const eventOf = (value: string, uuid: string) =>
      JSON.stringify({ Event: { info: 'E', Attribute: [{ type: 'domain', value, to_ids: true, uuid }] } })
    files.set('/feed/manifest.json', JSON.stringify({ [first]: { timestamp: '100' }, [older]: { timestamp: '40' } }))
    files.set(`/feed/${older}.json`, eventOf('older.example', 'v'))
    now += 24 * HOUR
    asked.length = 0
    await refreshDue(deps())
    expect(asked).toEqual(['/list.txt', '/feed/manifest.json', `/feed/${older}.json`])
    files.set('/feed/manifest.json', JSON.stringify({ [first]: { timestamp: '100' }, [older]: { timestamp: '41' } }))
    files.set(`/feed/${older}.json`, eventOf('oldest.example', 'v'))
    now += 24 * HOUR
    await refreshDue(deps())
    const rows = await state.tables<IocTables>().selectFrom('detect_ioc_indicators').select('value').orderBy('value').execute()
    expect(rows.map(({ value }) => value)).toEqual(['45.137.21.2', '45.137.21.3', 'bad.example', 'oldest.example'])
  })

  it('lets go what an event of a MISP feed says no longer, and keeps what another one says', async () => {
    const [one, two] = ['5f0e0000-0000-4000-8000-000000000001', '5f0e0000-0000-4000-8000-000000000002'] as const
    const files = new Map<string, string>()
    const publish = (events: Readonly<Record<string, readonly [at: string, ...values: readonly string[]]>>) => {
      files.set(
        '/manifest.json',
        JSON.stringify(Object.fromEntries(Object.entries(events).map(([id, [timestamp]]) => [id, { timestamp }]))),
      )
      for (const [id, [, ...values]] of Object.entries(events)) {
        const Attribute = values.map((value) => ({ type: 'domain', value, to_ids: true, uuid: `${id}-${value}` }))
        files.set(`/${id}.json`, JSON.stringify({ Event: { info: 'E', Attribute } }))
      }
    }
    const server = createServer((request, response) => response.end(files.get(request.url ?? '')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const held = async () => {
      now += 24 * HOUR
      await refreshDue(deps())
      return (await state.tables<IocTables>().selectFrom('detect_ioc_indicators').select('value').orderBy('value').execute()).map(
        ({ value }) => value,
      )
    }
    publish({ [one]: ['1', 'a.example', 'b.example', 'both.example'], [two]: ['1', 'both.example'] })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await ask('POST', '/api/v1/ioc/lists', { body: { name: 'MISP', kind: 'misp', url } })
    expect(await held()).toEqual(['a.example', 'b.example', 'both.example'])
    publish({ [one]: ['2', 'b.example'], [two]: ['1', 'both.example'] })
    expect(await held()).toEqual(['b.example', 'both.example'])
    publish({ [two]: ['1', 'both.example'] })
    expect(await held()).toEqual(['both.example'])
    publish({ [two]: ['2', 'c.example'] })
    expect(await held()).toEqual(['c.example'])
    // A list of before went by the ids of attributes: read anew once, what is gone goes.
    const tables = state.tables<IocTables>()
    await tables
      .updateTable('detect_ioc_indicators')
      .set({ ref: `${two}-c.example` })
      .execute()
    await tables
      .updateTable('detect_ioc_lists')
      .set({ cursor: JSON.stringify({ [two]: 2 }) })
      .execute()
    publish({ [two]: ['2', 'd.example'] })
    expect(await held()).toEqual(['d.example'])
  })

  it('compares events with what the lists hold now', async () => {
    const live = await openIndicators(state)
    expect(live.size).toBe(0)
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own' } })
    const lines = Array.from({ length: 4500 }, (_, n) => `host-${n}.bad.example`).join('\n')
    await ask('POST', '/api/v1/ioc/lists/:id/indicators', { params: { id: list.id }, body: { text: lines } })
    expect(await live.refresh()).toBe(true)
    expect(await live.refresh()).toBe(false)
    expect(live.size).toBe(4500)
    const event = {
      ...testEvent('e', { dns: { question: { name: 'x.host-4499.bad.example' } } }),
      received: NOW,
      writer: 'w',
      sequence: 1,
      index: 0,
    }
    expect(live.run([event]).map(({ rule, group }) => [rule.id, group['threat.indicator']])).toEqual([
      ['ioc-domain', 'host-4499.bad.example'],
    ])
  })

  it('lets go what its sender says no longer, and ends what its sender ends', async () => {
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own' } })
    const add = (text: string) =>
      ask<{ skipped: unknown }>('POST', '/api/v1/ioc/lists/:id/indicators', { params: { id: list.id }, body: { text } })
    const bundle = (...objects: readonly JsonObject[]) => add(JSON.stringify({ type: 'bundle', objects }))
    const held = async () =>
      (
        await state.tables<IocTables>().selectFrom('detect_ioc_indicators').select(['value', 'until']).orderBy('value').execute()
      ).map(({ value, until }) => [value, until === null ? null : Number(until)])
    await bundle(indicator(1), indicator(2), indicator(3))
    const end = { valid_until: '2026-11-20T00:00:00Z' }
    const { skipped } = await bundle(
      indicator(1, { pattern: "[ipv4-addr:value = '45.137.21.7'] OR [domain-name:value = 'bad.example']" }),
      indicator(2, end),
      indicator(8, end),
    )
    expect(skipped).toMatchObject({ counts: { expired: 1 } })
    expect(await held()).toEqual([
      ['45.137.21.2', Date.UTC(2026, 10, 20)],
      ['45.137.21.3', null],
      ['45.137.21.7', null],
      ['bad.example', null],
    ])
    const attribute = (value: string, uuid: string, more: JsonObject) => ({ type: 'domain', value, uuid, to_ids: true, ...more })
    const misp = (...Attribute: readonly JsonObject[]) => add(JSON.stringify({ Event: { info: 'E', Attribute } }))
    await ask('POST', '/api/v1/ioc/lists/:id/remove', {
      params: { id: list.id },
      body: { values: ['45.137.21.2', '45.137.21.3', '45.137.21.7', 'bad.example'] },
    })
    await misp(attribute('one.example', 'a', {}), attribute('two.example', 'b', {}), attribute('three.example', 'c', {}))
    await misp(attribute('one.example', 'a', { to_ids: false }), attribute('zwei.example', 'b', {}))
    expect((await held()).map(([value]) => value)).toEqual(['three.example', 'zwei.example'])
  })

  it('keeps what a list held where its server answers with something else', async () => {
    let text = '45.137.21.1\n'
    const server = createServer((_request, response) => response.end(text))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await ask('POST', '/api/v1/ioc/lists', { body: { name: 'File', kind: 'url', url } })
    for (const [answer, error] of [
      ['<html><title>Maintenance</title>\n45.137.21.9\n</html>', 'not with a list'],
      ['{"type": "bundle", "objects": [', 'not valid JSON'],
      ['Rate limit exceeded', 'is an indicator'],
    ] as const) {
      text = answer
      now += 24 * HOUR
      await refreshDue(deps())
      expect(await listed()).toMatchObject([{ indicators: 1, error: expect.stringContaining(error) }])
    }
    // A list may be empty.
    text = '# nothing at present\n'
    now += 24 * HOUR
    await refreshDue(deps())
    expect(await listed()).toMatchObject([{ indicators: 0, error: null }])
  })

  it('sees each part of a list that is taken in several at one moment', async () => {
    const live = await openIndicators(state)
    const made = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own' } })
    const list = await knownList(state.tables<IocTables>(), made.id)
    const take = (text: string) =>
      state.transaction<IocTables, unknown>((trx) =>
        takeReading(trx, list, readText(text, 'plain'), { by: { id: 'ann', name: 'Ann' }, now: NOW }),
      )
    await take('one.bad.example')
    await live.refresh()
    await take('two.bad.example')
    expect(await live.refresh()).toBe(true)
    expect(live.size).toBe(2)
    expect(await live.refresh()).toBe(false)
  })

  it('finds what was stored before, once, and goes on where it was interrupted', async () => {
    const lake: TestLake = await startTestLake({ clock })
    closers.push(lake.stop)
    const past = NOW - 30 * 24 * HOUR
    const docs: JsonObject[] = [
      { host: { name: 'web-1' }, source: { ip: '45.137.21.9' } },
      { host: { name: 'web-1' }, source: { ip: '45.137.21.90' } },
      { host: { name: 'pc-7' }, dns: { question: { name: 'cdn.Bad.Example' } } },
      { host: { name: 'pc-7' }, destination: { ip: '45.200.3.4' } },
      { host: { name: 'pc-8' }, url: { full: 'https://Evil.example:443/drop?x=1' } },
      { host: { name: 'pc-9' }, file: { hash: { sha256: 'A'.repeat(64) } } },
      { host: { name: 'pc-9' }, message: 'speaks of bad.example only' },
    ]
    await lake.lake.append(
      testBatch(
        1,
        past,
        docs.map((doc, n) => testEvent(`e${n}`, doc, { observed: past + n })),
      ),
    )
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own' } })
    const text = `45.137.21.9\nbad.example\n45.200.0.0/16\nhttps://evil.example/drop\n${'a'.repeat(64)}\nnever.example\n`
    await ask('POST', '/api/v1/ioc/lists/:id/indicators', { params: { id: list.id }, body: { text } })
    const stopped = AbortSignal.abort()
    expect(await searchPast({ state, lake: lake.lake, clock, signal: stopped })).toEqual({ indicators: 0, detections: 0 })
    expect(await countWaiting(state.tables<IocTables>())).toBe(6)
    const { signal } = new AbortController()
    expect(await searchPast({ state, lake: lake.lake, clock, signal })).toEqual({ indicators: 6, detections: 5 })
    const alerts = () =>
      state
        .tables<DetectTables>()
        .selectFrom('detect_alerts')
        .select(['rule_id', 'entity_name', 'first_observed'])
        .orderBy('first_observed')
        .execute()
    const first = await alerts()
    expect(first.map(({ rule_id, entity_name }) => [rule_id, entity_name])).toEqual([
      ['ioc-ip-past', 'web-1'],
      ['ioc-domain-past', 'pc-7'],
      ['ioc-ip-past', 'pc-7'],
      ['ioc-url-past', 'pc-8'],
      ['ioc-hash-past', 'pc-9'],
    ])
    expect(await countWaiting(state.tables<IocTables>())).toBe(0)
    // As if the process had ended between the search and its mark.
    await state.tables<IocTables>().updateTable('detect_ioc_indicators').set({ past: 0 }).execute()
    await searchPast({ state, lake: lake.lake, clock, signal })
    expect(await alerts()).toEqual(first)
  })

  it('lets no indicator that is everywhere hide the others, and calls nothing searched that was cut short', async () => {
    const { lake, events } = memoryLake()
    for (let n = 0; n < 20_100; n += 1) events.push(stored(`n${n}`, { source: { ip: '45.137.21.9' } }, NOW - 9 * HOUR + n))
    events.push(stored('rare', { host: { name: 'pc' }, dns: { question: { name: 'bad.example' } } }, NOW - HOUR))
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own' } })
    const body = { text: '45.137.21.9\nbad.example\nother.example\n' }
    await ask('POST', '/api/v1/ioc/lists/:id/indicators', { params: { id: list.id }, body })
    const stopping = new AbortController()
    const cut = { search: async (request: LakeSearch) => lake.search(request).finally(() => stopping.abort()) }
    expect(await searchPast({ state, lake: cut, clock, signal: stopping.signal })).toEqual({ indicators: 0, detections: 0 })
    expect(await countWaiting(state.tables<IocTables>())).toBe(3)
    await searchPast({ state, lake, clock, signal: new AbortController().signal })
    const alerts = await state.tables<DetectTables>().selectFrom('detect_alerts').select('entity_name').execute()
    expect(alerts.map(({ entity_name }) => entity_name).sort()).toEqual(['45.137.21.9', 'pc'])
  })

  it('searches what came until the matcher knew the indicator, and repeats nothing that it found', async () => {
    const { lake, events } = memoryLake()
    const live = await openIndicators(state)
    const list = await ask<IocList>('POST', '/api/v1/ioc/lists', { body: { name: 'Own', kind: 'own' } })
    await ask('POST', '/api/v1/ioc/lists/:id/indicators', { params: { id: list.id }, body: { text: 'bad.example' } })
    const about = (host: string) => ({ host: { name: host }, dns: { question: { name: 'bad.example' } } })
    const [early, late] = [stored('early', about('pc-1'), NOW + 2000), stored('late', about('pc-2'), NOW + 9000)]
    events.push(early, late)
    expect(live.run([early])).toEqual([])
    await live.refresh()
    await state.transaction<DetectTables, unknown>((trx) => recordDetections(trx, live.run([late]), NOW + 9000))
    now = NOW + 10_000
    await searchPast({ state, lake, clock, signal: new AbortController().signal })
    const alerts = await state.tables<DetectTables>().selectFrom('detect_alerts').select(['rule_id', 'entity_name']).execute()
    expect(alerts.map(({ rule_id, entity_name }) => `${rule_id} ${entity_name}`).sort()).toEqual([
      'ioc-domain pc-2',
      'ioc-domain-past pc-1',
    ])
  })
})

type LakeSearch = Parameters<Lake['search']>[0]

function stored(id: string, doc: JsonObject, at: number): StoredEvent {
  return { ...testEvent(id, doc, { observed: at }), source: 's', received: at, writer: 'w', sequence: 1, index: 0 }
}

/** Answers with every event of the range, page by page. */
function memoryLake(): { readonly lake: Pick<Lake, 'search'>; readonly events: StoredEvent[] } {
  const events: StoredEvent[] = []
  const search = async ({ range = { from: 0, to: 0, by: 'received' }, query, limit, after = '0' }: LakeSearch) => {
    const texts = [...JSON.stringify(query).matchAll(/"text":"([^"]+)"/g)].map(([, text = '']) => text)
    const fitting = events.filter(
      ({ received, doc }) =>
        received >= range.from && received < range.to && texts.some((text) => JSON.stringify(doc).includes(text)),
    )
    const to = Number(after) + limit
    return {
      events: fitting.slice(Number(after), to),
      ...(to < fitting.length ? { cursor: String(to) } : {}),
    } as Awaited<ReturnType<Lake['search']>>
  }
  return { lake: { search }, events }
}
