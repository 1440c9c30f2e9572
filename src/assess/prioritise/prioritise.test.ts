import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { codeOf } from '../../platform/testing/code-of.ts'
import { dueOf, holds, readPolicy, ruleNames, type Subject } from './policy.ts'
import { riskOf, type Surroundings, type Weakness } from './risk.ts'
import { decideCisa, decideDeployer, EXPLOITATION, EXPOSURES, IMPACTS } from './ssvc.ts'

/** How often each decision comes in the published tables, and rows of them. */
it('decides as the tables of SSVC do', () => {
  const deployer = EXPLOITATION.flatMap((exploitation) =>
    EXPOSURES.flatMap((exposure) =>
      [false, true].flatMap((yes) => IMPACTS.map((impact) => decideDeployer(exploitation, exposure, yes, impact))),
    ),
  )
  const count = (list: readonly string[]) =>
    Object.fromEntries([...Map.groupBy(list, (one) => one)].map(([k, v]) => [k, v.length]))
  expect(count(deployer)).toEqual({ defer: 7, scheduled: 42, 'out-of-cycle': 20, immediate: 3 })
  expect(decideDeployer('none', 'open', true, 'very-high')).toBe('out-of-cycle')
  expect(decideDeployer('poc', 'small', false, 'low')).toBe('defer')
  expect(decideDeployer('active', 'open', false, 'very-high')).toBe('immediate')
  expect(decideDeployer('active', 'controlled', true, 'low')).toBe('out-of-cycle')
  const cisa = EXPLOITATION.flatMap((exploitation) =>
    [false, true].flatMap((yes) =>
      [false, true].flatMap((total) => IMPACTS.slice(0, 3).map((impact) => decideCisa(exploitation, yes, total, impact))),
    ),
  )
  expect(count(cisa)).toEqual({ track: 18, 'track*': 4, attend: 10, act: 4 })
  console.info(`${deployer.length + cisa.length} rows of two tables decided`)
})

const NETWORK = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
const weak = (differs: Partial<Weakness> = {}): Weakness => ({
  ...{ severity: 'critical', score: 9.8, vector: NETWORK, exploited: null, epss: null },
  ...differs,
})
const at = (differs: Partial<Surroundings> = {}): Surroundings => ({ exposure: null, criticality: null, inUse: null, ...differs })

it.each([
  [
    'exploited, exposed, vital',
    weak({ exploited: '2026-01-01' }),
    at({ exposure: 'internet', criticality: 'critical' }),
    'immediate',
    'act',
    99,
  ],
  [
    'the same, cut off',
    weak({ exploited: '2026-01-01' }),
    at({ exposure: 'isolated', criticality: 'low' }),
    'scheduled',
    'attend',
    74,
  ],
  ['only likely', weak({ epss: 0.5 }), at({ exposure: 'internet', criticality: 'high' }), 'out-of-cycle', 'attend', 77],
  ['that does not run', weak({ exploited: '2026-01-01' }), at({ inUse: false }), 'out-of-cycle', 'act', 64],
  ['nobody rated', weak({ severity: null, score: null, vector: null }), at(), 'scheduled', 'track', 28],
  [
    'with a public exploit',
    weak({ exploit: 'poc' }),
    at({ exposure: 'internet', criticality: 'high' }),
    'out-of-cycle',
    'attend',
    69,
  ],
  ['assessed as exploited', weak({ exploit: 'active' }), at({ criticality: 'low' }), 'out-of-cycle', 'attend', 80],
  ['by its vector', weak({ vector: `${NETWORK}/E:P` }), at({ criticality: 'low' }), 'scheduled', 'track', 55],
] as const)('weighs one %s', (_, weakness, around, decision, cisa, score) => {
  const risk = riskOf(weakness, around)
  expect([risk.decision, risk.cisa, risk.score]).toEqual([decision, cisa, score])
  for (const { en, ja } of risk.reasons) expect([en === '', ja === '', en === ja]).toEqual([false, false, false])
})

const subject = (differs: Partial<Subject> = {}): Subject => {
  const [weakness, around] = [weak(), at({ exposure: 'internet' })]
  return {
    ...{ kind: 'package', names: ['CVE-2026-1'], package: 'pkg:npm/@a/left', weakness, fixable: true, around },
    risk: riskOf(weakness, around),
    ...differs,
  }
}

it('reads policies, and refuses what it would not follow', () => {
  const shipped = readPolicy(
    readFileSync(new URL('../../../content/policies/vulnerabilities.yaml', import.meta.url), 'utf8'),
    'shipped',
  )
  expect(dueOf(shipped, subject(), 0)).toEqual({ rule: 'critical-exposed', at: 72 * 3_600_000 })
  expect(dueOf(shipped, subject({ kind: 'secret' }), 0)?.rule).toBe('critical-exposed')
  expect(ruleNames(shipped.break, subject())).toEqual(['critical-fixable'])
  for (const [condition, wanted] of [
    [{ package: 'pkg:npm/*' }, true],
    [{ package: '*left' }, true],
    [{ package: 'pkg:*/right' }, false],
    [{ id: ['CVE-2026-1', 'x'] }, true],
    [{ score: 9.9 }, false],
    [{ inUse: true }, false],
    [{ exposure: ['dmz', 'internet'], fixable: true }, true],
    [{ epss: 0 }, false],
  ] as const)
    expect(holds(condition as never, subject()), JSON.stringify(condition)).toBe(wanted)
  for (const text of [
    'due: [{ name: a, when: {}, within: 3 years }]',
    'brake: []',
    'due: [',
    'a: &a [x, x]\nb: [*a, *a]',
    `break: [{ name: a, when: { id: "${'x'.repeat(300_000)}" } }]`,
  ])
    expect(
      codeOf(() => readPolicy(text, 'own')),
      text.slice(0, 40),
    ).toBe('policy_invalid')
})
