import { beforeEach, expect, it } from 'vitest'
import type { Detection, RuleInfo } from '../kernel/detection.ts'
import type { Route } from '../platform/http/route.ts'
import type { State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { recordDetections } from './alerts.ts'
import { loadAttack } from './coverage-attack.ts'
import { migrations } from './migrations.ts'
import { routes } from './routes.ts'
import type { AlertDetail, AlertSummary, CoverageResponse, QueueResponse, RulesResponse } from './schema.ts'

const NOW = Date.UTC(2026, 10, 22, 6)
const attack = loadAttack()

const rule: RuleInfo = {
  id: 'shell',
  version: 'v1',
  title: 'Shell started by a web server',
  level: 'critical',
  file: 'rules/shell.yml',
  description: 'A web server that starts a shell.',
  techniques: ['T1505.003', 'T9999'],
  tactics: ['persistence'],
  ja: { title: 'Webサーバーがシェルを起動' },
}

function detection(id: string): Detection {
  return {
    rule,
    eventIds: [id],
    eventCount: 1,
    fields: { 'process.name': 'sh' },
    group: { 'host.name': 'web-03' },
    observed: NOW - 60_000,
    received: NOW - 30_000,
    scope: 'default',
  }
}

const sato = testCaller({ name: 'sato' })

describeStates('the routes of detect', (bed) => {
  let state: State
  let told: string[]
  beforeEach(async () => {
    state = await bed.open(migrations)
    told = []
    await state.transaction((trx) => recordDetections(trx, [detection('e1'), detection('e2')], NOW))
  })

  const all = (): Route[] =>
    routes({
      state,
      attack,
      clock: { now: () => NOW + 1000 },
      rules: () => ({
        loaded: [rule, { ...rule, id: 'other', title: 'Nothing yet', level: 'low', techniques: ['T1486'] }],
        refused: [{ file: 'rules/bad.yml', line: 7, code: 'sigma_yaml', reason: 'A tab.' }],
      }),
      scenarios: () => ({ scenarios: [], refused: [] }),
      docsOf: async () => new Map(),
      changed: (scope, alerts) => told.push(...alerts.map((alert) => `${scope}:${alert.state}`)),
      entityTimeline: async ({ from, to }) => ({
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        events: [],
        total: 0,
      }),
      ledgerIndexes: async () => new Map(),
    })

  async function call<T>(method: Route['method'], path: string, input: { params?: object; query?: object; body?: object } = {}) {
    const found = all().find((one) => one.method === method && one.path === path)
    if (found === undefined) throw new Error(`no route ${method} ${path}`)
    const reply = await found.handle({
      params: found.params?.parse(input.params ?? {}),
      query: found.query?.parse(input.query ?? {}),
      body: found.body?.parse(input.body ?? {}),
      caller: sato,
    } as never)
    return found.response?.parse(reply) as T
  }

  it('lead from the queue to the alert, a verdict, its undo, and an assignment', async () => {
    const queue = await call<QueueResponse>('GET', '/api/v1/alerts')
    const id = queue.groups[0]?.alerts[0]?.id ?? ''
    const params = { id }
    const detail = await call<AlertDetail>('GET', '/api/v1/alerts/:id', { params })
    expect(detail).toMatchObject({
      evidence: null,
      canUndo: false,
      conditions: [{ text: 'process.name' }],
      timeline: { total: 0 },
    })
    const judged = await call<{ alerts: AlertSummary[] }>('POST', '/api/v1/alerts/:id/verdict', {
      params,
      body: { verdict: 'false', note: 'backup job' },
    })
    expect(judged.alerts[0]).toMatchObject({ state: 'closed', verdict: 'false' })
    expect((await call<QueueResponse>('GET', '/api/v1/alerts')).groups).toEqual([])
    await call('POST', '/api/v1/alerts/:id/undo', { params })
    await call('POST', '/api/v1/alerts/:id/assign', { params, body: { assignee: 'me' } })
    const mine = await call<QueueResponse>('GET', '/api/v1/alerts', { query: { assignee: 'me' } })
    expect(mine.groups[0]?.alerts[0]?.assignee).toBe('sato')
    await call('POST', '/api/v1/alerts/verdict', { body: { ids: [id], verdict: 'true' } })
    await call('POST', '/api/v1/alerts/undo', { body: { ids: [id] } })
    expect(await call('GET', '/api/v1/alerts/summary')).toMatchObject({ openAlerts: 1, mine: 1, openBySeverity: { 1: 1 } })
    expect(told).toEqual(['closed', 'open', 'open', 'closed', 'open'].map((word) => `default:${word}`))
  })

  it('show rules with what they raised, refusals, and coverage', async () => {
    const rules = await call<RulesResponse>('GET', '/api/v1/rules', { query: { limit: 1 } })
    expect(rules).toMatchObject({ total: 2, next: '1', refusedTotal: 1, rules: [{ id: 'shell', alerts: 1, detections: 2 }] })
    expect((await call<RulesResponse>('GET', '/api/v1/rules', { query: { q: 'ｓｔａｒｔed' } })).total).toBe(1)
    const coverage = await call<CoverageResponse>('GET', '/api/v1/coverage')
    expect(coverage).toMatchObject({ attack: '18.1', unknown: ['T9999'], totals: { proven: 0, older: 0, rule: 3 } })
    const names = await call<{ techniques: Record<string, string> }>('GET', '/api/v1/attack/techniques')
    expect(names.techniques['T1505.003']).toBe('Web Shell')
  })

  it('ask for a permission each', () => {
    const permissions = all().map(({ method, path, permission }) => [method, path, permission] as const)
    expect(permissions.length).toBe(19)
    // Exceptions are asked for by a POST and decided about by others: src/server/access-table.txt has them.
    for (const [method, path, permission] of permissions.filter(
      ([, one]) => !one.startsWith('/api/v1/exceptions') && one !== '/api/v1/rules/draft',
    )) {
      const what = /^\/api\/v1\/(rules|coverage|attack)/.test(path) ? 'rules' : 'alerts'
      expect([path, permission]).toEqual([path, `${what}:${method === 'GET' ? 'read' : 'write'}`])
    }
  })
})
