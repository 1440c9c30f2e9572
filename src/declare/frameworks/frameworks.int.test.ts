import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { loadAll } from 'js-yaml'
import { expect, it } from 'vitest'
import { z } from 'zod'
import type { Measure } from '../../kernel/measure.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import type { RawReply } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { readCard } from '../load.ts'
import { migrations } from '../migrations.ts'
import { runEvaluation } from '../run.ts'
import type { DeclareTables } from '../tables.ts'
import { adoptCards, signCard } from '../versions.ts'
import type { Checks } from './gather.ts'
import { type Frameworks, loadFrameworks } from './load.ts'
import { frameworkRoutes } from './routes.ts'
import { type FrameworkView, frameworksResponse, frameworkView } from './schema.ts'

const CONTENT = fileURLToPath(new URL('../../../content/frameworks/', import.meta.url))
/** Controls and groups that the publishers count. */
const SIZES: Readonly<Record<string, readonly [groups: number, controls: number]>> = {
  'cis-controls-8.1': [18, 153],
  'iso-27001-2022': [4, 93],
  'nist-csf-2.0': [22, 106],
  'soc2-tsc-2017': [20, 61],
}

it('has every control of each framework, in both languages, and no ground that nothing rests on', async () => {
  const { frameworks, grounds } = await loadFrameworks(CONTENT)
  const used = new Set<string>()
  expect(
    Object.fromEntries(frameworks.map(({ id, groups }) => [id, [groups.length, groups.flatMap((g) => g.controls).length]])),
  ).toEqual(SIZES)
  for (const { groups } of frameworks)
    for (const { en, ja, by = [] } of groups.flatMap(({ controls }) => controls)) {
      expect(ja).not.toBe(en)
      expect(ja).toMatch(/[ぁ-んァ-ヶ一-龠]/)
      for (const one of by) used.add(one)
    }
  expect([...grounds.keys()].filter((id) => !used.has(id))).toEqual([])
})

const T0 = Date.UTC(2026, 10, 22)
const CARD = `
id: access
version: 2026.11.01
name: { en: Access, ja: アクセス }
owner: tanaka
approvers: [sato]
signatures: 1
scope: { id: default, description: { en: Accounts, ja: アカウント } }
threats: { in: [{ en: Outsiders, ja: 外部の攻撃者 }] }
objectives:
  - { id: mfa, title: { en: MFA, ja: 多要素認証 }, measure: access.privileged-mfa, comparator: ">=", target: 100, window: P1D, maxEvidenceAge: PT15M }
  - { id: review, title: { en: Review, ja: レビュー }, measure: access.review-age, comparator: "<=", target: 90, margin: 5, window: P7D, maxEvidenceAge: PT15M }
  - { id: everyone, title: { en: Everyone's MFA, ja: 全員の多要素認証 }, measure: external.percent, params: { series: mfa-coverage }, comparator: ">=", target: 95, window: PT90M, maxEvidenceAge: PT15M }
period: P1D
validity: { from: 2026-11-01, until: 2027-01-01 }
nextReview: 2026-12-01
withdrawal: [{ on: stale-evidence, grace: P1D }]
`

describeStates('frameworks', (bed) => {
  const values: Record<string, number | null> = {}
  const measure = (id: string, unit: Measure['unit']): Measure => ({
    id,
    unit,
    title: { en: id, ja: id },
    measure: async () => ({ value: values[id] ?? null, good: 1, bad: 0, unknown: 0, evidence: {} }),
  })
  const coverage: Measure = {
    ...measure('detect.attack-coverage', 'percent'),
    measure: async ({ techniques }) => {
      const seen = String(techniques) === 'T1110'
      return { value: seen ? 100 : 0, good: Number(seen), bad: 0, unknown: Number(!seen), evidence: {} }
    },
  }
  const measures = [
    measure('access.privileged-mfa', 'percent'),
    measure('access.review-age', 'days'),
    measure('external.percent', 'percent'),
    coverage,
  ]
  const checks: Checks = {
    ledger: async () => ({
      figure: { en: '1', ja: '1' },
      state: 'proven',
      reason: null,
      at: null,
      link: { to: 'page', page: 'evidence' },
      evidence: null,
    }),
    duties: async () => {
      throw new Error('the store is gone')
    },
  }
  let state: State
  let now = T0
  let frameworks: Frameworks

  async function ask(path: string, params: object = {}, scope = 'default'): Promise<unknown> {
    const routes = frameworkRoutes({
      state,
      clock: { now: () => now },
      measures,
      checks,
      frameworks,
      ledgerIndexes: async (outbox) => new Map(outbox.map((seq) => [seq, seq - 1])),
      ledgerHead: async () => ({ size: 42, root: 'AAAA' }),
      origin: () => 'https://soc.example.com',
    })
    const caller = testCaller({ scope, permissions: new Set(['public', 'cards:read']) })
    return await routes.find((one) => one.path === path)!.handle({ params, query: {}, caller } as never)
  }
  const judged = async (id: string, scope?: string): Promise<FrameworkView> =>
    frameworkView.parse(await ask('/api/v1/frameworks/:id', { id }, scope))
  const stateOf = (view: FrameworkView, id: string) =>
    view.groups.flatMap(({ controls }) => controls).find((control) => control.id === id)?.state

  it('takes nothing for signed that promises less and lacks a second signature', async () => {
    state = await bed.open(migrations)
    now = T0
    frameworks = await loadFrameworks(CONTENT)
    Object.assign(values, { 'access.privileged-mfa': 100, 'access.review-age': 80, 'external.percent': 99 })
    const adopt = async (text: string) => {
      const loaded = readCard(text, 'access.yml', new Map(measures.map((one) => [one.id, one])))
      if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
      await state.transaction<DeclareTables, void>((trx) => adoptCards(trx, [loaded], now))
      const sato = testCaller({ id: 'sato', name: 'sato', roles: ['administrator'] })
      await state.transaction<DeclareTables, unknown>((trx) => signCard(trx, 'access', loaded.hash, sato, now))
      now += 60_000
      await runEvaluation({ state, clock: { now: () => now }, measures })
    }
    await adopt(CARD)
    expect(stateOf(await judged('cis-controls-8.1'), '6.5')).toBe('proven')
    await adopt(CARD.replace('target: 100', 'target: 50').replace('2026.11.01', '2026.11.02'))
    expect(stateOf(await judged('cis-controls-8.1'), '6.5')).toBe('not-proven')
  })

  it('proves a control by signed, met and fresh objectives alone, and exports what it says', async () => {
    state = await bed.open(migrations)
    now = T0
    frameworks = await loadFrameworks(CONTENT)
    Object.assign(values, { 'access.privileged-mfa': 100, 'access.review-age': 88, 'external.percent': null })
    const loaded = readCard(CARD, 'access.yml', new Map(measures.map((one) => [one.id, one])))
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    await state.transaction<DeclareTables, void>((trx) => adoptCards(trx, [loaded], now))
    const evaluate = () => runEvaluation({ state, clock: { now: () => now }, measures })
    await evaluate()
    expect(stateOf(await judged('cis-controls-8.1'), '6.5')).toBe('not-proven')
    const sato = testCaller({ id: 'sato', name: 'sato', roles: ['administrator'] })
    await state.transaction<DeclareTables, unknown>((trx) => signCard(trx, 'access', loaded.hash, sato, now))
    values['external.percent'] = 99
    now += 60_000
    await evaluate()
    const cis = await judged('cis-controls-8.1')
    // 6.5: met and signed. 6.1: met, within its margin. 6.3: by the series' name. 10.1: attacks that nobody executed.
    // 8.10: a check. 5.4: a check that fails to answer. 1.2: nothing speaks of it.
    const ids = ['6.5', '6.1', '6.3', '10.1', '8.10', '5.4', '1.2']
    expect(ids.map((id) => stateOf(cis, id))).toEqual([
      'proven',
      'at-risk',
      'proven',
      'not-proven',
      'proven',
      'not-proven',
      'not-covered',
    ])
    expect(cis.totals.proven + cis.totals.atRisk + cis.totals.notProven + cis.totals.notCovered).toBe(153)
    const mfa = cis.grounds.find(({ id }) => id === 'privileged-mfa')
    expect(mfa?.figures[0]).toMatchObject({
      figure: { en: '100 %' },
      link: { card: 'access', objective: 'mfa' },
      evidence: { index: expect.any(Number) },
    })
    expect((await judged('cis-controls-8.1', 'beta')).totals.proven).toBe(1)
    const overview = frameworksResponse.parse(await ask('/api/v1/frameworks'))
    expect(overview.frameworks.map(({ totals }) => totals.controls)).toEqual(Object.values(SIZES).map(([, controls]) => controls))

    const schema = sharedData('schemas/oscal/assessment-results.schema.json')
    if (schema !== undefined) {
      const ajv = new Ajv({ strict: false, allErrors: true })
      formats.default(ajv)
      const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')))
      for (const { id } of overview.frameworks) {
        const document = JSON.parse(String(((await ask('/api/v1/frameworks/:id/oscal', { id })) as RawReply).body))
        expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
        const { findings, observations } = document['assessment-results'].results[0]
        const known = new Set(observations.map(({ uuid }: { uuid: string }) => uuid))
        for (const { 'related-observations': related } of findings)
          for (const one of related) expect(known).toContain(one['observation-uuid'])
      }
    }
    const documents = z.array(openSloDocument).parse(loadAll(String(((await ask('/api/v1/openslo')) as RawReply).body)))
    expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Service access',
      'SLO access-mfa',
      'SLO access-review',
      'SLO access-everyone',
    ])
    expect(
      documents.flatMap(({ spec }) => ('timeWindow' in spec ? spec.timeWindow.map(({ duration }) => duration) : [])),
    ).toEqual(['1d', '1w', '90m'])

    now += 3_600_000
    expect(stateOf(await judged('cis-controls-8.1'), '6.5'), 'evidence is an hour old').toBe('not-proven')
  })
})

/** The rules of OpenSLO v1 for what we write. */
const metadata = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  displayName: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})
const source = z.strictObject({ metricSource: z.strictObject({ type: z.string(), spec: z.record(z.string(), z.string()) }) })
const openSloDocument = z.discriminatedUnion('kind', [
  z.strictObject({
    apiVersion: z.literal('openslo/v1'),
    kind: z.literal('Service'),
    metadata,
    spec: z.strictObject({ description: z.string() }),
  }),
  z.strictObject({
    apiVersion: z.literal('openslo/v1'),
    kind: z.literal('SLO'),
    metadata,
    spec: z.strictObject({
      description: z.string().max(1050),
      service: z.string(),
      indicator: z.strictObject({ metadata, spec: z.strictObject({ thresholdMetric: source }) }),
      timeWindow: z.array(z.strictObject({ duration: z.string().regex(/^\d+[mhdwMQY]$/), isRolling: z.literal(true) })).length(1),
      budgetingMethod: z.enum(['Occurrences', 'Timeslices', 'RatioTimeslices']),
      objectives: z
        .array(
          z.strictObject({
            displayName: z.string(),
            op: z.enum(['lte', 'gte', 'lt', 'gt']),
            value: z.number(),
            target: z.number().min(0).lt(1),
          }),
        )
        .min(1),
    }),
  }),
])
