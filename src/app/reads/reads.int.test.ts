import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Caller, Route } from '../../platform/http/route.ts'
import { createLog } from '../../platform/log.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { readMigrations } from './migrations.ts'
import { type Reads, startReads } from './reads.ts'
import { readRoutes } from './routes.ts'
import type { ReadsPage } from './schema.ts'

const T0 = Date.UTC(2026, 10, 22, 5, 1)
const log = createLog({ write: () => {}, pretty: false, now: Date.now })
const sato = testCaller({ id: 'u-sato', name: 'Sato' })
const mori = testCaller({ id: 'u-mori', name: 'mori' })
const stranger = testCaller({ id: 'u-x', name: 'x', scope: 'team' })

describeStates('who searched or opened what', ({ open }) => {
  let state: State
  let reads: Reads
  let now: number
  beforeEach(async () => {
    state = await open(readMigrations)
    now = T0
    reads = start()
  })
  afterEach(() => reads.stop())
  const start = (): Reads => startReads({ state, clock: { now: () => now }, log, changed: () => {} })
  const page = async (caller: Caller, query: object = {}, path = '/api/v1/reads'): Promise<ReadsPage> => {
    const route = readRoutes({ state, flush: reads.flush }).find((one) => one.path === path)!
    return (await route.handle({ query: route.query?.parse(query), caller } as never)) as ReadsPage
  }
  const shown = async (caller: Caller, query: object = {}, path?: string) =>
    (await page(caller, query, path)).items.map(({ by, kind, what, times }) => [by.name, kind, what, times])

  it('notes the same once in ten minutes, keeps scopes apart, and shows people their own', async () => {
    reads.note(sato, 'search', 'user.name:mori')
    reads.note(sato, 'search', 'user.name:mori')
    now += 1000
    await reads.flush()
    reads.note(sato, 'search', 'user.name:mori')
    reads.note(mori, 'alert', 'a1')
    reads.note(stranger, 'event', 'secret')
    reads.note(testCaller({ id: '', kind: 'anonymous' }), 'search', '*')
    expect(await shown(sato)).toEqual([
      ['mori', 'alert', 'a1', 1],
      ['Sato', 'search', 'user.name:mori', 3],
    ])
    now += 600_000
    reads.note(sato, 'search', 'user.name:mori')
    expect((await shown(mori, { person: 'SATO' })).map(([, , , times]) => times)).toEqual([1, 3])
    expect(await shown(sato, { kind: 'alert' })).toHaveLength(1)
    expect(await shown(mori, {}, '/api/v1/me/reads')).toEqual([['mori', 'alert', 'a1', 1]])
    const first = await page(sato, { limit: 2 })
    const rest = await page(sato, { limit: 2, cursor: first.next })
    expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, null])
  })

  it('digests what is over into the ledger, without a query in it, and forgets after a quarter', async () => {
    reads.note(sato, 'search', 'user.name:somebody')
    reads.note(stranger, 'event', 'e1')
    await reads.stop()
    now += 3_600_000
    reads = start()
    const entries = async () => (await readOutbox(state.tables(), 0, 100)).filter(({ type }) => type === 'admin')
    await expect.poll(async () => (await entries()).length).toBe(2)
    const [own] = (await entries()).filter(({ scope }) => scope === 'default')
    expect(own?.body).toMatchObject({
      action: 'reads.digest',
      people: 1,
      reads: 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(JSON.stringify(await entries())).not.toContain('somebody')
    await reads.stop()
    now += 91 * 86_400_000
    reads = start()
    await expect.poll(async () => (await shown(sato)).length).toBe(0)
    expect(await entries()).toHaveLength(2)
  })

  it('watches the routes that show events and alerts, once they have shown them', async () => {
    const made = (method: Route['method'], path: string, fails = false): Route => ({
      method,
      path,
      permission: 'events:read',
      summary: '',
      handle: async () => {
        if (fails) throw new Error('no')
        return 'shown'
      },
    })
    const routes = reads.watched([
      made('POST', '/api/v1/events/search'),
      made('POST', '/api/v1/events/top'),
      made('GET', '/api/v1/alerts/:id'),
      made('GET', '/api/v1/events/:id', true),
      made('GET', '/api/v1/rules'),
    ])
    const span = { from: '2026-11-22T04:00:03.000Z', to: '2026-11-22T05:00:03.000Z' }
    const input = (more: object) => ({ caller: sato, params: { id: 'x1' }, ...more }) as never
    expect(await routes[0]!.handle(input({ body: { query: '', ...span } }))).toBe('shown')
    await routes[0]!.handle(input({ body: { query: '', ...span, cursor: 'next page' } }))
    // A cursor that was made up, or taken from another search.
    await routes[0]!.handle(input({ body: { query: 'user.name:boss', cursor: 'made up' } }))
    await routes[0]!.handle(input({ body: { query: `${' '.repeat(3900)}user.name:secret` } }))
    await routes[1]!.handle(input({ body: { query: 'user.name:boss', field: 'message' } }))
    await routes[2]!.handle(input({}))
    await expect(routes[3]!.handle(input({}))).rejects.toThrow('no')
    await routes[4]!.handle(input({}))
    expect((await shown(sato)).map(([, kind, what, times]) => `${kind} ${String(what).trim()} ${times}`).sort()).toEqual([
      'alert x1 1',
      'search * [2026-11-22T04Z – 2026-11-22T05Z] 1',
      'search user.name:boss 1',
      'search user.name:boss → message 1',
      'search user.name:secret 1',
    ])
  })
})
