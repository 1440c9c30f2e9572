import { beforeEach, expect, it } from 'vitest'
import type { Detection } from '../../kernel/detection.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller, Route } from '../../platform/http/route.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { recordDetections } from '../alerts.ts'
import { migrations } from '../migrations.ts'
import type { DetectTables } from '../tables.ts'
import { giveVerdict } from '../verdicts.ts'
import { holds } from './match.ts'
import { exceptionRoutes } from './routes.ts'
import { type ExceptionCondition, type ExceptionPreview, type ExceptionView, exceptionView } from './schema.ts'

const T0 = Date.UTC(2026, 10, 22, 5)
const HOUR = 3_600_000
const sato = testCaller({ id: 'sato', permissions: new Set(['alerts:read', 'alerts:write'] as const) })
const mori = testCaller({ id: 'mori', permissions: new Set(['alerts:read', 'alerts:approve'] as const) })
const lone = testCaller({ id: 'sato', permissions: new Set(['alerts:read', 'alerts:write', 'alerts:approve'] as const) })

/** Event `eN` is by `backup` on even, by `www` on odd numbers. */
const docOf = (id: string): JsonObject => ({
  user: { name: Number(id.slice(1)) % 2 === 0 ? 'Backup' : 'www' },
  process: { command_line: `/usr/bin/tar ${id}` },
  source: { ip: '192.0.2.7' },
  tags: ['nightly', 'x'],
})

function detection(id: string, at: number, host = 'web-03', rule = 'shell'): Detection {
  return {
    rule: {
      id: rule,
      version: 'v1',
      title: `Rule ${rule}`,
      level: 'high',
      file: 'r.yml',
      description: '',
      techniques: [rule === 'shell' ? 'T1505.003' : 'T1110'],
      tactics: ['persistence'],
    },
    eventIds: [id],
    eventCount: 1,
    fields: { 'process.name': 'sh' },
    group: { 'host.name': host },
    observed: T0 + at * HOUR,
    received: T0 + at * HOUR,
    scope: 'default',
  }
}

const conditions: readonly (readonly [boolean, ExceptionCondition])[] = [
  [true, { field: 'user.name', op: 'is', values: ['nobody', 'BACKUP'] }],
  [false, { field: 'user.name', op: 'is', values: ['back'] }],
  [true, { field: 'user.name', op: 'starts', values: ['back'] }],
  [true, { field: 'process.command_line', op: 'ends', values: [' E0'] }],
  [true, { field: 'process.command_line', op: 'contains', values: ['/tar '] }],
  [true, { field: 'tags', op: 'is', values: ['nightly'] }],
  [true, { field: 'host.name', op: 'is', values: ['web-03'] }],
  [true, { field: 'process.name', op: 'is', values: ['sh'] }],
  [true, { field: 'source.ip', op: 'cidr', values: ['2001:db8::/32', '192.0.2.0/24'] }],
  [false, { field: 'source.ip', op: 'cidr', values: ['198.51.100.0/24'] }],
  [false, { field: 'user.name', op: 'cidr', values: ['192.0.2.0/24'] }],
  [false, { field: 'no.such', op: 'contains', values: ['x'] }],
]

it.each(conditions)('holds: %j %j', (expected, condition) => {
  const { fields, group } = detection('e0', 0)
  expect(holds([condition], { fields, group, doc: docOf('e0') })).toBe(expected)
})

describeStates('exceptions', ({ open }) => {
  let state: State
  let now: number
  beforeEach(async () => {
    state = await open(migrations)
    now = T0 + 10 * HOUR
  })
  const record = (...detections: Detection[]) => state.transaction((trx) => recordDetections(trx, detections, now, docOf))
  const ask = async <T>(method: Route['method'], path: string, caller: Caller, body: object = {}, id = ''): Promise<T> => {
    const routes = exceptionRoutes({
      state,
      clock: { now: () => now },
      docsOf: async (_scope: string, ids: readonly string[]) => new Map(ids.map((each) => [each, docOf(each)])),
      rules: () => ({ loaded: [], refused: [] }),
      changed: () => {},
    } as never)
    const route = routes.find((one) => one.method === method && one.path === `/api/v1/exceptions${path}`)!
    return (await route.handle({ params: { id }, body: route.body?.parse(body), caller } as never)) as T
  }
  const byBackup = { rule: 'shell', conditions: [{ field: 'user.name', values: ['backup'] }] }
  const propose = (caller: Caller, what: object = byBackup, days = 7) =>
    ask<ExceptionView>('POST', '', caller, { ...what, reason: 'The nightly backup does this.', days })
  const decide = (id: string, caller: Caller, choice: 'approve' | 'refuse' = 'approve') =>
    ask<ExceptionView>('POST', '/:id/decide', caller, { decision: choice }, id)
  const alerts = async () => await state.scoped<DetectTables>('default').selectFrom('detect_alerts').selectAll().execute()

  it('hides only once another person approved it, counts what it hides, and ends', async () => {
    await record(detection('e0', 0))
    const one = exceptionView.parse(await propose(sato))
    expect(one).toMatchObject({ state: 'waiting', mayDecide: false, owner: 'sato', preview: { alerts: 1, hidden: 1 } })
    expect((await record(detection('e2', 5))).hidden).toBe(0)
    await expect(decide(one.id, lone)).rejects.toMatchObject({ code: 'own_approval' })
    const robot = testCaller({ id: 't1', kind: 'token', account: null })
    await expect(decide(one.id, robot)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await decide(one.id, mori)).toMatchObject({ state: 'active', decidedBy: 'mori' })
    await expect(decide(one.id, mori)).rejects.toMatchObject({ code: 'conflict' })

    const both = [detection('e4', 8), detection('e5', 8), detection('e6', 8, 'web-04'), detection('e8', 8, 'web-03', 'other')]
    const done = await record(...both)
    expect([done.hidden, done.raised.length, done.updated.length]).toEqual([2, 2, 0])
    // A replay neither counts again nor raises.
    expect(await record(...both)).toEqual({ raised: [], updated: [], repeated: 4, hidden: 0 })
    const { exceptions } = await ask<{ exceptions: ExceptionView[] }>('GET', '', sato)
    expect(exceptions[0]).toMatchObject({ hidden: 2, lastEvents: ['e6', 'e4'] })

    now += 8 * 24 * HOUR
    expect((await ask<{ exceptions: ExceptionView[] }>('GET', '', sato)).exceptions[0]?.state).toBe('expired')
    expect((await record(detection('e10', 9))).hidden).toBe(0)
    expect((await ask<ExceptionView>('DELETE', '/:id', sato, {}, one.id)).state).toBe('ended')
    const evidence = (await readOutbox(state.tables(), 0, 100)).filter(({ type }) => type === 'admin')
    expect(evidence.map(({ body }) => body['action'])).toEqual(['exception.propose', 'exception.approve', 'exception.end'])
    expect(evidence[2]?.body).toMatchObject({ hidden: 2, rule: 'shell', by: { name: 'sato' } })
  })

  it('shows what would have been missed', async () => {
    await record(detection('e0', 0), detection('e2', 0.1), detection('e3', 5, 'web-05'), detection('e4', 5.1, 'web-05'))
    await record(detection('e6', 1, 'web-06'), detection('e8', 1, 'web-07', 'brute'))
    const rows = await alerts()
    const idOf = (host: string): string => rows.find((row) => row.entity_name === host)!.id
    const trx = { id: 'mori', name: 'mori' }
    await state.transaction<never, unknown>((db) => giveVerdict(db, [idOf('web-03')], 'true', '', trx, now))
    await state.transaction<never, unknown>((db) => giveVerdict(db, [idOf('web-06')], 'false', '', trx, now))
    const preview = await ask<ExceptionPreview>('POST', '/preview', sato, byBackup)
    expect(preview).toMatchObject({ alerts: 3, hidden: 2, smaller: 1, partly: 0, techniquesLost: [] })
    expect(preview.verdicts).toEqual({ true: 1, expected: 0, false: 1, open: 0 })
    expect(preview.list.map(({ entity, verdict }) => [entity, verdict])).toEqual([
      ['web-03', 'true'],
      ['web-06', 'false'],
    ])
    const off = await ask<ExceptionPreview>('POST', '/preview', sato, { rule: 'shell', conditions: [] })
    expect(off).toMatchObject({ hidden: 3, smaller: 0, techniquesLost: ['T1505.003'] })
  })

  it('refuses what cannot be meant', async () => {
    await record(detection('e0', 0))
    await expect(propose(sato, { rule: 'none', conditions: [] })).rejects.toMatchObject({ code: 'not_found' })
    const block = { rule: 'shell', conditions: [{ field: 'source.ip', op: 'cidr', values: ['10.0.0.0/99'] }] }
    await expect(propose(sato, block)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(propose(sato, byBackup, 366)).rejects.toThrow()
    const one = await propose(sato)
    expect(await decide(one.id, mori, 'refuse')).toMatchObject({ state: 'refused' })
    expect((await record(detection('e2', 5))).hidden).toBe(0)
    const elsewhere = testCaller({ id: 'x', scope: 'team' })
    await expect(ask('DELETE', '/:id', elsewhere, {}, one.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('keeps a closed alert quiet for as long as was asked, and counts', async () => {
    await record(detection('e1', 0))
    const [row] = await alerts()
    const judge = (verdict: 'false' | 'escalated', hours: number) =>
      state.transaction<never, unknown>((db) => giveVerdict(db, [row!.id], verdict, '', { id: 'a', name: 'a' }, now, hours))
    await judge('false', 48)
    const later = await record(detection('e3', 20), detection('e5', 33), detection('e7', 33, 'web-09'))
    expect([later.raised.map((alert) => alert.entity.name), later.updated.map((alert) => alert.count)]).toEqual([['web-09'], [3]])
    now += 49 * HOUR
    expect((await record(detection('e9', 60))).raised).toHaveLength(1)
    await judge('escalated', 48)
    expect((await alerts()).find(({ id }) => id === row!.id)?.quiet_until).toBeNull()
  })
})
