import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../kernel/json.ts'
import type { RawReply, Route } from '../platform/http/route.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../platform/testing/lakes.ts'
import { describeStates } from '../platform/testing/states.ts'
import { protectMeasures } from './measures.ts'
import { migrations } from './migrations.ts'
import type { AuditRecord } from './proxy/audit-record.ts'
import { wafEvent } from './proxy/waf-event.ts'
import { protectRoutes } from './routes.ts'
import { type ExclusionView, exclusionViewSchema } from './schema.ts'
import { cleanPairs } from './tuning/preview.ts'
import type { ProtectTables } from './tuning/tables.ts'

const HOUR = 3_600_000
const T0 = Date.UTC(2026, 10, 22)
const NOW = T0 + 6 * HOUR

interface Asked {
  readonly client?: string
  readonly uri?: string
  readonly matched?: readonly (readonly [number, string])[]
  readonly reference?: string
}

function record(host: string, mode: 'detect' | 'block', blocked: boolean, asked: Asked = {}): JsonObject {
  const { client = '198.51.100.7', uri = '/', matched = [], reference = 'R' } = asked
  const messages = matched.map(([id, name]) => ({ id, msg: 'Found', data: 'x', var: name }))
  const made: AuditRecord = {
    ...{ id: null, rules: messages.map(({ id }) => id), status: blocked ? 403 : 200, messages, reference },
    ...{ time: '2026-11-22T00:00:00.000Z', mode, client, method: 'GET', host, uri, blocked },
    ...(matched.length === 0 ? {} : { interruption: { ruleId: 1, action: 'deny', status: 403 } }),
  }
  return wafEvent(made)
}

let lake: TestLake
beforeAll(async () => {
  lake = await startTestLake()
  const events = [
    record('shop.example', 'block', true),
    record('shop.example:8443', 'block', false),
    record('wiki.example', 'detect', false),
    record('wiki.example', 'block', false),
  ].map((doc, at) => testEvent(`e${at}`, doc))
  await lake.lake.append(testBatch(1, T0, events))
  await lake.lake.append(testBatch(2, T0, [testEvent('other', record('bank.example', 'detect', true), { scope: 'other' })]))
  await lake.lake.append(testBatch(3, T0 + HOUR, [testEvent('access', { event: { dataset: 'nginx.access' } })]))
  // Six authors write about SQL; one stranger attacks.
  const note: readonly [number, string] = [942100, 'ARGS:note']
  const authors = Array.from({ length: 6 }, (_, at) =>
    record('wiki.example', 'block', true, {
      client: `192.0.2.${at}`,
      uri: '/notes',
      matched: [note],
      reference: `NNNNNNNNNNNNNNN${at}`,
    }),
  )
  const stranger = ['/notes', '/login', '/admin'].map((uri, at) =>
    record('wiki.example', 'block', true, {
      client: '203.0.113.9',
      uri,
      matched: [uri === '/notes' ? note : [942100, 'ARGS:id']],
      reference: `AAAAAAAAAAAAAAA${at}`,
    }),
  )
  await lake.lake.append(
    testBatch(
      4,
      NOW - HOUR,
      [...authors, ...stranger].map((doc, at) => testEvent(`w${at}`, doc)),
    ),
  )
})
afterAll(() => lake.stop())

describeStates('tuning', ({ open }) => {
  let state: State
  let now = NOW
  beforeEach(async () => {
    state = await open(migrations)
    now = NOW
  })
  const sato = testCaller({ id: 'sato' })
  const stranger = testCaller({ id: 'mallory', scope: 'other' })
  const ask = async <T>(method: Route['method'], path: string, input: object = {}, caller = sato): Promise<T> => {
    const routes = protectRoutes({ state, lake: lake.lake, clock: { now: () => now }, changed: () => {} })
    const route = routes.find((one) => one.method === method && one.path === `/api/v1/waf/${path}`)!
    const { body, ...rest } = input as { body?: object }
    const request = { headers: {} }
    return (await route.handle({ request, caller, ...rest, body: route.body?.parse(body) } as never)) as T
  }
  const what = { rule: 942100, path: '/notes', variable: 'ARGS:note' }
  const newOne = { ...what, reason: 'Authors write about SQL here.', days: 30, reference: 'NNNNNNNNNNNNNNN0' }
  const measured = async (id: string, params: JsonObject = {}) =>
    await protectMeasures(lake.lake, (scope) => state.scoped<ProtectTables>(scope))
      .find((measure) => measure.id === id)!
      .measure(params, T0 - HOUR, NOW + 1, 'default')
  const rules = async (caller = sato) => {
    const reply = await ask<RawReply>('GET', 'exclusions.conf', {}, caller)
    return { text: String(reply.body), tag: reply.headers['etag'] }
  }

  it('suggests what many harmless clients send, shows what an exclusion would touch, and firewalls get it until its day', async () => {
    const suggested = await ask<{ suggestions: object[] }>('GET', 'suggestions')
    expect(suggested.suggestions).toEqual([{ ...what, requests: 7, clients: 7, all: 7 }])
    expect(await ask('POST', 'exclusions/preview', { body: what })).toEqual({
      days: 7,
      stopped: 7,
      found: 7,
      clients: 7,
      attacks: 0,
    })
    expect(await ask('POST', 'exclusions/preview', { body: { ...what, variable: null } })).toMatchObject({ found: 7 })
    expect(await ask('POST', 'exclusions/preview', { body: what }, stranger)).toMatchObject({ found: 0 })
    const before = await rules()
    expect(before.text).toBe('')
    const one = exclusionViewSchema.parse(await ask<ExclusionView>('POST', 'exclusions', { body: newOne }))
    expect(one).toMatchObject({ state: 'active', owner: 'sato', preview: { found: 7 } })
    const after = await rules()
    expect(after.text).toContain('ctl:ruleRemoveTargetById=942100;ARGS:note')
    expect(after.tag).not.toBe(before.tag)
    expect((await rules(stranger)).text).toBe('')
    expect((await ask<{ suggestions: object[] }>('GET', 'suggestions')).suggestions).toEqual([])
    await expect(ask('DELETE', 'exclusions/:id', { params: { id: one.id } }, stranger)).rejects.toMatchObject({
      code: 'not_found',
    })
    now += 31 * 24 * HOUR
    expect((await rules()).text).toBe('')
    expect(await ask('GET', 'exclusions')).toMatchObject({ exclusions: [{ state: 'expired' }] })
  })

  it('ends one before its day, and leaves evidence of all of it', async () => {
    const { id } = await ask<ExclusionView>('POST', 'exclusions', { body: newOne })
    expect(await ask('DELETE', 'exclusions/:id', { params: { id } })).toMatchObject({ state: 'ended', endedBy: 'sato' })
    await expect(ask('DELETE', 'exclusions/:id', { params: { id } })).rejects.toMatchObject({ code: 'conflict' })
    expect((await rules()).text).toBe('')
    await expect(ask('POST', 'exclusions', { body: { ...newOne, path: '/a"b' } })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    const told = await readOutbox(state.tables(), 0, 10)
    expect(told.map(({ body }) => body['action'])).toEqual(['waf-exclusion.write', 'waf-exclusion.end'])
  })

  it('takes verdicts on what is stored, and knows how much was a mistake', async () => {
    expect(await measured('protect.false-positives')).toMatchObject({ value: null })
    const judge = (reference: string, verdict: string) =>
      ask('PUT', 'verdicts/:reference', { params: { reference }, body: { verdict } })
    await judge('NNNNNNNNNNNNNNN0', 'attack')
    await judge('NNNNNNNNNNNNNNN0', 'false')
    await judge('NNNNNNNNNNNNNNN1', 'false')
    await judge('NNNNNNNNNNNNNNN2', 'false')
    await judge('AAAAAAAAAAAAAAA0', 'attack')
    await expect(judge('ZZZZZZZZZZZZZZZZ', 'attack')).rejects.toMatchObject({ code: 'not_found' })
    expect(await ask('GET', 'verdicts', { query: { reference: 'NNNNNNNNNNNNNNN0' } })).toMatchObject({
      verdict: 'false',
      by: 'sato',
    })
    expect(await measured('protect.false-positives')).toMatchObject({ value: 75, good: 1, bad: 3 })
    expect(await ask('POST', 'exclusions/preview', { body: what })).toMatchObject({ attacks: 1 })
    expect((await ask<{ suggestions: object[] }>('GET', 'suggestions')).suggestions).toEqual([])
  })

  it('knows declared applications without a firewall, and what was only watched', async () => {
    expect(await measured('protect.application-coverage')).toMatchObject({ value: null, missing: { ja: expect.any(String) } })
    const declare = (name: string, hosts: string[]) =>
      ask('PUT', 'applications/:name', { params: { name }, body: { hosts, owner: 'shop team' } })
    await declare('shop', ['shop.example'])
    await declare('wiki', ['wiki.example'])
    await declare('bank', ['bank.example'])
    expect(await ask('GET', 'applications')).toMatchObject({
      applications: [
        { name: 'bank', requests: 0 },
        { name: 'shop', requests: 2, stopped: 1, watched: 0, owner: 'shop team' },
        { name: 'wiki', requests: 11, stopped: 9, watched: 1 },
      ],
    })
    expect(await measured('protect.application-coverage')).toMatchObject({
      good: 2,
      bad: 1,
      evidence: { without: ['bank.example'] },
    })
    await ask('DELETE', 'applications/:name', { params: { name: 'bank' } })
    await expect(ask('DELETE', 'applications/:name', { params: { name: 'bank' } })).rejects.toMatchObject({ code: 'not_found' })
    expect(await measured('protect.detect-only')).toMatchObject({ value: 50, good: 1, bad: 1 })
  })
})

describe('what looks clean', () => {
  const seen = (client: string, pair: string, isSuspected = true) => ({
    client,
    reference: client,
    path: '/n',
    pairs: [pair],
    isSuspected,
  })
  const many = (pair: string) => Array.from({ length: 5 }, (_, at) => seen(`c${at}`, pair))
  it.each([
    ['many clients', many('1 ARGS:a'), 1],
    ['too few', many('1 ARGS:a').slice(1), 0],
    ['clients that also attack', [...many('1 ARGS:a'), seen('c1', '2 ARGS:b'), seen('c2', '3 ARGS:b')], 0],
    ['what rules reckon with', many('949110 TX:score'), 0],
    ['a parameter that no rule can hold', many('1 ARGS:a"b'), 0],
  ] as const)('%s', (_what, all, count) => expect(cleanPairs(all, new Set())).toHaveLength(count))
  it('nothing that was judged an attack', () => expect(cleanPairs(many('1 ARGS:a'), new Set(['c3']))).toEqual([]))
})

describe('what cards may demand of firewalls', () => {
  const db = () => {
    throw new Error('no state is needed')
  }
  const read = (id: string, params: JsonObject = {}, from = T0 - HOUR, to = T0 + HOUR) =>
    protectMeasures(lake.lake, db)
      .find((measure) => measure.id === id)!
      .measure(params, from, to, 'default')

  it('counts what was stopped, and says nothing where nothing was seen', async () => {
    expect(await read('protect.blocked-attacks')).toMatchObject({ value: 1, evidence: { requests: 4, stopped: 1 } })
    expect(await read('protect.blocked-attacks', {}, T0 + HOUR, T0 + 2 * HOUR)).toMatchObject({
      value: null,
      missing: { ja: expect.any(String) },
    })
  })

  it('knows which share went through a firewall that only looks on', async () =>
    expect(await read('protect.enforcement')).toMatchObject({ value: 75, good: 3, bad: 1 }))

  it('names declared applications that no firewall reports', async () =>
    expect(
      await read('protect.application-coverage', { hosts: ['shop.example', 'wiki.example', 'bank.example', 'new.example'] }),
    ).toMatchObject({
      value: 50,
      evidence: { without: ['bank.example', 'new.example'] },
    }))

  it.each([
    ['protect.application-coverage', { hosts: [] }, /hosts must be/],
    ['protect.application-coverage', { hosts: ['a'], more: 1 }, /no parameter more/],
    ['protect.enforcement', { hosts: ['a'] }, /no parameter hosts/],
  ])('%s refuses %o', (id, params, says) =>
    expect(protectMeasures(lake.lake, db).find((measure) => measure.id === id)!.check!(params as JsonObject)).toMatch(says),
  )
})
