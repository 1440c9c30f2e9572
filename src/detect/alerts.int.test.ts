import { beforeEach, expect, it } from 'vitest'
import type { Detection, Level } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import { scopedTo } from '../platform/state/scope.ts'
import type { State } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { alertsAbout, forgetAlerts, forgetDetections, recordDetections } from './alerts.ts'
import { alertDetail, type DetailDeps } from './alerts-detail.ts'
import { alertCounts, alertQueue } from './alerts-queue.ts'
import { migrations } from './migrations.ts'
import { alertDetail as alertDetailSchema, alertCounts as countsSchema, queueQuery, queueResponse } from './schema.ts'
import type { DetectTables } from './tables.ts'
import { giveVerdict, undoVerdict } from './verdicts.ts'

const T0 = Date.UTC(2026, 10, 22, 5, 0, 0)
const MINUTE = 60_000
const sato = { id: 'u1', name: 'sato' }

function detection(eventId: string, minute: number, change: Partial<DetectionSpec> = {}): Detection {
  const { rule = 'shell', level = 'high', group = { 'host.name': 'web-03' }, scope = 'default', techniques } = change
  return {
    rule: {
      id: rule,
      version: 'v1',
      title: `Rule ${rule}`,
      level,
      file: `rules/${rule}.yml`,
      description: 'A shell below a web server.',
      techniques: techniques ?? ['T1505.003'],
      tactics: ['persistence'],
      ja: { title: `ルール ${rule}` },
    },
    eventIds: [eventId],
    eventCount: 1,
    fields: { 'process.name': 'sh', 'process.command_line': 'sh -c "id"' },
    conditions: [{ text: 'child is a shell', fields: ['process.name'] }],
    group,
    observed: T0 + minute * MINUTE,
    received: T0 + minute * MINUTE + 2000,
    scope,
  }
}
interface DetectionSpec {
  rule: string
  level: Level
  group: JsonObject
  scope: string
  techniques: string[]
}

const quiet: DetailDeps = {
  entityTimeline: async () => {
    throw new Error('the lake sleeps')
  },
  ledgerIndexes: async (outbox) => new Map(outbox.map((seq) => [seq, seq * 10])),
}

describeStates('alerts', (bed) => {
  let state: State
  beforeEach(async () => {
    state = await bed.open(migrations)
  })

  const record = (detections: readonly Detection[], now = T0 + 60 * MINUTE) =>
    state.transaction((trx) => recordDetections(trx, detections, now))
  const db = (scope = 'default') => state.scoped<DetectTables>(scope)
  const queue = async (query: object = {}, scope = 'default') =>
    queueResponse.parse(await alertQueue(db(scope), queueQuery.parse(query), 'sato', T0))
  const judge = (ids: string[], verdict: 'true' | 'false' | 'expected' | 'escalated', now: number, scope = 'default') =>
    state.transaction<never, unknown>((trx) => giveVerdict(scopedTo(trx, scope), ids, verdict, 'seen it', sato, now))
  const undo = (ids: string[], now: number) =>
    state.transaction<never, unknown>((trx) => undoVerdict(scopedTo(trx, 'default'), ids, sato, now))

  it('raises once, grows, and leaves evidence of both', async () => {
    const first = await record([detection('e1', 0), detection('e2', 1)])
    expect(first.raised).toHaveLength(1)
    expect(first.raised[0]).toMatchObject({ count: 2, eventCount: 2, severity: 2, state: 'open', verdict: null })
    expect(first.raised[0]?.delaySeconds).toEqual({ fromReceived: 60 * 60 - 2, fromObserved: 60 * 60 })
    const second = await record([detection('e2', 1), detection('e3', 2)])
    expect(second).toMatchObject({ raised: [], repeated: 1 })
    expect(second.updated[0]).toMatchObject({ id: first.raised[0]?.id, count: 3 })
    const outbox = await readOutbox(state.tables(), 0, 100)
    expect(outbox.map((entry) => [entry.type, entry.body['change']])).toEqual([
      ['alert', 'raised'],
      ['alert', 'grown'],
    ])
    expect(outbox[0]?.body).toMatchObject({ alert: first.raised[0]?.id, rule: 'shell', events: ['e1', 'e2'] })
  })

  it('changes nothing when a batch is replayed, however it is cut', async () => {
    const all = Array.from({ length: 40 }, (_, n) => detection(`e${n}`, n * 7, { group: { 'host.name': `h${n % 3}` } }))
    await record(all)
    const before = await queue()
    const outbox = (await readOutbox(state.tables(), 0, 100)).length
    for (const part of [all, all.slice(5, 20), all.slice(39)]) {
      expect(await record(part)).toEqual({ raised: [], updated: [], repeated: part.length, hidden: 0 })
    }
    expect(await queue()).toEqual(before)
    expect(await readOutbox(state.tables(), 0, 100)).toHaveLength(outbox)
  })

  it('leaves nothing behind when the transaction fails', async () => {
    await expect(
      state.transaction(async (trx) => {
        await recordDetections(trx, [detection('e1', 0)], T0)
        throw new Error('the checkpoint could not be written')
      }),
    ).rejects.toThrow('checkpoint')
    expect((await queue()).totals).toEqual({ groups: 0, alerts: 0, detections: 0 })
    expect((await record([detection('e1', 0)])).raised).toHaveLength(1)
  })

  it('groups alerts of one entity into a story, gravest first, and pages through all of them', async () => {
    await record([detection('e3', 300, { rule: 'shell', level: 'medium' })], T0)
    await record([
      detection('e1', 0, { rule: 'upload', level: 'low' }),
      detection('e2', 5, { rule: 'shell', level: 'critical' }),
      detection('e4', 5, { rule: 'dns', level: 'medium', group: { 'host.name': 'build-07' } }),
      detection('e5', 6, { rule: 'dns', level: 'high', group: { 'host.name': 'build-08' } }),
    ])
    const whole = await queue()
    expect(whole.groups.map((group) => [group.entity.name, group.severity, group.alertCount, group.title])).toEqual([
      ['web-03', 1, 2, 'Rule shell'],
      ['build-08', 2, 1, 'Rule dns'],
      ['build-07', 3, 1, 'Rule dns'],
      ['web-03', 3, 1, 'Rule shell'],
    ])
    expect(whole.totals).toEqual({ groups: 4, alerts: 5, detections: 5 })
    expect(whole.groups[0]?.alerts.map((alert) => alert.rule.titleJa)).toEqual(['ルール upload', 'ルール shell'])
    const paged: string[] = []
    let cursor: string | undefined
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await queue({ limit: 1, ...(cursor === undefined ? {} : { cursor }) })
      paged.push(...page.groups.map((group) => group.id))
      if (page.next === null) break
      cursor = page.next
    }
    expect(paged).toEqual(whole.groups.map((group) => group.id))
  })

  it('filters by words in any width and case, severity and state', async () => {
    await record([
      detection('e1', 0),
      detection('e2', 0, { rule: 'DNS_long', group: { 'host.name': 'build-07' }, level: 'low', techniques: ['T1071.004'] }),
    ])
    const cases: readonly (readonly [object, number])[] = [
      [{ q: 'ｗｅｂ－０３' }, 1],
      [{ q: 'WEB rule' }, 1],
      [{ q: 't1071.004 build' }, 1],
      [{ q: 'ルール' }, 2],
      [{ q: 'web build' }, 0],
      [{ q: '100%' }, 0],
      [{ q: 'dns\\long' }, 1],
      [{ severity: '1,2' }, 1],
      [{ severity: '4' }, 1],
      [{ state: 'closed' }, 0],
      [{ state: 'all' }, 2],
      [{ assignee: 'me' }, 0],
    ]
    for (const [query, count] of cases) expect((await queue(query)).groups, JSON.stringify(query)).toHaveLength(count)
    await expect(alertQueue(db(), queueQuery.parse({ cursor: 'x' }), 'sato', T0)).rejects.toMatchObject({ code: 'bad_cursor' })
  })

  it('judges, undoes, and keeps the history and the evidence of both', async () => {
    const { raised } = await record([detection('e1', 0), detection('e2', 0, { group: { 'host.name': 'b' } })])
    const ids = raised.map((alert) => alert.id)
    await judge(ids, 'escalated', T0 + 61 * MINUTE)
    expect((await queue()).totals.alerts).toBe(2)
    await judge([ids[0]!], 'false', T0 + 62 * MINUTE)
    expect((await queue()).totals.alerts).toBe(1)
    await undo([ids[0]!], T0 + 63 * MINUTE)
    const detail = alertDetailSchema.parse(await alertDetail(db(), ids[0]!, quiet, T0 + 64 * MINUTE))
    expect(detail).toMatchObject({ state: 'open', verdict: 'escalated', canUndo: true, note: 'seen it' })
    expect(detail.history.map((entry) => [entry.action, entry.verdict])).toEqual([
      ['raised', null],
      ['verdict', 'escalated'],
      ['verdict', 'false'],
      ['undo', 'escalated'],
    ])
    await undo([ids[0]!], T0 + 65 * MINUTE)
    await expect(undo([ids[0]!], T0 + 66 * MINUTE)).rejects.toMatchObject({ code: 'conflict' })
    expect((await alertDetail(db(), ids[0]!, quiet, T0)).verdict).toBeNull()
    const outbox = await readOutbox(state.tables(), 0, 100)
    expect(outbox.filter((entry) => entry.type === 'verdict').map((entry) => entry.body['change'])).toEqual([
      'verdict',
      'verdict',
      'verdict',
      'undo',
      'undo',
    ])
  })

  it('judges all or none, and only in its own scope', async () => {
    const here = await record([detection('e1', 0)])
    const there = await record([detection('e1', 0, { scope: 'other' })])
    expect(there.raised).toHaveLength(1)
    expect(there.raised[0]?.id).not.toBe(here.raised[0]?.id)
    const ids = [here.raised[0]!.id, there.raised[0]!.id]
    await expect(judge(ids, 'true', T0)).rejects.toMatchObject({ code: 'not_found' })
    expect((await queue()).totals.alerts).toBe(1)
    expect((await queue({}, 'other')).totals.alerts).toBe(1)
    await expect(alertDetail(db(), ids[1]!, quiet, T0)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('raises anew when something happens after the alert was closed', async () => {
    const { raised } = await record([detection('e1', 0)])
    await judge([raised[0]!.id], 'false', T0 + 61 * MINUTE)
    const again = await record([detection('e1', 0), detection('e2', 10)])
    expect(again.raised).toHaveLength(1)
    expect(again.raised[0]?.storyId).toBe(raised[0]?.storyId)
    expect((await queue()).groups[0]).toMatchObject({ alertCount: 2, openCount: 1 })
  })

  it('shows why, what else, and survives a lake that does not answer', async () => {
    const { raised } = await record([
      detection('e1', 0),
      detection('e2', 1, { rule: 'upload' }),
      detection('e3', 500, { rule: 'shell' }),
    ])
    const detail = alertDetailSchema.parse(await alertDetail(db(), raised[0]!.id, quiet, T0 + 600 * MINUTE))
    expect(detail.conditions).toEqual([{ text: 'child is a shell', fields: ['process.name'] }])
    expect(detail.fields).toEqual({ 'process.name': 'sh', 'process.command_line': 'sh -c "id"' })
    expect(detail.related.map((alert) => alert.rule.id)).toEqual(['upload', 'shell'])
    expect(detail).toMatchObject({ timeline: null, timelineMissing: 'the lake sleeps', evidence: { index: 10 } })
    expect(detail.before).toEqual({ days: 90, sameEntity: 0, anyEntity: 0 })
  })

  it('counts for the navigation', async () => {
    expect(countsSchema.parse(await alertCounts(db(), 'sato', T0))).toMatchObject({ openAlerts: 0, delayP95Seconds: null })
    const { raised } = await record([detection('e1', 59), detection('e2', 59, { level: 'low', rule: 'x' })])
    await judge([raised[1]!.id], 'true', T0 + 61 * MINUTE)
    expect(countsSchema.parse(await alertCounts(db(), 'sato', T0 + 62 * MINUTE))).toMatchObject({
      openGroups: 1,
      openAlerts: 1,
      openBySeverity: { 1: 0, 2: 1, 3: 0, 4: 0, 5: 0 },
      closed24h: 1,
      raised24h: 2,
      detections24h: 2,
      delayP95Seconds: 58,
    })
  })

  it('takes what an attacker may send: wild times, NUL, huge values, thousands at once', async () => {
    for (const observed of [Number.NaN, -5, 1.5, Number.POSITIVE_INFINITY, -1e300]) {
      const odd = { ...detection(`odd ${observed}`, 0, { group: { 'host.name': `odd ${observed}` } }), observed }
      expect((await record([odd])).raised, String(observed)).toHaveLength(1)
    }
    const wild = { ...detection('e1', 0), observed: 9e15, fields: { a: 'x'.repeat(100_000), b: 'nul\0' } }
    const { raised } = await record([wild])
    const detail = alertDetailSchema.parse(await alertDetail(db(), raised[0]!.id, quiet, T0))
    expect(String(detail.fields['a']).length).toBeLessThan(9000)
    const many = Array.from({ length: 4000 }, (_, n) =>
      detection(`m${n}`, n % 50, { group: { 'source.ip': `10.0.${n % 200}.1` } }),
    )
    expect((await record(many)).raised).toHaveLength(200)
  })

  it('forgets closed alerts that rested long enough, and never open ones', async () => {
    const { raised } = await record([detection('e1', 0), detection('e2', 0, { rule: 'x' }), detection('e3', 0, { rule: 'y' })])
    const [first, second] = raised.map(({ id }) => id)
    await judge([first!], 'true', T0 + 61 * MINUTE)
    await judge([second!], 'false', T0 + 90 * MINUTE)
    expect(await alertsAbout(state.tables(), ['WEB-03', 'nobody'], undefined)).toBe(3)
    expect(await alertsAbout(state.tables(), ['web-03'], 'other')).toBe(0)
    const forget = (minutes: number, most: number) => state.transaction((trx) => forgetAlerts(trx, T0 + minutes * MINUTE, most))
    expect(await forget(61, 9)).toBe(0)
    expect(await forget(62, 9)).toBe(1)
    expect(await forget(10_000, 1)).toBe(1)
    expect(await forget(10_000, 1)).toBe(0)
    expect((await queue({ state: 'all' })).totals.alerts).toBe(1)
  })

  it('forgets what can no longer be replayed', async () => {
    await record([detection('e1', 0)])
    await state.transaction((trx) => forgetDetections(trx, T0 + 60 * MINUTE))
    expect((await record([detection('e1', 0)])).updated[0]).toMatchObject({ count: 2 })
  })
})
