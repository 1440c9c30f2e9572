import { expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RawReply } from '../../platform/http/route.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { newRun } from '../playbooks/enqueue.ts'
import { insertRuns } from '../playbooks/queries.ts'
import type { PlaybooksTable, PlaybookTables } from '../playbooks/tables.ts'
import { settleWithIncidents } from '../playbooks/with-incidents.ts'
import type { IncidentDeps } from './deps.ts'
import { incidentMeasures } from './measures.ts'
import { openForAlerts } from './open-automatically.ts'
import { incidentsNaming, redactIncidents } from './redact.ts'
import type { GraphReply, IncidentDetail, IncidentsReply, PolicyView, timelineReply } from './schema.ts'
import { isExercise, noteContained, noteRun } from './seams.ts'
import { settleMessages } from './settle-messages.ts'
import type { IncidentTables } from './tables.ts'
import { alertOf, incidentBed, MINUTE, mori, START, sato } from './testing/bed.ts'

type Timeline = ReturnType<(typeof timelineReply)['parse']>

const ledgerOf = async (state: State): Promise<readonly JsonObject[]> =>
  (await readOutbox(state.tables(), 0, 1000)).filter(({ type }) => type === 'incident').map(({ body }) => body)

const measured = async (state: State, to: number, params: JsonObject = {}): Promise<Readonly<Record<string, number | null>>> =>
  Object.fromEntries(
    await Promise.all(
      incidentMeasures(state).map(async ({ id, measure, check }) => [
        id,
        check?.(params) === undefined ? (await measure(params, START - 3_600_000, to, 'default')).value : undefined,
      ]),
    ),
  )

describeStates('incidents', (bed) => {
  it('goes from an alert to its end; each deed is an entry of the ledger, and the measures stand on them', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    expect(await measured(state, START)).toEqual({
      'respond.mttd': null,
      'respond.mtta': null,
      'respond.mttr': null,
      'respond.containment-automation': null,
      'respond.p1-precision': null,
      'respond.overdue-tasks': null,
    })
    world.alerts.set('a1', alertOf('a1', { events: ['e1'] }))
    world.events.set('e1', {
      ...{ id: 'e1', at: START - 9 * MINUTE, lane: 'authentication', summary: 'login failed' },
      entities: [{ kind: 'address', name: '192.0.2.7' }],
    })
    expect(await rejectionOf(world.open({ alerts: ['nothing'] }))).toBe('not_found')
    expect(await rejectionOf(world.open({}))).toBe('invalid_input')
    const policy = (await world.call('POST', '/api/v1/on-call', {
      body: { role: 'commander', person: 'mori', from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' },
    })) as PolicyView
    expect(policy.rota).toMatchObject([{ role: 'commander', person: 'mori', now: true }])
    const opened = await world.open({ alerts: ['a1'] })
    const { id } = opened
    expect(opened).toMatchObject({
      number: 1,
      severity: 1,
      phase: 'identification',
      commander: 'mori',
      title: 'Brute force: tanaka',
    })
    expect(opened.clocks).toMatchObject({ detect: 360, acknowledge: 240, contain: null, resolve: null })
    expect(opened.tasks).toMatchObject({ open: 4, overdue: 0, nextDue: '2026-11-22T09:30:00.000Z' })
    expect(opened.messages.map(({ audience }) => audience.en)).toContain('Management')

    // Clocks of a phase begin with it, and follow the severity.
    const contained = await world.deed(id, { do: 'phase', phase: 'containment', note: '<b>cut</b> {{7*7}}' })
    expect(
      contained.taskList.filter(({ phase, due }) => phase === 'containment' && due === '2026-11-22T10:00:00.000Z'),
    ).toHaveLength(3)
    expect((await world.deed(id, { do: 'change', severity: 2 })).taskList.find(({ phase }) => phase === 'containment')?.due).toBe(
      '2026-11-22T13:00:00.000Z',
    )
    await world.deed(id, { do: 'change', severity: 1 })
    expect(await rejectionOf(world.deed(id, { do: 'change', severity: 1 }))).toBe('invalid_input')

    // Overdue is counted from the clock, and who did it late is said.
    world.wait(90 * MINUTE)
    expect(await measured(state, world.now())).toMatchObject({ 'respond.overdue-tasks': 7, 'respond.mttr': 94 * 60 })
    const listed = (await world.call('GET', '/api/v1/incidents')) as IncidentsReply
    expect(listed.totals).toEqual({ open: 1, overdueTasks: 7, openFollowUps: 0 })
    const [first] = contained.taskList
    const done = await world.deed(id, { do: 'task-done', task: first!.id }, mori)
    expect(done.taskList[0]).toMatchObject({ doneBy: 'mori', done: '2026-11-22T10:30:00.000Z', overdue: false })
    expect(done.tasks.overdue).toBe(6)
    expect(await rejectionOf(world.deed(id, { do: 'task-done', task: first!.id }))).toBe('conflict')

    await world.deed(id, { do: 'hand-over', to: 'sato', note: 'Night shift; the firewall is next.' }, mori)
    await world.deed(id, { do: 'artefact', artefact: 'disk' })
    expect(await rejectionOf(world.deed(id, { do: 'artefact', artefact: 'none' }))).toBe('not_found')
    world.wait(MINUTE)
    expect(await world.deed(id, { do: 'phase', phase: 'eradication' })).toMatchObject({
      containedBy: 'person',
      commander: 'sato',
      clocks: { contain: 95 * 60 },
    })
    // What goes back was not contained after all.
    expect(await world.deed(id, { do: 'phase', phase: 'containment' })).toMatchObject({ contained: null, containedBy: null })
    await world.deed(id, { do: 'phase', phase: 'recovery' })
    world.wait(9 * MINUTE)
    const closed = await world.deed(id, { do: 'close', outcome: 'true', note: 'over' })
    expect(closed).toMatchObject({ state: 'closed', outcome: 'true', clocks: { resolve: 104 * 60 } })
    expect(await rejectionOf(world.deed(id, { do: 'phase', phase: 'containment' }))).toBe('conflict')
    expect(await measured(state, world.now() + 1)).toEqual({
      'respond.mttd': 360,
      'respond.mtta': 240,
      'respond.mttr': 104 * 60,
      'respond.containment-automation': 0,
      'respond.p1-precision': 100,
      'respond.overdue-tasks': 0,
    })
    expect((await measured(state, world.now() + 1, { severity: 2 }))['respond.mttr']).toBeNull()
    expect((await measured(state, world.now() + 1, { severity: 9 }))['respond.mttr']).toBeUndefined()

    const timeline = (await world.call('GET', '/api/v1/incidents/:id/timeline', { params: { id } })) as Timeline
    expect(timeline.items.slice(0, 3).map(({ kind, text }) => [kind, text.en])).toEqual([
      ['event', 'login failed'],
      ['alert', 'Brute force: tanaka'],
      ['deed', 'Opened as P1'],
    ])
    const ledger = await ledgerOf(state)
    const deeds = timeline.items.filter(({ kind }) => kind === 'deed')
    expect(deeds).toHaveLength(ledger.length)
    expect(deeds.every(({ entry }) => entry !== null)).toBe(true)
    expect(ledger.at(-1)).toMatchObject({
      action: 'incident.close',
      by: { name: 'sato' },
      before: 'open',
      after: 'closed',
      outcome: 'true',
    })
    const graph = (await world.call('GET', '/api/v1/incidents/:id/graph', { params: { id } })) as GraphReply
    expect(graph.nodes.map(({ kind }) => kind).toSorted()).toEqual(['address', 'alert', 'user'])
    expect(graph.edges).toHaveLength(2)
    console.log(`${ledger.length} entries of the ledger for one incident`)
  })

  it('finds similar ones, links and merges, and never mixes scopes', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    world.alerts.set('a1', alertOf('a1'))
    world.alerts.set('a2', alertOf('a2', { rule: 'other', entity: { kind: 'user', name: 'TANAKA' }, raised: START - MINUTE }))
    world.alerts.set('a3', alertOf('a3', { rule: 'third', techniques: [], entity: { kind: 'host', name: 'db-1' } }))
    const first = await world.open({ alerts: ['a1'] })
    const second = await world.open({ alerts: ['a2'], title: '50% of 100_ hosts' })
    const third = await world.open({ alerts: ['a3'], severity: 4 })
    expect(second.similar).toMatchObject([
      { number: 1, shared: { rules: [], techniques: ['T1110'], entities: [{ kind: 'user', name: 'TANAKA' }] } },
    ])
    expect(third.similar).toEqual([])
    expect(await world.deed(first.id, { do: 'link', incident: third.id })).toMatchObject({ links: [{ number: 3 }] })
    const stranger = testCaller({ id: 'sato', scope: 'beta' })
    expect(await rejectionOf(world.deed(first.id, { do: 'comment', text: 'x' }, stranger))).toBe('not_found')
    expect(await rejectionOf(world.deed(first.id, { do: 'merge', into: first.id }))).toBe('invalid_input')
    const own = await world.deed(first.id, { do: 'task', title: 'Call the bank', due: '2026-11-22T12:00:00Z' })
    expect(own.taskList.map(({ title }) => title.en)).toContain('Call the bank')
    const merged = await world.deed(first.id, { do: 'merge', into: second.id, note: 'the same attacker' })
    expect(merged).toMatchObject({ state: 'merged', mergedInto: { number: 2 } })
    const target = (await world.call('GET', '/api/v1/incidents/:id', { params: { id: second.id } })) as IncidentDetail
    expect(target.alertList.map(({ id }) => id)).toEqual(['a1', 'a2'])
    expect(target.detected).toBe(new Date(START - 4 * MINUTE).toISOString())
    expect(target.taskList.map(({ title }) => title.en)).toContain('Call the bank')
    expect(await rejectionOf(world.deed(first.id, { do: 'acknowledge' }))).toBe('conflict')
    const list = async (query: object) =>
      ((await world.call('GET', '/api/v1/incidents', { query })) as IncidentsReply).incidents.map(({ number }) => number)
    expect(await list({})).toEqual([3, 2])
    expect(await list({ state: 'all', limit: 2 })).toEqual([3, 2])
    expect(await list({ state: 'all', limit: 2, cursor: '2' })).toEqual([1])
    expect(await list({ q: 'hosts' })).toEqual([2])
    expect(await list({ q: 'inc-3' })).toEqual([3])
    expect(await list({ alert: 'a1', state: 'all' })).toEqual([2, 1])
    expect(await list({ severity: '4' })).toEqual([3])
  })

  it('asks for what a graver incident takes once it is graver, with clocks, and tells whom it has to reach', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    const titles = ({ taskList }: IncidentDetail) => taskList.map(({ title }) => title.en).toSorted()
    const { id } = await world.open({ title: 'Odd sign-ins', severity: 4 })
    const grave = await world.open({ title: 'Grave from the start', severity: 1 })
    await world.deed(grave.id, { do: 'phase', phase: 'containment' })
    await world.deed(id, { do: 'phase', phase: 'containment' })
    world.wait(10 * MINUTE)
    await world.deed(id, { do: 'change', severity: 2 })
    await world.deed(id, { do: 'change', severity: 3 })
    const now = await world.deed(id, { do: 'change', severity: 1 })
    const same = (await world.call('GET', '/api/v1/incidents/:id', { params: { id: grave.id } })) as IncidentDetail
    expect(titles(now)).toEqual(titles(same))
    expect(titles(now)).toContain('Say whether personal data is involved')
    const dueOf = (title: string) => now.taskList.find((task) => task.title.en === title)?.due
    expect(dueOf('Say whether personal data is involved')).toBe(new Date(world.now() + 30 * MINUTE).toISOString())
    expect(dueOf('Preserve volatile evidence before anything is switched off')).toBe(
      new Date(world.now() + 60 * MINUTE).toISOString(),
    )
    expect(dueOf('Hold the post-mortem and agree on follow-ups')).toBeNull()
    const audiences = ({ messages }: IncidentDetail) => messages.map(({ audience }) => audience.en).toSorted()
    expect(audiences(now)).toEqual(audiences(same))
    expect(audiences(now)).toContain('Legal and public relations')
  })

  it('opens and goes on where the channel to somebody is stopped or gone, and says that they were not told', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    await world.call('PUT', '/api/v1/incident-policy', {
      body: { audiences: [{ id: 'responders', channel: 'mail', automatic: true }] },
    })
    const tell: IncidentDeps['tell'] = async () => {
      throw new KanpekiError('conflict', 'The channel Duty mail is stopped.')
    }
    Object.assign(world.deps, { tell })
    const alert = { ...alertOf('a1'), scope: 'default', story: 's1' }
    world.alerts.set('a1', alert)
    expect(await openForAlerts(world.deps, [alert], async () => ['a1'])).toBe(1)
    const { id } = await world.open({ title: 'By hand', severity: 2 })
    const detail = await world.deed(id, { do: 'phase', phase: 'containment' })
    const failed = { state: 'failed', error: 'The channel Duty mail is stopped.' }
    expect(detail.messages.find(({ audience }) => audience.en === 'Incident response team')).toMatchObject(failed)
    expect((await ledgerOf(state)).filter(({ action }) => action === 'incident.message-failed')).toHaveLength(2)
    // Once it works again it is sent from there.
    Object.assign(world.deps, { tell: async () => ({ channel: 'Duty mail', delivery: 'msg_1' }) })
    const { id: message } = detail.messages.find(({ state: stands }) => stands === 'failed')!
    const sent = await world.deed(id, { do: 'message-send', message, subject: 'x', text: 'y' })
    expect(sent.messages.find((one) => one.id === message)).toMatchObject({ state: 'queued', error: null })
  })

  it('is as grave as the graver of two that are merged, with what that takes', async () => {
    const world = incidentBed(await bed.open(migrations))
    const grave = await world.open({ title: 'Grave', severity: 1 })
    const lesser = await world.open({ title: 'Lesser', severity: 4 })
    await world.deed(grave.id, { do: 'merge', into: lesser.id })
    const read = async (id: string) => (await world.call('GET', '/api/v1/incidents/:id', { params: { id } })) as IncidentDetail
    const after = await read(lesser.id)
    expect(after.severity).toBe(1)
    expect(after.taskList.map(({ title }) => title.en).toSorted()).toEqual(
      (await read(grave.id)).taskList.map(({ title }) => title.en).toSorted(),
    )
    const third = await world.open({ title: 'Third', severity: 3 })
    await world.deed(third.id, { do: 'merge', into: lesser.id })
    expect((await read(lesser.id)).severity).toBe(1)
  })

  it('carries over to the other incident whom a merged one had still to tell, and what its runs did', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    const [one, two] = [await world.open({ title: 'One', severity: 2 }), await world.open({ title: 'Two', severity: 3 })]
    await world.deed(one.id, { do: 'message', audience: 'The regulator', about: 'In 72 hours', due: '2026-11-25T09:00:00Z' })
    await state.transaction<PlaybookTables, void>(async (trx) => {
      const by = { account: null, name: 'playbook block' }
      const playbook = { uid: 'p', id: 'block', name: 'Block', version: 1, scope: 'default', mode: 'real' } as PlaybooksTable
      const what = { id: 'r1', alert: null, given: {}, by, human: false, now: world.now(), incident: one.id }
      const run = newRun(playbook, what)
      await insertRuns(trx, [{ ...run, state: 'done', contained: 1, ended: world.now(), next: null }])
    })
    await world.deed(one.id, { do: 'merge', into: two.id })
    const read = async () => (await world.call('GET', '/api/v1/incidents/:id', { params: { id: two.id } })) as IncidentDetail
    const { messages } = await read()
    expect(messages.map(({ audience, state: stands }) => `${audience.en} ${stands}`).toSorted()).toEqual([
      'Data protection officer planned',
      'Incident response team planned',
      'The regulator planned',
    ])
    const regulator = messages.find(({ audience }) => audience.en === 'The regulator')!
    await world.deed(two.id, { do: 'message-said', message: regulator.id, how: 'By telephone', text: 'Said.' })
    expect(await settleWithIncidents(state, world.deps, world.now())).toBe(1)
    expect(await read()).toMatchObject({ containedBy: 'playbook', phase: 'containment' })
  })

  it('is told what a run did, however many others ended before it that no incident holds', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    world.alerts.set('a1', alertOf('a1'))
    const { id } = await world.open({ alerts: ['a1'] })
    const playbook = { uid: 'p', id: 'block', name: 'Block', version: 1, scope: 'default', mode: 'real' } as PlaybooksTable
    const by = { account: null, name: 'playbook block' }
    await state.transaction<PlaybookTables, void>(async (trx) => {
      const ran = (alert: string, ago: number) => ({
        ...newRun(playbook, { id: `r ${alert}`, alert, given: {}, by, human: false, now: world.now() }),
        ...({ state: 'done', contained: 1, ended: world.now() - ago, next: null } as const),
      })
      await insertRuns(trx, [...Array.from({ length: 501 }, (_, at) => ran(`x${at}`, 1000)), ran('a1', 1)])
    })
    expect(await settleWithIncidents(state, world.deps, world.now())).toBe(1)
    const read = (await world.call('GET', '/api/v1/incidents/:id', { params: { id } })) as IncidentDetail
    expect(read).toMatchObject({ containedBy: 'playbook' })
  })

  it('tells people with proof, keeps follow-ups open until somebody else has looked, and counts exercises apart', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    world.alerts.set('a1', alertOf('a1'))
    await world.call('PUT', '/api/v1/incident-policy', {
      body: {
        audiences: [
          { id: 'responders', channel: 'mail', automatic: true },
          { id: 'management', channel: 'mail' },
        ],
      },
    })
    const lost = { audiences: [{ id: 'management', channel: 'none' }] }
    expect(await rejectionOf(world.call('PUT', '/api/v1/incident-policy', { body: lost }))).toBe('not_found')
    const { id, messages } = await world.open({ alerts: ['a1'] })
    expect(world.told.map(({ subject }) => subject)).toEqual(['[P1] INC-1 Brute force: tanaka'])
    const [management, privacy] = ['Management', 'Data protection officer'].map(
      (who) => messages.find(({ audience }) => audience.en === who)!,
    )
    const letter = { message: management!.id, subject: 'Update\r\nBcc: x@evil.example', text: '=HYPERLINK("x") {{constructor}}' }
    await world.deed(id, { do: 'message-send', ...letter })
    expect(await rejectionOf(world.deed(id, { do: 'message-send', ...letter }))).toBe('conflict')
    expect(await rejectionOf(world.deed(id, { do: 'message-send', message: privacy!.id, subject: 'x', text: 'x' }))).toBe(
      'invalid_input',
    )
    await world.deed(id, { do: 'message-said', message: privacy!.id, how: 'Telephone', text: 'Two accounts.' })
    world.fates.set('msg_1', { state: 'sent', at: START + 5000, error: null })
    world.fates.set('msg_2', { state: 'failed', at: START + 5000, error: 'refused' })
    expect(await settleMessages(world.deps)).toBe(2)
    expect(await settleMessages(world.deps)).toBe(0)
    const told = (await world.call('GET', '/api/v1/incidents/:id', { params: { id } })) as IncidentDetail
    expect(
      told.messages.flatMap(({ audience, state: how, sent, error }) =>
        how === 'planned' ? [] : [[audience.en, how, sent, error]],
      ),
    ).toEqual(
      expect.arrayContaining([
        ['Incident response team', 'sent', '2026-11-22T09:00:05.000Z', null],
        ['Management', 'failed', null, 'refused'],
        ['Data protection officer', 'said', '2026-11-22T09:00:00.000Z', null],
      ]),
    )
    expect(told.messages.find(({ state: how }) => how === 'sent')?.proof?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect((await ledgerOf(state)).map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'incident.message-send',
        'incident.message-delivered',
        'incident.message-failed',
        'incident.message-said',
      ]),
    )

    await world.deed(id, { do: 'close', outcome: 'false' })
    await world.deed(id, { do: 'post-mortem', happened: '<script>alert(1)</script>', cause: '完全に' })
    const [follow] = (await world.deed(id, { do: 'follow-up', title: 'Lock after ten tries', owner: 'sato' })).followUps
    const verify = { do: 'follow-up-verified', followUp: follow!.id }
    expect(await rejectionOf(world.deed(id, verify, mori))).toBe('conflict')
    await world.deed(id, { do: 'follow-up-done', followUp: follow!.id, note: 'done' }, sato)
    expect(await rejectionOf(world.deed(id, verify, sato))).toBe('own_approval')
    const token = testCaller({ kind: 'token', id: 'robot', account: 'sato' })
    expect(await rejectionOf(world.deed(id, verify, token))).toBe('own_approval')
    const open = async () => ((await world.call('GET', '/api/v1/incidents')) as IncidentsReply).totals.openFollowUps
    expect(await open()).toBe(1)
    expect((await world.deed(id, verify, mori)).followUps).toMatchObject([{ verified: { by: 'mori' } }])
    expect(await open()).toBe(0)
    // A false alarm is in the precision and in no time.
    expect(await measured(state, world.now() + 1)).toMatchObject({ 'respond.p1-precision': 0, 'respond.mttr': null })

    const raw = async (query: object, path = 'report') =>
      (await world.call('GET', `/api/v1/incidents/:id/${path}`, { params: { id }, query })) as RawReply
    for (const language of ['en', 'ja']) {
      const html = String((await raw({ format: 'html', language })).body)
      expect(html).not.toContain('<script>alert')
      expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
      expect(html).toContain(language === 'en' ? 'Follow-ups' : '再発防止策')
      expect(
        Buffer.from((await raw({ format: 'pdf', language })).body as Uint8Array)
          .subarray(0, 5)
          .toString(),
      ).toBe('%PDF-')
    }
    const csv = String((await raw({ format: 'csv' }, 'timeline')).body)
    expect(csv).not.toMatch(/(^|,)"?[=@+]/m)
    expect(csv).toContain('Told Management by Duty mail')
  })

  it('works by the tasks and clocks that a scope sets of its own, until it goes back to what ships', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    const put = async (body: object): Promise<PolicyView> =>
      (await world.call('PUT', '/api/v1/incident-policy', { body, caller: sato })) as PolicyView
    const task = (en: string, phase: string, severity: number) => ({ phase, severity, title: { en, ja: `${en}（日本語）` } })
    const tasks = [task('Look', 'identification', 4), task('Call', 'identification', 1), task('Cut', 'containment', 4)]
    const set = await put({ clocks: [{ severity: 2, phase: 'identification', minutes: 7 }], tasks })
    expect(set).toMatchObject({ own: { clocks: true, tasks: true }, tasks })
    expect(set.clocks).toHaveLength(24)
    expect(set.clocks.find(({ severity, phase }) => severity === 2 && phase === 'identification')?.minutes).toBe(7)
    const opened = await world.open({ title: 'Mine', severity: 2 })
    expect(opened.taskList.map(({ title, due }) => [title.ja, due === null ? null : Date.parse(due) - world.now()])).toEqual([
      ['Look（日本語）', 7 * MINUTE],
      ['Cut（日本語）', null],
    ])
    // Another scope has what ships.
    const beta = testCaller({ id: 'rin', scope: 'beta' })
    expect((await world.open({ title: 'Theirs', severity: 2 }, beta)).taskList.length).toBeGreaterThan(5)
    // A graver one is due sooner, by this scope's own clocks.
    await put({ clocks: [{ severity: 1, phase: 'identification', minutes: 3 }] })
    const graver = await world.deed(opened.id, { do: 'change', severity: 1 })
    expect(Date.parse(graver.taskList[0]!.due!) - world.now()).toBe(3 * MINUTE)
    expect(await put({ openAutomatically: 2 })).toMatchObject({ openAutomatically: 2, own: { clocks: true, tasks: true } })
    const back = await put({ clocks: null, tasks: null })
    expect(back).toMatchObject({ openAutomatically: 2, own: { clocks: false, tasks: false } })
    const told = (await readOutbox(state.tables(), 0, 1000)).filter(({ body }) => body['action'] === 'incident-policy.change')
    expect(told).toHaveLength(4)
    const after = { tasks, clocks: { identification: [30, 7, 480, 1440] } }
    expect(told[0]!.body).toMatchObject({ before: { tasks: expect.anything() }, after })
  })

  it('takes a person out of everything that was copied, says so in the ledger without naming them, and nobody else', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    world.alerts.set('a1', alertOf('a1', { entity: { kind: 'user', name: 'tanaka' } }))
    const { id } = await world.open({ alerts: ['a1'], title: 'Guessed password of Tanaka', summary: 'See t.tanaka@example.com.' })
    const other = await world.open({ title: 'tanakamura and tanaka2 stay' })
    for (const deed of [
      { do: 'comment', text: '田中（TANAKA）に確認済み "tanaka"' },
      { do: 'task', title: 'Call tanaka', assignee: 'mori' },
      { do: 'entity', kind: 'user', name: 'tanaka' },
      { do: 'follow-up', title: 'Train tanaka', owner: 'tanaka' },
      { do: 'post-mortem', happened: 'tanaka clicked.', cause: '', well: '', badly: '' },
    ])
      await world.deed(id, deed)
    // The last is also the word of a key of what is stored.
    const names = ['tanaka', 't.tanaka@example.com', '田中', 'text']
    expect(await incidentsNaming(state.tables(), undefined, names)).toBe(1)
    expect(await incidentsNaming(state.tables(), 'beta', names)).toBe(0)
    const redact = () =>
      state.transaction<IncidentTables, number>((trx) => redactIncidents(trx, 'default', names, 'er-1', world.now()))
    expect(await redact()).toBe(1)
    expect(await redact()).toBe(0)
    const shown = (await world.call('GET', '/api/v1/incidents/:id', { params: { id } })) as IncidentDetail
    const items = (await world.call('GET', '/api/v1/incidents/:id/timeline', { params: { id } })) as Timeline
    // Of alerts themselves, which this bed still has, the retention of alerts decides.
    const kept = JSON.stringify([{ ...shown, similar: [] }, items.items.filter(({ kind }) => kind === 'deed')])
    expect(kept).not.toMatch(/tanaka(?!mura|2)|田中/i)
    expect(shown.title).toBe('Guessed password of ［消去 / erased］')
    expect(shown.summary).toBe('See ［消去 / erased］.')
    expect(kept).toContain('mori')
    expect(((await world.call('GET', '/api/v1/incidents/:id', { params: { id: other.id } })) as IncidentDetail).title).toBe(
      'tanakamura and tanaka2 stay',
    )
    const last = (await ledgerOf(state)).filter(({ action }) => action === 'incident.redacted')
    expect(last).toMatchObject([{ incident: id, erasure: 'er-1', said: expect.stringMatching(/erased/) }])
    expect(JSON.stringify(last)).not.toMatch(/tanaka/i)
  })

  it('opens by itself once a story, and says what playbooks did', async () => {
    const state = await bed.open(migrations)
    const world = incidentBed(state)
    const waiting = (id: string, story: string, severity: number) => {
      const alert = alertOf(id, { severity })
      world.alerts.set(id, alert)
      return { ...alert, scope: 'default', story }
    }
    const ofStory = async (_scope: string, story: string) =>
      [...world.alerts.keys()].filter((one) => one.startsWith({ s1: 'a', s2: 'b' }[story] ?? 'c'))
    const alerts = [waiting('a1', 's1', 1), waiting('a2', 's1', 1), waiting('b1', 's2', 2)]
    expect(await openForAlerts(world.deps, alerts, ofStory)).toBe(1)
    expect(await openForAlerts(world.deps, alerts, ofStory)).toBe(0)
    expect(await openForAlerts(world.deps, [waiting('a3', 's1', 1)], ofStory)).toBe(0)
    const { incidents } = (await world.call('GET', '/api/v1/incidents')) as IncidentsReply
    expect(incidents).toMatchObject([{ number: 1, alerts: 3 }])
    const id = incidents[0]!.id
    await world.call('PUT', '/api/v1/incident-policy', { body: { openAutomatically: 0 } })
    expect(await openForAlerts(world.deps, [waiting('c1', 's3', 1)], ofStory)).toBe(0)
    // Nobody has looked yet: the clock of acknowledgement runs.
    world.wait(10 * MINUTE)
    expect(await measured(state, world.now())).toMatchObject({ 'respond.mtta': 14 * 60, 'respond.containment-automation': null })
    const [won, lost] = await state.transaction<IncidentTables, readonly boolean[]>(async (all) => {
      const trx = scopedTo(all, 'default')
      const by = { id: 'credential-stuffing', name: 'Credential stuffing 1.0', account: null, person: false }
      const words = { en: 'Blocked 192.0.2.7', ja: '192.0.2.7を遮断' }
      await noteRun(trx, id, { run: 'r1', playbook: { en: 'Stuffing', ja: 'リスト型攻撃' }, what: words, by }, world.now())
      expect(await isExercise(trx, id)).toBe(false)
      const contained = { kind: 'playbook' as const, id: 'credential-stuffing', name: 'Credential stuffing 1.0', run: 'r1' }
      return [
        await noteContained(trx, world.deps, id, contained, world.now()),
        await noteContained(trx, world.deps, id, { ...contained, kind: 'person' }, world.now()),
      ]
    })
    expect([won, lost]).toEqual([true, false])
    expect(await measured(state, world.now() + 1)).toMatchObject({ 'respond.containment-automation': 100 })
    const detail = (await world.call('GET', '/api/v1/incidents/:id', { params: { id } })) as IncidentDetail
    expect(detail).toMatchObject({ phase: 'containment', containedBy: 'playbook', acknowledged: null, automatic: true })
    // The phase begins as where a person says so: its clocks run, and people are told.
    const begun = detail.taskList.filter(({ phase }) => phase === 'containment').map(({ due }) => due)
    expect(begun).toHaveLength(3)
    expect(new Set(begun)).toEqual(new Set([new Date(world.now() + 60 * MINUTE).toISOString()]))
    expect(detail.messages.map(({ audience }) => audience.en)).toContain('Owners of the affected systems')
    expect((await world.deed(id, { do: 'acknowledge' })).clocks.acknowledge).toBe(14 * 60)
  })
})
