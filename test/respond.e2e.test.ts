import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mailbox, startMailbox } from '../src/platform/testing/mailbox.ts'
import { type Recorder, startRecorder } from '../src/respond/actions-support/testing/recorder.ts'
import { ADMIN, BASE, PASSWORD, startSlapd, type TestDirectory } from '../src/respond/actions-support/testing/slapd.ts'
import { startSshd } from '../src/respond/actions-support/testing/sshd.ts'
import { api, createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'
import { withoutNetns } from './support/netns.ts'
import { type RunningWaf, startWaf } from './support/waf.ts'

const missing = withoutNetns() ?? ['/usr/sbin/slapd', '/usr/sbin/sshd'].find((path) => !existsSync(path))
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(`${missing} is missing, and CI=true asks for it`)

const ATTACKER = '203.0.113.9'
const NAMESPACE = `kpr${process.pid}`

interface RunView {
  readonly id: string
  readonly state: string
  readonly undoable: number
  readonly steps: readonly {
    readonly key: string
    readonly step: string
    readonly state: string
    readonly startedAt: string | null
    readonly endedAt: string | null
    readonly message: string | null
    readonly undo: string | null
    readonly receipt: { readonly problem: string | null; readonly detail: object } | null
  }[]
}

/** What the house promises of its answers, in figures that the run itself makes. */
const CARD = `id: response
version: 2026.11.01
name: { en: Response, ja: 対応 }
owner: lead
approvers: ["@admin", "@cards"]
signatures: 2
scope: { id: default, description: { en: Everything, ja: 全体 } }
threats: { in: [{ en: Guessed passwords, ja: 総当たり攻撃 }] }
objectives:
  - { id: mttd, title: { en: Detected, ja: 検知 }, measure: respond.mttd, comparator: "<=", target: 300, window: P14D, maxEvidenceAge: PT1H }
  - { id: mttr, title: { en: Resolved, ja: 解決 }, measure: respond.mttr, comparator: "<=", target: 86400, window: P14D, maxEvidenceAge: PT1H }
  - { id: automation, title: { en: Contained without a person, ja: 自動封じ込め }, measure: respond.containment-automation, comparator: ">=", target: 50, window: P14D, maxEvidenceAge: PT1H }
period: P7D
validity: { from: 2026-11-01, until: 2027-10-01 }
nextReview: 2027-09-01
withdrawal: [{ on: expiry }]
`

describe.skipIf(missing !== undefined)(`from an alert to contained and back (needs ${missing ?? 'nothing more'})`, () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const shop = createServer((_, response) => response.end('welcome'))
  let mailbox: Mailbox
  let desk: Recorder
  let directory: TestDirectory
  let server: Running
  let waf: RunningWaf
  let token: string
  /** The second person's. */
  let cookie: string
  let alert: string

  beforeAll(async () => {
    mkdirSync(join(data, 'declarations'), { recursive: true })
    writeFileSync(join(data, 'declarations', 'response.yml'), CARD)
    writeFileSync(join(data, 'kanpeki.yml'), 'outgoing-allow: [127.0.0.1]\nrespond-programs: [/usr/bin/printf]\n')
    execFileSync('ip', ['netns', 'add', NAMESPACE])
    execFileSync('ip', ['-n', NAMESPACE, 'link', 'set', 'lo', 'up'])
    execFileSync('ip', ['-n', NAMESPACE, 'address', 'add', `${ATTACKER}/32`, 'dev', 'lo'])
    mailbox = await startMailbox()
    await new Promise<void>((listening) => shop.listen(0, '127.0.0.1', listening))
    ;[desk, directory, server] = await Promise.all([startRecorder(), startSlapd('hostile'), startServer(data)])
    token = await createToken(data, 'admin')
    const rules = join(folder.path, 'rules.conf')
    writeFileSync(rules, 'SecRuleEngine On\nSecAction "id:1,phase:1,pass,nolog"\n')
    const list = join(data, 'waf-denied', 'default', 'denied.txt')
    const upstream = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    waf = await startWaf(['--upstream', upstream, '--rules', rules, '--deny-list', list, '--trust', '127.0.0.1'])
  }, 120_000)
  afterAll(async () => {
    await waf?.stop()
    await server?.stop()
    await directory?.stop()
    await desk?.stop()
    shop.closeAllConnections()
    shop.close()
    await mailbox?.close()
    spawnSync('ip', ['netns', 'del', NAMESPACE])
    folder.remove()
  }, 60_000)

  const change = async (method: string, path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${response.status} ${path}: ${await response.text()}`)
  }
  /** A second person, who approves what the house ships; answers the cookie that they are signed in with. */
  const approver = async (): Promise<string> => {
    const { stdout } = await kanpeki(['people', 'invite', 'sasaki', '--role', 'approver', '--data', data])
    const link = new URL(stdout.trim(), server.url).searchParams.get('token')
    const signedIn = await fetch(`${server.url}/api/v1/invite`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-kanpeki-csrf': '1' },
      body: JSON.stringify({ token: link, password: 'correct horse battery staple' }),
    })
    if (!signedIn.ok) throw new Error(`invite: ${await signedIn.text()}`)
    return signedIn.headers.getSetCookie()[0]!.split(';')[0]!
  }
  /** Has a playbook approved by the second person, and lets it act. */
  const arm = async (playbook: string, version = 1): Promise<void> => {
    const decided = await fetch(`${server.url}/api/v1/playbooks/${playbook}/versions/${version}/decide`, {
      method: 'POST',
      headers: { cookie, 'x-kanpeki-csrf': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ decision: 'approve' }),
    })
    if (!decided.ok) throw new Error(`decide: ${await decided.text()}`)
    await change('POST', `/api/v1/playbooks/${playbook}/settings`, { enabled: true, mode: 'real' })
  }
  /** What the shop answers somebody at this address. */
  const visits = (address: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(waf.port, '127.0.0.1')
      let text = ''
      socket.setEncoding('latin1').on('data', (part: string) => {
        text += part
      })
      socket.once('error', reject).once('close', () => resolve(text.slice(9, 12)))
      socket.write(`GET / HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: ${address}\r\nConnection: close\r\n\r\n`)
    })
  /** Whether a packet to the attacker leaves the namespace that the packet filter is of. */
  const reaches = (): boolean =>
    spawnSync('ip', ['netns', 'exec', NAMESPACE, 'bash', '-c', `echo x >/dev/udp/${ATTACKER}/9`]).status === 0
  const signsIn = (): Promise<boolean> => directory.signsIn('uid=sato', 'sato-secret')

  it('keeps a guesser out within ten seconds of the alert, closes the account, tells people, and takes it all back at once', async () => {
    let closed = false
    desk.answer = ({ method, path, json }) => {
      if (method === 'PATCH') closed = (json as { state: string }).state === 'closed'
      if (method === 'GET') return { body: [] }
      return path.startsWith('/repos/acme/soc/issues')
        ? { status: 201, body: { number: 7, html_url: 'https://git.test/7' } }
        : undefined
    }
    // Our own SCIM server is a second directory that has the account.
    const scim = (await kanpeki(['token', 'create', '--scope', 'scim', '--data', data])).stdout.trim()
    const asScim = { authorization: `Bearer ${scim}`, 'content-type': 'application/scim+json' }
    const made = await fetch(`${server.url}/scim/v2/Users`, {
      method: 'POST',
      headers: asScim,
      body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'sato', active: true }),
    })
    expect(made.status).toBe(201)
    const { id: person } = (await made.json()) as { id: string }
    const isActive = async (): Promise<boolean> =>
      ((await (await fetch(`${server.url}/scim/v2/Users/${person}`, { headers: asScim })).json()) as { active: boolean }).active
    const connections = [
      { name: 'edge', kind: 'nftables', settings: { namespace: NAMESPACE } },
      { name: 'shop', kind: 'waf' },
      {
        name: 'people',
        kind: 'ldap',
        settings: { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE },
        secrets: { password: PASSWORD },
      },
      {
        name: 'tickets',
        kind: 'github',
        settings: { url: desk.url, owner: 'acme', repository: 'soc' },
        secrets: { token: 'canary-token' },
      },
      { name: 'hr', kind: 'scim', settings: { url: `${server.url}/scim/v2` }, secrets: { token: scim } },
      { name: 'on-call', kind: 'mail', settings: { to: 'on-call@example.test' } },
    ]
    for (const one of connections) await api(server.url, token, '/api/v1/connections', one)
    const { port } = mailbox
    await change('PUT', '/api/v1/mail-server', { host: '127.0.0.1', port, security: 'none', sender: 'kanpeki@example.test' })
    cookie = await approver()
    await arm('credential-stuffing')
    expect([await visits(ATTACKER), reaches(), await signsIn()]).toEqual(['200', true, true])

    const now = Date.now()
    const event = (at: number, outcome: 'failure' | 'success') => ({
      '@timestamp': new Date(now - 60_000 + at * 1000).toISOString(),
      event: { category: ['authentication'], type: ['start'], outcome },
      host: { name: 'web-03' },
      process: { name: 'sshd' },
      source: { ip: ATTACKER },
      user: { name: 'sato' },
    })
    const events = [...Array.from({ length: 12 }, (_, at) => event(at, 'failure')), event(13, 'success')]
    const lines = events.map((one) => `${JSON.stringify({ create: {} })}\n${JSON.stringify(one)}\n`).join('')
    const sent = await fetch(`${server.url}/_bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: lines,
    })
    expect(sent.status).toBe(200)

    interface Listed {
      readonly runs: readonly { readonly id: string; readonly alert: string; readonly state: string }[]
    }
    const ended = await eventually('the run of the grave alert to end', async () => {
      const { runs } = await api<Listed>(server.url, token, '/api/v1/runs?playbook=credential-stuffing')
      for (const { id } of runs) {
        const run = await api<RunView & { alert: string }>(server.url, token, `/api/v1/runs/${id}`)
        if (run.state !== 'done' && run.state !== 'failed') continue
        if (run.steps.some(({ step }) => step === 'disable')) return run
      }
      return undefined
    })
    expect(
      ended.steps.map(({ step, state, message, receipt }) => [
        step,
        state,
        receipt?.problem ?? (state === 'failed' ? message : null),
      ]),
    ).toEqual([
      ['block', 'done', null],
      ['disable', 'done', null],
      ['revoke', 'failed', expect.stringMatching(/no such account/)],
      ['ticket', 'done', null],
      ['tell', 'done', null],
    ])
    await eventually('the firewall to have read its list', async () => ((await visits(ATTACKER)) === '403' ? true : undefined), 5)
    expect([reaches(), await signsIn(), await isActive(), closed]).toEqual([false, false, false, false])
    expect(await visits('203.0.113.10')).toBe('200')
    expect(mailbox.mails).toHaveLength(1)
    expect(mailbox.mails[0]!.text).toMatch(/^To: on-call@example\.test\r$/m)
    const opened = desk.asked.find(({ method }) => method === 'POST')!
    expect(opened.headers['authorization']).toBe('Bearer canary-token')
    expect((opened.json as { body: string }).body).toContain(ATTACKER)

    alert = ended.alert
    const { raisedAt } = await api<{ raisedAt: string }>(server.url, token, `/api/v1/alerts/${alert}`)
    const raised = Date.parse(raisedAt)
    const blocked = Date.parse(ended.steps.find(({ step }) => step === 'block')!.endedAt!)
    console.log(`blocked ${blocked - raised} ms after the alert was raised`)
    expect(blocked - raised).toBeLessThan(10_000)

    interface CardView {
      readonly objectives: readonly { readonly id: string; readonly value: number | null }[]
    }
    const figures = await eventually('the figures of the card', async () => {
      const card = await api<CardView>(server.url, token, '/api/v1/cards/response')
      const values = Object.fromEntries(card.objectives.map(({ id, value }) => [id, value]))
      return Object.values(values).every((value) => value !== null) ? (values as Record<string, number>) : undefined
    })
    // The first trace is 48 seconds older than the event that gave it away.
    expect(figures['mttd']).toBeGreaterThan(40)
    expect(figures['mttd']).toBeLessThan(300)
    expect(figures['mttr']).toBeLessThan(300)
    expect(figures['automation']).toBe(100)

    // One click.
    await api(server.url, token, `/api/v1/runs/${ended.id}/undo`, {})
    await eventually('everything to be taken back', async () => {
      const run = await api<RunView>(server.url, token, `/api/v1/runs/${ended.id}`)
      return run.undoable === 0 ? true : undefined
    })
    await eventually('the firewall to let in again', async () => ((await visits(ATTACKER)) === '200' ? true : undefined), 5)
    expect([reaches(), await signsIn(), await isActive(), closed]).toEqual([true, true, true, true])
    expect(server.stderr()).not.toContain('canary-token')
    expect(readFileSync(join(data, 'waf-denied', 'default', 'denied.txt'), 'utf8')).toBe('')
  }, 90_000)

  it('runs CACAO’s own commands: openc2-http, sigma, yara, bash and ssh, with a hostile value in each', async () => {
    const value = `203.0.113.9"; $(touch ${folder.path}/pwned) 'x'`
    const body = { '@timestamp': new Date().toISOString(), http: { request: { body: { content: 'EVIL-BODY here' } } } }
    const sent = await fetch(`${server.url}/_bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify({ create: {} })}\n${JSON.stringify(body)}\n`,
    })
    expect(sent.status).toBe(200)
    const answered = desk.answer
    const sshd = await startSshd(join(folder.path, 'sshd'))
    const settings = { host: '127.0.0.1', port: sshd.port, user: 'root', hostKey: sshd.hostKey }
    await api(server.url, token, '/api/v1/connections', {
      name: 'web-1',
      kind: 'ssh',
      settings,
      secrets: { privateKey: sshd.clientKey },
    })
    const b64 = (text: string): string => Buffer.from(text).toString('base64')
    const sigma = ['title: Failed', 'id: 7f0c0c6e-57b8-4e2a-9a3f-0a6c1c0f3b11', 'logsource: { definition: ECS }', 'detection:']
    const rule = [...sigma, '  selection: { event.outcome: failure }', '  condition: selection', 'level: low'].join('\n')
    const yara = 'rule evil { strings: $a = "EVIL-BODY" condition: $a }'
    const act = (commands: readonly object[], next: string, targets?: readonly string[]) => ({
      ...{ type: 'action', commands, on_success: next, on_failure: 'end', 'x-kanpeki': { approval: 'none' } },
      ...(targets === undefined ? {} : { targets }),
    })
    const source = JSON.stringify({
      ...{ id: 'own-commands', name: 'Own commands', 'x-kanpeki': { triggers: [], approval: 'none' } },
      playbook_variables: { __what__: { type: 'string', external: true } },
      target_definitions: {
        'http-desk': { type: 'http-api', name: 'desk', address: { url: [desk.url] } },
        'ssh-web': { type: 'ssh', name: 'web-1', address: { ipv4: ['127.0.0.1'] } },
      },
      workflow_start: 'start',
      workflow: {
        start: { type: 'start', on_completion: 'openc2' },
        openc2: act(
          [
            {
              type: 'openc2-http',
              command: 'POST /openc2',
              content_b64: b64('{"action":"deny","args":{"note":"__what__:value"}}'),
            },
          ],
          'sigma',
          ['http-desk'],
        ),
        sigma: act([{ type: 'sigma', command_b64: b64(rule) }], 'yara'),
        yara: act([{ type: 'yara', command_b64: b64(yara) }], 'bash'),
        bash: act([{ type: 'bash', command: '/usr/bin/printf "[%s]" one __what__:value' }], 'ssh'),
        ssh: act([{ type: 'ssh', command: '/usr/bin/printf "[%s]" two __what__:value' }], 'end', ['ssh-web']),
        end: { type: 'end' },
      },
    })
    try {
      desk.asked.length = 0
      desk.answer = (asked) => (asked.path === '/openc2' ? { body: { status: 200 } } : answered(asked))
      await change('POST', '/api/v1/playbooks', { source })
      await arm('own-commands')
      const { id } = await api<{ id: string }>(server.url, token, '/api/v1/playbooks/own-commands/run', {
        variables: { __what__: value },
      })
      const run = await eventually('the commands to have run', async () => {
        const now = await api<RunView>(server.url, token, `/api/v1/runs/${id}`)
        return now.state === 'waiting' ? undefined : now
      })
      expect(run.steps.map(({ step, state, message, receipt }) => [step, state, message, receipt?.detail])).toEqual([
        ['openc2', 'done', null, { status: 200, body: { status: 200 } }],
        ['sigma', 'done', null, expect.objectContaining({ days: 7, detections: 12 })],
        ['yara', 'done', null, expect.objectContaining({ detections: 1, bodies: 1 })],
        ['bash', 'done', null, { exit: 0, output: `[one][${value}]` }],
        ['ssh', 'done', null, { on: 'web-1', exit: 0, output: `[two][${value}]` }],
      ])
      const [asked] = desk.asked
      expect(asked).toMatchObject({ method: 'POST', path: '/openc2', json: { action: 'deny', args: { note: value } } })
      expect(asked!.headers['content-type']).toBe('application/openc2+json;version=1.0')
      expect(existsSync(join(folder.path, 'pwned'))).toBe(false)
    } finally {
      desk.answer = answered
      sshd.stop()
    }
  }, 90_000)

  it('keeps the events of the alert as evidence, and ends the sessions of an account', async () => {
    await arm('rdp-lateral-movement')
    await arm('lost-device')
    const kept = await api<{ id: string }>(server.url, token, '/api/v1/playbooks/rdp-lateral-movement/run', {
      alert,
      variables: { __user__: '', __host__: '' },
    })
    const waiting = await eventually('the playbook to come to what a person does', async () => {
      const run = await api<RunView>(server.url, token, `/api/v1/runs/${kept.id}`)
      return run.steps.some(({ state }) => state === 'person') ? run : undefined
    })
    expect(waiting.steps.map(({ step, state }) => [step, state])).toEqual([
      ['evidence', 'done'],
      ['ticket', 'done'],
      ['trace', 'person'],
    ])
    const { items } = await api<{ items: { id: string; name: string; alert: string }[] }>(
      server.url,
      token,
      `/api/v1/artefacts?alert=${alert}`,
    )
    expect(items).toMatchObject([{ alert, name: expect.stringMatching(/^alert-kanpeki-[0-9a-f]{24}\.jsonl$/) }])
    const content = await fetch(`${server.url}/api/v1/artefacts/${items[0]!.id}/content`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const lines = (await content.text()).trim().split('\n')
    expect(JSON.parse(lines[0]!)).toMatchObject({ alert: { id: alert } })
    expect(lines.slice(1).every((line) => line.includes(ATTACKER))).toBe(true)
    expect(lines.length).toBeGreaterThan(11)

    const session = (): Promise<Response> => fetch(`${server.url}/api/v1/session`, { headers: { cookie } })
    expect((await session()).status).toBe(200)
    const lost = await api<{ id: string }>(server.url, token, '/api/v1/playbooks/lost-device/run', {
      variables: { __user__: 'sasaki' },
    })
    await eventually('the session to end', async () => ((await session()).status === 401 ? true : undefined))
    for (const { id } of [kept, lost]) await api(server.url, token, `/api/v1/runs/${id}/stop`, {})
  }, 60_000)

  it('is killed while it blocks, closes, opens and tells, and after each start does nothing twice that must not be', async () => {
    interface Named {
      readonly connections: readonly { readonly id: string; readonly name: string }[]
    }
    const before = await api<Named>(server.url, token, '/api/v1/connections')
    for (const { id, name } of before.connections)
      if (name === 'hr')
        await fetch(`${server.url}/api/v1/connections/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
    const key = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
    for (const one of [
      { name: 'box', kind: 'http-firewall', settings: { url: `${desk.url}/deny` }, secrets: { token: 't' } },
      { name: 'cloud', kind: 'scim', settings: { url: `${desk.url}/cloud` }, secrets: { token: 't' } },
      { name: 'pager', kind: 'webhook', secrets: { url: `${desk.url}/hook`, key } },
    ])
      await api(server.url, token, '/api/v1/connections', one)
    desk.asked.length = 0
    mailbox.mails.length = 0

    let denied: unknown
    let active = true
    let issue: { readonly number: number; readonly body: string } | undefined
    const killed: string[] = []
    /** It happens there, and the server that asked for it never hears of it. */
    const cut = (what: string): undefined => {
      if (!killed.includes(what)) {
        killed.push(what)
        server.child.kill('SIGKILL')
      }
      return undefined
    }
    desk.answer = ({ method, path, json }) => {
      const said = json as Record<string, never>
      if (path.startsWith('/deny/')) {
        if (method === 'PUT') {
          denied = said
          cut('block')
        }
        if (method === 'DELETE') denied = undefined
        return method !== 'GET' ? {} : denied === undefined ? undefined : { body: denied }
      }
      if (path.startsWith('/cloud/')) {
        if (method === 'PATCH') {
          active = (said['Operations'] as unknown as [{ value: boolean }])[0].value
          if (!active) cut('disable')
        }
        return { body: { Resources: [{ id: 'u1', userName: 'sato', active }] } }
      }
      if (path === '/hook') {
        cut('tell')
        return {}
      }
      if (method === 'POST' && path === '/repos/acme/soc/issues') {
        issue = { number: 8, body: String(said['body']) }
        cut('ticket')
        return { status: 201, body: issue }
      }
      return { body: method === 'GET' ? (issue === undefined ? [] : [issue]) : {} }
    }
    const { id } = await api<{ id: string }>(server.url, token, '/api/v1/playbooks/credential-stuffing/run', {
      variables: { __address__: '203.0.113.77', __user__: 'sato', __techniques__: 'T1078' },
    })
    const stepOf = (run: RunView, step: string) => run.steps.find((one) => one.step === step)
    for (const what of ['block', 'disable', 'ticket', 'tell']) {
      await eventually(`the kill in ${what}`, async () => (killed.includes(what) ? true : undefined))
      await server.kill()
      server = await startServer(data)
    }
    const run = await eventually('a person to be asked', async () => {
      const now = await api<RunView>(server.url, token, `/api/v1/runs/${id}`)
      return stepOf(now, 'tell')?.state === 'unsure' ? now : undefined
    })
    expect(killed).toEqual(['block', 'disable', 'ticket', 'tell'])
    expect(run.steps.map(({ step, state }) => [step, state])).toEqual([
      ['block', 'done'],
      ['disable', 'done'],
      ['revoke', 'failed'],
      ['ticket', 'done'],
      ['tell', 'unsure'],
    ])
    const count = (method: string, path: string): number =>
      desk.asked.filter((one) => one.method === method && one.path === path).length
    // The ticket was found again; a message that cannot be looked for is a person's question, and was not sent again.
    expect([count('POST', '/repos/acme/soc/issues'), count('POST', '/hook'), mailbox.mails.length]).toEqual([1, 1, 1])
    expect([await visits('203.0.113.77'), await signsIn(), active, denied === undefined]).toEqual(['403', false, false, false])

    // What was done by a process that is dead is taken back as well.
    await api(server.url, token, `/api/v1/runs/${id}/steps/${stepOf(run, 'tell')!.key}/answer`, { answer: 'ran' })
    await eventually('the run to end', async () =>
      (await api<RunView>(server.url, token, `/api/v1/runs/${id}`)).state === 'done' ? true : undefined,
    )
    await api(server.url, token, `/api/v1/runs/${id}/undo`, {})
    await eventually('everything to be taken back', async () =>
      (await api<RunView>(server.url, token, `/api/v1/runs/${id}`)).undoable === 0 ? true : undefined,
    )
    await eventually('the firewall to let in again', async () => ((await visits('203.0.113.77')) === '200' ? true : undefined), 5)
    expect([await signsIn(), active, denied]).toEqual([true, true, undefined])
  }, 180_000)
})
