import { expect, test } from 'vitest'
import type { StoredEvent } from '../../kernel/event.ts'
import type { Route } from '../../platform/http/route.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import type { CollectTables } from '../tables.ts'
import { collectMeasures } from './measures.ts'
import { completenessRoutes } from './routes.ts'
import { hostList, minimumEventList } from './schema.ts'
import { openWatch } from './watch.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000

describeStates('what the console is told of completeness', (bed) => {
  test('hosts that are silent, skewed or lose events; the minimum set; measures', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<CollectTables>()
    const clock = { now: () => T0 + 30 * MINUTE }
    const routes = completenessRoutes({ state, clock })
    const get = async (path: string, query: Record<string, unknown> = {}, scope = 'default'): Promise<unknown> => {
      const route = routes.find((one) => one.path.endsWith(path)) as Route
      const parsed = route.query === undefined ? query : route.query.parse(query)
      return await route.handle({
        params: {},
        query: parsed,
        body: undefined,
        caller: testCaller({ scope }),
        signal: new AbortController().signal,
      } as never)
    }
    const measured = async (id: string): Promise<unknown> =>
      (
        await collectMeasures(db, clock)
          .find((one) => one.id === id)!
          .measure({}, T0, T0 + 30 * MINUTE, 'default')
      ).value
    expect(await measured('collect.silent-hosts')).toBeNull()
    expect(await measured('collect.lost-events')).toBeNull()

    const watch = await openWatch(db, 'w', 0)
    const event = (host: string, minute: number, record: number, skew = 0): StoredEvent => ({
      id: 'x',
      scope: 'default',
      source: 'http:a',
      parser: 'p',
      observed: T0 + minute * MINUTE + skew + 1,
      received: T0 + minute * MINUTE,
      writer: 'w',
      sequence: 1,
      index: 0,
      doc: {
        host: { name: host },
        winlog: { channel: 'Security', record_id: record },
        event: { code: '4624', category: ['authentication'], type: ['start'], outcome: 'success' },
      },
    })
    const steady = Array.from({ length: 25 }, (_, n) => [
      event('a-good', n, n + 1),
      event('b-skewed', n, n + 1, 540 * MINUTE),
      event('c-lossy', n, n < 23 ? n + 1 : n + 5),
    ])
    watch.saw([...steady.flat(), event('d-young', 3, 1), event('e-silent', 2, 1)], 1)
    await watch.flush((work) => state.transaction(work), T0 + 29 * MINUTE)
    await db
      .updateTable('collect_hosts')
      .set({ silent_since: T0 + 2 * MINUTE, minutes: 50 })
      .where('host', '=', 'e-silent')
      .execute()

    const names = async (query: Record<string, unknown>): Promise<string[]> =>
      hostList.parse(await get('/hosts', query)).hosts.map(({ host }) => host)
    const all = hostList.parse(await get('/hosts'))
    expect(all.totals).toEqual({ watched: 4, young: 1, silent: 1, skewed: 1, withGaps: 1, unfollowed: 0 })
    expect(all.matched).toBe(5)
    expect(await names({ state: 'silent' })).toEqual(['e-silent'])
    expect(await names({ state: 'skewed' })).toEqual(['b-skewed'])
    expect(await names({ state: 'gaps' })).toEqual(['c-lossy'])
    expect(await names({ q: 'SKEW' })).toEqual(['b-skewed'])
    expect(await names({ source: 'http:b' })).toEqual([])
    expect(hostList.parse(await get('/hosts', {}, 'other')).matched).toBe(0)
    expect(hostList.parse(await get('/hosts', { state: 'skewed' })).hosts[0]).toMatchObject({
      skewed: true,
      zoneLikeMinutes: 540,
      ahead: 25,
      young: false,
    })
    expect(hostList.parse(await get('/hosts', { state: 'gaps' })).hosts[0]?.streams).toEqual([
      { name: 'Security', density: 'dense', missing: 4, duplicates: 0, resets: 0 },
    ])

    const minimum = minimumEventList.parse(await get('/minimum-events'))
    expect(minimum.received).toBe(2)
    expect(minimum.events.find(({ id }) => id === 'windows-sign-in')).toMatchObject({
      state: 'received',
      hosts: 5,
      firstSeenAt: new Date(T0).toISOString(),
    })
    expect(minimum.events.find(({ id }) => id === 'sign-in-failure')).toMatchObject({
      state: 'missing',
      hosts: 0,
      lastSeenAt: null,
    })

    expect(await measured('collect.silent-hosts')).toBe(1)
    expect(await measured('collect.clock-skew')).toBe(1)
    expect(await measured('collect.lost-events')).toBe(4)
  })
})
