import { type ChildProcess, execFileSync, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { insertAccount, insertAssignment, insertSession } from '../src/access/queries.ts'
import type { AccessTables } from '../src/access/tables.ts'
import { bootTime, startedAt } from '../src/agent/collectors/boot-time.ts'
import { startOf } from '../src/agent/collectors/proc.ts'
import { migrations } from '../src/app/migrations.ts'
import { recordDetections } from '../src/detect/alerts.ts'
import { MAIL_SERVER } from '../src/detect/notify/queries.ts'
import type { NotifyTables } from '../src/detect/notify/tables.ts'
import type { DetectTables } from '../src/detect/tables.ts'
import type { Detection } from '../src/kernel/detection.ts'
import { scopedTo } from '../src/platform/state/scope.ts'
import { openState } from '../src/platform/state/state.ts'
import { type Mailbox, startMailbox } from '../src/platform/testing/mailbox.ts'
import type { ProveTables } from '../src/prove/tables.ts'
import { fingerprintOf } from '../src/respond/actions-support/secrets/authorized-keys.ts'
import { missingHere } from '../src/respond/actions-support/testing/missing.ts'
import { type Recorder, startRecorder } from '../src/respond/actions-support/testing/recorder.ts'
import { ADMIN, BASE, PASSWORD, startSlapd, type TestDirectory } from '../src/respond/actions-support/testing/slapd.ts'
import type { ConnectionKind } from '../src/respond/connections/schema.ts'
import type { ConnectionTables } from '../src/respond/connections/tables.ts'
import { createConnection } from '../src/respond/connections/write.ts'
import { answerStep, undoOf } from '../src/respond/playbooks/intervene.ts'
import { readPlaybook } from '../src/respond/playbooks/language/read.ts'
import { stepsOf } from '../src/respond/playbooks/queries.ts'
import { undoable } from '../src/respond/playbooks/run/undo.ts'
import { startRun } from '../src/respond/playbooks/start.ts'
import type { PlaybookTables } from '../src/respond/playbooks/tables.ts'
import { decideVersion, saveVersion, setPlaybook } from '../src/respond/playbooks/write.ts'
import { type CarryOut, type House, openHouse, POINTS, type Point, SEALER } from './support/respond-house.ts'

/** Skipped where there is no root, slapd or network namespace. */
const missing = missingHere()
const onSystem = missing === undefined ? it : it.skip
const NAMESPACE = `kpcrash${process.pid}`
const CHILD = fileURLToPath(new URL('support/respond-child.ts', import.meta.url))
const HAND = fileURLToPath(new URL('support/agent-hand.ts', import.meta.url))
const root = realpathSync(mkdtempSync(join(tmpdir(), 'kanpeki-respond-crash-')))
const who = (name: string) => ({ id: name, name, account: name })
const KEY = `ssh-ed25519 ${Buffer.from(`\0\0\0\x0bssh-ed25519\0\0\0 ${'lost'.padEnd(32)}`).toString('base64')} lost`
const [OLD, BLOCKED, ATTACKER, ON_HOST] = ['AKIAOLDOLDOLDOLDOLD1', '203.0.113.8', '203.0.113.9', '203.0.113.10']
const VICTIM = join(root, 'web-shell.php')

/** Every action, and CACAO's own commands that act, each with an input for what stands in `beforeAll`. */
const STEPS: Readonly<Record<string, object>> = {
  'block-address': { address: ATTACKER },
  'unblock-address': { address: BLOCKED },
  'disable-account': { account: 'sato' },
  'enable-account': { account: 'mori' },
  'revoke-sessions': { account: 'sasaki' },
  'open-ticket': { title: 'Attack', text: 'x' },
  notify: { title: 'Attack' },
  'send-mail': { to: 'desk@example.test', subject: 's', text: 't' },
  enrich: { value: ATTACKER },
  'keep-evidence': { alert: '__alert__:value' },
  'rotate-aws-key': { user: 'app', keyId: OLD, store: { path: 'aws/app' } },
  'rotate-ssh-key': { account: 'sato', fingerprint: fingerprintOf(KEY)! },
  'rotate-vault-secret': { path: 'shop/api' },
  'block-address-on-host': { host: 'web-1', address: ON_HOST },
  'collect-from-host': { host: 'web-1', paths: ['/etc/hostname'] },
  'disable-account-on-host': { host: 'web-1', account: 'sato' },
  'isolate-host': { host: 'web-1', allow: ['10.1.0.0/16'] },
  'kill-process': { host: 'web-1', pid: '__pid__:value', started: '__started__:value' },
  'quarantine-file': { host: 'web-1', path: VICTIM },
}
/** Whose other side answers a change that it made: there the answer can be lost. */
const ANSWERED = [
  ...['block-address', 'unblock-address', 'disable-account', 'enable-account', 'open-ticket', 'notify', 'rotate-aws-key'],
  ...['rotate-vault-secret', 'block-address-on-host', 'collect-from-host', 'disable-account-on-host', 'isolate-host'],
  ...['kill-process', 'quarantine-file'],
]
const REVERSIBLE = [
  ...['block-address', 'unblock-address', 'disable-account', 'enable-account', 'open-ticket', 'rotate-aws-key', 'rotate-ssh-key'],
  ...['rotate-vault-secret', 'block-address-on-host', 'disable-account-on-host', 'isolate-host', 'quarantine-file'],
]
/** Of a lookup that misses its name server, and of what a person answered for, something is said; all others do the whole of it. */
const asIs = (action: string): boolean => action === 'enrich' || ASKED.includes(action)
/** What nobody but a person can find out, once it was begun. */
const ASKED = ['notify', 'rotate-aws-key']

let mailbox: Mailbox
/** What stands on the other side of HTTP. */
const far = {
  denied: new Map<string, unknown>([[BLOCKED, {}]]),
  active: new Map([
    ['sato', true],
    ['mori', false],
  ]),
  tickets: [] as { number: number; body: string; state: string }[],
  messages: 0,
  keys: new Map([[OLD, 'Active']]),
  versions: [{ value: 'leaked' }] as unknown[],
  custom: {} as unknown,
}
let recorder: Recorder
let directory: TestDirectory
let hand: ChildProcess
let process1: ChildProcess
let alert: string
/** How often the agent carried something out, by kind. */
const carried = new Map<string, number>()
const waiting = new Map<string, (answer: Awaited<ReturnType<CarryOut>>) => void>()
const carryOut: CarryOut = (text) =>
  new Promise((resolve) => {
    waiting.set((JSON.parse(text) as { id: string }).id, resolve)
    hand.stdin!.write(`${JSON.stringify({ text })}\n`)
  })

/** The other sides of HTTP: a firewall, a directory, an issue tracker, a chat, Vault and AWS's IAM, as far as their shapes go. */
function answer({ method, path, json, text }: Parameters<Recorder['answer']>[0]): ReturnType<Recorder['answer']> {
  const said = json as Record<string, never> | undefined
  const [, place = '', ...rest] = path.split('?', 1)[0]!.split('/')
  if (place === 'deny') {
    if (method === 'PUT') far.denied.set(rest[0]!, said)
    if (method === 'DELETE') far.denied.delete(rest[0]!)
    return method !== 'GET' ? {} : far.denied.has(rest[0]!) ? { body: far.denied.get(rest[0]!) } : undefined
  }
  if (place === 'scim') {
    if (method === 'PATCH') far.active.set(rest[1]!, (said!['Operations'] as unknown as [{ value: boolean }])[0].value)
    const name = /"(\w+)"/.exec(new URL(path, 'http://x').searchParams.get('filter') ?? '')?.[1] ?? ''
    return { body: { Resources: far.active.has(name) ? [{ id: name, userName: name, active: far.active.get(name) }] : [] } }
  }
  if (place === 'repos') {
    if (method === 'PATCH') far.tickets.find(({ number }) => number === Number(rest[3]))!.state = String(said!['state'])
    if (method === 'POST' && rest.length === 3)
      far.tickets.push({ number: far.tickets.length + 1, body: String(said!['body']), state: 'open' })
    return { body: method === 'GET' ? far.tickets.toReversed() : (far.tickets.at(-1) ?? {}) }
  }
  if (place === 'slack') {
    far.messages += 1
    return {}
  }
  if (place === 'v1') {
    if (path.includes('/aws/app')) return method === 'POST' ? { body: {} } : undefined
    if (rest[1] === 'metadata') {
      if (method === 'POST') far.custom = said!['custom_metadata']
      return { body: { data: { current_version: far.versions.length, custom_metadata: far.custom } } }
    }
    if (method === 'POST') far.versions.push(said!['data'])
    const version = Number(new URL(path, 'http://x').searchParams.get('version') ?? far.versions.length)
    return { body: { data: { data: far.versions[version - 1], metadata: { version } } } }
  }
  const asked = new URLSearchParams(text)
  if (asked.get('Action') === 'CreateAccessKey') {
    const id = `AKIANEWNEWNEWNEW${1000 + far.keys.size}`
    far.keys.set(id, 'Active')
    return {
      body: `<R><AccessKey><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey></AccessKey></R>`,
    }
  }
  if (asked.get('Action') === 'UpdateAccessKey') far.keys.set(asked.get('AccessKeyId')!, asked.get('Status')!)
  const member = `<member><AccessKeyId>${OLD}</AccessKeyId><Status>${far.keys.get(OLD)}</Status></member>`
  return { body: `<R><L>${member}</L></R>` }
}

const inside = (...args: string[]): string => execFileSync('ip', ['netns', 'exec', NAMESPACE, ...args], { encoding: 'utf8' })
const keysFile = join(root, 'keys', 'sato')
const shadow = join(root, 'etc', 'shadow')

/** What somebody would find outside, everywhere. */
async function world() {
  const rules = inside('nft', 'list', 'ruleset')
  const list = readFileSync(join(root, 'waf-denied', 'default', 'denied.txt'), 'utf8')
  return {
    attacker: [rules.includes(`${ATTACKER} comment`), list.includes(ATTACKER), far.denied.has(ATTACKER)],
    blocked: [rules.includes(`${BLOCKED} comment`), list.includes(BLOCKED), far.denied.has(BLOCKED)],
    sato: [await directory.signsIn('uid=sato', 'sato-secret'), far.active.get('sato')],
    mori: [await directory.signsIn('uid=mori', 'mori-secret'), far.active.get('mori')],
    key: readFileSync(keysFile, 'utf8').includes(KEY),
    aws: far.keys.get(OLD),
    vault: (far.versions.at(-1) as { value: string }).value === 'leaked',
    onHost: rules.includes(ON_HOST),
    isolated: rules.includes('10.1.0.0/16'),
    account: readFileSync(shadow, 'utf8').includes('sato:!'),
    file: existsSync(VICTIM),
    tickets: far.tickets.filter(({ state }) => state === 'open').length,
  }
}
const START = {
  ...{ attacker: [false, false, false], blocked: [true, true, true], sato: [true, true], mori: [false, false] },
  ...{ key: true, aws: 'Active', vault: true, onHost: false, isolated: false, account: false, file: true, tickets: 0 },
}
const DONE = {
  ...{ attacker: [true, true, true], blocked: [false, false, false], sato: [false, false], mori: [true, true] },
  ...{ key: false, aws: 'Inactive', vault: false, onHost: true, isolated: true, account: true, file: false, tickets: 1 },
}

const detection: Detection = {
  rule: {
    ...{ id: 'r', version: '1', title: 'T', level: 'low', file: 'r.yml', description: '' },
    ...{ techniques: [], tactics: [] },
  },
  ...{ eventIds: ['e1'], eventCount: 1, fields: {}, group: { 'source.ip': ATTACKER } },
  ...{ observed: Date.now() - 60_000, received: Date.now() - 59_000, scope: 'default' },
}

const playbook = (action: string, input: object): string =>
  JSON.stringify({
    id: `crash-${action}`,
    name: action,
    'x-kanpeki': { triggers: [], approval: 'none' },
    playbook_variables: {
      ...Object.fromEntries(['__alert__', '__pid__', '__started__'].map((name) => [name, { type: 'string', external: true }])),
    },
    workflow_start: 'start',
    workflow: {
      start: { type: 'start', on_completion: 'act' },
      act: { type: 'action', 'x-kanpeki': { action, input }, on_completion: 'end' },
      end: { type: 'end' },
    },
  })

beforeAll(async () => {
  if (missing !== undefined) return
  execFileSync('ip', ['netns', 'add', NAMESPACE])
  execFileSync('ip', ['-n', NAMESPACE, 'link', 'set', 'lo', 'up'])
  ;[directory, recorder] = await Promise.all([startSlapd('hostile'), startRecorder()])
  recorder.answer = answer
  mailbox = await startMailbox()
  for (const folder of ['etc', 'keys', 'agent', 'house']) mkdirSync(join(root, folder))
  writeFileSync(join(root, 'etc', 'passwd'), 'sato:x:1001:1001::/home/sato:/bin/sh\n')
  writeFileSync(join(root, 'etc', 'group'), 'sato:x:1001:\n')
  writeFileSync(shadow, 'sato:$y$j9T$abc:20000:0:99999:7:::\n', { mode: 0o600 })
  writeFileSync(keysFile, `${KEY}\n`)
  writeFileSync(VICTIM, '<?php')
  hand = spawn('ip', ['netns', 'exec', NAMESPACE, process.execPath, HAND, join(root, 'agent'), root], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  createInterface({ input: hand.stdout! }).on('line', (line) => {
    const told = JSON.parse(line) as Awaited<ReturnType<CarryOut>>
    if (!told.again) carried.set(told.kind, (carried.get(told.kind) ?? 0) + 1)
    waiting.get(told.id)?.(told)
    waiting.delete(told.id)
  })

  const state = await openState({ path: join(root, 'state.db') }, migrations)
  const now = Date.now()
  const by = { id: 'p1', name: 'eva', scope: 'default', permissions: new Set(['installation'] as const) }
  const url = recorder.url
  const connections: readonly (readonly [string, ConnectionKind, Record<string, string>, Record<string, string>])[] = [
    ['edge', 'nftables', { namespace: NAMESPACE }, {}],
    ['shop', 'waf', {}, {}],
    ['box', 'http-firewall', { url: `${url}/deny` }, { token: 't' }],
    ['people', 'ldap', { url: directory.url, startTls: 'no', bind: ADMIN, base: BASE }, { password: PASSWORD }],
    ['cloud', 'scim', { url: `${url}/scim` }, { token: 't' }],
    ['desk', 'github', { url, owner: 'acme', repository: 'soc' }, { token: 't' }],
    ['chat', 'slack', {}, { url: `${url}/slack` }],
    ['safe', 'vault', { url }, { token: 't' }],
    ['iam', 'aws-iam', { url, keyId: 'AKIAOWN' }, { key: 't' }],
    ['keys', 'authorized-keys', { file: join(root, 'keys', '%u') }, {}],
  ]
  await state.transaction<ConnectionTables & PlaybookTables & AccessTables & NotifyTables, void>(async (trx) => {
    const scoped = scopedTo(trx, 'default')
    for (const [name, kind, settings, secrets] of connections)
      await createConnection(scoped as never, { name, kind, settings, secrets }, SEALER, by, now)
    await insertAccount(trx, {
      id: 'a1',
      scope: 'default',
      name: 'sasaki',
      email: null,
      subject: null,
      password: '',
      created: now,
      last_seen: null,
    })
    await insertAssignment(trx, {
      id: 'r1',
      scope: '*',
      account_id: 'a1',
      role: 'viewer',
      origin: 'local',
      by_name: 'eva',
      created: now,
    })
    await trx
      .insertInto('detect_mail_server')
      .values({
        ...{ id: MAIL_SERVER, scope: 'default', host: '127.0.0.1', port: mailbox.port },
        ...{ security: 'none', user: '', secret: null, sender: 'kanpeki@example.test', updated: now },
      })
      .execute()
    for (const [action, input] of Object.entries(STEPS)) {
      const source = playbook(action, input)
      await saveVersion(trx, 'default', source, readPlaybook(source).playbook!, who('eva'), { note: '', file: '', now })
      await decideVersion(scoped as never, `crash-${action}`, 1, 'approve', '', who('aya'), now)
      await setPlaybook(scoped as never, `crash-${action}`, { mode: 'real' }, who('eva'), now)
    }
  })
  await state.transaction((trx) => recordDetections(trx, [detection], now))
  ;({ id: alert } = await state.tables<DetectTables>().selectFrom('detect_alerts').select('id').executeTakeFirstOrThrow())
  await state.close()
}, 60_000)
afterAll(async () => {
  if (missing !== undefined) return
  process1?.kill('SIGKILL')
  hand?.kill('SIGKILL')
  spawnSync('ip', ['netns', 'del', NAMESPACE])
  await mailbox?.close()
  await Promise.all([directory?.stop(), recorder?.stop()])
  rmSync(root, { recursive: true, force: true })
})

/** Another process runs what is due, and is killed as by a power cut once each of these actions is where it is to be. */
async function killAt(point: Point, actions: readonly string[]): Promise<void> {
  const child = fork(CHILD, [root, point], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const reached = new Set<string>()
  await new Promise<void>((resolve, reject) => {
    child.on('message', async (said: { text?: string; reached?: string; complaints?: string[] }) => {
      if (said.text !== undefined) child.send(await carryOut(said.text))
      if (said.complaints !== undefined) reject(new Error(`ended before it got there: ${said.complaints.join(' ')}`))
      if (said.reached !== undefined) reached.add(said.reached)
      if (actions.every((one) => reached.has(one))) resolve()
    })
    child.once('exit', () => reject(new Error(`${point}: ended with ${[...reached].join(', ')} there`)))
  })
  expect([...reached].sort()).toEqual([...actions].sort())
  child.removeAllListeners('exit').kill('SIGKILL')
  await once(child, 'exit')
}

async function begin(house: House): Promise<ReadonlyMap<string, string>> {
  process1 = spawn('sleep', ['600'], { stdio: 'ignore' })
  await once(process1, 'spawn')
  const started = startedAt(bootTime('/proc'), startOf('/proc', process1.pid!)!.started)
  const now = Date.now()
  return await house.state.transaction<PlaybookTables & AccessTables, Map<string, string>>(async (trx) => {
    await insertSession(trx, {
      ...{ hash: `h${now}`, scope: 'default', id: `s${now}`, account_id: 'a1', methods: '[]', address: '', agent: '' },
      ...{ created: now, last_used: now, expires: now + 3_600_000 },
    })
    const variables = { __alert__: alert, __pid__: String(process1.pid), __started__: new Date(started).toISOString() }
    const runs = new Map<string, string>()
    for (const action of Object.keys(STEPS)) {
      const start = {
        playbook: `crash-${action}`,
        mode: 'real',
        variables,
        by: { account: null, name: 'alert' },
        human: false,
      } as const
      runs.set(action, (await startRun(scopedTo(trx, 'default') as never, start, now)).id)
    }
    return runs
  })
}

onSystem(
  'every action, killed in every step of its way: nothing runs twice that must not, nothing is forgotten',
  async () => {
    let kills = 0
    // What is blocked and closed before, by the hand of somebody else.
    let house = await openHouse(root, carryOut)
    const context = { scope: 'default', by: 'eva', signal: AbortSignal.timeout(60_000), now: Date.now }
    await house.actions.get('block-address')!.run({ address: BLOCKED }, { ...context, key: 'other' })
    await house.actions.get('disable-account')!.run({ account: 'mori', on: 'people' }, { ...context, key: 'other' })
    expect(await world()).toEqual(START)

    for (const point of POINTS) {
      const undoing = point.startsWith('undo')
      const before = { tickets: far.tickets.length, messages: far.messages, keys: far.keys.size, versions: far.versions.length }
      mailbox.mails.length = 0
      carried.clear()
      const runs = await begin(house)
      const artefacts = async () =>
        Number(
          (
            await house.state
              .tables<ProveTables>()
              .selectFrom('prove_artefacts')
              .select((one) => one.fn.countAll().as('n'))
              .executeTakeFirstOrThrow()
          ).n,
        )
      const kept = await artefacts()
      const reopen = async (): Promise<void> => {
        house = await openHouse(root, carryOut)
      }
      if (!undoing) {
        await house.close()
        const there = point === 'middle' ? ANSWERED : Object.keys(STEPS)
        await killAt(point, there)
        kills += there.length
        await reopen()
      }
      await house.runner.round()
      const asked: string[] = []
      for (const [action, run] of runs) {
        const step = (await stepsOf(house.state.tables<PlaybookTables>(), run)).find(({ state }) => state === 'unsure')
        if (step === undefined) continue
        asked.push(action)
        // The person looks: the message came or not; of a key whose secret nobody has, they say that it failed.
        const ran = action === 'notify' ? far.messages > before.messages : far.keys.get(OLD) === 'Inactive'
        const lost = action === 'rotate-aws-key' && !ran && far.keys.size > before.keys
        await house.state.transaction<PlaybookTables, void>((trx) =>
          answerStep(
            trx,
            run,
            step.key,
            { answer: lost ? 'failed' : ran ? 'ran' : 'not-run', note: '', values: {} },
            who('ren'),
            Date.now(),
          ),
        )
      }
      await house.runner.round()
      expect(asked.sort(), point).toEqual(point === 'plan' || undoing ? [] : ASKED)
      const lostKey = point === 'middle'
      for (const [action, run] of runs) {
        const steps = await stepsOf(house.state.tables<PlaybookTables>(), run)
        expect(
          steps.map(({ state, message }) => (state === 'failed' || asIs(action) ? state : [state, message])),
          `${point} ${action}`,
        ).toEqual([lostKey && action === 'rotate-aws-key' ? 'failed' : asIs(action) ? 'done' : ['done', null]])
      }
      expect(await world(), point).toEqual({ ...DONE, ...(lostKey ? { aws: 'Active' } : {}) })
      // Once, everywhere: no second ticket, message, key, version, capture, order to an agent, nor piece of evidence.
      expect(
        {
          tickets: far.tickets.length - before.tickets,
          messages: far.messages - before.messages,
          keys: far.keys.size - before.keys,
          versions: far.versions.length - before.versions,
          mails: new Set(mailbox.mails.map(({ text }) => /^Message-ID: (.*)\r$/m.exec(text)?.[1])).size,
          artefacts: (await artefacts()) - kept,
          agent: Object.fromEntries([...carried].sort()),
          sessions: (await house.state.tables<AccessTables>().selectFrom('access_sessions').select('id').execute()).length,
          alive: process1.exitCode === null && process1.signalCode === null,
        },
        point,
      ).toEqual({
        ...{ tickets: 1, messages: 1, keys: 1, versions: 1, mails: 1, artefacts: 1, sessions: 0, alive: false },
        agent: { 'block-address': 1, collect: 1, 'disable-account': 1, isolate: 1, kill: 1, quarantine: 1 },
      })
      // The same mail twice has the same Message-ID, and mailboxes show it once. In the middle of other actions nothing says how far the mail is.
      expect(point === 'middle' ? [1, 2] : [point === 'after' ? 2 : 1], point).toContain(mailbox.mails.length)

      for (const run of runs.values())
        if (undoable(await stepsOf(house.state.tables<PlaybookTables>(), run)).length > 0)
          await house.state.transaction<PlaybookTables, void>((trx) => undoOf(trx, run, who('ren'), Date.now()))
      if (undoing) {
        await house.close()
        await killAt(point, REVERSIBLE)
        kills += REVERSIBLE.length
        await reopen()
      }
      await house.runner.round()
      // Of what a person answered for, nobody knows how to take it back; a person does.
      if (far.keys.get(OLD) === 'Inactive' && !undoing && point !== 'plan' && point !== 'before') far.keys.set(OLD, 'Active')
      expect(await world(), point).toEqual(START)
      expect(house.complaints, point).toEqual([])
    }
    await house.close()
    console.log(`${Object.keys(STEPS).length} actions, ${POINTS.length} points: killed in ${kills} steps`)
    expect(kills).toBe(19 * 3 + ANSWERED.length + 2 * REVERSIBLE.length)
  },
  120_000,
)

it('lists every action', async () => {
  const house = await openHouse(mkdtempSync(join(root, 'list-')), carryOut)
  expect(Object.keys(STEPS).sort()).toEqual([...house.actions.keys()].sort())
  await house.close()
})
