import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { beforeEach, expect, it } from 'vitest'
import type { Measure, Reading } from '../kernel/measure.ts'
import type { Caller, RawReply, Route } from '../platform/http/route.ts'
import { createSealer } from '../platform/secrets/sealer.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { rejectionOf } from '../platform/testing/code-of.ts'
import { describeStates } from '../platform/testing/states.ts'
import { measuresResponse } from './catalogue/schema.ts'
import { type LoadedCard, readCard } from './load.ts'
import { migrations } from './migrations.ts'
import { replay } from './replay.ts'
import { routes } from './routes.ts'
import { runEvaluation } from './run.ts'
import { badgeJson, cardView, diffResponse, historyResponse, proposeResponse, signResponse, wallResponse } from './schema.ts'
import type { DeclareTables } from './tables.ts'
import { testSigner } from './testing/signer.ts'
import { adoptCards } from './versions.ts'
import { waitingCards } from './waiting.ts'

const T0 = Date.UTC(2026, 10, 22)
const MINUTE = 60_000
const HOUR = 3_600_000

const yaml = (change: { target?: number; version?: string; signatures?: number; scope?: string } = {}) => `
id: payments-api
version: ${change.version ?? '2026.11.01'}
name: { en: Payments API, ja: 決済API }
owner: tanaka
approvers: [sato, mori]
signatures: ${change.signatures ?? 2}
scope: { id: ${change.scope ?? 'default'}, description: { en: Charge and refund path, ja: 課金・返金の経路 } }
threats: { in: [{ en: Outsiders, ja: 外部の攻撃者 }] }
objectives:
  - id: delay
    title: { en: Alert delay, ja: アラート遅延 }
    measure: test.delay
    comparator: "<="
    target: ${change.target ?? 300}
    margin: 60
    window: P7D
    maxEvidenceAge: PT15M
forbidden:
  - id: log-cleared
    title: { en: Log cleared, ja: ログ消去 }
    query: event.code:1102
    window: P30D
    maxEvidenceAge: PT15M
period: P1D
validity: { from: 2026-11-01, until: 2027-01-01 }
nextReview: 2026-12-01
withdrawal: [{ on: stale-evidence, grace: PT1H }]
`

function person(name: string, scope = 'default'): Caller {
  return testCaller({ id: `id-${name}`, name, scope, roles: ['administrator'] })
}

describeStates('declarations', (bed) => {
  let state: State
  let now = T0
  let answers: Record<string, () => Reading | Promise<Reading>>
  const clock = { now: () => now }
  const reading = (value: number | null): Reading => ({ value, good: 1, bad: 0, unknown: 0, evidence: { of: 'a test' } })
  const measure = (id: string, unit: Measure['unit']): Measure => ({
    id,
    unit,
    title: { en: id, ja: id },
    measure: async () => (answers[id] ?? (() => reading(null)))(),
  })
  const measures = [measure('test.delay', 'seconds'), measure('events.forbidden-count', 'count')]
  const sealer = createSealer([randomBytes(32)])
  const deps = () => ({
    state,
    clock,
    measures,
    ledgerIndexes: async (outbox: readonly number[]) => new Map(outbox.map((seq) => [seq, seq - 1])),
    ledgerHead: async () => ({ size: 42, root: 'AAAA' }),
    problems: () => [],
    changed: () => {},
    figuresCame: () => {},
    sealer,
    signer: testSigner(),
    origin: () => 'https://soc.example.com',
    organisation: 'Sakura',
  })
  const load = (text: string): LoadedCard => {
    const result = readCard(text, 'payments.yml', new Map(measures.map((one) => [one.id, one])))
    if ('problems' in result) throw new Error(JSON.stringify(result.problems))
    return result
  }
  const adopt = (...texts: string[]) => state.transaction<DeclareTables, void>((trx) => adoptCards(trx, texts.map(load), now))
  const call = async (
    method: Route['method'],
    path: string,
    input: { params?: object; query?: object; body?: object } = {},
    caller = person('sato'),
  ): Promise<unknown> => {
    const found = routes(deps()).find((one) => one.method === method && one.path === path)
    if (found === undefined) throw new Error(`no route ${method} ${path}`)
    const parsed = {
      params: found.params?.parse(input.params ?? {}),
      query: found.query?.parse(input.query ?? {}),
      body: found.body?.parse(input.body ?? {}),
      caller,
    }
    return await found.handle(parsed as never)
  }
  const params = { id: 'payments-api' }
  const view = async () => cardView.parse(await call('GET', '/api/v1/cards/:id', { params }))
  const sign = async (name: string, hash: string) =>
    signResponse.parse(await call('POST', '/api/v1/cards/:id/sign', { params, body: { hash } }, person(name))).card
  const badge = async (lang = 'en') => {
    const reply = await call('GET', '/public/cards/:id/badge.json', { params, query: { lang } })
    return badgeJson.parse(JSON.parse(String((reply as RawReply).body)))
  }
  const outbox = async (type: string) => (await readOutbox(state.tables(), 0, 1000)).filter((entry) => entry.type === type)

  beforeEach(async () => {
    now = T0
    answers = { 'test.delay': () => reading(108), 'events.forbidden-count': () => reading(0) }
    state = await bed.open(migrations)
  })

  const earn = async () => {
    await adopt(yaml())
    const { hash } = await view()
    await sign('sato', hash)
    const card = await sign('mori', hash)
    expect(card.badge.state).toBe('held')
    return card
  }

  it('goes from a draft over two signatures to a held badge, with evidence of each step', async () => {
    await adopt(yaml())
    expect(await view()).toMatchObject({ badge: { state: 'draft' }, evaluatedAt: null, signatures: { complete: false } })
    await runEvaluation(deps())
    const draft = await view()
    expect(draft.badge).toMatchObject({ state: 'draft', reason: { code: 'not-signed', text: { ja: '署名 0/2名。' } } })
    expect(draft.objectives.map(({ state: is, figure }) => [is, figure.en])).toEqual([
      ['met', '1 min 48 s'],
      ['met', '0'],
    ])
    const once = await sign('sato', draft.hash)
    expect(once).toMatchObject({ badge: { state: 'draft' }, signatures: { youMaySign: false, given: [{ name: 'sato' }] } })
    await expect(sign('sato', draft.hash)).rejects.toMatchObject({ code: 'conflict' })
    await expect(sign('kimura', draft.hash)).rejects.toMatchObject({ code: 'forbidden' })
    const token = { ...person('mori'), kind: 'token' as const }
    await expect(call('POST', '/api/v1/cards/:id/sign', { params, body: { hash: draft.hash } }, token)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(sign('mori', 'f'.repeat(64))).rejects.toMatchObject({ code: 'not_found' })
    now += MINUTE
    const held = await sign('mori', draft.hash)
    expect(held).toMatchObject({ badge: { state: 'held', reason: null }, earnBack: [], signatures: { complete: true } })
    expect(held.badge.evidence?.index).toBeGreaterThanOrEqual(0)
    expect(held.objectives.every(({ evidence }) => evidence !== null)).toBe(true)
    expect((await outbox('card')).map(({ body }) => body['change'])).toEqual(['written', 'signed', 'signed'])
    expect((await outbox('badge')).map(({ body }) => [body['from'], body['to']])).toEqual([
      [null, 'draft'],
      ['draft', 'held'],
    ])
    expect((await outbox('measure'))[0]?.body).toMatchObject({ card: 'payments-api', objective: 'delay', value: 108 })
  })

  it('withdraws at once by a forbidden event and says so in public, in both languages', async () => {
    await earn()
    answers['events.forbidden-count'] = () => reading(1)
    now += MINUTE
    expect(await runEvaluation(deps())).toEqual([{ card: 'payments-api', scope: 'default', from: 'held', to: 'withdrawn' }])
    const shown = await badge()
    expect(shown).toMatchObject({
      id: 'payments-api',
      state: 'withdrawn',
      reason: 'Log cleared: 1 event within 30 d. Not one is allowed.',
      ledger: { size: 42, root: 'AAAA' },
    })
    expect(shown.objectives).toEqual([
      { id: 'delay', state: 'met', value: 108, target: 300, unit: 'seconds', comparator: '<=' },
      { id: 'log-cleared', state: 'unmet', value: 1, target: 0, unit: 'count', comparator: '=' },
    ])
    expect((await badge('ja')).reason).toBe('ログ消去：30日以内に1件ありました。1件も認められません。')
    expect(await runEvaluation(deps())).toEqual([])
    const card = await view()
    expect(card.triggers.find(({ on }) => on === 'forbidden')).toMatchObject({ state: 'fired' })
    expect(card.earnBack.map(({ code, done }) => [code, done])).toEqual([
      ['step-met', false],
      ['step-met-for', false],
      ['step-sign-again', false],
    ])
  })

  it('falls at the reading of the badge when evaluation has stopped, and stays fallen when it runs again', async () => {
    await earn()
    now += 14 * MINUTE
    expect((await badge()).state).toBe('held')
    now += 2 * MINUTE
    expect(await badge()).toMatchObject({ state: 'at-risk', objectives: [{ state: 'unproven', value: 108 }, {}] })
    now += HOUR
    const fallen = await badge()
    expect(fallen.state).toBe('withdrawn')
    await runEvaluation(deps())
    expect(await badge()).toMatchObject({ state: 'withdrawn', since: fallen.since })
  })

  it('gives a credential while the badge is held, and revokes it for good when it is not', async () => {
    const credential = async () => {
      const reply = await call('GET', '/public/cards/:id/credential.json', { params })
      return JSON.parse(String((reply as RawReply).body)) as { credentialStatus: { statusListIndex: string }; validFrom: string }
    }
    const revoked = async () => {
      const reply = await call('GET', '/public/status/:list', { params: { list: '0.json' } })
      const { credentialSubject } = JSON.parse(String((reply as RawReply).body)) as { credentialSubject: { encodedList: string } }
      const bits = gunzipSync(Buffer.from(credentialSubject.encodedList.slice(1), 'base64url'))
      return [0, 1, 2].filter((index) => (bits[index >> 3]! & (0x80 >> (index & 7))) !== 0)
    }
    expect(await rejectionOf(credential())).toBe('not_found')
    expect(await rejectionOf(revoked())).toBe('not_found')
    await earn()
    expect((await credential()).credentialStatus.statusListIndex).toBe('0')
    expect(await revoked()).toEqual([])
    // Nothing evaluates any more: the badge falls by itself, and so does the credential.
    now += 48 * HOUR
    expect(await rejectionOf(credential())).toBe('not_found')
    expect(await revoked()).toEqual([0])
    await runEvaluation(deps())
    expect(await revoked()).toEqual([0])
    for (let quarters = 0; quarters < 105; quarters++) {
      now += 14 * MINUTE
      await runEvaluation(deps())
    }
    const { hash } = await view()
    await sign('sato', hash)
    await sign('mori', hash)
    await runEvaluation(deps())
    expect((await badge()).state).toBe('held')
    expect((await credential()).credentialStatus.statusListIndex).toBe('1')
    expect(await revoked()).toEqual([0])
  })

  it('counts a measure that fails, hangs on nothing or is gone as missing evidence', async () => {
    const faults: readonly (readonly [string, () => Reading | Promise<Reading>, RegExp])[] = [
      ['throws', () => Promise.reject(new Error('the lake is down')), /failed: the lake is down/],
      ['answers nothing', () => reading(null), /no figure and no reason/],
      ['answers nonsense', () => reading(Number.NaN), /no figure/],
      ['has evidence that cannot be written', () => ({ ...reading(1), evidence: { x: Number.NaN } }), /failed/],
      ['says why', () => ({ ...reading(null), missing: { en: 'No alert.', ja: 'なし' } }), /No alert/],
    ]
    await earn()
    for (const [name, fault, words] of faults) {
      answers['test.delay'] = fault
      now += MINUTE
      await runEvaluation(deps())
      const card = await view()
      expect(card.objectives[0], name).toMatchObject({ state: 'unproven', value: null, figure: { en: '—' } })
      expect(card.objectives[0]?.missing?.en, name).toMatch(words)
      expect(card.badge.state, name).toBe('at-risk')
      expect(card.objectives[0]?.withdrawsAt, name).not.toBeNull()
    }
    const gone = { ...deps(), measures: measures.slice(1) }
    now += MINUTE
    await runEvaluation(gone)
    expect((await view()).objectives[0]).toMatchObject({
      state: 'unproven',
      missing: { en: expect.stringContaining('test.delay') },
    })
    expect(faults).toHaveLength(5)
  })

  it('withdraws a badge that can no longer be judged, at the look and at the next evaluation, and says why', async () => {
    await earn()
    await state.tables<DeclareTables>().updateTable('declare_versions').set({ document: '{"objectives": 3}' }).execute()
    now += MINUTE
    expect(await badge()).toMatchObject({ state: 'withdrawn', reason: expect.stringContaining('could not be judged') })
    expect(wallResponse.parse(await call('GET', '/api/v1/cards'))).toMatchObject({
      cards: [],
      problems: [{ code: 'card_fault' }],
    })
    await expect(runEvaluation(deps())).rejects.toThrow()
    await expect(runEvaluation(deps())).rejects.toThrow()
    const [fault, ...others] = (await outbox('badge')).filter(({ body }) => body['fault'] !== undefined)
    expect(others).toEqual([])
    expect(fault?.body).toMatchObject({ from: 'held', to: 'withdrawn', reasons: [{ code: 'evaluation-fault' }] })
    const entries = (await readOutbox(state.tables(), 0, 1000)).map(({ type, scope, received, body, seq }) => ({
      ...{ type, scope, body, index: seq - 1 },
      received: new Date(received).toISOString(),
    }))
    const replayed = replay(entries, now + MINUTE)
    expect(replayed.changes.at(-1)).toMatchObject({ to: 'withdrawn' })
    expect(replayed.changes.filter(({ differs }) => differs !== undefined)).toEqual([])
    expect(replayed.cards[0]?.evaluation.state).toBe('withdrawn')
  })

  it('loses the badge by a changed file that nobody signed, and by one that went away', async () => {
    await earn()
    now += MINUTE
    await adopt(yaml({ target: 900, version: '2026.11.22' }))
    expect(await badge()).toMatchObject({ state: 'withdrawn', reason: expect.stringContaining('2026.11.22') })
    await runEvaluation(deps())
    const [change] = (await outbox('card')).filter(({ body }) => body['change'] === 'in-force')
    expect(change?.body).toMatchObject({ weakened: 1, changes: [{ path: 'objectives.delay.target', effect: 'weaker' }] })
    await adopt()
    expect((await view()).earnBack[0]).toMatchObject({ code: 'step-restore' })
    await adopt(yaml({ target: 900, version: '2026.11.22' }))
    expect((await view()).earnBack.map(({ code }) => code)).not.toContain('step-restore')
  })

  it('drops an unearned draft with its file, and keeps adopting the same file without effect', async () => {
    await adopt(yaml())
    const before = (await outbox('card')).length
    await adopt(yaml())
    expect(await outbox('card')).toHaveLength(before)
    await adopt()
    expect(wallResponse.parse(await call('GET', '/api/v1/cards'))).toMatchObject({ cards: [], totals: { cards: 0 } })
  })

  it('lets a proposed version wait beside the one in force until it is signed', async () => {
    const held = await earn()
    const weaker = yaml({ target: 600, version: '2026.11.22' })
    const dry = proposeResponse.parse(await call('POST', '/api/v1/cards', { body: { yaml: weaker, dryRun: true } }))
    expect(dry).toMatchObject({ stored: false, weakened: 1 })
    now += MINUTE
    const proposed = proposeResponse.parse(await call('POST', '/api/v1/cards', { body: { yaml: weaker } }, person('tanaka')))
    expect(proposed.stored).toBe(true)
    const waiting = await view()
    expect(waiting).toMatchObject({ hash: held.hash, badge: { state: 'held' }, pending: [{ weakened: 1, required: 2 }] })
    const diff = diffResponse.parse(await call('GET', '/api/v1/cards/:id/diff', { params, query: {} }))
    expect(diff.changes.map(({ path, effect, text }) => [path, effect, text.en])).toEqual([
      ['objectives.delay.target', 'weaker', 'objectives.delay.target: ["<=",300] → ["<=",600]'],
    ])
    now += MINUTE
    await sign('sato', proposed.hash)
    const after = await sign('mori', proposed.hash)
    expect(after).toMatchObject({ hash: proposed.hash, badge: { state: 'held' }, pending: [] })
    expect(after.objectives[0]?.target).toBe(600)
    await adopt(yaml())
    expect((await view()).hash).toBe(proposed.hash)
    const history = historyResponse.parse(await call('GET', '/api/v1/cards/:id/history', { params }))
    expect(history.versions.map(({ version, inForce }) => [version, inForce])).toEqual([
      ['2026.11.22', true],
      ['2026.11.01', false],
    ])
    expect(history.badge.map(({ to }) => to)).toEqual(['held', 'draft'])
    await expect(sign('sato', held.hash)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('refuses the signature of whoever wrote the version, also through a token and after a withdrawal', async () => {
    const held = await earn()
    now += MINUTE
    const token = testCaller({ kind: 'token', id: 't1', name: 'ci', account: 'id-mori' })
    const own = { ...person('mori'), account: 'id-mori' }
    const { hash } = proposeResponse.parse(
      await call('POST', '/api/v1/cards', { body: { yaml: yaml({ target: 200, version: '2026.11.23' }) } }, token),
    )
    const signOwn = call('POST', '/api/v1/cards/:id/sign', { params, body: { hash } }, own)
    await expect(signOwn).rejects.toMatchObject({ code: 'own_approval', remedy: expect.stringContaining('another person') })
    expect(await waitingCards(state.scoped('default'))).toMatchObject([
      { kind: 'card', id: 'payments-api', version: '2026.11.23', needed: 2, author: { account: 'id-mori' } },
    ])
    await sign('sato', hash)
    expect((await view()).hash).toBe(held.hash)
    const written = (await outbox('card')).filter(({ body }) => body['change'] === 'written').at(-1)
    expect(written?.body['by']).toEqual({ id: 'id-mori', name: 'ci' })
    // The badge's withdrawal asks for signatures anew; the author's is none of them either.
    answers['test.delay'] = () => reading(9_000)
    now += 3 * MINUTE
    await runEvaluation(deps())
    await expect(sign('mori', hash)).rejects.toMatchObject({ code: 'own_approval' })
  })

  it('asks two people where a file promises less, also in two steps, and never where it promises more', async () => {
    const one = (target: number, version: string) => yaml({ target, version, signatures: 1 })
    await adopt(one(300, '2026.11.01'))
    const { hash } = await view()
    expect((await sign('sato', hash)).badge.state).toBe('held')
    now += MINUTE
    await adopt(one(200, '2026.11.02'))
    expect((await view()).signatures).toMatchObject({ required: 1, complete: false })
    await adopt(one(400, '2026.11.03'))
    expect((await view()).signatures).toMatchObject({ required: 2, given: [], complete: false })
    // The second step promises no less than the first, of which nobody signed anything.
    await adopt(one(400, '2026.11.04').replace('owner: tanaka', 'owner: kimura'))
    const weaker = await view()
    expect(weaker.signatures).toMatchObject({ required: 2, complete: false })
    await runEvaluation(deps())
    now += MINUTE
    expect((await sign('sato', weaker.hash)).signatures).toMatchObject({ complete: false })
    expect(await waitingCards(state.scoped('default'))).toMatchObject([{ version: '2026.11.04', needed: 1 }])
    const signed = await sign('mori', weaker.hash)
    expect(signed.signatures).toMatchObject({ complete: true })
    expect((await outbox('card')).filter(({ body }) => body['change'] === 'in-force').at(-1)?.body).toMatchObject({ required: 2 })
  })

  it('does not let a weaker version name the people who are to find it good', async () => {
    await earn()
    now += MINUTE
    const friends = yaml({ target: 900, version: '2026.11.22', signatures: 1 }).replace('[sato, mori]', '[friend, mori]')
    const { hash } = proposeResponse.parse(
      await call('POST', '/api/v1/cards', { body: { yaml: friends } }, { ...person('tanaka'), account: 'id-tanaka' }),
    )
    expect((await view()).pending).toMatchObject([{ required: 2 }])
    const friend = testCaller({ id: 'id-friend', name: 'friend', roles: ['approver'] })
    await expect(call('POST', '/api/v1/cards/:id/sign', { params, body: { hash } }, friend)).rejects.toMatchObject({
      code: 'forbidden',
      remedy: expect.stringContaining('sato, mori'),
    })
    await expect(sign('sato', hash)).rejects.toMatchObject({ code: 'forbidden' })
    const after = await sign('mori', hash)
    expect(after.objectives[0]?.target).toBe(300)
  })

  it('refuses a faulty card by line, and a card of another scope', async () => {
    const bad = yaml().replace('test.delay', 'test.speed')
    await expect(call('POST', '/api/v1/cards', { body: { yaml: bad } })).rejects.toMatchObject({
      code: 'card_invalid',
      place: { line: 13, field: 'objectives.0.measure' },
      remedy: expect.stringContaining('test.delay'),
    })
    await expect(call('POST', '/api/v1/cards', { body: { yaml: yaml({ scope: 'other' }) } })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await adopt(yaml())
    await expect(
      call('POST', '/api/v1/cards', { body: { yaml: yaml({ scope: 'other', signatures: 1 }) } }, person('x', 'other')),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect(wallResponse.parse(await call('GET', '/api/v1/cards', {}, person('x', 'other'))).cards).toEqual([])
  })

  it('writes a steady figure rarely, a moving one at most once a minute, and a change of state at once', async () => {
    await earn()
    const start = (await outbox('measure')).length
    const run = async (value: number, seconds: number) => {
      answers['test.delay'] = () => reading(value)
      now += seconds * 1000
      await runEvaluation(deps())
      return (await outbox('measure')).length - start
    }
    expect(await run(108, 30)).toBe(0)
    expect(await run(109, 20)).toBe(0)
    expect(await run(110, 20)).toBe(1)
    expect(await run(500, 10)).toBe(2)
    expect(await run(500, 60)).toBe(2)
    expect((await view()).objectives[0]?.series.map(({ value, state: was }) => [value, was])).toEqual([
      [108, 'met'],
      [110, 'met'],
      [500, 'unmet'],
    ])
    now += 58 * MINUTE
    expect(await run(500, 60)).toBe(4)
  })

  it('says in words where a figure leads, what is left of its budget, and how much was proven', async () => {
    await earn()
    for (let step = 1; step <= 10; step++) {
      now += 2 * MINUTE
      answers['test.delay'] = () => ({ ...reading(108 + step * 8), unknown: 1 })
      await runEvaluation(deps())
    }
    const rising = await view()
    const { outlook } = rising.objectives[0]!
    // 188 after twenty minutes, four a minute: the 300 are reached half an hour later.
    expect(outlook.forecasts).toEqual([
      {
        kind: 'lost',
        at: '2026-11-22T00:48:00.000Z',
        text: {
          en: 'At this rate the objective is lost on Sunday 22 November, 00:48 UTC.',
          ja: 'この傾向が続くと、11月22日(日) 00:48 UTCに目標を外れます。',
        },
      },
    ])
    expect(outlook).toMatchObject({ known: 50, budget: { kind: 'time', left: 100 }, burn: null, shares: { met: 100 } })
    expect(rising.evidenceCoverage).toEqual({ proven: 2, of: 2, share: 100 })
    answers['test.delay'] = () => reading(500)
    now += 2 * MINUTE
    await runEvaluation(deps())
    now += 6 * MINUTE
    const missed = (await view()).objectives[0]!.outlook
    expect(missed.forecasts.map(({ kind }) => kind)).toEqual(['withdrawn'])
    expect(missed.forecasts[0]?.text.en).toContain('Unless it is met before, the badge is withdrawn on Tuesday 24 November')
    expect((await view()).objectives[1]!.outlook.forecasts.map(({ kind }) => kind)).toEqual(['stale'])
    now += 30 * MINUTE
    const silent = await view()
    expect(silent.evidenceCoverage).toMatchObject({ proven: 0, of: 2 })
    expect(silent.evidenceCoverage.share).toBeLessThan(100)
    expect(silent.objectives[0]!.outlook.shares?.unproven).toBeGreaterThan(0)
  })

  it('withdraws where part of what is counted is unknown, if the card says so', async () => {
    const text = yaml().replace('[{ on: stale-evidence', '[{ on: coverage, objective: delay }, { on: stale-evidence')
    await adopt(text)
    const { hash } = await view()
    await sign('sato', hash)
    expect((await sign('mori', hash)).triggers.find(({ on }) => on === 'coverage')).toMatchObject({
      state: 'armed',
      text: { en: 'Of what Alert delay counts, less than 100 % is known' },
    })
    now += MINUTE
    answers['test.delay'] = () => ({ ...reading(108), unknown: 1 })
    await runEvaluation(deps())
    expect(await badge()).toMatchObject({
      state: 'withdrawn',
      reason: 'Alert delay: only 50 % of what it counts is known, 1 item is not; below 100 % the badge is withdrawn.',
    })
  })

  it('totals the wall and names the measures', async () => {
    await earn()
    const wall = wallResponse.parse(await call('GET', '/api/v1/cards'))
    expect(wall.totals).toMatchObject({
      cards: 1,
      held: 1,
      objectives: 2,
      met: 2,
      nextToLapse: { id: 'payments-api', daysLeft: 40 },
    })
    const catalogue = measuresResponse.parse(await call('GET', '/api/v1/measures'))
    expect(catalogue.measures).toMatchObject([
      { id: 'test.delay', about: null, used: [{ card: 'payments-api', objective: 'delay', value: 108 }] },
      {
        id: 'events.forbidden-count',
        about: { proof: {} },
        used: [{ kind: 'forbidden', evidence: { index: expect.any(Number) } }],
      },
    ])
    expect(catalogue.templates.find(({ series }) => series === 'rto')).toMatchObject({ unit: 'seconds', made: false })
    const source = (await call('GET', '/api/v1/cards/:id/source', { params, query: {} })) as RawReply
    expect(source.body).toBe(yaml())
    const svg = (await call('GET', '/public/cards/:id/badge.svg', { params, query: { lang: 'ja' } })) as RawReply
    expect(svg.contentType).toContain('image/svg+xml')
    expect(svg.body).toContain('決済API: 有効')
    await expect(call('GET', '/public/cards/:id/badge.svg', { params: { id: 'nope' } })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})
