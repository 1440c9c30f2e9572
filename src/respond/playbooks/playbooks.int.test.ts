import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Action } from '../../kernel/action.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller, Permission, Route } from '../../platform/http/route.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { enqueueRuns } from './enqueue.ts'
import { playbookRoutes } from './routes.ts'
import { createRunner, type Runner } from './run/runner.ts'
import type { PlaybookView, RunSummary, RunView } from './schema.ts'
import type { PlaybookTables } from './tables.ts'
import { effectsIn, fileActions, type Hold } from './testing/actions.ts'
import type { AlertFacts } from './triggers.ts'

const root = mkdtempSync(join(tmpdir(), 'kanpeki-playbooks-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const T0 = Date.UTC(2026, 10, 20, 3)
let folders = 0

interface Bed {
  readonly state: State
  readonly folder: string
  readonly runner: Runner
  now: number
  actions: ReadonlyMap<string, Action>
  call<T>(who: Caller, method: Route['method'], path: string, body?: unknown, query?: unknown): Promise<T>
  alerts(...alerts: AlertFacts[]): Promise<number>
  evidence(): Promise<JsonObject[]>
}

function person(name: string, permissions: readonly Permission[]): Caller {
  return {
    kind: 'person',
    id: name,
    name,
    scope: 'default',
    scopes: ['default'],
    roles: [],
    permissions: new Set(permissions),
    account: name,
  }
}
const engineer = person('eva', ['playbooks:read', 'playbooks:write'])
const responder = person('ren', ['playbooks:read', 'playbooks:run', 'alerts:write'])
const approver = person('aya', ['playbooks:read', 'playbooks:approve'])

function bedOn(state: State, hold?: Hold): Bed {
  const folder = join(root, String(folders++))
  const bed = { state, folder, now: T0, actions: fileActions(folder, hold) }
  const clock = { now: () => bed.now }
  const complaints: unknown[] = []
  const log = { error: (...all: unknown[]) => void complaints.push(all), warn: () => {} }
  const runner = createRunner({ state, clock, log, doers: () => ({ actions: bed.actions, commands: {} }), changed: () => {} })
  const known = new Map<string, AlertFacts>()
  const routes = playbookRoutes({
    state,
    clock,
    actions: () => new Set(bed.actions.keys()),
    alertOf: async (_, id) => known.get(id),
    poke: () => {},
    cut: runner.cut,
  })
  return Object.assign(bed, {
    runner: {
      ...runner,
      async round() {
        await runner.round()
        expect(complaints).toEqual([])
      },
    },
    async call<T>(caller: Caller, method: Route['method'], path: string, body: unknown = {}, query: unknown = {}): Promise<T> {
      for (const route of routes) {
        const match = new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`).exec(path)
        if (route.method !== method || match === null) continue
        expect(caller.permissions.has(route.permission), `${caller.name} ${route.permission}`).toBe(true)
        const input = {
          params: route.params?.parse({ ...match.groups }),
          query: route.query?.parse(query),
          body: route.body?.parse(body),
          caller,
        }
        const reply = await route.handle(input as never)
        return (route.response === undefined ? reply : route.response.parse(reply)) as T
      }
      throw new Error(`no route ${method} ${path}`)
    },
    async alerts(...alerts: AlertFacts[]) {
      for (const alert of alerts) known.set(alert.id, alert)
      return await state.transaction<PlaybookTables, number>((trx) => enqueueRuns(trx, alerts, bed.now))
    },
    evidence: async () => (await readOutbox(state.tables(), 0, 10_000)).map(({ body }) => body),
  })
}

function alert(id: string, address = '203.0.113.9', more: Partial<AlertFacts> = {}): AlertFacts {
  return {
    id,
    scope: 'default',
    title: 'Passwords guessed',
    rule: 'brute-force',
    severity: 2,
    techniques: ['T1110.003'],
    tactics: ['credential-access'],
    entity: { kind: 'address', name: address },
    fields: { 'source.ip': address },
    ...more,
  }
}

const BLOCK = `
id: block-guesser
name: Block who guesses passwords
x-kanpeki:
  ja: { name: 総当たりを遮断 }
  triggers: [{ techniques: [T1110], severity: 3, entity: [address] }]
  undo_after: 3600
playbook_variables:
  __address__: { type: ipv4-addr, external: true }
  __ticket__: { type: string }
workflow_start: start
workflow:
  start: { type: start, on_completion: block }
  block:
    type: action
    name: Block it
    x-kanpeki: { ja: 遮断, action: block, input: { address: '__address__:value' } }
    on_success: ticket
    on_failure: done
  ticket:
    type: action
    x-kanpeki: { action: ticket, input: { text: 'Blocked __address__:value' }, out: { __ticket__: id } }
    on_completion: letter
  letter:
    type: action
    x-kanpeki: { action: letter, input: { text: 'See __ticket__:value' } }
    on_completion: done
  done: { type: end }
tests:
  - { name: all of it, variables: { __address__: 203.0.113.9 }, outcomes: { ticket: { id: T1 } }, expect: [start, block, ticket, letter, done] }
`

async function armed(bed: Bed, source = BLOCK): Promise<string> {
  const { id } = await bed.call<PlaybookView>(engineer, 'POST', '/api/v1/playbooks', { source })
  await bed.call(approver, 'POST', `/api/v1/playbooks/${id}/versions/1/decide`, { decision: 'approve' })
  await bed.call(engineer, 'POST', `/api/v1/playbooks/${id}/settings`, { mode: 'real' })
  return id
}

async function onlyRun(bed: Bed): Promise<RunView> {
  const { runs } = await bed.call<{ runs: RunSummary[] }>(responder, 'GET', '/api/v1/runs')
  expect(runs).toHaveLength(1)
  return await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${runs[0]!.id}`)
}

describeStates('playbooks', (states) => {
  const open = async (hold?: Hold): Promise<Bed> => bedOn(await states.open(migrations), hold)

  it('goes from an alert to a receipt and back, and says each step in the ledger', async () => {
    const bed = await open()
    const saved = await bed.call<PlaybookView>(engineer, 'POST', '/api/v1/playbooks', { source: BLOCK })
    expect(saved).toMatchObject({ mode: 'plan', version: 1, approved: false, waiting: true, tests: [{ passed: true }] })
    // A new playbook makes plans.
    expect(await bed.alerts(alert('a1'), alert('a1'), alert('low', '203.0.113.9', { severity: 4 }))).toBe(1)
    await bed.runner.round()
    const planned = await onlyRun(bed)
    expect(planned).toMatchObject({ mode: 'plan', state: 'done', alert: 'a1', human: false, undoable: 0 })
    expect(planned.steps.map(({ step, state, plan }) => [step, state, plan?.summary.en])).toEqual([
      ['block', 'planned', 'Block 203.0.113.9'],
      ['ticket', 'planned', 'Open Blocked 203.0.113.9'],
      ['letter', 'planned', 'Depends on what an earlier step returns.'],
    ])
    expect(effectsIn(bed.folder)).toEqual([])

    // Whoever wrote it does not approve it, and unapproved it does not run.
    await expect(bed.call(engineer, 'POST', '/api/v1/playbooks/block-guesser/settings', { mode: 'real' })).rejects.toMatchObject({
      code: 'not_approved',
    })
    const both = person('eva', [...approver.permissions])
    const decide = '/api/v1/playbooks/block-guesser/versions/1/decide'
    await expect(bed.call(both, 'POST', decide, { decision: 'approve' })).rejects.toMatchObject({ code: 'own_approval' })
    await bed.call(approver, 'POST', decide, { decision: 'approve' })
    await bed.call(engineer, 'POST', '/api/v1/playbooks/block-guesser/settings', { mode: 'real' })

    bed.now += 60_000
    expect(await bed.alerts(alert('a2'))).toBe(1)
    await bed.runner.round()
    const { runs } = await bed.call<{ runs: RunSummary[] }>(responder, 'GET', '/api/v1/runs')
    const run = await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${runs[0]!.id}`)
    expect(run).toMatchObject({ mode: 'real', state: 'done', alert: 'a2', human: false, undoable: 1 })
    const ticket = run.steps[1]!.key.slice(0, 6)
    expect(effectsIn(bed.folder)).toEqual(['block 203.0.113.9', 'ticket Blocked 203.0.113.9', `letter See ${ticket}`])
    expect(JSON.stringify(run)).not.toContain('undo":{')

    // One click takes it back; the time that was set does it by itself otherwise.
    const undone = await bed.call<RunView>(responder, 'POST', `/api/v1/runs/${run.id}/undo`)
    expect(undone.state).toBe('undoing')
    await bed.runner.round()
    const after = await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${run.id}`)
    expect(after).toMatchObject({ state: 'undone', undoable: 0, human: true, undoAt: null })
    expect(after.steps.map(({ undo }) => undo)).toEqual(['done', null, null])
    expect(effectsIn(bed.folder).at(-1)).toBe('unblock 203.0.113.9')

    const said = (await bed.evidence())
      .filter((body) => body['run'] === run.id)
      .map((body) => [body['change'], (body['step'] as JsonObject | undefined)?.['id']])
    expect(said).toEqual([
      ['begun', undefined],
      ['started', 'block'],
      ['done', 'block'],
      ['started', 'ticket'],
      ['done', 'ticket'],
      ['started', 'letter'],
      ['done', 'letter'],
      ['ended', undefined],
      ['undo-started', undefined],
      ['undo-started', 'block'],
      ['undone', 'block'],
      ['ended', undefined],
    ])
  })

  it('takes back by itself what was done for a time', async () => {
    const bed = await open()
    await armed(bed)
    await bed.alerts(alert('a1'))
    await bed.runner.round()
    bed.now += 3_599_000
    await bed.runner.round()
    expect((await onlyRun(bed)).state).toBe('done')
    bed.now += 2_000
    await bed.runner.round()
    expect((await onlyRun(bed)).state).toBe('undone')
    expect(effectsIn(bed.folder).at(-1)).toBe('unblock 203.0.113.9')
  })
})
