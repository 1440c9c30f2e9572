import { expect, test } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { getPath } from '../../kernel/json.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { newRow } from '../accounting.ts'
import { migrations } from '../migrations.ts'
import { addToSource, changeSource } from '../queries.ts'
import type { CollectTables, SourcesTable } from '../tables.ts'
import { forgetHosts, readHosts } from './queries.ts'
import { tellSilence } from './silence.ts'
import { openWatch } from './watch.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000

describeStates('silence', (bed) => {
  interface Bed {
    readonly state: State
    /** Hosts are heard each minute of [from, to). */
    hear(hosts: readonly string[], from: number, to: number, source?: string): Promise<void>
    source(id: string, lastMinute: number, change?: Partial<SourcesTable>): Promise<void>
    /** What is told at a minute: actions with their hosts or sources. */
    tell(minute: number): Promise<string[]>
    readonly stored: Map<string, JsonObject>
    startedAt: number
    fault: boolean
  }
  async function open(): Promise<Bed> {
    const state = await bed.open(migrations)
    const watch = await openWatch(state.tables<CollectTables>(), 'w', 0)
    let sequence = 0
    const one: Bed = {
      state,
      stored: new Map(),
      startedAt: T0 - 1000 * MINUTE,
      fault: false,
      async hear(hosts, from, to, source = 'syslog:main') {
        for (let minute = from; minute < to; minute++) {
          const received = T0 + minute * MINUTE
          const events = hosts.map((name) => ({
            id: 'x',
            scope: 'default',
            source,
            parser: 'p',
            observed: received,
            received,
            writer: 'w',
            sequence: 0,
            index: 0,
            doc: { host: { name } },
          }))
          watch.saw(events, ++sequence)
        }
        await watch.flush((work) => state.transaction(work), T0 + to * MINUTE)
      },
      async source(id, lastMinute, change = {}) {
        await addToSource(state.tables<CollectTables>(), {
          ...newRow('default', id, T0),
          last_event: T0 + lastMinute * MINUTE,
          ...change,
        })
      },
      async tell(minute) {
        const told: string[] = []
        await tellSilence({
          db: () => state.tables<CollectTables>(),
          clock: { now: () => T0 + minute * MINUTE },
          startedAt: one.startedAt,
          send: async (_scope, records) => {
            for (const { id, json } of records) {
              if (one.stored.has(id)) continue
              one.stored.set(id, json)
              const name =
                getPath(json, 'host.name') ?? getPath(json, 'completeness.hosts') ?? getPath(json, 'completeness.source')
              told.push(`${String(getPath(json, 'event.action'))} ${String(name)}`)
            }
            if (one.fault) throw new Error('the lake is gone')
          },
        })
        return told.sort()
      },
    }
    return one
  }

  test('of a host is told once, and that it is heard again', async () => {
    const it = await open()
    await it.hear(['a', 'b'], 0, 30)
    await it.source('syslog:main', 200)
    await it.hear(['b'], 30, 95)
    expect(await it.tell(85)).toEqual([])
    expect(await it.tell(95)).toEqual(['host-silent a'])
    expect(await it.tell(96)).toEqual([])
    await it.hear(['a', 'b'], 100, 103)
    expect(await it.tell(104)).toEqual(['host-heard a'])
    expect(await it.tell(105)).toEqual([])
    expect(await it.tell(180)).toEqual(['host-silent a', 'host-silent b'])
  })

  test('that is told again after a crash is stored once', async () => {
    const it = await open()
    await it.hear(['a'], 0, 30)
    await it.source('syslog:main', 200)
    it.fault = true
    await expect(it.tell(100)).rejects.toThrow('the lake is gone')
    it.fault = false
    expect(await it.tell(101)).toEqual([])
    expect(it.stored.size).toBe(1)
  })

  test('of many hosts at once is one event; of a whole source too, and its hosts are not told of beside it', async () => {
    const it = await open()
    const many = Array.from({ length: 25 }, (_, n) => `h${n}`)
    await it.hear(many, 0, 20)
    await it.source('syslog:main', 200)
    await it.hear(['x', 'y'], 0, 20, 'http:web')
    await it.source('http:web', 20)
    expect(await it.tell(90)).toEqual(['hosts-silent 25', 'source-silent http:web'])
    expect(await it.tell(95)).toEqual([])
  })

  test('is none of names that come and go, of sources that are off, nor of what we could not hear', async () => {
    const it = await open()
    await it.hear(['flood-1', 'flood-2'], 0, 9)
    await it.hear(['off'], 0, 30, 'file:off')
    await it.source('file:off', 30)
    await changeSource(it.state.tables<CollectTables>(), 'default', 'file:off', { enabled: false })
    await it.hear(['a'], 0, 30)
    await it.source('syslog:main', 30, { expected_seconds: null })
    it.startedAt = T0 + 90 * MINUTE
    expect(await it.tell(100)).toEqual([])
    expect(await it.tell(149)).toEqual([])
    expect(await it.tell(151)).toEqual(['host-silent a'])
  })

  test('that is usual for a host is learned', async () => {
    const it = await open()
    // Off each night from minute 600 to 1440 of the day.
    for (let day = 0; day < 4; day++) await it.hear(['laptop', 'server'], day * 1440, day * 1440 + 60)
    await it.source('syslog:main', 10_000)
    expect(await it.tell(3 * 1440 + 61 + 20 * 60)).toEqual([])
    expect(await it.tell(3 * 1440 + 61 + 40 * 60)).toHaveLength(2)
  })

  test('hosts that nobody misses any more are forgotten', async () => {
    const it = await open()
    await it.hear(['old'], 0, 2)
    await it.hear(['new'], 100, 102)
    await it.state.transaction<CollectTables, void>((trx) => forgetHosts(trx, T0 + 50 * MINUTE))
    expect((await readHosts(it.state.tables<CollectTables>(), 9)).map((row) => row.host)).toEqual(['new'])
  })
})
