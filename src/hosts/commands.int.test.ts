import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KanpekiError } from '../kernel/error.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import { openState, type State } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { type CommandKey, isSigned, openCommandKey, successorOf } from './command-key.ts'
import { type Commands, createCommands, type KnownAgent, MOST_HOSTS_AN_HOUR } from './commands.ts'
import { integrityView } from './integrity.ts'
import { hostMeasures } from './measures.ts'
import { migrations } from './migrations.ts'
import { policyFor, rulesToGive } from './policy.ts'
import { keepIntegrity } from './queries.ts'
import type { AgentStatus, CommandText, IntegrityReport } from './schema.ts'
import type { HostTables } from './tables.ts'

const NOW = Date.UTC(2026, 10, 22)
const BY = { id: 'u1', name: 'Sato' }
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key: CommandKey = {
  successions: [],
  public: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  sign: (what, text) => ({
    text,
    signature: sign(null, Buffer.from(`kanpeki-agent-${what}/v1\n${text}`), privateKey).toString('base64'),
  }),
}
const over = AbortSignal.abort()
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  )

describeStates('commands for agents', (bed) => {
  let state: State
  let commands: Commands
  let now = NOW
  const agents: KnownAgent[] = Array.from({ length: MOST_HOSTS_AN_HOUR + 2 }, (_, i) => ({
    id: randomUUID(),
    scope: 'default',
    name: `host-${i}`,
    lastSeen: null,
  }))
  const [first, second] = agents as [KnownAgent, KnownAgent]
  const status = (more: Partial<AgentStatus> = {}): AgentStatus => ({
    version: '1',
    host: 'x',
    kinds: ['kill', 'isolate', 'release', 'query'],
    isolated: null,
    blocked: 0,
    policy: null,
    ...more,
  })
  const taken = async (agent: KnownAgent, busy: readonly string[] = []): Promise<CommandText[]> =>
    (await commands.take(agent, status(), busy, over)).map((signed) => {
      expect(isSigned('command', signed, key.public)).toBe(true)
      expect(isSigned('policy', signed, key.public)).toBe(false)
      expect(isSigned('command', { ...signed, text: `${signed.text} ` }, key.public)).toBe(false)
      return JSON.parse(signed.text) as CommandText
    })
  const receipt = { receipt: { outcome: 'done' as const, detail: { pid: 7 } } }

  beforeAll(async () => {
    const clock = { now: () => now }
    state = await openState(await bed.place(), migrations, clock)
    commands = createCommands({ state, clock, key, agents: async () => agents, changed: () => {} })
  })
  afterAll(() => state.close())

  it('gives each agent its own, until it has answered, and takes an answer from no other', async () => {
    const asked = await commands.ask('default', 'host-0', { kind: 'kill', params: { pid: 7, name: 'x' }, key: 'k1' }, BY)
    expect(await taken(second)).toEqual([])
    expect(await taken(first)).toMatchObject([
      { id: asked.id, agent: first.id, kind: 'kill', key: 'k1', expires: NOW + 3_600_000 },
    ])
    expect(await taken(first)).toHaveLength(1)
    expect(await taken(first, [asked.id])).toEqual([])
    expect(await codeOf(commands.receive(second, { id: asked.id, result: receipt }))).toBe('not_found')
    const waiting = commands.answered('default', asked.id, new AbortController().signal)
    await commands.receive(first, { id: asked.id, result: receipt })
    expect((await waiting).state).toBe('done')
    // Told again, as after a lost reply: nothing changes.
    await commands.receive(first, { id: asked.id, result: { failed: { code: 'x', message: 'x' } } })
    expect(await commands.find('default', 'k1')).toEqual(receipt.receipt)
    expect(await taken(first)).toEqual([])
  })

  it('takes the same key for the same command, and a key of another for a conflict', async () => {
    const again = { kind: 'kill', host: first.id, params: { pid: 7, name: 'x' }, key: 'k1' } as const
    expect(await commands.send('default', again, 'playbook', over)).toEqual(receipt.receipt)
    expect(await codeOf(commands.send('default', { ...again, params: { pid: 8, name: 'x' } }, 'playbook', over))).toBe('conflict')
    const silent = { kind: 'release', host: first.id, params: {}, key: 'k2' } as const
    expect(await codeOf(commands.send('default', silent, 'playbook', over))).toBe('agent_silent')
    const [left] = await taken(first)
    await commands.receive(first, { id: left!.id, result: { failed: { code: 'tool_failed', message: 'nft' } } })
    expect((await commands.answered('default', left!.id, over)).state).toBe('failed')
  })

  it('asks again for what failed, ran out or was withdrawn, under the same key, and never for what was done', async () => {
    const command = { kind: 'release', host: first.id, params: {}, key: 'undo' } as const
    const send = (signal = over) => commands.send('default', command, 'playbook', signal)
    const given = async () => (await taken(first)).filter((one) => one.key === 'undo')
    const failed = { failed: { code: 'tool_failed', message: 'nft' } }
    expect(await codeOf(send())).toBe('agent_silent')
    const [one] = await given()
    await commands.receive(first, { id: one!.id, result: failed })
    expect(await codeOf(send())).toBe('agent_silent')
    const [two, ...more] = await given()
    expect(more).toEqual([])
    expect(two!.id).not.toBe(one!.id)
    now += 3_600_000
    await commands.sweep()
    expect(await codeOf(send())).toBe('agent_silent')
    const [three] = await given()
    // The one that ran out was carried out all the same: the agent knows the key.
    await commands.receive(first, { id: three!.id, result: receipt })
    expect(await send()).toEqual(receipt.receipt)
    expect(await given()).toEqual([])
    // The door for people keeps to its word: the same key has the same answer.
    const asked = { kind: 'release', params: {}, key: 'api' } as const
    const row = await commands.ask('default', first.id, asked, BY)
    await taken(first)
    await commands.receive(first, { id: row.id, result: failed })
    expect((await commands.ask('default', first.id, asked, BY)).id).toBe(row.id)
  })

  it('takes back what no agent has fetched where a person stopped it, and nothing where Kanpeki itself stops', async () => {
    const send = async (key: string, reason: string): Promise<unknown> => {
      const ending = new AbortController()
      const command = { kind: 'release', host: first.id, params: {}, key } as const
      const sent = codeOf(commands.send('default', command, 'playbook', ending.signal))
      while ((await stateOf(key)) === undefined) await nextTurn()
      ending.abort(new KanpekiError(reason, 'x'))
      return await sent
    }
    const stateOf = async (key: string) =>
      (await state.tables<HostTables>().selectFrom('hosts_commands').select('state').where('key', '=', key).executeTakeFirst())
        ?.state
    expect(await send('stop-1', 'ending')).toBe('agent_silent')
    expect(await stateOf('stop-1')).toBe('waiting')
    expect(await send('stop-2', 'stopped')).toBe('agent_failed')
    expect(await stateOf('stop-2')).toBe('withdrawn')
    // Whoever stopped waiting long ago takes it back by its key, unless it was fetched.
    expect(await send('stop-3', 'ending')).toBe('agent_silent')
    expect(await commands.cancel('default', 'stop-3', 'Kanpeki')).toBe(true)
    expect(await stateOf('stop-3')).toBe('withdrawn')
    expect(await commands.cancel('default', 'stop-3', 'Kanpeki')).toBe(false)
    const left = await taken(first)
    expect(left.map((one) => one.key)).toEqual(['stop-1'])
    expect(await commands.cancel('default', 'stop-1', 'Kanpeki')).toBe(false)
    await commands.receive(first, { id: left[0]!.id, result: receipt })
  })

  it('refuses what the host does not allow, what is no parameter, and hosts that are not one', async () => {
    const refused: readonly (readonly [string, Parameters<Commands['ask']>[2], string])[] = [
      ['host-0', { kind: 'disable-account', params: { account: 'x' } }, 'agent_refuses'],
      ['host-0', { kind: 'kill', params: { pid: 'x' } }, 'agent_params'],
      ['nobody', { kind: 'release', params: {} }, 'not_found'],
      ['x', { kind: 'release', params: {} }, 'not_found'],
    ]
    for (const [host, asked, code] of refused) expect(await codeOf(commands.ask('default', host, asked, BY)), host).toBe(code)
  })

  it('voids what nobody took in time, and withdraws what nobody took', async () => {
    const late = await commands.ask('default', first.id, { kind: 'query', params: { table: 'users' } }, BY)
    const withdrawn = await commands.ask('default', first.id, { kind: 'release', params: {} }, BY)
    expect((await commands.withdraw('default', withdrawn.id, BY)).state).toBe('withdrawn')
    now += 60_000
    expect(await taken(first)).toEqual([])
    await commands.sweep()
    expect((await commands.answered('default', late.id, over)).state).toBe('expired')
    expect(await codeOf(commands.withdraw('default', late.id, BY))).toBe('conflict')
  })

  it(`changes no more than ${MOST_HOSTS_AN_HOUR} hosts an hour, and always takes back`, async () => {
    now += 3_600_000
    const ask = (host: KnownAgent, kind: 'isolate' | 'release') => commands.ask('default', host.id, { kind, params: {} }, BY)
    for (const host of agents.slice(0, MOST_HOSTS_AN_HOUR)) await ask(host, 'isolate')
    expect(await codeOf(ask(agents.at(-1)!, 'isolate'))).toBe('agent_limit')
    await ask(first, 'isolate')
    await ask(agents.at(-1)!, 'release')
  })

  it('takes down what an agent stopped by itself once, and it keeps nobody from helping', async () => {
    const rule = { id: 'r1', version: 'v', title: 'Reverse shell' }
    const params = { pid: 9, started: NOW, name: 'sh' }
    const deed = {
      id: randomUUID(),
      key: `kill 9 ${NOW}`,
      kind: 'kill' as const,
      params,
      rule,
      event: 'e1',
      found: NOW,
      done: 9e15,
      result: receipt,
    }
    await commands.report(first, deed)
    await commands.report(first, { ...deed, id: randomUUID() })
    // Another host has processes of the same numbers.
    await commands.report(second, { ...deed, id: randomUUID() })
    const row = await commands.answered('default', deed.id, over)
    expect(row).toMatchObject({ state: 'done', by_id: 'rule:r1', by_name: 'Reverse shell', agent: first.id })
    const told = (await readOutbox(state.tables<HostTables>(), 0, 500)).filter(({ body }) => body['action'] === 'agent.stopped')
    expect(told.map(({ body }) => body['agent'])).toEqual([first.id, second.id])
    expect(told[0]!.body).toMatchObject({ kind: 'kill', rule, event: 'e1', outcome: 'done', by: { id: first.id } })
    expect(await codeOf(commands.report(first, { ...deed, key: 'x', params: { pid: 'x' } }))).toBe('agent_params')
    for (const agent of agents) await commands.report(agent, { ...deed, id: randomUUID(), key: 'everywhere' })
    now += 3_600_000
    for (const agent of agents) await commands.report(agent, { ...deed, id: randomUUID(), key: 'again' })
    await commands.ask('default', first.id, { kind: 'isolate', params: {} }, BY)
  })

  it('leaves evidence of each, with who asked and what came of it', async () => {
    const bodies = (await readOutbox(state.tables<HostTables>(), 0, 500)).map(({ body }) => body)
    const actions = new Set(bodies.map(({ action }) => action))
    const all = ['command', 'expire', 'query', 'receipt', 'stopped', 'withdraw'].map((action) => `agent.${action}`)
    expect([...actions].sort()).toEqual(all)
    expect(bodies[0]).toMatchObject({ action: 'agent.command', by: BY, kind: 'kill', name: 'host-0', params: { pid: 7 } })
  })

  it('takes a baseline for accepted only where the host answered the acceptance, and silence for no pass', async () => {
    const scope = 'frozen'
    const frozen: KnownAgent = { id: randomUUID(), scope, name: 'ice', lastSeen: null }
    const clock = { now: () => now }
    const db = state.tables<HostTables>()
    const own = createCommands({ state, clock, key, agents: async () => [frozen], changed: () => {} })
    const read = async (params: Parameters<(typeof measure)['measure']>[0] = {}) => await measure.measure(params, 0, now, scope)
    const [measure] = hostMeasures({ state, clock, agents: async () => [frozen], labelsOf: async () => ['env=production'] }) as [
      ReturnType<typeof hostMeasures>[number],
    ]
    const digest = 'd'.repeat(64)
    const report = (more: Partial<IntegrityReport> = {}) => ({
      ...{ state: 'a'.repeat(64), baseline: null, broken: false, paths: 9, frozen: true, changed: 0, unverified: 0 },
      ...{ checked: now, missed: 0, ...more },
    })
    const say = async (more: Partial<IntegrityReport> = {}) =>
      await keepIntegrity(db, { agent: frozen.id, scope, at: now, report: JSON.stringify(report(more)), changes: '[]' })
    expect(await read()).toMatchObject({ value: null, good: 0, unknown: 1, missing: { ja: expect.any(String) } })
    await say()
    expect(await read()).toMatchObject({ value: null, unknown: 1 })
    const params = { state: 'a'.repeat(64) }
    const row = await own.ask(scope, 'ice', { kind: 'baseline', params, reason: 'the release of today' }, BY)
    const baseline = { command: row.id, digest, at: now }
    // What the host says it accepted is not what it answered.
    await say({ baseline })
    expect((await integrityView(db, scope, frozen, now))?.accepted).toBeNull()
    await own.receive(frozen, { id: row.id, result: { receipt: { outcome: 'done', detail: { digest, paths: 9, changes: 3 } } } })
    expect((await integrityView(db, scope, frozen, now))?.accepted).toMatchObject({ by: 'Sato', reason: 'the release of today' })
    const evidence = (await readOutbox(db, 0, 1_000)).map(({ body }) => body as Record<string, unknown>)
    expect(evidence.filter((body) => body['command'] === row.id)).toMatchObject([
      { action: 'agent.command', kind: 'baseline', reason: 'the release of today', by: { name: 'Sato' } },
      { action: 'agent.receipt', detail: { digest, changes: 3 } },
    ])
    expect(await read()).toMatchObject({ value: 0, good: 1, bad: 0, unknown: 0, asOf: now })
    await say({ baseline: { ...baseline, digest: 'e'.repeat(64) } })
    expect(await read()).toMatchObject({ value: null, unknown: 1 })
    await say({ baseline, changed: 2, unverified: 2 })
    expect(await read({ label: 'env=production', frozen: true })).toMatchObject({
      value: 2,
      bad: 2,
      evidence: { changed: [{ changes: 2 }] },
    })
    expect(await read({ label: 'env=test' })).toMatchObject({ value: null, good: 0, bad: 0 })
    expect(await read({ hosts: ['ice', 'another'] })).toMatchObject({ value: 2, unknown: 1, evidence: { absent: 1 } })
    await say({ baseline })
    now += 3_600_000
    expect(await read()).toMatchObject({ value: null, unknown: 1 })
    now -= 3_600_000
  })
})

describe('the key that commands are signed with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-command-key-'))
  const sealer: Sealer = {
    seal: (plain: string) => Buffer.from(plain).toString('base64'),
    open: (text: string) => Buffer.from(text, 'base64'),
  } as unknown as Sealer
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is followed over any number of changes by whoever knows one of them, also after a start, and by nobody else', async () => {
    const made = await openCommandKey(folder, sealer)
    const keys = [made.public]
    for (let i = 0; i < 3; i++) {
      const { from, to } = await made.rotate()
      expect([from, to]).toEqual([keys.at(-1), made.public])
      keys.push(to)
    }
    expect(new Set(keys).size).toBe(4)
    const again = await openCommandKey(folder, sealer)
    expect([again.public, again.successions.length]).toEqual([keys[3], 3])
    for (const known of keys) expect(successorOf(known, again.successions)).toBe(keys[3])
    const signed = again.sign('command', 'x')
    expect(keys.map((known) => isSigned('command', signed, known))).toEqual([false, false, false, true])

    const stranger = { ...again.successions[1]!, signature: again.sign('key', again.successions[1]!.text).signature }
    expect(successorOf(keys[0]!, [again.successions[0]!, stranger, again.successions[2]!])).toBe(keys[1])
    // A signature for something else is no succession; nor is one that leads back.
    const { text } = again.successions[0]!
    expect(successorOf(keys[3]!, [again.sign('policy', JSON.stringify({ v: 1, from: keys[3], to: keys[0] }))])).toBe(keys[3])
    expect(successorOf(keys[3]!, [{ ...again.successions[0]!, text }])).toBe(keys[3])
    for (const bad of ['', '{', 'null', '{"v":1}']) expect(successorOf(keys[0]!, [again.sign('key', bad)])).toBe(keys[0])
  })

  it('stays what it is where a change was cut off between its two files', async () => {
    const before = await openCommandKey(folder, sealer)
    const kept = readFileSync(join(folder, 'agent-commands.key.sealed'))
    await before.rotate()
    writeFileSync(join(folder, 'agent-commands.key.sealed'), kept)
    const after = await openCommandKey(folder, sealer)
    expect(after.successions).toHaveLength(3)
    expect(successorOf(after.public, after.successions)).toBe(after.public)
    const { to } = await after.rotate()
    expect([after.successions.length, successorOf(to, after.successions)]).toEqual([4, to])
  })
})

describe('policies', () => {
  const row = (label: string, settings: object) => ({
    scope: 'default',
    label,
    settings: JSON.stringify(settings),
    by_name: 'x',
    changed: 0,
  })
  it.each([
    ['none', [], [], undefined],
    ['one of another label', [row('env=prod', { journal: false })], ['env=test'], undefined],
    ['that of all', [row('*', { journal: false })], [], { journal: false }],
    [
      'its own before that of all',
      [row('*', { journal: false, pollMs: 1 }), row('env=prod', { pollMs: 2 })],
      ['env=prod'],
      { journal: false, pollMs: 2 },
    ],
  ])('%s', (_name, rows, labels, expected) => {
    expect(policyFor(rows, labels)?.settings).toEqual(expected)
  })
  it('carries the rules, under a name that changes with them, unless a label says that they stay here', () => {
    const given = rulesToGive({ sigma: [1] })
    const bare = policyFor([], [], given)!
    expect(bare).toMatchObject({ settings: {}, rules: { sigma: [1] } })
    expect(policyFor([], [], rulesToGive({ sigma: [2] }))!.hash).not.toBe(bare.hash)
    expect(policyFor([row('*', { detect: false })], [], given)!.rules).toBeUndefined()
  })
})
