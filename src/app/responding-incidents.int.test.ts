import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { recordDetections } from '../detect/alerts.ts'
import { notifyRoutes } from '../detect/notify/routes.ts'
import { createSender } from '../detect/notify/sender.ts'
import type { NotifyTables } from '../detect/notify/tables.ts'
import type { Detection } from '../kernel/detection.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { createSealer } from '../platform/secrets/sealer.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { doDeed } from '../respond/incidents/deeds.ts'
import { incidentPage } from '../respond/incidents/queries.ts'
import { actorOf } from '../respond/incidents/routes.ts'
import type { IncidentTables } from '../respond/incidents/tables.ts'
import { incidentDetailOf } from '../respond/incidents/view.ts'
import { readPlaybook } from '../respond/playbooks/language/read.ts'
import type { PlaybookTables } from '../respond/playbooks/tables.ts'
import { decideVersion, saveVersion, setPlaybook } from '../respond/playbooks/write.ts'
import { raiseAlerts, raisePastAlerts } from './alerts-raised.ts'
import { migrations } from './migrations.ts'
import { incidentDeps, startIncidents } from './responding-incidents.ts'
import type { Services } from './services.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const NOW = Date.UTC(2026, 10, 22, 9)
const detection: Detection = {
  rule: {
    ...{ id: 'web-shell', version: '1', title: 'Web shell', level: 'critical', file: 'w.yml', description: '' },
    ...{ techniques: ['T1505.003'], tactics: [], ja: { title: 'Webシェル' } },
  },
  ...{ eventIds: ['e1'], eventCount: 1, fields: {}, group: { 'host.name': 'web-03' } },
  ...{ observed: NOW - 60_000, received: NOW - 59_000, scope: 'default' },
}

describeStates('alerts about the past', ({ open }) => {
  it('begin only the playbooks that ask for them', async () => {
    const state = await open(migrations)
    const who = (name: string) => ({ id: name, name, account: name })
    await state.transaction<PlaybookTables, void>(async (trx) => {
      for (const [id, trigger] of [
        ['now', {}],
        ['ever', { past: true, severity: 2 }],
      ] as const) {
        const source = JSON.stringify({
          ...{ id, name: id, workflow_start: 'start', 'x-kanpeki': { triggers: [trigger] } },
          workflow: { start: { type: 'start', on_completion: 'end' }, end: { type: 'end' } },
        })
        await saveVersion(trx, 'default', source, readPlaybook(source).playbook!, who('eva'), { note: '', file: '', now: NOW })
        await decideVersion(trx, id, 1, 'approve', '', who('aya'), NOW)
        await setPlaybook(trx, id, { enabled: true, mode: 'plan' }, who('eva'), NOW)
      }
    })
    const begun = async () =>
      (
        await state.tables<PlaybookTables>().selectFrom('respond_runs').select('playbook_id').orderBy('playbook_id').execute()
      ).map((row) => row.playbook_id)
    await state.transaction((trx) => raisePastAlerts(trx, [detection], NOW))
    expect(await begun()).toEqual(['ever'])
    const later = { ...detection, eventIds: ['e2'], group: { 'host.name': 'web-04' } }
    await state.transaction((trx) => raiseAlerts(trx, [later], NOW))
    expect(await begun()).toEqual(['ever', 'ever', 'now'])
  })
})

describeStates('incidents, wired to the house', ({ open }) => {
  it('opens for a grave alert by itself, and proves that somebody was told', async () => {
    const state = await open(migrations)
    const bodies: string[] = []
    const server = createServer((request, reply) => {
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text))
      request.on('end', () => reply.writeHead(204).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const clock = { now: () => NOW }
    const log = { warn: () => {}, error: (message: string) => expect.fail(message) }
    const outgoing = createOutgoing({ allow: ['127.0.0.1'], log })
    const sealer = createSealer([Buffer.alloc(32, 7)])
    const boss = testCaller({ id: 'sato' })
    const create = notifyRoutes({ state, clock, sealer, outgoing, changed: () => {} }).find(
      ({ method, path }) => method === 'POST' && path === '/api/v1/channels',
    )!
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const body = create.body!.parse({ name: 'Duty', target: { kind: 'webhook', url }, severity: 1 })
    const { channel } = (await create.handle({ params: {}, body, caller: boss } as never)) as { channel: { id: string } }

    // Pages of others, all of one moment: what is grave is found behind them.
    const minor = Array.from({ length: 25 }, (_, at): Detection => {
      const rule = { ...detection.rule, id: `r${at}`, level: 'low' as const }
      return { ...detection, rule, eventIds: [`m${at}`], group: { 'host.name': `h${at}` } }
    })
    await state.transaction((trx) => recordDetections(trx, [...minor, detection], NOW))
    const lake = {
      getMany: async () => [
        {
          id: 'e1',
          observed: NOW - 60_000,
          doc: { 'event.category': 'web', url: { path: '/up.php' }, host: { name: 'web-03' } },
        },
      ],
    }
    const services = { state, clock, lake, log } as unknown as Services
    const deps = incidentDeps(services, { origin: () => 'https://soc.example', runs: async () => [], changed: () => {} })
    const watching = startIncidents({ incidents: deps, scripts: [] }, services, 10)
    closing.push(() => watching.stop())
    const db = state.scoped<IncidentTables>('default')
    const every = { states: ['open'], severities: [], q: '', exercises: 'with', alert: undefined, before: undefined } as const
    await expect
      .poll(() => incidentPage(db, every, 9), { timeout: 10_000 })
      .toMatchObject([{ number: 1, title: 'Web shell: web-03', automatic: 1 }])
    const [row] = await incidentPage(db, every, 9)
    const { id } = row!
    const before = await incidentDetailOf(deps, 'default', id)
    expect(before).toMatchObject({ titleJa: 'Webシェル：web-03', clocks: { detect: 60 }, alertList: [{ rule: 'web-shell' }] })

    const message = before.messages.find(({ audience }) => audience.en === 'Management')!.id
    await doDeed(
      deps,
      'default',
      id,
      { do: 'message-send', message, channel: channel.id, subject: 'Update', text: 'One host.' },
      actorOf(boss),
    )
    const send = createSender({
      db: state.tables<NotifyTables>(),
      clock,
      sealer,
      outgoing,
      origin: () => 'https://soc.example',
      log,
    })
    await send()
    const told = bodies.map((text) => JSON.parse(text) as { type: string; data: { url: string; text: string } })
    expect(told.find(({ type }) => type === 'incident.update')?.data).toMatchObject({
      text: 'One host.',
      url: `https://soc.example/incidents?incident=${id}`,
    })
    watching.poke()
    const sent = async () => (await incidentDetailOf(deps, 'default', id)).messages.find((one) => one.id === message)
    await expect
      .poll(sent, { timeout: 10_000 })
      .toMatchObject({ state: 'sent', channel: { name: 'Duty' }, proof: { message: expect.stringMatching(/^msg_/) } })
  })
})
