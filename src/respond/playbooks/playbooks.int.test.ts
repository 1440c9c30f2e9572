import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import type { Action } from '../../kernel/action.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller, Permission, Route } from '../../platform/http/route.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { openTicket } from '../actions/open-ticket/action.ts'
import { startRecorder } from '../actions-support/testing/recorder.ts'
import { migrations } from '../migrations.ts'
import { enqueueRuns } from './enqueue.ts'
import { forgetEffects, forgetRuns, unansweredKeys } from './queries.ts'
import { playbookRoutes } from './routes.ts'
import { settleLate } from './run/late.ts'
import { createRunner, type Runner } from './run/runner.ts'
import type { Inbox, PlaybookView, RunSummary, RunView } from './schema.ts'
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

/** A host that does what it is told only once nobody waits for it any more. */
function withSilentHost(bed: Bed) {
  const host = { isDone: false, undone: [] as string[] }
  const isolate = {
    ...bed.actions.get('ticket')!,
    id: 'isolate',
    run: async () => {
      throw new KanpekiError('agent_silent', 'The agent has not answered yet.')
    },
    find: async () => (host.isDone ? { outcome: 'done', detail: { host: 'web-1' }, undo: { host: 'web-1' } } : undefined),
    undo: async (_: unknown, { key }: { readonly key: string }) => {
      host.undone.push(key)
      return { outcome: 'done', detail: {} }
    },
  } as Action
  bed.actions = new Map([...bed.actions, [isolate.id, isolate]])
  return { bed, host }
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
    // Long after, the journal goes; the ledger keeps what was done.
    const db = bed.state.tables<PlaybookTables>()
    expect([await forgetRuns(db, T0, 10), await forgetRuns(db, bed.now + 1, 10)]).toEqual([0, 1])
    await forgetEffects(db, bed.now + 1)
    for (const table of ['respond_runs', 'respond_steps', 'respond_effects'] as const)
      expect(await db.selectFrom(table).selectAll().execute(), table).toEqual([])
  })

  it('waits for a second person, for a person, for its hours and for its time, and goes on where it stood', async () => {
    const bed = await open()
    const source = playbook(
      {
        start: { type: 'start', on_completion: 'wipe' },
        wipe: { type: 'action', 'x-kanpeki': { action: 'wipe', input: { address: 'host-7' } }, on_completion: 'ask' },
        ask: {
          type: 'action',
          commands: [{ type: 'manual', command: 'Call __who__:value.' }],
          out_args: ['__who__'],
          delay: 5_000,
          on_completion: 'block',
        },
        block: { type: 'action', 'x-kanpeki': { action: 'block', input: { address: '203.0.113.1' } }, on_completion: 'end' },
        end: { type: 'end' },
      },
      {
        playbook_variables: { __who__: { type: 'string', value: 'the owner' } },
        'x-kanpeki': { hours: { zone: 'Asia/Tokyo', days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '18:00' } },
      },
    )
    const id = await armed(bed, source)
    const { id: run } = await bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${id}/run`)
    const now = () => bed.call<RunView>(responder, 'GET', `/api/v1/runs/${run}`)
    await bed.runner.round()
    // T0 is Friday noon in Tokyo. What cannot be taken back asks a second person, and not whoever began it.
    expect(await now()).toMatchObject({ state: 'waiting', waitsFor: 'approval', steps: [{ state: 'approval' }] })
    const inbox = await bed.call<Inbox>(approver, 'GET', '/api/v1/respond/inbox')
    expect(inbox.steps).toMatchObject([{ step: 'wipe', mayDecide: true, startedBy: 'ren' }])
    const decide = `/api/v1/runs/${run}/steps/${inbox.steps[0]!.key}/decide`
    const starter = person('ren', ['playbooks:approve'])
    await expect(bed.call(starter, 'POST', decide, { decision: 'approve' })).rejects.toMatchObject({ code: 'own_approval' })
    // Three days later: Monday noon.
    bed.now += 3 * 86_400_000
    await bed.call(approver, 'POST', decide, { decision: 'approve' })
    await bed.runner.round()
    expect(effectsIn(bed.folder)).toEqual(['wipe host-7'])
    expect(await now()).toMatchObject({ waitsFor: 'time' })
    bed.now += 5_000
    await bed.runner.round()
    expect(await now()).toMatchObject({ waitsFor: 'person', steps: [{}, {}, { message: 'Call the owner.' }] })
    // In the night the rest waits for the morning.
    bed.now += 10 * 3_600_000
    const asked = (await now()).steps.at(-1)!
    await bed.call(responder, 'POST', `/api/v1/runs/${run}/steps/${asked.key}/answer`, {
      answer: 'done',
      values: { __who__: 'Ito' },
    })
    await bed.runner.round()
    const night = await now()
    expect(night).toMatchObject({ waitsFor: 'time', nextAt: '2026-11-24T00:00:00.000Z' })
    bed.now = Date.parse(night.nextAt ?? '')
    await bed.runner.round()
    expect(await now()).toMatchObject({ state: 'done', human: true })
    expect(effectsIn(bed.folder)).toEqual(['wipe host-7', 'block 203.0.113.1'])
  })

  it('branches, loops, runs side by side, calls playbooks and tries again', async () => {
    const bed = await open()
    await armed(
      bed,
      playbook(
        {
          start: { type: 'start', on_completion: 'shake' },
          shake: {
            type: 'action',
            'x-kanpeki': { action: 'shaky', input: { text: '2' }, retries: 2, backoff: 10, out: { __tries__: 'tries' } },
            on_completion: 'end',
          },
          end: { type: 'end' },
        },
        { id: 'inner', playbook_variables: { __tries__: { type: 'integer' } } },
      ),
    )
    const source = playbook(
      {
        start: { type: 'start', on_completion: 'call' },
        call: { type: 'playbook-action', playbook_id: 'inner', out_args: ['__tries__'], on_completion: 'enough' },
        enough: {
          type: 'if-condition',
          condition: '__tries__:value >= 3',
          on_true: 'both',
          on_false: 'no',
          on_completion: 'kind',
        },
        no: { type: 'end' },
        both: { type: 'parallel', next_steps: ['left', 'right'], on_completion: 'joined' },
        left: {
          type: 'action',
          'x-kanpeki': { action: 'block', input: { address: '203.0.113.1' }, out: { __last__: 'address' } },
          on_completion: 'joined',
        },
        right: {
          type: 'action',
          'x-kanpeki': { action: 'block', input: { address: '203.0.113.2' }, out: { __last__: 'address' } },
          on_completion: 'joined',
        },
        joined: { type: 'end' },
        kind: {
          type: 'switch-condition',
          switch: '__last__:value',
          cases: { '203.0.113.2': 'loop', default: 'no' },
          on_completion: 'end',
        },
        loop: { type: 'while-condition', condition: "__last__:value != 'T'", on_true: 'ticket', on_completion: 'end' },
        ticket: {
          type: 'action',
          'x-kanpeki': { action: 'ticket', input: { text: '__last__:value' } },
          step_variables: {},
          on_completion: 'mark',
        },
        mark: { type: 'action', commands: [{ type: 'manual', command: 'Say T' }], out_args: ['__last__'], on_completion: 'loop' },
        end: { type: 'end' },
      },
      { playbook_variables: { __tries__: { type: 'integer' }, __last__: { type: 'string' } } },
    )
    const id = await armed(bed, source)
    const { id: run } = await bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${id}/run`)
    const now = () => bed.call<RunView>(responder, 'GET', `/api/v1/runs/${run}`)
    for (const pause of [0, 10_000, 20_000]) {
      bed.now += pause
      await bed.runner.round()
    }
    for (const said of ['again', 'T']) {
      const asked = (await now()).steps.find(({ state }) => state === 'person')!
      await bed.call(responder, 'POST', `/api/v1/runs/${run}/steps/${asked.key}/answer`, {
        answer: 'done',
        values: { __last__: said },
      })
      await bed.runner.round()
    }
    const done = await now()
    expect(done).toMatchObject({ state: 'done', reason: null })
    expect(done.steps.map(({ path }) => path)).toEqual([
      'call>',
      'call>/shake',
      'enough:true/both:0/left',
      'enough:true/both:1/right',
      'kind:loop/loop:0/ticket',
      'kind:loop/loop:0/mark',
      'kind:loop/loop:1/ticket',
      'kind:loop/loop:1/mark',
    ])
    expect(effectsIn(bed.folder).toSorted()).toEqual([
      'block 203.0.113.1',
      'block 203.0.113.2',
      'ticket 203.0.113.2',
      'ticket again',
    ])
  })

  it('opens one ticket where the tracker made it and failed to say so', async () => {
    const recorder = await startRecorder()
    const desk = {
      id: 'd',
      name: 'desk',
      kind: 'gitlab',
      settings: { url: recorder.url, project: 'soc' },
      secrets: { token: 't' },
    }
    const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => {} } })
    const action = openTicket({ connections: { of: async () => [desk] as never }, outgoing, wafFolder: root }) as Action
    try {
      for (const [name, status, body] of [
        ['a proxy that gave up', 502, '<html>'],
        ['an answer cut short', 201, '{"iid":'],
        ['an answer without a number', 201, '{}'],
      ] as const) {
        const bed = await open()
        bed.actions = new Map([['open-ticket', action]])
        const made: unknown[] = []
        recorder.answer = ({ method, json }) => {
          if (method === 'POST') made.push((json as { description: string }).description)
          if (method === 'POST') return { status, body }
          return { body: made.map((description, at) => ({ iid: at + 1, description })) }
        }
        const ticket = { action: 'open-ticket', input: { title: 'x' }, retries: 3, backoff: 1 }
        const id = await armed(
          bed,
          playbook({
            start: { type: 'start', on_completion: 'ticket' },
            ticket: { type: 'action', 'x-kanpeki': ticket, on_completion: 'end' },
            end: { type: 'end' },
          }),
        )
        const { id: run } = await bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${id}/run`)
        for (let round = 0; round < 4; round++) {
          await bed.runner.round()
          bed.now += 60_000
        }
        expect(made, name).toHaveLength(1)
        expect(await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${run}`)).toMatchObject({
          state: 'done',
          steps: [{ state: 'done', receipt: { detail: { id: '#1' } } }],
        })
      }
    } finally {
      await recorder.stop()
    }
  })

  it('stops a playbook gone wild at its limits, and never touches what is protected', async () => {
    const bed = await open()
    const wild = playbook(
      {
        start: { type: 'start', on_completion: 'block' },
        block: {
          type: 'action',
          'x-kanpeki': { action: 'block', input: { address: '__address__:value' } },
          on_success: 'end',
          on_failure: 'end',
        },
        end: { type: 'end' },
      },
      {
        playbook_variables: { __address__: { type: 'string', external: true } },
        'x-kanpeki': { triggers: [{}], limits: { hour: { address: 5 } } },
      },
    )
    await armed(bed, wild)
    const alerts = Array.from({ length: 40 }, (_, n) => alert(`a${n}`, `203.0.113.${n}`))
    expect(await bed.alerts(...alerts, alert('own', '10.1.2.3'), alert('net', '10.0.0.0/7'))).toBe(42)
    await bed.runner.round()
    expect(effectsIn(bed.folder)).toHaveLength(5)
    const { runs } = await bed.call<{ runs: RunSummary[] }>(responder, 'GET', '/api/v1/runs', {}, { limit: 100 })
    const count = (state: string, code: string | null) => runs.filter((run) => run.state === state && run.code === code).length
    expect([count('done', null), count('stopped', 'limit'), runs.length]).toEqual([7, 35, 42])
    const own = await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${runs.find((run) => run.alert === 'own')!.id}`)
    expect(own.steps).toMatchObject([{ state: 'refused', code: 'protected' }])
    // The hour passes, and the limit of the scope and what it protects can be changed.
    bed.now += 3_600_001
    const guards = { never: { networks: ['203.0.113.0/25'], hosts: [], accounts: [] }, limits: { run: {}, hour: { address: 1 } } }
    await bed.call(engineer, 'PUT', '/api/v1/respond/guards', guards)
    await bed.alerts(alert('b1', '203.0.113.77'), alert('b2', '198.51.100.1'), alert('b3', '198.51.100.2'))
    await bed.runner.round()
    expect(effectsIn(bed.folder).slice(5)).toHaveLength(1)
    expect((await bed.evidence()).filter(({ action }) => action === 'guards.change')).toMatchObject([{ after: guards }])
    // A loop that never ends is stopped too.
    const endless = playbook(
      {
        start: { type: 'start', on_completion: 'loop' },
        loop: { type: 'while-condition', condition: "'a' = 'a'", on_true: 'in', on_completion: 'end' },
        in: { type: 'end' },
        end: { type: 'end' },
      },
      { id: 'endless', 'x-kanpeki': { max_steps: 50 } },
    )
    await armed(bed, endless)
    const { id } = await bed.call<RunView>(responder, 'POST', '/api/v1/playbooks/endless/run')
    await bed.runner.round()
    expect(await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${id}`)).toMatchObject({
      state: 'stopped',
      code: 'too_many_steps',
    })
  })

  it('gives a step as long as its playbook says, a month too', async () => {
    const bed = await open(async () => await sleep(30))
    const source = playbook({
      start: { type: 'start', on_completion: 'block' },
      block: {
        type: 'action',
        timeout: 2_592_000_000,
        'x-kanpeki': { action: 'block', input: { address: '203.0.113.1' } },
        on_completion: 'end',
      },
      end: { type: 'end' },
    })
    const { id } = await bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${await armed(bed, source)}/run`)
    await bed.runner.round()
    expect(await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${id}`)).toMatchObject({
      state: 'done',
      steps: [{ state: 'done' }],
    })
  })

  it('says what a host did after its step was given up, and takes that back, too', async () => {
    const { bed, host } = withSilentHost(await open())
    const source = playbook(
      {
        start: { type: 'start', on_completion: 'isolate' },
        isolate: {
          type: 'action',
          'x-kanpeki': { action: 'isolate', input: { text: 'web-1' } },
          on_success: 'end',
          on_failure: 'call',
        },
        call: { type: 'action', 'x-kanpeki': { action: 'block', input: { address: '203.0.113.1' } }, on_completion: 'end' },
        end: { type: 'end' },
      },
      { 'x-kanpeki': { undo_after: 3600, approval: 'none' } },
    )
    const { id } = await bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${await armed(bed, source)}/run`)
    await bed.runner.round()
    const read = () => bed.call<RunView>(responder, 'GET', `/api/v1/runs/${id}`)
    expect(await read()).toMatchObject({ state: 'done', steps: [{ state: 'failed', code: 'agent_silent' }, { state: 'done' }] })
    const keys = async () => (await unansweredKeys(bed.state.tables(), { scope: 'default' }, T0 - 1)).map(({ key }) => key)
    expect(await keys()).toEqual([(await read()).steps[0]!.key])
    const settle = () => settleLate({ state: bed.state, actions: bed.actions, now: () => bed.now })
    expect(await settle()).toBe(0)
    bed.now += 1_800_000
    host.isDone = true
    expect([await settle(), await settle()]).toEqual([1, 0])
    expect(await keys()).toEqual([])
    const late = await read()
    expect(late.steps[0]).toMatchObject({ state: 'failed', code: 'done_late', receipt: { outcome: 'done' } })
    expect((await bed.evidence()).filter(({ change }) => change === 'late')).toMatchObject([
      { step: { id: 'isolate' }, receipt: { detail: { host: 'web-1' } } },
    ])
    await bed.call(responder, 'POST', `/api/v1/runs/${id}/undo`)
    await bed.runner.round()
    expect(host.undone).toEqual([`${late.steps[0]!.key}-undo`])
    expect((await read()).state).toBe('undone')
  })

  it('takes back by itself what was done late, where nothing else of the run was to be', async () => {
    const { bed, host } = withSilentHost(await open())
    const source = playbook(
      {
        start: { type: 'start', on_completion: 'isolate' },
        isolate: { type: 'action', 'x-kanpeki': { action: 'isolate', input: { text: 'web-1' } }, on_completion: 'end' },
        end: { type: 'end' },
      },
      { 'x-kanpeki': { undo_after: 3600, approval: 'none' } },
    )
    await bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${await armed(bed, source)}/run`)
    await bed.runner.round()
    host.isDone = true
    expect(await settleLate({ state: bed.state, actions: bed.actions, now: () => bed.now })).toBe(1)
    bed.now += 3_599_000
    await bed.runner.round()
    expect(host.undone).toHaveLength(0)
    bed.now += 1_000
    await bed.runner.round()
    expect(host.undone).toHaveLength(1)
  })

  it('counts what is tried again in the hour in which it is, and waits for business hours again', async () => {
    const bed = await open()
    let refuses = true
    const shut = bed.actions.get('block')!
    const block: Action = {
      ...shut,
      run: async (input, context) => {
        if (refuses) throw new KanpekiError('unavailable', 'It shakes.')
        return await shut.run(input, context)
      },
    }
    bed.actions = new Map([['block', block]])
    const hours = { zone: 'UTC', days: ['fri', 'sat'], from: '03:00', to: '04:30', outside: 'wait' }
    const source = (id: string, more: JsonObject) =>
      playbook(
        {
          start: { type: 'start', on_completion: 'block' },
          block: {
            type: 'action',
            'x-kanpeki': { action: 'block', input: { address: '__address__:value' }, retries: 2, backoff: 3600 },
            on_success: 'end',
          },
          end: { type: 'end' },
        },
        { id, playbook_variables: { __address__: { type: 'string', external: true } }, 'x-kanpeki': more },
      )
    await armed(bed, source('counted', { limits: { hour: { address: 2 } } }))
    await armed(bed, source('timed', { hours }))
    const run = (id: string, address: string) =>
      bed.call<RunView>(responder, 'POST', `/api/v1/playbooks/${id}/run`, { variables: { __address__: address } })
    const now = ({ id }: RunView) => bed.call<RunView>(responder, 'GET', `/api/v1/runs/${id}`)
    const first = [await run('counted', '203.0.113.1'), await run('counted', '203.0.113.2')]
    const timed = await run('timed', '203.0.113.9')
    await bed.runner.round()
    refuses = false
    bed.now += 3_600_000
    await bed.runner.round()
    // Both were blocked in this hour; a third goes beyond it.
    const third = await run('counted', '203.0.113.3')
    await bed.runner.round()
    for (const one of first) expect(await now(one)).toMatchObject({ state: 'done' })
    expect(await now(third)).toMatchObject({ state: 'stopped', code: 'limit' })
    expect(await now(timed)).toMatchObject({ state: 'done' })
    // A further try that falls due after the end of business waits for the next day.
    refuses = true
    bed.now = T0 + 80 * 60_000
    const late = await run('timed', '203.0.113.10')
    await bed.runner.round()
    refuses = false
    bed.now += 3_600_000
    await bed.runner.round()
    expect(await now(late)).toMatchObject({ state: 'waiting', steps: [{ state: 'hours' }] })
    bed.now = T0 + 86_400_000
    await bed.runner.round()
    expect(await now(late)).toMatchObject({ state: 'done' })
  })

  it('stops one run or all, between steps and in the middle of one, and loses none', async () => {
    const held = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    let holding = true
    const bed = await open(async (action, point, signal) => {
      if (!holding || action !== 'letter' || point !== 'before') return
      reached.resolve()
      await Promise.race([held.promise, new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason)))])
    })
    await armed(bed)
    await bed.alerts(alert('a1'))
    const round = bed.runner.round()
    await reached.promise
    await bed.call(responder, 'POST', '/api/v1/respond/halt', { halt: true, reason: 'what is this?' })
    await round
    // The letter may have gone out or not: that is for a person to find out.
    const cut = await onlyRun(bed)
    expect(cut).toMatchObject({
      state: 'waiting',
      waitsFor: 'person',
      steps: [{ state: 'done' }, { state: 'done' }, { state: 'unsure' }],
    })
    // Alerts still begin runs, and these wait.
    await bed.alerts(alert('a2', '203.0.113.2'))
    await bed.runner.round()
    const list = async () => (await bed.call<{ runs: RunSummary[] }>(responder, 'GET', '/api/v1/runs')).runs
    expect((await list()).map(({ waitsFor }) => waitsFor).toSorted()).toEqual(['halt', 'person'])
    holding = false
    await bed.call(responder, 'POST', `/api/v1/runs/${cut.id}/steps/${cut.steps[2]!.key}/answer`, { answer: 'not-run' })
    await bed.call(responder, 'POST', '/api/v1/respond/halt', { halt: false })
    await bed.runner.round()
    expect((await list()).map(({ state }) => state)).toEqual(['done', 'done'])
    expect(effectsIn(bed.folder).filter((line) => line.startsWith('letter'))).toHaveLength(2)
    // One run, before its first step.
    await bed.alerts(alert('a3', '203.0.113.3'))
    const third = (await list()).find((run) => run.alert === 'a3')!
    await bed.call(responder, 'POST', `/api/v1/runs/${third.id}/stop`)
    await bed.runner.round()
    expect(await bed.call<RunView>(responder, 'GET', `/api/v1/runs/${third.id}`)).toMatchObject({
      state: 'stopped',
      code: 'stopped',
      steps: [],
    })
    expect(
      (await bed.evidence()).flatMap(({ action }) => action ?? []).filter((action) => String(action).startsWith('runs.')),
    ).toEqual(['runs.halt', 'runs.release'])
  })

  it('begins a thousand runs for a thousand alerts, a few at a time, and ends each', async () => {
    let [going, most] = [0, 0]
    const bed = await open(async (_, point) => {
      going += point === 'before' ? 1 : -1
      most = Math.max(most, going)
      await new Promise((done) => setImmediate(done))
    })
    await bed.call(engineer, 'PUT', '/api/v1/respond/guards', {
      never: { networks: [], hosts: [], accounts: [] },
      limits: { run: {}, hour: {} },
    })
    await armed(
      bed,
      playbook(
        {
          start: { type: 'start', on_completion: 'block' },
          block: {
            type: 'action',
            'x-kanpeki': { action: 'block', input: { address: '__address__:value' } },
            on_completion: 'end',
          },
          end: { type: 'end' },
        },
        {
          playbook_variables: { __address__: { type: 'string', external: true } },
          'x-kanpeki': { triggers: [{ rules: ['brute-force'] }] },
        },
      ),
    )
    // Commits of a PostgreSQL over its socket take longer, and are of the same code.
    const all = bed.state.dialect === 'sqlite' ? 1000 : 100
    const alerts = Array.from({ length: all }, (_, n) => alert(`a${n}`, `203.0.${n >> 8}.${n & 255}`))
    const cpu = process.cpuUsage()
    for (let at = 0; at < all; at += 100) expect(await bed.alerts(...alerts.slice(at, at + 100))).toBe(100)
    const began = process.cpuUsage(cpu)
    await bed.runner.round()
    const ended = process.cpuUsage(cpu)
    const states = await bed.state.tables<PlaybookTables>().selectFrom('respond_runs').select(['state', 'code']).execute()
    expect(states).toHaveLength(all)
    expect(states.filter(({ state }) => state !== 'done')).toEqual([])
    expect(new Set(effectsIn(bed.folder)).size).toBe(all)
    expect(effectsIn(bed.folder)).toHaveLength(all)
    expect(most).toBeLessThanOrEqual(16)
    const ms = ({ user, system }: NodeJS.CpuUsage) => Math.round((user + system) / 1000)
    console.log(`${all} runs begun with ${ms(began)} ms of CPU, ended with ${ms(ended)} ms; at most ${most} at once`)
  })
})

function playbook(workflow: JsonObject, more: JsonObject = {}): string {
  return JSON.stringify({ id: 'trial', name: 'Trial', workflow_start: 'start', workflow, ...more })
}
