import { beforeEach, expect, it } from 'vitest'
import type { Measure, Reading } from '../kernel/measure.ts'
import type { RawReply } from '../platform/http/route.ts'
import { createSealer } from '../platform/secrets/sealer.ts'
import type { State } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { readCard } from './load.ts'
import { migrations } from './migrations.ts'
import { publicRoutes } from './routes-public.ts'
import { runEvaluation } from './run.ts'
import type { DeclareTables } from './tables.ts'
import { testSigner } from './testing/signer.ts'
import { adoptCards, signCard } from './versions.ts'

const T0 = Date.UTC(2026, 10, 22, 3)
const HOUR = 3_600_000

const yaml = (page: string, name = 'Payments API') => `
id: payments-api
version: '2026.11.01'
name: { en: ${name}, ja: 決済API }
owner: inner-owner
approvers: [sato]
scope: { description: { en: Inner scope words, ja: 内部の範囲 } }
threats: { in: [{ en: Outsiders, ja: 外部の攻撃者 }] }
objectives:
  - { id: delay, title: { en: Alert delay, ja: アラート遅延 }, measure: test.delay, comparator: '<=', target: 300, window: P7D, maxEvidenceAge: PT1H }
  - { id: inner, title: { en: Inner objective, ja: 内部の目標 }, measure: test.inner, comparator: '<=', target: 300, window: P7D, maxEvidenceAge: PT1H }
period: P1D
validity: { from: 2026-11-01, until: 2027-01-01 }
nextReview: 2026-12-01
withdrawal: [{ on: unmet, periods: 0 }]
${page}`
const PAGE = `publicPage:
  statement: { en: We find attacks within minutes., ja: 攻撃を数分以内に見つけます。 }
  objectives: [delay]
`

describeStates('the public status page', (bed) => {
  let state: State
  let now = T0
  let inner = 1
  const clock = { now: () => now }
  const reading = (value: number): Reading => ({ value, good: 1, bad: 0, unknown: 0, evidence: {} })
  const measure = (id: string, value: () => number): Measure => ({
    id,
    unit: 'seconds',
    title: { en: id, ja: id },
    measure: async () => reading(value()),
  })
  const measures = [measure('test.delay', () => 108), measure('test.inner', () => inner)]
  const sato = testCaller({ id: 'u-sato', name: 'sato', roles: ['administrator'] })

  beforeEach(async () => {
    now = T0
    inner = 1
    state = await bed.open(migrations)
  })
  const load = (text: string) => {
    const result = readCard(text, 'payments.yml', new Map(measures.map((one) => [one.id, one])))
    if ('problems' in result) throw new Error(JSON.stringify(result.problems))
    return result
  }
  const adopt = (text: string) => state.transaction<DeclareTables, void>((trx) => adoptCards(trx, [load(text)], now))
  const judge = () => runEvaluation({ state, clock, measures })
  const sign = async (text: string) => {
    const { hash } = load(text)
    await state.transaction<DeclareTables, void>((trx) => signCard(trx, 'payments-api', hash, sato, now))
    await judge()
  }
  const ask = async (path = '/public/status', lang?: 'en' | 'ja', accepted?: string): Promise<RawReply> => {
    const deps = {
      state,
      clock,
      measures,
      ledgerIndexes: async () => new Map<number, number>(),
      ledgerHead: async () => ({ size: 42, root: 'AAAA' }),
      problems: () => [],
      changed: () => {},
      figuresCame: () => {},
      sealer: createSealer([new Uint8Array(32)]),
      signer: testSigner(),
      origin: () => 'https://soc.example.com',
      organisation: 'Sakura',
    }
    const found = publicRoutes(deps).find((one) => one.path === path)!
    const request = { headers: accepted === undefined ? {} : { 'accept-language': accepted } }
    const input = { params: { id: 'payments-api' }, query: lang === undefined ? {} : { lang }, request }
    return (await found.handle(input as never)) as RawReply
  }
  const text = async (lang: 'en' | 'ja' = 'en') => String((await ask('/public/status', lang)).body)

  it('tells what a signed card publishes, and nothing else of it', async () => {
    await adopt(yaml(PAGE))
    await judge()
    expect(await text()).toContain('No declaration is public here.')
    await sign(yaml(PAGE))
    const page = await text()
    for (const told of [
      'Sakura',
      'Payments API',
      'We find attacks within minutes.',
      'Alert delay',
      '1 min 48 s',
      'Held since',
      'One more objective counts',
    ])
      expect(page).toContain(told)
    for (const kept of ['inner', 'Inner', 'sato', 'test.delay', 'Outsiders']) expect(page).not.toContain(kept)
    expect(await text('ja')).toContain('攻撃を数分以内に見つけます。')
    expect(String((await ask('/public/status', undefined, 'fr, ja;q=0.8, en;q=0.5')).body)).toContain('<html lang="ja">')
    expect(String((await ask('/public/cards/:id/status')).body)).toContain('Payments API')
    const { headers } = await ask()
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=30, must-revalidate', vary: 'accept-language' })
    expect(page).not.toMatch(/<script|\sstyle=/)
  })

  it('says that a badge fell, and not by which objective if that is not public', async () => {
    await adopt(yaml(PAGE))
    await judge()
    await sign(yaml(PAGE))
    inner = 1000
    now += HOUR / 2
    await judge()
    const page = await text()
    expect(page).toContain('Withdrawn on 2026-11-22 03:30 UTC')
    expect(page).toContain('0 of 1 declarations')
    expect(page).not.toContain('Inner')
  })

  it('shows the others and “unknown” where a card cannot be read, and never a pass', async () => {
    await adopt(yaml(PAGE))
    await judge()
    await sign(yaml(PAGE))
    const broken = load(yaml(PAGE, 'Broken one').replace('id: payments-api', 'id: broken-api'))
    await state.transaction<DeclareTables, void>((trx) => adoptCards(trx, [load(yaml(PAGE)), broken], now))
    await state.transaction<DeclareTables, void>((trx) => signCard(trx, 'broken-api', broken.hash, sato, now))
    await judge()
    expect(await text()).toContain('Every promise below is kept')
    const tables = state.tables<DeclareTables>()
    await tables.updateTable('declare_objectives').set({ detail: '{"half' }).where('card_id', '=', 'broken-api').execute()
    for (const told of ['Payments API', 'Held since', 'Broken one', 'Unknown: what is stored', '1 of 2 declarations'])
      expect(await text()).toContain(told)
    await tables.updateTable('declare_versions').set({ document: '{"half' }).where('card_id', '=', 'broken-api').execute()
    for (const told of ['Payments API', 'Held since', 'A declaration that cannot be read', '1 of 2 declarations'])
      expect(await text()).toContain(told)
    expect(await text('ja')).toContain('読み取れない宣言')
    expect(await text()).not.toContain('Every promise')
  })

  it('falls by itself when nothing is measured any more', async () => {
    await adopt(yaml(PAGE))
    await judge()
    await sign(yaml(PAGE))
    now += 40 * HOUR
    expect(await text()).not.toContain('Held since')
  })

  it('shows words that nobody signed to no one: the badge falls at once, its page says what was signed', async () => {
    await adopt(yaml(PAGE))
    await judge()
    await sign(yaml(PAGE))
    now += HOUR / 4
    await adopt(yaml(PAGE.replace('within minutes', 'never'), 'Renamed'))
    await judge()
    const page = await text()
    expect(page).toContain('Withdrawn on')
    expect(page).toContain('We find attacks within minutes.')
    expect(page).not.toContain('Renamed')
  })

  it('is not there for a card that did not choose it', async () => {
    await adopt(yaml(''))
    await judge()
    await sign(yaml(''))
    expect(await text()).toContain('No declaration is public here.')
    await expect(ask('/public/cards/:id/status')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('names only objectives that the card has', () => {
    const result = readCard(
      yaml(PAGE.replace('[delay]', '[delay, gone]')),
      'x.yml',
      new Map(measures.map((one) => [one.id, one])),
    )
    expect(result).toMatchObject({ problems: [{ code: 'unknown_objective', line: expect.any(Number) }] })
  })
})
