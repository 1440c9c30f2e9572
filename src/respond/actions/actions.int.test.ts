import { execFileSync, spawnSync } from 'node:child_process'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Action, ActionContext, ActionReceipt } from '../../kernel/action.ts'
import { AGENT_UNDO, type AgentCommand, type AgentCommands, type AgentReceipt } from '../../kernel/agent-command.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import { openState, type State } from '../../platform/state/state.ts'
import type { EvidenceKeeper } from '../actions-support/deps.ts'
import { probe } from '../actions-support/probe.ts'
import { fingerprintOf } from '../actions-support/secrets/authorized-keys.ts'
import { missingHere } from '../actions-support/testing/missing.ts'
import { startNameServer, type TestNameServer } from '../actions-support/testing/name-server.ts'
import { type Recorder, startRecorder } from '../actions-support/testing/recorder.ts'
import { ADMIN, BASE, PASSWORD, startSlapd, type TestDirectory } from '../actions-support/testing/slapd.ts'
import { startSshd } from '../actions-support/testing/sshd.ts'
import { createConnections } from '../connections/connections.ts'
import { CONNECTION_KIND_NAMES, type ConnectionKind } from '../connections/schema.ts'
import type { ConnectionTables } from '../connections/tables.ts'
import { createConnection } from '../connections/write.ts'
import { migrations } from '../migrations.ts'
import { sshCommand } from '../playbooks/commands/ssh.ts'
import { DEFAULT_GUARDS, protectedTarget } from '../playbooks/guards.ts'
import { actions } from './registry.ts'

/** Skipped where there is no root, slapd or network namespace. */
const missing = missingHere()
const onSystem = missing === undefined ? it : it.skip
if (missing !== undefined) console.warn(`response actions are not tested here: ${missing} is missing`)
const HOSTILE_NAME = '*)(uid=*))(|(uid=*'
const NAMESPACE = `kanpeki-${process.pid}`
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-actions-'))
const mails: { to: readonly string[]; subject: string; text: string; id: string }[] = []
const said: string[] = []
const artefacts = new Map<string, { id: string; sha256: string; bytes: number }>()
const keeper: EvidenceKeeper = {
  look: async (_, alert) => (alert === 'a1' ? { events: 3 } : undefined),
  keep: async (_, __, name) => {
    artefacts.set(name, { id: `i${artefacts.size}`, sha256: 'f'.repeat(64), bytes: 1 })
    return artefacts.get(name)!
  },
  find: async (_, name) => artefacts.get(name),
}
let state: State
let directory: TestDirectory
let recorder: Recorder
let names: TestNameServer
let all: ReadonlyMap<string, Action>

/** What the agents were told; their side is tested with them. */
const commands: { command: AgentCommand; by: string }[] = []
const agents: AgentCommands = {
  plan: async (_, { host }) => ({ agent: 'a1', host }),
  async send(_, command, by) {
    if (!commands.some((one) => one.command.key === command.key)) commands.push({ command, by })
    return answerOf(command)
  },
  find: async (_, key) => {
    const found = commands.find((one) => one.command.key === key)
    return found === undefined ? undefined : answerOf(found.command)
  },
  cancel: async () => false,
}
const answerOf = ({ kind, params }: AgentCommand): AgentReceipt => ({
  outcome: 'done',
  detail: { kind },
  ...(AGENT_UNDO[kind] === undefined ? {} : { undo: kind === 'quarantine' ? { item: 'q1' } : (params as unknown as JsonObject) }),
})
const sealer = createSealer([Buffer.alloc(32, 7)])
let steps = 0

beforeAll(async () => {
  ;[directory, recorder, names] = await Promise.all([
    startSlapd(HOSTILE_NAME),
    startRecorder(),
    startNameServer({ '9.113.0.203.in-addr.arpa': 'scanner.example.test' }),
  ])
  execFileSync('ip', ['netns', 'add', NAMESPACE])
  execFileSync('ip', ['-n', NAMESPACE, 'link', 'set', 'lo', 'up'])
  execFileSync('ip', ['-n', NAMESPACE, 'address', 'add', '203.0.113.9/32', 'dev', 'lo'])
  state = await openState({ path: join(folder, 'state.db') }, migrations, systemClock)
  all = actions({
    connections: createConnections({ state, sealer }),
    outgoing: createOutgoing({
      allow: ['127.0.0.1'],
      log: { warn: (text, detail) => void said.push(text, JSON.stringify(detail)) },
    }),
    wafFolder: join(folder, 'waf'),
    nameServers: [names.server],
    agents,
    sessions: { count: async (_, name) => (name === 'sato' ? 2 : undefined), end: async () => 2 },
    evidence: keeper,
    known: {
      indicators: async (_, value) => (value === '203.0.113.9' ? [{ list: 'l1' }] : []),
      place: (address) => ({ geo: { country_iso_code: address === '203.0.113.9' ? 'JP' : 'ZZ' } }),
    },
    mail: async (mail, id) => void mails.push({ ...mail, id }),
  })
}, 60_000)
afterAll(async () => {
  execFileSync('ip', ['netns', 'del', NAMESPACE])
  await Promise.all([directory.stop(), recorder.stop(), names.stop(), state.close()])
  rmSync(folder, { recursive: true, force: true })
})
afterEach(async () => {
  recorder.asked.length = 0
  recorder.answer = () => ({})
  await state.tables<ConnectionTables>().deleteFrom('respond_connections').execute()
})

async function connect(
  name: string,
  kind: ConnectionKind,
  settings: Readonly<Record<string, string>> = {},
  secrets: Readonly<Record<string, string>> = {},
): Promise<void> {
  const by = { id: 'p1', name: 'mori', scope: 'default', permissions: new Set(['installation'] as const) }
  await state.transaction<ConnectionTables, void>(async (trx) => {
    await createConnection(scopedTo(trx, 'default'), { name, kind, settings, secrets }, sealer, by, 1)
  })
}

const contextOf = (key: string): ActionContext => ({
  scope: 'default',
  key,
  by: 'playbook',
  signal: AbortSignal.timeout(20_000),
  now: Date.now,
})

/** As the runner does it: the input is parsed, the plan kept, its `before` handed to every try. */
async function step(id: string, input: unknown, key = `run/step-${++steps}`) {
  const action = all.get(id)!
  const parsed = action.input.parse(input)
  const context = contextOf(key)
  const plan = await action.plan(parsed, context)
  const within = { ...context, ...(plan.before === undefined ? {} : { before: plan.before }) }
  return {
    plan,
    run: () => action.run(parsed, within),
    find: () => action.find!(parsed, within),
    undo: (receipt: ActionReceipt) => action.undo!(receipt, contextOf(key)),
  }
}

/** Whether a packet leaves for this address, which the namespace itself holds. */
const reaches = (address: string): boolean =>
  spawnSync('ip', ['netns', 'exec', NAMESPACE, 'bash', '-c', `echo x >/dev/udp/${address}/9`]).status === 0
const nft = (): string => execFileSync('ip', ['netns', 'exec', NAMESPACE, 'nft', 'list', 'ruleset'], { encoding: 'utf8' })

onSystem('blocks at nftables, at the WAF and at any firewall, once, and takes back only what it did', async () => {
  const blocked = new Set<string>()
  recorder.answer = ({ method, path }) => {
    if (method === 'PUT') blocked.add(path)
    if (method === 'DELETE') blocked.delete(path)
    return method !== 'GET' || blocked.has(path) ? {} : undefined
  }
  await connect('edge', 'nftables', { namespace: NAMESPACE })
  await connect('shop', 'waf')
  await connect('box', 'http-firewall', { url: `${recorder.url}/deny` }, { token: 'box-token' })
  const list = join(folder, 'waf', 'default', 'denied.txt')

  const { plan, run, undo } = await step('block-address', { address: '::ffff:203.0.113.9' })
  expect(plan).toMatchObject({ targets: [{ kind: 'address', name: '203.0.113.9' }], reversible: true })
  expect(nft()).toBe('')
  expect(reaches('203.0.113.9')).toBe(true)
  const receipt = await run()
  expect(receipt.problem).toBeUndefined()
  expect(nft()).toMatch(/elements = \{ 203\.0\.113\.9 comment "kanpeki run\/step-\d+" \}/)
  expect(nft()).toMatch(/ip saddr @denied4 counter packets 0 bytes 0 drop/)
  expect(reaches('203.0.113.9')).toBe(false)
  expect(readFileSync(list, 'utf8')).toMatch(/^203\.0\.113\.9 run\/step-\d+\n$/)
  expect([...blocked]).toEqual(['/deny/203.0.113.9'])
  expect(recorder.asked.every(({ headers }) => headers['authorization'] === 'Bearer box-token')).toBe(true)

  // A try after a crash between the deed and its receipt: ours, and still to be taken back.
  recorder.answer = (asked) => (asked.method === 'GET' ? { body: { key: `run/step-${steps}` } } : {})
  expect((await run()).undo).toEqual(receipt.undo)
  expect(nft().match(/203\.0\.113\.9/g)).toHaveLength(1)

  const other = await (await step('block-address', { address: '203.0.113.9', on: 'edge' })).run()
  expect(other).toMatchObject({ outcome: 'already' })
  expect(other.undo).toBeUndefined()
  await (await step('block-address', { address: '2001:db8::1', on: 'edge' })).run()
  expect(nft()).toMatch(/2001:db8::1/)

  await undo(receipt)
  await undo(receipt)
  expect(nft()).not.toMatch(/203\.0\.113\.9/)
  expect(reaches('203.0.113.9')).toBe(true)
  expect(readFileSync(list, 'utf8')).toBe('')

  const opened = await step('unblock-address', { address: '2001:db8::1', on: 'edge' })
  const freed = await opened.run()
  expect(nft()).not.toMatch(/2001:db8::1/)
  await opened.undo(freed)
  expect(nft()).toMatch(/2001:db8::1/)
})

onSystem('says what failed where the rest was done', async () => {
  recorder.answer = () => ({ status: 500 })
  await connect('shop', 'waf')
  await connect('box', 'http-firewall', { url: recorder.url }, { token: 'box-token' })
  const { run, undo } = await step('block-address', { address: '203.0.113.10' })
  const receipt = await run()
  expect(receipt.problem).toMatch(/^box: 127\.0\.0\.1:\d+ answered 500\.$/)
  expect(receipt.undo).toEqual({ places: [{ on: 'shop', address: '203.0.113.10' }] })
  await undo(receipt)
})

onSystem.each([
  ['ppolicy', 'uid=sato', 'sato', 'sato'],
  ['ppolicy', 'cn=hostile', HOSTILE_NAME, 'hostile'],
] as const)('closes and reopens an account of a real slapd (%s, %s)', async (lock, rdn, account, name) => {
  await connect('people', 'ldap', { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE, lock }, { password: PASSWORD })
  expect(await directory.signsIn(rdn, `${name}-secret`)).toBe(true)
  const { plan, run, undo } = await step('disable-account', { account })
  expect(plan.targets).toEqual([{ kind: 'account', name: account, also: [`${rdn},${BASE}`] }])
  const receipt = await run()
  expect(receipt).toMatchObject({ outcome: 'done', detail: { places: [{ on: 'people', id: `${rdn},${BASE}` }] } })
  expect(await directory.signsIn(rdn, `${name}-secret`)).toBe(false)
  // Nobody else was closed by it.
  for (const other of ['sato', 'hostile'].filter((one) => one !== name))
    expect(await directory.signsIn(other === 'sato' ? 'uid=sato' : 'cn=hostile', `${other}-secret`)).toBe(true)
  expect((await run()).undo).toEqual(receipt.undo)
  const again = await (await step('disable-account', { account })).run()
  expect(again).toMatchObject({ outcome: 'already' })
  await undo(receipt)
  await undo(receipt)
  expect(await directory.signsIn(rdn, `${name}-secret`)).toBe(true)
  await (await step('disable-account', { account })).run()
  await (await step('enable-account', { account })).run()
  expect(await directory.signsIn(rdn, `${name}-secret`)).toBe(true)
})

onSystem('does not take the other spelling of a protected account for another account', async () => {
  const lock = 'ppolicy'
  await connect('people', 'ldap', { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE, lock }, { password: PASSWORD })
  const guards = { ...DEFAULT_GUARDS, never: { networks: [], hosts: [], accounts: ['mori'] } }
  // slapd compares names as RFC 4518 says: these are all found as mori.
  for (const account of ['mori', 'MORI', 'ｍｏｒｉ']) {
    const { plan } = await step('disable-account', { account })
    expect(protectedTarget(plan.targets, guards)?.by, account).toBe('mori')
  }
  const { plan } = await step('disable-account', { account: 'sato' })
  expect(protectedTarget(plan.targets, guards)).toBeUndefined()
})

onSystem.each([
  ['active-directory', 'userAccountControl', '66048', '66050'],
  ['nsAccountLock', 'nsAccountLock', undefined, 'true'],
  ['shadow', 'shadowExpire', undefined, '1'],
] as const)('closes and reopens by what %s reads', async (lock, attribute, open, closed) => {
  await connect('people', 'ldap', { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE, lock }, { password: PASSWORD })
  const { run, undo } = await step('disable-account', { account: 'mori' })
  const receipt = await run()
  expect(await directory.attribute('mori', attribute)).toBe(closed)
  expect((await run()).undo).toEqual(receipt.undo)
  await undo(receipt)
  await undo(receipt)
  expect(await directory.attribute('mori', attribute)).toBe(open)
  await (await step('disable-account', { account: 'mori' })).run()
  const enabled = await step('enable-account', { account: 'mori' })
  const opened = await enabled.run()
  expect(await directory.attribute('mori', attribute)).toBe(open)
  await enabled.undo(opened)
  expect(await directory.attribute('mori', attribute)).toBe(closed)
  await (await step('enable-account', { account: 'mori' })).run()
})

const TEXT = 'first line\n/close\n@channel [x](javascript:1) ```\n<img src=x>'
const TRACKERS = {
  github: {
    settings: (url: string) => ({ url, owner: 'acme', repository: 'soc' }),
    secrets: { token: 'canary' },
    created: { number: 7, html_url: 'https://git.test/7' },
    list: (text: string) => [{ number: 7, html_url: 'https://git.test/7', body: text }],
    textOf: (json: Json) => json.body as string,
    asked: [
      'POST /repos/acme/soc/issues',
      'GET /repos/acme/soc/issues?',
      'POST /repos/acme/soc/issues/7/comments',
      'PATCH /repos/acme/soc/issues/7',
    ],
    number: '#7',
  },
  gitlab: {
    settings: (url: string) => ({ url, project: 'acme/soc' }),
    secrets: { token: 'canary' },
    created: { iid: 7, web_url: 'https://git.test/7' },
    list: (text: string) => [{ iid: 7, web_url: 'https://git.test/7', description: text }],
    textOf: (json: Json) => json.description as string,
    asked: [
      'POST /api/v4/projects/acme%2Fsoc/issues',
      'GET /api/v4/projects/acme%2Fsoc/issues?',
      'POST /api/v4/projects/acme%2Fsoc/issues/7/notes',
      'PUT /api/v4/projects/acme%2Fsoc/issues/7',
    ],
    number: '#7',
  },
  jira: {
    settings: (url: string) => ({ url, user: 'bot@example.test', project: 'SOC' }),
    secrets: { token: 'canary' },
    created: { key: 'SOC-7' },
    list: () => ({
      issues: [{ key: 'SOC-7' }],
      transitions: [
        { id: '11', to: { statusCategory: { key: 'new' } } },
        { id: '41', to: { statusCategory: { key: 'done' } } },
      ],
    }),
    textOf: (json: Json) => JSON.stringify(json),
    asked: [
      'POST /rest/api/3/issue',
      'GET /rest/api/3/search/jql?',
      'POST /rest/api/3/issue/SOC-7/comment',
      'GET /rest/api/3/issue/SOC-7/transitions',
      'POST /rest/api/3/issue/SOC-7/transitions',
    ],
    number: 'SOC-7',
  },
  servicenow: {
    settings: (url: string) => ({ url, user: 'bot' }),
    secrets: { password: 'canary' },
    created: { result: { sys_id: 'abc', number: 'INC7' } },
    list: () => ({ result: [{ sys_id: 'abc', number: 'INC7' }] }),
    textOf: (json: Json) => json.description as string,
    asked: ['POST /api/now/table/incident', 'GET /api/now/table/incident?', 'PATCH /api/now/table/incident/abc'],
    number: 'INC7',
  },
} as const
type Json = Readonly<Record<string, unknown>>

onSystem.each(Object.keys(TRACKERS) as (keyof typeof TRACKERS)[])(
  'opens a ticket once at %s, finds it after a crash, and closes it',
  async (kind) => {
    const tracker = TRACKERS[kind]
    await connect('desk', kind, tracker.settings(recorder.url), tracker.secrets)
    let text = ''
    recorder.answer = ({ method, json }) => {
      if (method === 'POST' && text === '') text = tracker.textOf(json as Json)
      return { status: method === 'POST' ? 201 : 200, body: method === 'GET' ? tracker.list(text) : tracker.created }
    }
    const { plan, run, find, undo } = await step('open-ticket', { title: "=cmd|' /C calc'!A0\r\nX: 1", text: TEXT, severity: 1 })
    expect(plan.summary.en).toBe("Open a ticket at desk: [Kanpeki] =cmd|' /C calc'!A0 X: 1")
    expect(recorder.asked).toEqual([])
    const receipt = await run()
    expect(receipt).toMatchObject({ outcome: 'done', detail: { on: 'desk', id: tracker.number } })
    expect(await find()).toEqual(receipt)
    await undo(receipt)
    expect(recorder.asked.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '?')}`)).toEqual(tracker.asked)
    // Markdown shows it as it is: in a fence that it cannot end.
    if (kind === 'github' || kind === 'gitlab') expect(text.startsWith(`\`\`\`\`text\n${TEXT}\n\`\`\`\`\n`)).toBe(true)
    else expect(text).toContain('/close')
    const sent = recorder.asked.map(({ headers }) => headers['authorization'] ?? headers['private-token'])
    for (const header of sent)
      expect(String(header).startsWith('Basic ') ? Buffer.from(String(header).slice(6), 'base64').toString() : header).toMatch(
        /canary$/,
      )
    expect(JSON.stringify([plan, receipt])).not.toContain('canary')
  },
)

const KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

onSystem('tells people everywhere, in the shape that each takes', async () => {
  const hook = (name: string) => ({ url: `${recorder.url}/${name}/canary` })
  await connect('a-slack', 'slack', {}, hook('slack'))
  await connect('b-teams', 'teams', {}, hook('teams'))
  await connect('c-mattermost', 'mattermost', {}, hook('mattermost'))
  await connect('d-pager', 'pagerduty', { url: recorder.url }, { key: 'canary-routing' })
  const works = { url: recorder.url, signIn: recorder.url, bot: '42', channel: 'c/1', client: 'id1', account: 'bot@works' }
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await connect('e-works', 'line-works', works, { clientSecret: 'canary-client', privateKey: pem })
  await connect('f-hook', 'webhook', {}, { ...hook('hook'), key: KEY })
  await connect('g-desk', 'mail', { to: 'desk@example.test, soc@example.test' })
  recorder.answer = ({ path }) => ({ body: path === '/oauth2/v2.0/token' ? { access_token: 'T' } : {} })
  const { run, undo } = await step('notify', { title: '<!channel> *x*', text: TEXT, severity: 1 })
  const receipt = await run()
  expect(receipt.problem).toBeUndefined()
  const by = new Map(recorder.asked.map((one) => [one.path, one]))
  const body = (path: string) => by.get(path)!.json
  expect(body('/slack/canary')).toMatchObject({
    text: '[Kanpeki] &lt;!channel&gt; *x*',
    blocks: [{ text: { type: 'plain_text' } }, { text: { type: 'plain_text', text: TEXT } }],
  })
  expect(body('/teams/canary')).toMatchObject({
    type: 'message',
    attachments: [
      { content: { type: 'AdaptiveCard', body: [{}, { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: TEXT }] }] } },
    ],
  })
  expect((body('/mattermost/canary') as Json)['text']).toMatch(/^````text\n[\s\S]*\n````$/)
  expect(body('/v2/enqueue')).toMatchObject({
    routing_key: 'canary-routing',
    event_action: 'trigger',
    payload: { severity: 'critical' },
  })
  const assertion = new URLSearchParams(by.get('/oauth2/v2.0/token')!.text).get('assertion')!.split('.') as [
    string,
    string,
    string,
  ]
  const signed = Buffer.from(assertion.slice(0, 2).join('.'))
  expect(createVerify('RSA-SHA256').update(signed).verify(publicKey, assertion[2], 'base64url')).toBe(true)
  expect(by.get('/v1.0/bots/42/channels/c%2F1/messages')).toMatchObject({
    headers: { authorization: 'Bearer T' },
    json: { content: { type: 'text' } },
  })
  const hooked = by.get('/hook/canary')!
  expect(() => new Webhook(KEY).verify(hooked.text, hooked.headers as Record<string, string>)).not.toThrow()
  expect(mails).toMatchObject([{ to: ['desk@example.test', 'soc@example.test'], subject: '[Kanpeki] <!channel> *x*' }])
  mails.length = 0
  expect(JSON.stringify(receipt)).not.toContain('canary')

  recorder.asked.length = 0
  await undo(receipt)
  expect(recorder.asked.map(({ json }) => json)).toMatchObject([
    { event_action: 'resolve', dedup_key: expect.stringMatching(/^kanpeki-/) },
  ])

  await state.tables<ConnectionTables>().deleteFrom('respond_connections').where('kind', '=', 'mail').execute()
  // Where it fails, the address, which is the secret, is in no message.
  recorder.answer = () => ({ status: 403, body: 'no' })
  const failed = await (await step('notify', { title: 'x' })).run().catch((error: unknown) => String(error))
  expect(String(failed)).toMatch(/answered 403/)
  expect(JSON.stringify([failed, said])).not.toContain('canary')
})

onSystem('sends mail with an id that stays', async () => {
  const { plan, run } = await step(
    'send-mail',
    { to: 'desk@example.test', subject: 'a\r\nBcc: x@evil.test', text: 'b' },
    'the key',
  )
  expect(plan.reversible).toBe(false)
  await run()
  await run()
  expect(mails).toMatchObject([{ to: ['desk@example.test'], subject: '[Kanpeki] a Bcc: x@evil.test' }, {}])
  expect(mails[0]!.id).toBe(mails[1]!.id)
})

onSystem('closes a local account by shadow-utils, and puts back exactly what was', async () => {
  const root = join(folder, 'root')
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\nsato:x:1001:1001::/home/sato:/bin/sh\n')
  writeFileSync(join(root, 'etc', 'group'), 'sato:x:1001:\n')
  const shadow = join(root, 'etc', 'shadow')
  writeFileSync(shadow, 'root:*:20000:0:99999:7:::\nsato:$y$j9T$abc:20000:0:99999:7::21000:\n', { mode: 0o600 })
  await connect('here', 'local-accounts', { root })
  const before = readFileSync(shadow, 'utf8')
  const { run, undo } = await step('disable-account', { account: 'sato' })
  const receipt = await run()
  expect(readFileSync(shadow, 'utf8')).toContain('sato:!$y$j9T$abc:20000:0:99999:7::1:')
  expect((await run()).undo).toEqual(receipt.undo)
  await undo(receipt)
  await undo(receipt)
  expect(readFileSync(shadow, 'utf8')).toBe(before)
  for (const account of ['root', 'nobody-here', '-R', '--root=/tmp'])
    await expect(step('disable-account', { account })).rejects.toMatchObject({
      code: expect.stringMatching(/^(not_found|account_protected)$/),
    })
})

onSystem('rotates a secret in Vault once, without anybody seeing it', async () => {
  const versions: Json[] = [{ value: 'leaked', user: 'app' }]
  let custom: Json = { team: 'shop' }
  recorder.answer = ({ method, path, json }) => {
    if (path.startsWith('/v1/kv/metadata/')) {
      if (method === 'POST') custom = (json as { custom_metadata: Json }).custom_metadata
      return { body: { data: { current_version: versions.length, custom_metadata: custom } } }
    }
    if (method === 'POST') {
      const { data, options } = json as { data: Json; options: { cas: number } }
      if (options.cas !== versions.length) return { status: 400, body: { errors: ['check-and-set'] } }
      versions.push(data)
      return { body: { data: { version: versions.length } } }
    }
    const version = Number(new URL(path, 'http://x').searchParams.get('version') ?? versions.length)
    return { body: { data: { data: versions[version - 1], metadata: { version } } } }
  }
  await connect('safe', 'vault', { url: recorder.url, mount: 'kv' }, { token: 'canary' })
  const { plan, run, find, undo } = await step('rotate-vault-secret', { path: 'shop/api' })
  expect(await find()).toBeUndefined()
  const receipt = await run()
  expect(versions).toHaveLength(2)
  expect(versions[1]).toEqual({ value: expect.stringMatching(/^[\w-]{43}$/), user: 'app' })
  expect(custom).toMatchObject({ team: 'shop', kanpeki_from: '1' })
  expect(await find()).toEqual(receipt)
  expect(await run()).toEqual(receipt)
  expect(versions).toHaveLength(2)
  expect(JSON.stringify([plan, receipt])).not.toMatch(/canary|leaked/)
  expect(JSON.stringify([plan, receipt])).not.toContain(String(versions[1]!['value']))
  expect(recorder.asked.every(({ headers }) => headers['x-vault-token'] === 'canary')).toBe(true)
  await undo(receipt)
  expect(await undo(receipt)).toMatchObject({ outcome: 'already' })
  expect(versions[2]).toEqual(versions[0])
  versions.push({ value: 'of somebody else' })
  await expect(undo(receipt)).rejects.toMatchObject({ code: 'changed_since' })
})

onSystem('puts a new AWS key into Vault, ends the old one, and lets it hold again', async () => {
  const keys = new Map([['AKIAOLDOLDOLDOLDOLD1', 'Active']])
  const written: Json[] = []
  recorder.answer = ({ text, path, json, method }) => {
    if (path.startsWith('/v1/')) {
      if (method === 'POST') written.push(json as Json)
      return method === 'POST' ? { body: {} } : undefined
    }
    const asked = new URLSearchParams(text)
    const member = ([id, status]: readonly [string, string]) =>
      `<member><AccessKeyId>${id}</AccessKeyId><Status>${status}</Status></member>`
    switch (asked.get('Action')) {
      case 'ListAccessKeys':
        return { body: `<R><L>${[...keys].map(member).join('')}</L></R>` }
      case 'CreateAccessKey':
        keys.set('AKIANEWNEWNEWNEWNEW1', 'Active')
        return {
          body: '<R><AccessKey><AccessKeyId>AKIANEWNEWNEWNEWNEW1</AccessKeyId><SecretAccessKey>new-canary</SecretAccessKey></AccessKey></R>',
        }
      default:
        if (!keys.has(asked.get('AccessKeyId')!)) return { status: 404, body: '<E><Error><Code>NoSuchEntity</Code></Error></E>' }
        keys.set(asked.get('AccessKeyId')!, asked.get('Status')!)
        return { body: '<R/>' }
    }
  }
  await connect('cloud', 'aws-iam', { url: recorder.url, keyId: 'AKIAOWN' }, { key: 'own-canary' })
  await connect('safe', 'vault', { url: recorder.url }, { token: 'vault-canary' })
  const { plan, run, undo } = await step('rotate-aws-key', {
    user: 'app',
    keyId: 'AKIAOLDOLDOLDOLDOLD1',
    store: { path: 'aws/app' },
  })
  const receipt = await run()
  expect([...keys.values()]).toEqual(['Inactive', 'Active'])
  expect(written).toMatchObject([
    { data: { access_key_id: 'AKIANEWNEWNEWNEWNEW1', secret_access_key: 'new-canary' }, options: { cas: 0 } },
  ])
  expect(recorder.asked[0]!.headers['authorization']).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIAOWN\/\d{8}\/us-east-1\/iam\/aws4_request/,
  )
  await undo(receipt)
  expect(keys.get('AKIAOLDOLDOLDOLDOLD1')).toBe('Active')
  expect(JSON.stringify([plan, receipt])).not.toContain('canary')
  await expect(step('rotate-aws-key', { user: 'app', keyId: 'AKIAOTHEROTHEROTHER' })).rejects.toMatchObject({ code: 'not_found' })
})

onSystem('makes no second AWS key where it cannot know, or cannot put away, the first', async () => {
  let made = 0
  let fails = 'CreateAccessKey'
  recorder.answer = ({ text, path, method }) => {
    if (path.startsWith('/v1/')) return method === 'POST' ? { status: fails === 'vault' ? 400 : 200, body: {} } : undefined
    const action = new URLSearchParams(text).get('Action')
    if (action === 'CreateAccessKey') made += 1
    if (action === fails) return { status: 503, body: 'Service Unavailable' }
    if (action === 'ListAccessKeys')
      return { body: '<R><m><AccessKeyId>AKIAOLDOLDOLDOLDOLD1</AccessKeyId><Status>Active</Status></m></R>' }
    return { body: '<R><AccessKeyId>AKIANEWNEWNEWNEWNEW1</AccessKeyId><SecretAccessKey>new-canary</SecretAccessKey></R>' }
  }
  await connect('cloud', 'aws-iam', { url: recorder.url, keyId: 'AKIAOWN' }, { key: 'own-canary' })
  await connect('safe', 'vault', { url: recorder.url }, { token: 'vault-canary' })
  const input = { user: 'app', keyId: 'AKIAOLDOLDOLDOLDOLD1', store: { path: 'aws/app' } }
  for (fails of ['CreateAccessKey', 'vault', 'UpdateAccessKey']) {
    const { run } = await step('rotate-aws-key', input)
    const error = await run().catch((thrown: unknown) => thrown)
    // What is unsure waits for a person; any other code would be tried again, and make another key.
    expect(error, fails).toMatchObject({ code: 'unsure' })
    if (fails !== 'CreateAccessKey') expect(String(error)).toContain('AKIANEWNEWNEWNEWNEW1')
    expect(String(error)).not.toContain('canary')
  }
  expect(made).toBe(3)
})

onSystem('takes a public key away, or puts another in its place, and follows no link', async () => {
  const home = realpathSync(folder)
  mkdirSync(join(home, 'sato', '.ssh'), { recursive: true })
  const file = join(home, 'sato', '.ssh', 'authorized_keys')
  const key = (name: string) =>
    `ssh-ed25519 ${Buffer.from(`\0\0\0\x0bssh-ed25519\0\0\0 ${name.padEnd(32)}`).toString('base64')} ${name}`
  const lost = `from="10.0.0.0/8",no-pty ${key('lost')}`
  const text = `# keys\n${key('kept')}\n${lost}\n`
  writeFileSync(file, text)
  chmodSync(file, 0o640)
  const fingerprint =
    spawnSync('ssh-keygen', ['-lf', '-'], { input: key('lost'), encoding: 'utf8' }).stdout?.split(' ')[1] ?? fingerprintOf(lost)!
  expect(fingerprintOf(lost)).toBe(fingerprint)
  await connect('keys', 'authorized-keys', { file: join(home, '%u', '.ssh', 'authorized_keys') })
  const taken = await step('rotate-ssh-key', { account: 'sato', fingerprint })
  const receipt = await taken.run()
  expect(readFileSync(file, 'utf8')).toBe(`# keys\n${key('kept')}\n`)
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(readFileSync(`${file}.before-kanpeki`, 'utf8')).toBe(text)
  expect((await taken.run()).undo).toEqual(receipt.undo)
  await taken.undo(receipt)
  await taken.undo(receipt)
  expect(readFileSync(file, 'utf8')).toBe(text)
  const swapped = await step('rotate-ssh-key', { account: 'sato', fingerprint, replacement: key('fresh') })
  const swap = await swapped.run()
  expect(readFileSync(file, 'utf8')).toBe(`# keys\n${key('kept')}\n${key('fresh')}\n`)
  await swapped.undo(swap)
  expect(readFileSync(file, 'utf8')).toBe(text)

  rmSync(file)
  writeFileSync(join(home, 'other'), text)
  symlinkSync(join(home, 'other'), file)
  await expect(step('rotate-ssh-key', { account: 'sato', fingerprint })).rejects.toMatchObject({ code: 'unsafe_file' })
  mkdirSync(join(home, 'mori'))
  symlinkSync(join(home, 'sato', '.ssh'), join(home, 'mori', '.ssh'))
  await expect(step('rotate-ssh-key', { account: 'mori', fingerprint })).rejects.toMatchObject({ code: 'unsafe_file' })
})

onSystem('tells agents what to do, finds what they did, and has it undone', async () => {
  const cases = [
    ['kill-process', { host: 'web-1', pid: '4711', started: '2026-11-22T10:00:00.000Z' }, 'kill', undefined],
    ['quarantine-file', { host: 'web-1', path: '/var/www/x.php' }, 'quarantine', 'restore'],
    ['isolate-host', { host: 'web-1', allow: ['10.1.0.0/16'] }, 'isolate', 'release'],
    ['block-address-on-host', { host: 'web-1', address: '203.0.113.9' }, 'block-address', 'unblock-address'],
    ['disable-account-on-host', { host: 'web-1', account: 'sato' }, 'disable-account', 'enable-account'],
    ['collect-from-host', { host: 'web-1', paths: ['/var/log/auth.log'] }, 'collect', undefined],
  ] as const
  for (const [id, input, kind, back] of cases) {
    commands.length = 0
    const { plan, run, find, undo } = await step(id, input)
    expect(commands).toEqual([])
    expect(await find()).toBeUndefined()
    const receipt = await run()
    expect(commands.map(({ command }) => command.kind)).toEqual([kind])
    expect(await find()).toEqual(receipt)
    expect([plan.reversible, all.get(id)!.undo !== undefined]).toEqual([back !== undefined, back !== undefined])
    if (back === undefined) continue
    await undo(receipt)
    expect(commands.map(({ command }) => command.kind)).toEqual([kind, back])
    expect(commands[1]!.command.host).toBe('web-1')
  }
  expect(cases.length).toBe([...all.keys()].filter((id) => /host|process|file/.test(id)).length)
})

onSystem('ends sessions, keeps evidence once, and looks up what is known', async () => {
  const sessions = await step('revoke-sessions', { account: 'sato' })
  expect(await sessions.run()).toEqual({ outcome: 'done', detail: { places: [{ on: 'kanpeki', outcome: 'done', ended: 2 }] } })
  await expect(step('revoke-sessions', { account: 'nobody' })).rejects.toMatchObject({ code: 'not_found' })
  const kept = await step('keep-evidence', { alert: 'a1' })
  expect(await kept.find()).toBeUndefined()
  const receipt = await kept.run()
  expect(await kept.find()).toEqual(receipt)

  await connect('registry', 'rdap', { url: recorder.url })
  recorder.answer = () => ({
    body: {
      name: 'EXAMPLE-NET',
      country: 'JP',
      events: [{ eventAction: 'registration', eventDate: '2020-01-01T00:00:00Z' }],
      entities: [{ entities: [{ roles: ['abuse'], vcardArray: ['vcard', [['email', {}, 'text', 'abuse@example.test']]] }] }],
    },
  })
  const looked = await (await step('enrich', { value: '203.0.113.9' })).run()
  expect(recorder.asked.map(({ path }) => path)).toEqual(['/ip/203.0.113.9'])
  expect(looked.problem).toBeUndefined()
  expect(looked.detail).toMatchObject({
    dns: { names: ['scanner.example.test'] },
    registration: { name: 'EXAMPLE-NET', country: 'JP', registered: '2020-01-01T00:00:00Z', abuse: ['abuse@example.test'] },
    indicators: [{ list: 'l1' }],
    place: { geo: { country_iso_code: 'JP' } },
  })
})

onSystem('asks WHOIS where it is led, names who registered, and is led to no host that may not be called', async () => {
  const asked: string[] = []
  const replies: string[] = []
  const server = createServer((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      asked.push(text)
      socket.end(replies.shift() ?? '')
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  await connect('older', 'whois', { host: '127.0.0.1', port: String((server.address() as AddressInfo).port) })
  const of = async (...said: string[]) => {
    replies.splice(0, Infinity, ...said)
    return (await (await step('enrich', { value: '203.0.113.9' })).run()) as ActionReceipt & { detail: { whois?: Json } }
  }
  const ripe = await of(
    '% RIPE\nnetname:  EXAMPLE-NET\ninetnum: 203.0.113.0 - 203.0.113.255\ncountry: JP\nabuse-mailbox: abuse@example.test\n',
  )
  expect(asked).toEqual(['203.0.113.9\r\n'])
  expect(ripe.detail.whois).toEqual({
    ...{
      server: '127.0.0.1',
      name: 'EXAMPLE-NET',
      range: '203.0.113.0 - 203.0.113.255',
      country: 'JP',
      abuse: ['abuse@example.test'],
    },
  })
  const jpnic = await of(
    'a. [Network Number]   203.0.113.0/24\nb. [Network Name]     EXAMPLE\ng. [Organization]     Example K.K.\n',
  )
  expect(jpnic.detail.whois).toMatchObject({ name: 'EXAMPLE', organisation: 'Example K.K.' })
  expect((await of('No match for "203.0.113.9".\n')).detail.whois).toBeUndefined()
  // A registry that leads into our own network leads nowhere.
  const led = await of('refer: 169.254.169.254\n')
  expect(led.problem).toMatch(/whois: .*169\.254\.169\.254.* not called/)
  // Hidden marks and terminal controls of whoever wrote the record are gone.
  expect((await of('netname: a\u001b[31m\u202eb\n')).detail.whois).toMatchObject({ name: 'a[31mb' })
  await new Promise((closed) => server.close(closed))
})

onSystem('runs CACAO’s ssh on a real sshd: pinned key, sealed key, no shell for what stands in words', async () => {
  const sshd = await startSshd(join(folder, 'sshd'))
  const to = { host: '127.0.0.1', port: sshd.port, user: 'root', hostKey: sshd.hostKey }
  await connect('web-1', 'ssh', to, { privateKey: sshd.clientKey })
  await connect('swapped', 'ssh', { ...to, hostKey: sshd.otherKey }, { privateKey: sshd.clientKey })
  await connect('stranger', 'ssh', to, { privateKey: sshd.strangerKey })
  const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => {} } })
  const open = createConnections({ state, sealer })
  const action = sshCommand(open, outgoing)
  const run = (on: string, ...argv: string[]) => action.run({ argv, on: [on] }, contextOf(`run/ssh-${++steps}`))
  const words = [
    'a b',
    `$(touch ${folder}/ran)`,
    '`id`',
    "it's",
    '; id',
    '| id',
    '>x',
    '$HOME',
    '*',
    '~',
    '\\',
    '!!',
    '日本',
    'x\ny',
    '-n',
  ]
  try {
    const receipt = await run('web-1', '/usr/bin/printf', '[%s]', ...words)
    expect(receipt).toEqual({
      outcome: 'done',
      detail: { on: 'web-1', exit: 0, output: words.map((word) => `[${word}]`).join('') },
    })
    expect(() => statSync(join(folder, 'ran'))).toThrow()
    const failed = (work: Promise<unknown>) =>
      work.catch((error: KanpekiError) => [error.code, error.message, error.remedy].join(' '))
    expect(await failed(run('swapped', 'true'))).toMatch(/^ssh_refused .*Host key verification failed/s)
    expect(await failed(run('stranger', 'true'))).toMatch(/^ssh_refused .*Permission denied/)
    expect(await failed(run('web-1', 'sh', '-c', 'echo no >&2; exit 3'))).toMatch(/^program_failed It ended with 3 .*no$/)
    // The line is cut while it runs: whether it happened is a person's question.
    expect(await failed(run('web-1', 'sh', '-c', 'kill -9 $PPID'))).toMatch(/^unsure /)
    expect(await failed(run('nowhere', 'true'))).toMatch(/^no_connection No connection of kind ssh/)
    expect(await failed(action.run({ argv: ['true'], on: [] }, contextOf('x')))).toMatch(/^no_connection Several/)
    // Inside, and not allowed: nothing is even tried.
    const closed = sshCommand(open, createOutgoing({ allow: [], log: { warn: () => {} } }))
    expect(await failed(closed.run({ argv: ['true'], on: ['web-1'] }, contextOf('x')))).toMatch(/^outgoing_refused /)
    expect(readdirSync('/dev/shm').filter((name) => name.startsWith(`kanpeki-ssh-${process.pid}-`))).toEqual([])
    // Three of them have this address.
    expect(await failed(action.plan({ argv: ['true'], on: ['127.0.0.1'] }, contextOf('x')))).toMatch(/Several/)
    expect(await action.plan({ argv: ['systemctl', 'stop', 'nginx'], on: ['web-1'] }, contextOf('x'))).toEqual({
      summary: { en: 'Run on web-1 (127.0.0.1): systemctl stop nginx', ja: 'web-1（127.0.0.1）で実行：systemctl stop nginx' },
      targets: [{ kind: 'host', name: 'web-1', also: ['127.0.0.1'] }],
      reversible: false,
    })
    const tested = await probe(
      { connections: open, outgoing, wafFolder: folder },
      'default',
      (await open.of('default', ['ssh'], 'web-1'))[0]!,
      AbortSignal.timeout(9000),
    )
    expect(tested).toEqual({ told: false })
  } finally {
    sshd.stop()
  }
})

onSystem('finds out of every kind of connection whether it works, with its own secrets, and changes nothing', async () => {
  const set: Readonly<Record<ConnectionKind, readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>]>> = {
    nftables: [{ namespace: NAMESPACE }, {}],
    waf: [{}, {}],
    'http-firewall': [{ url: `${recorder.url}/deny` }, { token: 'canary' }],
    'local-accounts': [{ root: folder }, {}],
    ldap: [{ url: directory.url, startTls: 'no', bind: ADMIN, base: BASE }, { password: PASSWORD }],
    scim: [{ url: `${recorder.url}/scim` }, { token: 'canary' }],
    vault: [{ url: recorder.url }, { token: 'canary' }],
    'aws-iam': [{ url: recorder.url, keyId: 'AKIAOWN' }, { key: 'canary' }],
    rdap: [{ url: recorder.url }, {}],
    whois: [{ host: '127.0.0.1', port: '1' }, {}],
    oidc: [{ issuer: `${recorder.url}/realms/acme`, client: 'kanpeki' }, { secret: 'canary' }],
    ssh: [{ host: '127.0.0.1', port: '1', user: 'root', hostKey: 'ssh-ed25519 AAAA' }, { privateKey: 'canary' }],
    'authorized-keys': [{ file: `${folder}/%u/keys` }, {}],
    jira: [{ url: recorder.url, user: 'bot', project: 'SOC' }, { token: 'canary' }],
    github: [{ url: recorder.url, owner: 'acme', repository: 'soc' }, { token: 'canary' }],
    gitlab: [{ url: recorder.url, project: 'acme/soc' }, { token: 'canary' }],
    servicenow: [{ url: recorder.url, user: 'bot' }, { password: 'canary' }],
    webhook: [{}, { url: `${recorder.url}/hook`, key: KEY }],
    mail: [{ to: 'desk@example.test' }, {}],
    slack: [{}, { url: `${recorder.url}/slack` }],
    teams: [{}, { url: `${recorder.url}/teams` }],
    mattermost: [{}, { url: `${recorder.url}/mattermost` }],
    pagerduty: [{ url: recorder.url }, { key: 'canary' }],
    'line-works': [
      { url: recorder.url, signIn: recorder.url, bot: '1', channel: 'c', client: 'i', account: 'a@b' },
      { clientSecret: 'canary', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    ],
  }
  expect(Object.keys(set).sort()).toEqual([...CONNECTION_KIND_NAMES].sort())
  mails.length = 0
  const open = createConnections({ state, sealer })
  const deps = {
    connections: open,
    outgoing: createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => {} } }),
    wafFolder: join(folder, 'waf'),
    mail: async (mail: (typeof mails)[number], id: string) => void mails.push({ ...mail, id }),
  }
  const before = nft()
  const outcome = async (kind: ConnectionKind): Promise<string> => {
    const [one] = await open.of('default', [kind])
    return await probe(deps as never, 'default', one!, AbortSignal.timeout(9000)).then(
      ({ told }) => (told ? 'told' : 'works'),
      (error: KanpekiError) => error.code,
    )
  }
  const all: Record<string, string[]> = {}
  for (const [kind, [settings, secrets]] of Object.entries(set) as [ConnectionKind, (typeof set)[ConnectionKind]][]) {
    await connect(`one-${kind}`, kind, settings, secrets)
    recorder.answer = ({ path }) => {
      if (path.endsWith('openid-configuration'))
        return { body: { issuer: `${recorder.url}/realms/acme`, token_endpoint: `${recorder.url}/token` } }
      if (path.includes('token')) return { body: { access_token: 'T' } }
      return { body: path === '/' ? '<R/>' : path.startsWith('/admin') ? [] : {} }
    }
    const works = await outcome(kind)
    recorder.answer = ({ path }) => (path === '/' ? { status: 403, body: '<E/>' } : { status: 403 })
    all[kind] = [works, await outcome(kind)]
  }
  console.log(`${Object.keys(all).length} kinds of connections tested`)
  const refused = { 'http-firewall': 'firewall_failed' } as Readonly<Record<string, string>>
  const here: readonly string[] = ['nftables', 'waf', 'local-accounts', 'ldap', 'authorized-keys']
  const people: readonly string[] = ['webhook', 'slack', 'teams', 'mattermost', 'line-works']
  for (const [kind, found] of Object.entries(all))
    expect([kind, ...found]).toEqual([
      kind,
      ...(here.includes(kind)
        ? ['works', 'works']
        : kind === 'mail'
          ? ['told', 'told']
          : kind === 'whois' || kind === 'ssh'
            ? [kind === 'ssh' ? 'ssh_refused' : 'outgoing_failed', kind === 'ssh' ? 'ssh_refused' : 'outgoing_failed']
            : [people.includes(kind) ? 'told' : 'works', refused[kind] ?? 'service_refused']),
    ])
  expect(nft()).toBe(before)
  const wrote = recorder.asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
  expect([...new Set(wrote)].sort()).toEqual([
    ...['POST /', 'POST /hook', 'POST /mattermost', 'POST /oauth2/v2.0/token', 'POST /slack', 'POST /teams', 'POST /token'],
    ...['POST /v1.0/bots/1/channels/c/messages', 'POST /v2/enqueue'],
  ])
})

onSystem(
  'lets no hostile input reach an interpreter: every action, every field, every trick',
  async () => {
    const pwned = join(folder, 'pwned')
    const tricks = [
      `$(touch ${pwned})`,
      `\`touch ${pwned}\``,
      `; touch ${pwned} #`,
      `| touch ${pwned}`,
      `x\ntouch ${pwned}`,
      `'; touch ${pwned}; '`,
      '-R',
      '--prefix=/',
      '--',
      '{{constructor.constructor("return process")()}}',
      `\${process.env}`,
      '<%= process.env %>',
      '__title__:value',
      'a\r\nX-Injected: 1',
      'a\nBcc: evil@example.test',
      '%0d%0aX-Injected:%201',
      '<script>alert(1)</script><img src=x onerror=alert(1)>',
      '=HYPERLINK("http://evil.test","x")',
      "=cmd|' /C calc'!A0",
      '+1+1',
      '@SUM(1)',
      '\t=1',
      '*',
      '*)(objectClass=*',
      'sato)(|(uid=*',
      '\\2a',
      `sato,${BASE}`,
      'sato" or userName pr or "',
      '../../../etc/shadow',
      '..',
      '/../../..//admin',
      'a?b=c&d#e',
      'x\0y',
      '\u202etxt.exe',
      '203.0.113.9; flush ruleset',
      '203.0.113.9"}]},{"flush":{"ruleset":null}},{"x":["',
      '127.0.0.1',
      '0.0.0.0',
      'fe80::1%eth0',
      '__proto__',
      'x'.repeat(5000),
    ]
    const valid: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      'block-address': { address: '203.0.113.9', on: 'edge' },
      'block-address-on-host': { host: 'web-1', address: '203.0.113.9' },
      'collect-from-host': { host: 'web-1', path: '/x' },
      'disable-account': { account: 'nobody', on: 'people' },
      'disable-account-on-host': { host: 'web-1', account: 'nobody' },
      'enable-account': { account: 'nobody', on: 'people' },
      enrich: { value: '203.0.113.9' },
      'isolate-host': { host: 'web-1', allow: '10.0.0.1' },
      'keep-evidence': { alert: 'a1' },
      'kill-process': { host: 'web-1', pid: '4711', name: 'x', started: '2026-11-22T10:00:00Z' },
      notify: { title: 't', text: 't', severity: '1', on: 'chat' },
      'open-ticket': { title: 't', text: 't', severity: '1', on: 'desk' },
      'quarantine-file': { host: 'web-1', path: '/x', sha256: 'f'.repeat(64) },
      'revoke-sessions': { account: 'sato', on: 'sign-in' },
      'rotate-aws-key': { user: 'app', keyId: 'AKIAOLDOLDOLDOLDOLD1', on: 'cloud' },
      'rotate-ssh-key': {
        account: 'nobody',
        fingerprint: `SHA256:${'A'.repeat(43)}`,
        replacement: 'ssh-ed25519 AAAA x',
        on: 'keys',
      },
      'rotate-vault-secret': { path: 'a/b', field: 'value', on: 'safe' },
      'send-mail': { to: 'a@example.test', subject: 's', text: 't' },
      'unblock-address': { address: '203.0.113.9', on: 'edge' },
    }
    expect(Object.keys(valid).sort()).toEqual([...all.keys()].sort())
    const root = join(folder, 'hostile-root')
    mkdirSync(join(root, 'etc'), { recursive: true })
    const shadow = 'sato:$y$abc:20000:0:99999:7:::\n'
    writeFileSync(join(root, 'etc', 'passwd'), 'sato:x:1001:1001::/:/bin/sh\n')
    writeFileSync(join(root, 'etc', 'shadow'), shadow)
    await connect('edge', 'nftables', { namespace: NAMESPACE })
    await connect('shop', 'waf')
    await connect('box', 'http-firewall', { url: `${recorder.url}/deny` }, { token: 't' })
    await connect('people', 'ldap', { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE }, { password: PASSWORD })
    await connect('here', 'local-accounts', { root })
    await connect('cloud-people', 'scim', { url: `${recorder.url}/scim/v2` }, { token: 't' })
    await connect('desk', 'gitlab', { url: recorder.url, project: 'acme/soc' }, { token: 't' })
    await connect('chat', 'slack', {}, { url: `${recorder.url}/slack` })
    await connect('cloud', 'aws-iam', { url: recorder.url, keyId: 'AKIAOWN' }, { key: 't' })
    await connect('safe', 'vault', { url: recorder.url }, { token: 't' })
    await connect('keys', 'authorized-keys', { file: join(realpathSync(folder), 'keys-of', '%u') })
    recorder.answer = ({ path, method }) => {
      if (path.startsWith('/scim/')) return { body: { Resources: [{ id: 'somebody', userName: 'somebody', active: true }] } }
      if (path.startsWith('/v1/secret/metadata')) return { body: { data: { current_version: 1, custom_metadata: {} } } }
      if (path.startsWith('/v1/secret/data')) return { body: { data: { data: {}, metadata: { version: 1 } } } }
      if (path === '/') return { body: '<R><m><AccessKeyId>AKIAOLDOLDOLDOLDOLD1</AccessKeyId><Status>Active</Status></m></R>' }
      if (path.startsWith('/deny/')) return method === 'GET' ? undefined : {}
      return { body: { iid: 1 } }
    }
    await (await step('block-address', { address: '203.0.113.9', on: 'edge' })).run()
    mails.length = 0
    commands.length = 0
    let cases = 0
    let ran = 0
    for (const [id, fields] of Object.entries(valid))
      for (const field of Object.keys(fields))
        for (const trick of tricks) {
          cases += 1
          const asked = { ...fields, [field]: trick }
          const { path, allow, ...rest } = asked
          const listed =
            id === 'collect-from-host' ? { ...rest, paths: [path] } : id === 'isolate-host' ? { ...rest, allow: [allow] } : asked
          // Without `on`, every place is tried.
          const input = field === 'account' || field === 'address' ? { ...listed, on: undefined } : listed
          try {
            const { plan, run, undo } = await step(id, input)
            const receipt = await run()
            ran += 1
            expect(plan.summary.en, `${id} ${field}`).not.toMatch(/[\r\0]/)
            if (receipt.undo !== undefined && all.get(id)!.undo !== undefined) await undo(receipt).catch(() => undefined)
          } catch (error) {
            // Refused: by its schema, or because there is no such thing. A fault of our own would be of another kind.
            expect(['ZodError', 'KanpekiError'], `${id} ${field} ${trick.slice(0, 60)}: ${String(error)}`).toContain(
              (error as Error).name,
            )
          }
        }
    console.log(`${cases} hostile inputs, ${ran} of them taken as plain text`)
    expect(cases).toBeGreaterThan(1400)
    expect(ran).toBeGreaterThan(100)
    expect(() => statSync(pwned)).toThrow()
    const places =
      /^\/(deny\/[0-9a-f.:%A]+|scim\/v2\/Users(\?[^#]*|\/somebody)|api\/v4\/projects\/acme%2Fsoc\/issues(\?.*|\/1(\/notes)?)?|slack|v1\/secret\/(data|metadata)\/[\w@/.-]+(\?version=1)?|)$/
    for (const { path, headers } of recorder.asked) {
      expect(path).toMatch(places)
      expect(path.split('?', 1)[0]).not.toMatch(/\.\.|\/\//)
      expect(headers).not.toHaveProperty('x-injected')
    }
    for (const { subject, to } of mails) {
      expect(subject).toMatch(/^\[Kanpeki\] [^\r\n]*$/)
      expect(to).toHaveLength(1)
    }
    for (const { command } of commands) expect(Object.keys(command.params as object)).not.toContain('__proto__')
    expect(nft()).not.toMatch(/127\.0\.0\.1|0\.0\.0\.0[^/]/)
    expect(nft().match(/^table/gm)).toHaveLength(1)
    expect(readFileSync(join(root, 'etc', 'shadow'), 'utf8')).toBe(shadow)
    expect(await directory.signsIn('uid=sato', 'sato-secret')).toBe(true)
    expect(await directory.signsIn('cn=hostile', 'hostile-secret')).toBe(true)
  },
  60_000,
)
