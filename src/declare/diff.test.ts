import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { diffCards, weakenedIn } from './diff.ts'
import { requiredSignatures } from './four-eyes.ts'
import { type Card, card } from './schema.ts'

const file = new URL('../../content/declarations/customer-data-path.yml', import.meta.url)
const base = (): Card => card.parse(parse(readFileSync(file, 'utf8')))

type Edit = (card: Card) => void
const objective = (of: Card, id: string) => of.objectives.find((one) => one.id === id)!

const cases: readonly (readonly [what: string, edit: Edit, path: string, effect: string])[] = [
  [
    'a lower target of coverage',
    (c) => (objective(c, 'attack-coverage').target = 80),
    'objectives.attack-coverage.target',
    'weaker',
  ],
  [
    'a higher target of coverage',
    (c) => (objective(c, 'attack-coverage').target = 95),
    'objectives.attack-coverage.target',
    'stronger',
  ],
  ['more time for alerts', (c) => (objective(c, 'alert-delay').target = 600), 'objectives.alert-delay.target', 'weaker'],
  ['a strict comparator', (c) => (objective(c, 'alert-delay').comparator = '<'), 'objectives.alert-delay.target', 'stronger'],
  [
    'the comparator turned round',
    (c) => (objective(c, 'alert-delay').comparator = '>='),
    'objectives.alert-delay.target',
    'unclear',
  ],
  ['another measure', (c) => (objective(c, 'alert-delay').measure = 'x'), 'objectives.alert-delay.measure', 'unclear'],
  [
    'other parameters',
    (c) => (objective(c, 'attack-coverage').params = { set: 'rules' }),
    'objectives.attack-coverage.params',
    'unclear',
  ],
  [
    'older evidence',
    (c) => (objective(c, 'alert-delay').maxEvidenceAge = 'P7D'),
    'objectives.alert-delay.maxEvidenceAge',
    'weaker',
  ],
  ['no margin', (c) => (objective(c, 'alert-delay').margin = 0), 'objectives.alert-delay.margin', 'weaker'],
  ['an objective less', (c) => c.objectives.pop(), 'objectives.alert-delay', 'weaker'],
  ['a forbidden failure less', (c) => c.forbidden.pop(), 'forbidden.privileged-misuse', 'weaker'],
  ['another query', (c) => (c.forbidden[0]!.query = 'x'), 'forbidden.privileged-misuse.query', 'unclear'],
  ['a shorter look back', (c) => (c.forbidden[0]!.window = 'P1D'), 'forbidden.privileged-misuse.window', 'weaker'],
  ['one signature', (c) => (c.signatures = 1), 'signatures', 'weaker'],
  ['fewer who may sign', (c) => c.approvers.pop(), 'approvers', 'stronger'],
  ['others who may sign', (c) => (c.approvers = ['sato']), 'approvers', 'unclear'],
  [
    'a threat less',
    (c) => c.threats.in.pop(),
    'threats.in.Outside attackers: remote code execution, stolen credentials, phishing.',
    'weaker',
  ],
  ['a risk more', (c) => c.residualRisks.push({ description: { en: 'y', ja: 'y' }, approver: 'z' }), 'residualRisks.y', 'weaker'],
  ['a patient trigger', (c) => (c.withdrawal[0] = { on: 'unmet', periods: 9 }), 'withdrawal.unmet.periods', 'weaker'],
  ['a trigger less', (c) => c.withdrawal.splice(1, 1), 'withdrawal.below.attack-coverage', 'weaker'],
  [
    'a longer grace',
    (c) => (c.withdrawal[3] = { on: 'stale-evidence', grace: 'P9D' }),
    'withdrawal.stale-evidence.grace',
    'weaker',
  ],
  ['a longer period', (c) => (c.period = 'P30D'), 'period', 'weaker'],
  ['a shorter period, after which a badge is sooner earned back', (c) => (c.period = 'PT1S'), 'period', 'unclear'],
  ['a longer validity', (c) => (c.validity.until = '2030-01-01'), 'validity.until', 'weaker'],
  ['a longer window', (c) => (objective(c, 'alert-delay').window = 'P30D'), 'objectives.alert-delay.window', 'weaker'],
  ['a shorter window', (c) => (objective(c, 'alert-delay').window = 'P1D'), 'objectives.alert-delay.window', 'unclear'],
  ['one asset where all were meant', (c) => (c.scope.assets = ['web-01']), 'scope.assets', 'weaker'],
  ['one more label to choose by', (c) => (c.scope.labels['tier'] = 'gold'), 'scope.labels.tier', 'weaker'],
  ['a label less to choose by', (c) => (c.scope.labels = {}), 'scope.labels.service', 'stronger'],
  ['the same people in another order', (c) => c.approvers.reverse(), 'approvers', 'neutral'],
  [
    'a second, patient trigger of a kind',
    (c) => c.withdrawal.push({ on: 'unmet', periods: 9 }),
    'withdrawal.unmet#2',
    'stronger',
  ],
  ['another owner', (c) => (c.owner = 'mori'), 'owner', 'neutral'],
  ['another title', (c) => (objective(c, 'alert-delay').title.en = 'Delay'), 'objectives.alert-delay', 'neutral'],
]

describe('diffCards', () => {
  it.each(cases)('finds %s', (_what, edit, path, effect) => {
    const after = base()
    edit(after)
    const changes = diffCards(base(), after)
    expect(changes.find((change) => change.path === path)).toMatchObject({ effect })
    expect(weakenedIn(changes)).toBe(changes.filter((change) => change.effect === 'weaker').length)
    for (const { text } of changes) expect(text.ja).not.toBe('')
  })

  it('ran its cases and finds nothing between equals', () => {
    expect(cases).toHaveLength(33)
    const two = { ...base(), withdrawal: [{ on: 'unmet' as const, periods: 1 }, ...base().withdrawal] }
    expect(diffCards(two, base()).map(({ path, effect }) => [path, effect])).toEqual([
      ['withdrawal.unmet.periods', 'weaker'],
      ['withdrawal.unmet#2', 'weaker'],
      ['withdrawal.unmet#2.periods', 'neutral'],
    ])
    const some = { ...base(), scope: { ...base().scope, assets: ['a', 'b'] } }
    const fewer = { ...base(), scope: { ...base().scope, assets: ['a'] } }
    expect(diffCards(some, fewer).map(({ path, effect }) => [path, effect])).toEqual([['scope.assets.b', 'weaker']])
    expect(diffCards(some, base()).map(({ path, effect }) => [path, effect])).toEqual([['scope.assets', 'stronger']])
    expect(diffCards(base(), { ...base(), version: '2027.01.01' })).toEqual([])
  })

  it('holds what a card names against what holds without being named', () => {
    const bare: Card = { ...base(), withdrawal: [{ on: 'expiry' }] }
    const effects = (...withdrawal: Card['withdrawal']) =>
      diffCards(bare, { ...bare, withdrawal }).map(({ path, effect }) => [path, effect])
    expect(effects({ on: 'unmet', periods: 2 }, { on: 'stale-evidence', grace: bare.period })).toEqual([])
    expect(effects({ on: 'unmet', periods: 3 }, { on: 'stale-evidence', grace: 'P36500D' })).toEqual([
      ['withdrawal.unmet.periods', 'weaker'],
      ['withdrawal.stale-evidence.grace', 'weaker'],
    ])
    expect(effects({ on: 'unmet', periods: 1 }, { on: 'expiry' })).toEqual([['withdrawal.unmet.periods', 'stronger']])
    // Of one objective alone it stands beside the implied one.
    expect(effects({ on: 'unmet', objective: 'alert-delay', periods: 9 }).map(([, effect]) => effect)).toEqual([
      'stronger',
      'neutral',
    ])
    const weaker = { ...bare, withdrawal: [{ on: 'unmet' as const, periods: 3 }] }
    expect(requiredSignatures({ ...bare, signatures: 1 }, { ...weaker, signatures: 1 }, { account: null, name: 'file' })).toBe(2)
  })
})
