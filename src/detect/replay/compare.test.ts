import { expect, test } from 'vitest'
import type { Detection, RuleInfo } from '../../kernel/detection.ts'
import { compare } from './compare.ts'
import { Tally } from './tally.ts'

const HOUR = 3_600_000
const rule = (id: string, version = '1', more: Partial<RuleInfo> = {}): RuleInfo => ({
  id,
  version,
  title: id,
  level: 'high',
  file: 'r.yml',
  description: '',
  techniques: [`T-${id}`],
  tactics: [],
  ...more,
})
const detection = (info: RuleInfo, host: string, hours: number, scope = 'default'): Detection => ({
  rule: info,
  eventIds: [`${host}@${hours}`],
  eventCount: 1,
  fields: {},
  group: { 'host.name': host },
  observed: hours * HOUR,
  received: 0,
  scope,
})
function tally(...detections: Detection[]): Tally {
  const made = new Tally()
  made.add(detections)
  return made
}

test('detections become as many alerts as the queue would show', () => {
  const one = tally(
    detection(rule('a'), 'x', 0),
    detection(rule('a'), 'x', 0.9),
    detection(rule('a'), 'x', 3),
    detection(rule('a'), 'y', 0),
    detection(rule('a'), 'x', 0, 'team'),
    detection(rule('b'), 'x', 0),
  )
  expect([one.detections, one.alerts().map(({ detections }) => detections)]).toEqual([6, [2, 1, 1, 1, 1].sort((a, b) => b - a)])
})

test('a changed rule is held against what it was, alert by alert', () => {
  const [was, is] = [rule('a'), rule('a', '2', { level: 'low' })]
  const before = tally(
    detection(was, 'x', 0),
    detection(was, 'y', 0),
    detection(rule('gone'), 'z', 1),
    detection(rule('kept'), 'k', 1),
  )
  const after = tally(
    detection(is, 'x', 0.2),
    detection(is, 'new', 5),
    detection(rule('kept'), 'k', 1),
    detection(rule('fresh'), 'x', 2),
  )
  // The alert about x begins later now, and is still the same one where they overlap.
  after.add([detection(is, 'x', 0)])
  const found = compare(
    { rules: [was, rule('gone'), rule('kept'), rule('silent')], tally: before },
    { rules: [is, rule('kept'), rule('fresh'), rule('silent')], tally: after },
    100,
  )
  expect(
    found.rules.map(({ id, change, before: b, after: a, lost, gained }) => [id, change, b, a, lost.length, gained.length]),
  ).toEqual([
    ['a', 'changed', 2, 2, 1, 1],
    ['gone', 'removed', 1, 0, 1, 0],
    ['fresh', 'added', 0, 1, 0, 1],
  ])
  expect(found.rules[0]).toMatchObject({
    levels: ['high', 'low'],
    lost: [{ entity: { name: 'y' } }],
    gained: [{ entity: { name: 'new' } }],
  })
  expect([found.techniquesLost, found.techniquesGained]).toEqual([['T-gone'], ['T-fresh']])
  expect(found.before).toEqual({ rules: 4, alerts: 4, detections: 4 })
})
