import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { z } from 'zod'
import type { Route } from '../platform/http/route.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { applyCounts, MINUTE_MS } from './accounting.ts'
import { countOutcomes } from './counts.ts'
import { createSourceManager, type SourceManager } from './manager.ts'
import { migrations } from './migrations.ts'
import { routes } from './routes.ts'
import { type NewSource, newSource, type SourceDetail, type SourceList } from './schema.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'
import type { CollectTables } from './tables.ts'
import { memoryPositions } from './testing/memory-positions.ts'
import { Recorder } from './testing/recorder.ts'

const T0 = Date.UTC(2026, 0, 5, 12, 0, 30)

describeStates('the routes of collect', (bed) => {
  let folder: string
  let now: number
  let state: State
  let supervisor: Supervisor
  let manager: SourceManager
  let recorder: Recorder
  let all: Route[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kanpeki-routes-'))
    now = T0
    const clock = { now: () => now }
    state = await bed.open(migrations)
    recorder = new Recorder()
    supervisor = createSupervisor({ commit: recorder.commit, positions: () => memoryPositions(), clock, log: () => {} })
    manager = createSourceManager({ state, supervisor, clock })
    all = routes({
      state,
      manager,
      statusOf: supervisor.status,
      clock,
      unknownsOf: async () => ({ total: 0, samples: [] }),
      sendTest: async (_scope, source) => ({
        eventId: `test-${source}`,
        sentAt: new Date(now).toISOString(),
        storedAt: new Date(now).toISOString(),
      }),
      addresses: () => ({ url: 'http://127.0.0.1:7300', syslog: undefined }),
    })
  })
  afterEach(async () => {
    await supervisor.stopAll(5000)
    rmSync(folder, { recursive: true, force: true })
  })

  /** Calls a route as the server does: input parsed, output checked against the route's own schema. */
  async function call<T>(
    method: Route['method'],
    path: string,
    input: { id?: string; body?: unknown; scope?: string } = {},
  ): Promise<T> {
    const found = all.find((route) => route.method === method && route.path === path)
    if (found === undefined) throw new Error(`no route ${method} ${path}`)
    const caller = testCaller({ name: 'Sato', scope: input.scope ?? 'default', permissions: new Set() })
    const params = found.params?.parse({ id: input.id })
    const body = found.body?.parse(input.body)
    const reply = await found.handle({
      params,
      query: undefined,
      body,
      caller,
      request: {},
      signal: new AbortController().signal,
    } as never)
    return (found.response as z.ZodType).parse(reply) as T
  }

  const count = async (source: string, outcomes: Parameters<typeof countOutcomes>[0], gaps = 0): Promise<void> => {
    const result = { writer: 'w', sequence: 1, counts: countOutcomes(outcomes, { gaps }), observed: now - 250 }
    await state.transaction<CollectTables, void>((trx) => applyCounts(trx, source, 'default', result, now))
  }
  const list = (): Promise<SourceList> => call<SourceList>('GET', '/api/v1/sources')
  const file = (more: object = {}): NewSource =>
    newSource.parse({ kind: 'file', name: 'app', config: { paths: [join(folder, '*.log')], pollMs: 20 }, ...more })

  test('list what arrived: accounts, the last hour, silence, totals', async () => {
    await count('http:web', ['parsed', 'parsed', 'unknown'])
    now += 5 * MINUTE_MS
    await count('http:web', ['parsed', 'repeated'], 2)
    await count('http:old', ['parsed'])
    now += 20_000
    const { sources, totals } = await list()
    const web = sources.find((source) => source.id === 'http:web')
    expect(web).toMatchObject({
      kind: 'http',
      state: 'running',
      silence: 'ok',
      silentSeconds: 20,
      lagMs: 250,
      lastEventAt: '2026-01-05T12:05:30.000Z',
      counts: { received: 5, parsed: 3, unknown: 1, stored: 4, repeated: 1, dropped: 0, gaps: 2 },
    })
    expect(web?.series.from).toBe('2026-01-05T11:06:00.000Z')
    expect([web?.series.received.length, web?.series.received[54], web?.series.received[59]]).toEqual([60, 3, 2])
    expect([web?.series.unknown[54], web?.series.gaps[59]]).toEqual([1, 2])
    expect(totals).toMatchObject({
      sources: 2,
      reporting: 2,
      silent: 0,
      failed: 0,
      lastHour: { received: 6 },
      lastDay: { stored: 5 },
    })
    now += 2 * 3_600_000
    const later = await list()
    expect(later.sources.map((source) => source.silence)).toEqual(['silent', 'silent'])
    expect(later.totals).toMatchObject({ reporting: 0, silent: 2, lastHour: { received: 0 }, lastDay: { received: 6 } })
    expect((await call<SourceList>('GET', '/api/v1/sources', { scope: 'other' })).sources).toEqual([])
  })

  test('add a source: it is opened, read, kept for the next start, and evidence', async () => {
    writeFileSync(join(folder, 'a.log'), 'one\n')
    const added = await call<SourceDetail>('POST', '/api/v1/sources', { body: { ...file(), zoneMinutes: 540 } })
    expect(added).toMatchObject({
      id: 'file:app',
      kind: 'file',
      silence: 'never',
      expectedSeconds: 3600,
      zoneMinutes: 540,
      config: { maxLineBytes: 1_048_576 },
    })
    await expect.poll(() => recorder.texts()).toEqual(['one'])
    expect(recorder.batches[0]).toMatchObject({ source: 'file:app', scope: 'default', zoneMinutes: 540 })
    await expect(call('POST', '/api/v1/sources', { body: file() })).rejects.toMatchObject({ code: 'conflict' })
    expect(await readOutbox(state.tables(), 0, 10)).toMatchObject([
      { type: 'source', scope: 'default', body: { action: 'add', by: 'Sato', id: 'file:app' } },
    ])

    await supervisor.stopAll(5000)
    const again = createSupervisor({
      commit: recorder.commit,
      positions: () => memoryPositions(),
      clock: { now: () => now },
      log: () => {},
    })
    await createSourceManager({ state, supervisor: again, clock: { now: () => now } }).startAll()
    expect(again.status('default', 'file:app')?.state).toMatch(/starting|running/)
    await again.stopAll(5000)
  })

  test('switch a source off and on; say how long it may be silent', async () => {
    await manager.add('default', file(), 'Sato')
    const off = await call<SourceDetail>('PATCH', '/api/v1/sources/:id', {
      id: 'file:app',
      body: { enabled: false, expectedSeconds: 60 },
    })
    expect(off).toMatchObject({ enabled: false, state: 'stopped', expectedSeconds: 60 })
    const on = await call<SourceDetail>('PATCH', '/api/v1/sources/:id', { id: 'file:app', body: { enabled: true, title: 'App' } })
    expect(on).toMatchObject({ enabled: true, title: 'App' })
    expect(['starting', 'running']).toContain(on.state)
    await count('http:web', ['parsed'])
    await expect(call('PATCH', '/api/v1/sources/:id', { id: 'http:web', body: { enabled: false } })).rejects.toMatchObject({
      code: 'bad_source',
    })
    await expect(call('PATCH', '/api/v1/sources/:id', { id: 'http:none', body: {} })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('what the command line asks for is so after each start, and evidence only when it changes', async () => {
    for (const pollMs of [20, 20, 40])
      await manager.ensure('default', file({ config: { paths: [join(folder, '*.log')], pollMs } }), 'command line')
    expect((await readOutbox(state.tables(), 0, 10)).map((entry) => entry.body['action'])).toEqual(['add', 'change'])
    expect((await list()).sources).toHaveLength(1)
  })

  test('one source, its unknowns, a test event, the snippets', async () => {
    await count('http:web', ['unknown'])
    expect(await call('GET', '/api/v1/sources/:id', { id: 'http:web' })).toMatchObject({
      id: 'http:web',
      config: null,
      parsers: [],
    })
    await expect(call('GET', '/api/v1/sources/:id', { id: 'http:none' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await call('GET', '/api/v1/sources/:id/unknown', { id: 'http:web' })).toEqual({ total: 0, samples: [] })
    expect(await call('POST', '/api/v1/sources/:id/test', { id: 'http:web' })).toMatchObject({ eventId: 'test-http:web' })
    await expect(call('POST', '/api/v1/sources/:id/test', { id: 'http:none' })).rejects.toMatchObject({ code: 'not_found' })
    expect(await call('GET', '/api/v1/shippers')).toMatchObject({ shippers: expect.arrayContaining([]) })
  })
})
