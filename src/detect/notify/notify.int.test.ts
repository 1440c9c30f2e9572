import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Detection, Level } from '../../kernel/detection.ts'
import type { Caller, Route } from '../../platform/http/route.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { readOutbox } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { type Mailbox, startMailbox } from '../../platform/testing/mailbox.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { recordDetections } from '../alerts.ts'
import { migrations } from '../migrations.ts'
import { giveVerdict } from '../verdicts.ts'
import { enqueueLetter } from './letter.ts'
import { notifyRoutes } from './routes.ts'
import type { ChannelView, Letter, MailServer, NewChannel, Notice } from './schema.ts'
import { createSender } from './sender.ts'
import type { NotifyTables } from './tables.ts'

const T0 = Date.UTC(2026, 10, 22, 5)
const HOUR = 3_600_000
const PASSWORD = 'open sesame 7'
const boss = testCaller({ id: 'boss' })

interface Post {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.reverse()) await close()
  closing = []
})

/** A receiver of webhooks; `answer` says with which status. */
async function receiver(answer: () => number): Promise<{ readonly url: string; readonly posts: Post[] }> {
  const posts: Post[] = []
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += String(part)
    posts.push({ headers: request.headers, body })
    response.writeHead(answer()).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/T0KEN-IN-THE-PATH`, posts }
}

async function mailbox(options: SMTPServerOptions = {}): Promise<Mailbox> {
  const box = await startMailbox({
    onAuth: ({ username, password }, _session, done) =>
      username === 'kanpeki' && password === PASSWORD
        ? done(null, { user: username })
        : done(new Error(`no such user ${username} with ${password}`)),
    ...options,
  })
  closing.push(box.close)
  return box
}

let serial = 0
function detection(level: Level, host = 'web-03', scope = 'default'): Detection {
  serial += 1
  return {
    rule: {
      id: `r${serial}`,
      version: '1',
      title: `Rule ${serial}`,
      level,
      file: 'r.yml',
      description: '',
      techniques: ['T1110'],
      tactics: [],
      ja: { title: `総当たり${serial}` },
    },
    eventIds: [`e${serial}`],
    eventCount: 1,
    fields: { 'user.password': 'hunter2' },
    group: { 'host.name': host },
    observed: T0,
    received: T0,
    scope,
  }
}

describeStates('notifications', ({ open }) => {
  let state: State
  let now: number
  let logged: string[]
  const sealer = createSealer([Buffer.alloc(32, 7)])
  const log = { warn: (message: string, more?: object) => void logged.push(`${message} ${JSON.stringify(more)}`) }
  const outgoing = createOutgoing({ allow: ['127.0.0.1', 'localhost'], log })
  beforeEach(async () => {
    state = await open(migrations)
    now = T0
    logged = []
  })
  const deps = () => ({ state, clock: { now: () => now }, sealer, outgoing, changed: () => {} })
  const send = () => createSender({ ...deps(), db: state.tables<NotifyTables>(), origin: () => 'https://soc.example', log })()
  const ask = async <T>(method: Route['method'], path: string, body: object = {}, id = '', caller: Caller = boss): Promise<T> => {
    const route = notifyRoutes(deps()).find((one) => one.method === method && one.path === `/api/v1/${path}`)!
    return (await route.handle({ params: { id }, body: route.body?.parse(body), caller } as never)) as T
  }
  const create = (target: NewChannel['target'], more: object = {}) =>
    ask<{ channel: ChannelView; secret: string | null }>('POST', 'channels', { name: target.kind, target, ...more })
  const only = async (): Promise<ChannelView> => (await ask<{ channels: ChannelView[] }>('GET', 'channels')).channels[0]!
  const raise = (...detections: Detection[]) => state.transaction((trx) => recordDetections(trx, detections, now))
  const relay = (port: number, more: Partial<MailServer> = {}): Promise<unknown> =>
    ask('PUT', 'mail-server', { host: '127.0.0.1', port, security: 'none', sender: 'soc@example.com', ...more })

  it('tells a webhook of grave alerts, signed so that the published verifier takes it', async () => {
    now = Date.now()
    const { url, posts } = await receiver(() => 204)
    const { secret } = await create({ kind: 'webhook', url })
    const { raised } = await raise(detection('critical'), detection('medium', 'web-04'), detection('high', 'x', 'team'))
    expect([await send(), await send(), posts.length]).toEqual([1, 0, 1])
    const headers = posts[0]!.headers as Record<string, string>
    const notice = new Webhook(secret!).verify(posts[0]!.body, headers) as Notice
    expect(notice).toMatchObject({ type: 'alert.raised', data: { id: raised[0]?.id, severity: 1, entity: { name: 'web-03' } } })
    expect(notice.data.url).toBe(`https://soc.example/triage?alert=${raised[0]?.id}`)
    expect(posts[0]!.body).not.toContain('hunter2')
    const forged = new Webhook(`whsec_${Buffer.alloc(32, 1).toString('base64')}`)
    expect(() => forged.verify(posts[0]!.body, headers)).toThrow()
    await state.transaction<never, unknown>((trx) => giveVerdict(trx, [raised[0]!.id], 'escalated', '', boss, now))
    expect(await send()).toBe(1)
    expect(JSON.parse(posts[1]!.body)).toMatchObject({ type: 'alert.escalated' })
  })

  it('tries again with growing pauses and the same id, gives up only after days, and then on request', async () => {
    let status = 500
    const { url, posts } = await receiver(() => status)
    const { channel } = await create({ kind: 'webhook', url })
    await raise(detection('critical'), detection('high', 'web-05'))
    expect(await send()).toBe(0)
    expect(await only()).toMatchObject({ waiting: 2, failed: 0, error: expect.stringContaining('answered 500') })
    const tried: number[] = []
    for (; now < T0 + 80 * HOUR; now += 5000) {
      const before = posts.length
      if (now - T0 < 7_500_000 || now % 60_000 === 0) await send()
      if (posts.length > before) tried.push(Math.round((now - T0) / 1000))
      if (tried.length >= 6) break
    }
    expect(tried).toEqual([10, 40, 160, 760, 2560, 6160])
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    now = T0 + 73 * HOUR
    await send()
    expect(await only()).toMatchObject({ waiting: 0, failed: 2 })
    status = 200
    await ask('POST', 'channels/:id/retry', {}, channel.id)
    expect(await send()).toBe(2)
    expect(await only()).toMatchObject({ waiting: 0, failed: 0, error: null })
    expect(new Set(posts.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
  })

  it('sends one mail for what waits, in the reader’s language, with nothing of the events in it', async () => {
    const { port, mails } = await mailbox()
    await relay(port)
    await create({ kind: 'mail', to: ['oncall@example.com', 'lead@example.com'], language: 'ja' }, { severity: 3 })
    await raise(detection('medium', 'web-07'))
    await send()
    await raise(detection('critical', 'db\r\nBcc: evil@example.com'), detection('high', 'web-08'), detection('low', 'web-09'))
    expect(await send()).toBe(2)
    expect(mails.map(({ to }) => to)).toEqual([
      ['oncall@example.com', 'lead@example.com'],
      ['oncall@example.com', 'lead@example.com'],
    ])
    const decoded = mails.map(({ text }) => {
      const [, body = ''] = text.split(/\r\n\r\n([\s\S]*)/)
      return /base64/i.test(text) ? Buffer.from(body, 'base64').toString() : body
    })
    expect(decoded[0]).toContain('対象：　web-07')
    expect(decoded[1]).toMatch(/アラートが2件発生しました。[\s\S]*\[P1 重大\][\s\S]*\[P2 高\]/)
    expect(mails[1]!.text).not.toMatch(/^Bcc:/m)
    expect(JSON.stringify(mails)).not.toContain('hunter2')
    expect(mails[0]!.text).toMatch(/^Message-ID: <msg_\w+@example.com>/m)
  })

  it('sends what somebody wrote of an incident by itself, and nothing in it becomes a header', async () => {
    const { port, mails } = await mailbox()
    await relay(port)
    await create({ kind: 'mail', to: ['soc@example.com'], language: 'en' })
    const { id } = await only()
    await raise(detection('critical'))
    const data = {
      ...{ id: 'i1', scope: 'default', number: 7, severity: 1 as const, url: '/incidents?incident=i1' },
      subject: 'Update\r\nBcc: evil@example.net {{7*7}}',
      text: 'First line\nBcc: evil@example.net\n=HYPERLINK("x") 封じ込め <b>{{env}}</b>\u202e',
    }
    const letter: Letter = { type: 'incident.update', timestamp: new Date(now).toISOString(), data }
    const tell = (channel: string, scope = 'default') =>
      state.transaction<NotifyTables, { delivery: string }>((trx) => enqueueLetter(scopedTo(trx, scope), channel, letter, now))
    const { delivery } = await tell(id)
    expect(await rejectionOf(tell(id, 'team'))).toBe('not_found')
    expect(await send()).toBe(2)
    expect(mails).toHaveLength(2)
    const written = mails.find(({ text }) => text.includes(`<${delivery}@`))!
    expect(written.to).toEqual(['soc@example.com'])
    const [head = '', body = ''] = written.text.split(/\r\n\r\n([\s\S]*)/)
    expect(head).not.toMatch(/^bcc:/im)
    expect(head.replaceAll(/\r\n\s+/g, ' ')).toContain('Subject: Update Bcc: evil@example.net {{7*7}}')
    const plain = Buffer.from(body, 'base64').toString()
    expect(plain).toContain('=HYPERLINK("x") 封じ込め <b>{{env}}</b>')
    expect(plain).toContain('https://soc.example/incidents?incident=i1')
    expect(plain).not.toContain('\u202e')
    await ask('PATCH', 'channels/:id', { enabled: false }, id)
    expect(await rejectionOf(tell(id))).toBe('conflict')
  })

  it('waits where no mail server is set up or it refuses, and no secret is ever said', async () => {
    const { port, mails } = await mailbox({ authOptional: false, allowInsecureAuth: true })
    await create({ kind: 'mail', to: ['a@example.com'], language: 'en' })
    await raise(detection('critical'))
    await send()
    expect((await only()).error).toContain('No mail server')
    await expect(relay(port, { user: 'kanpeki', password: PASSWORD })).rejects.toThrow(/TLS/)
    await relay(port, { user: 'kanpeki', password: `${PASSWORD} wrong`, security: 'starttls' })
    now += HOUR
    await send()
    expect(await only()).toMatchObject({ waiting: 1, error: expect.stringContaining('did not take it') })
    const { url } = await receiver(() => 200)
    const { secret } = await create({ kind: 'webhook', url })
    const said = [
      JSON.stringify(await ask('GET', 'channels')),
      JSON.stringify(await ask('GET', 'mail-server')),
      JSON.stringify(await readOutbox(state.tables(), 0, 100)),
      JSON.stringify(await state.tables<NotifyTables>().selectFrom('detect_channels').selectAll().execute()),
      JSON.stringify(await state.tables<NotifyTables>().selectFrom('detect_mail_server').selectAll().execute()),
      ...logged,
    ].join('\n')
    for (const hidden of [PASSWORD, secret!, 'T0KEN-IN-THE-PATH']) expect(said).not.toContain(hidden)
    expect(mails).toEqual([])
  })

  it('calls no address that is not allowed, and no webhook in the clear', async () => {
    await expect(create({ kind: 'webhook', url: 'http://169.254.169.254/latest' })).rejects.toMatchObject({
      code: 'outgoing_refused',
    })
    await expect(create({ kind: 'webhook', url: 'http://1.1.1.1/x' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(create({ kind: 'webhook', url: 'https://a:b@example.com/' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(relay(25, { host: '10.0.0.1' })).rejects.toMatchObject({ code: 'outgoing_refused' })
    await expect(relay(25, { host: 'a/b' })).rejects.toMatchObject({ code: 'outgoing_refused' })
  })

  it('changes, stops, renews and removes a channel, each with evidence; another scope sees none of it', async () => {
    const { url, posts } = await receiver(() => 200)
    const { channel, secret } = await create({ kind: 'webhook', url })
    await ask('PATCH', 'channels/:id', { enabled: false, severity: 5 }, channel.id)
    await raise(detection('critical'))
    expect([await send(), posts.length]).toEqual([0, 0])
    await ask('PATCH', 'channels/:id', { enabled: true }, channel.id)
    const renewed = await ask<{ secret: string }>('POST', 'channels/:id/secret', {}, channel.id)
    expect(renewed.secret).not.toBe(secret)
    await ask('POST', 'channels/:id/test', {}, channel.id)
    expect([await send(), JSON.parse(posts[0]!.body).type]).toEqual([1, 'test'])
    const stranger = testCaller({ id: 'x', scope: 'team' })
    expect((await ask<{ channels: unknown[] }>('GET', 'channels', {}, '', stranger)).channels).toEqual([])
    await expect(ask('DELETE', 'channels/:id', {}, channel.id, stranger)).rejects.toMatchObject({ code: 'not_found' })
    await ask('DELETE', 'channels/:id', {}, channel.id)
    const actions = (await readOutbox(state.tables(), 0, 100)).map(({ body }) => body['action']).filter(Boolean)
    expect(actions).toEqual(['channel.create', 'channel.change', 'channel.change', 'channel.renew', 'channel.delete'])
  })
})
