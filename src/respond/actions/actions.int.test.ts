import { execFileSync, spawnSync } from 'node:child_process'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Action, ActionContext, ActionReceipt } from '../../kernel/action.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createOutgoing } from '../../platform/outgoing/outgoing.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import { openState, type State } from '../../platform/state/state.ts'
import { type Recorder, startRecorder } from '../actions-support/testing/recorder.ts'
import { ADMIN, BASE, PASSWORD, startSlapd, type TestDirectory } from '../actions-support/testing/slapd.ts'
import { createConnections } from '../connections/connections.ts'
import type { ConnectionKind } from '../connections/schema.ts'
import type { ConnectionTables } from '../connections/tables.ts'
import { createConnection } from '../connections/write.ts'
import { migrations } from '../migrations.ts'
import { actions } from './registry.ts'

const HOSTILE_NAME = '*)(uid=*))(|(uid=*'
const NAMESPACE = `kanpeki-${process.pid}`
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-actions-'))
const mails: { to: readonly string[]; subject: string; text: string; id: string }[] = []
const said: string[] = []
let state: State
let directory: TestDirectory
let recorder: Recorder
let all: ReadonlyMap<string, Action>

const sealer = createSealer([Buffer.alloc(32, 7)])
let steps = 0

beforeAll(async () => {
  ;[directory, recorder] = await Promise.all([startSlapd(HOSTILE_NAME), startRecorder()])
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
    mail: async (mail, id) => void mails.push({ ...mail, id }),
  })
}, 60_000)
afterAll(async () => {
  execFileSync('ip', ['netns', 'del', NAMESPACE])
  await Promise.all([directory.stop(), recorder.stop(), state.close()])
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

it('blocks at nftables, at the WAF and at any firewall, once, and takes back only what it did', async () => {
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

it('says what failed where the rest was done', async () => {
  recorder.answer = () => ({ status: 500 })
  await connect('shop', 'waf')
  await connect('box', 'http-firewall', { url: recorder.url }, { token: 'box-token' })
  const { run, undo } = await step('block-address', { address: '203.0.113.10' })
  const receipt = await run()
  expect(receipt.problem).toMatch(/^box: 127\.0\.0\.1:\d+ answered 500\.$/)
  expect(receipt.undo).toEqual({ places: [{ on: 'shop', address: '203.0.113.10' }] })
  await undo(receipt)
})

it.each([
  ['ppolicy', 'uid=sato', 'sato', 'sato'],
  ['ppolicy', 'cn=hostile', HOSTILE_NAME, 'hostile'],
] as const)('closes and reopens an account of a real slapd (%s, %s)', async (lock, rdn, account, name) => {
  await connect('people', 'ldap', { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE, lock }, { password: PASSWORD })
  expect(await directory.signsIn(rdn, `${name}-secret`)).toBe(true)
  const { plan, run, undo } = await step('disable-account', { account })
  expect(plan.targets).toEqual([{ kind: 'account', name: account }])
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

it.each(Object.keys(TRACKERS) as (keyof typeof TRACKERS)[])(
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

it('tells people everywhere, in the shape that each takes', async () => {
  const hook = (name: string) => ({ url: `${recorder.url}/${name}/canary` })
  await connect('a-slack', 'slack', {}, hook('slack'))
  await connect('b-teams', 'teams', {}, hook('teams'))
  await connect('c-mattermost', 'mattermost', {}, hook('mattermost'))
  await connect('d-pager', 'pagerduty', { url: recorder.url }, { key: 'canary-routing' })
  const works = { url: recorder.url, signIn: recorder.url, bot: '42', channel: 'c/1', client: 'id1', account: 'bot@works' }
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await connect('e-works', 'line-works', works, { clientSecret: 'canary-client', privateKey: pem })
  await connect('f-hook', 'webhook', {}, { ...hook('hook'), key: KEY })
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
  expect(JSON.stringify(receipt)).not.toContain('canary')

  recorder.asked.length = 0
  await undo(receipt)
  expect(recorder.asked.map(({ json }) => json)).toMatchObject([
    { event_action: 'resolve', dedup_key: expect.stringMatching(/^kanpeki-/) },
  ])

  // Where it fails, the address, which is the secret, is in no message.
  recorder.answer = () => ({ status: 403, body: 'no' })
  const failed = await (await step('notify', { title: 'x' })).run().catch((error: unknown) => String(error))
  expect(String(failed)).toMatch(/answered 403/)
  expect(JSON.stringify([failed, said])).not.toContain('canary')
})

it('sends mail with an id that stays', async () => {
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
