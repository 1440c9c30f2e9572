import { expect, test } from 'vitest'
import type { AlertSummary, QueueGroup, QueueResponse } from '../detect/schema.ts'
import { queueLines } from './alerts-output.ts'
import { columnsOf } from './terminal-text.ts'

const at = '2026-11-22T05:00:00.000Z'
const alert: AlertSummary = {
  id: '0123456789abcdef0123456789abcdef',
  storyId: 's',
  rule: { id: 'r', version: '1', title: 'Shell \u001b[2J', titleJa: 'シェルの起動', level: 'high', file: 'r.yml' },
  severity: 2,
  entity: { kind: 'host', name: 'web-03\u202e\n' },
  techniques: [],
  tactics: [],
  count: 3,
  eventCount: 3,
  firstObserved: at,
  lastObserved: at,
  received: at,
  raisedAt: at,
  delaySeconds: { fromReceived: 0, fromObserved: 0 },
  state: 'closed',
  verdict: 'false',
  assignee: null,
  quietUntil: null,
}
const group: QueueGroup = {
  ...alert,
  title: alert.rule.title,
  titleJa: alert.rule.titleJa,
  rules: 1,
  alertCount: 1,
  openCount: 0,
  risk: 41.7,
  alerts: [alert],
}
const queue: QueueResponse = { groups: [group], next: 'x', totals: { groups: 1, alerts: 1, detections: 3 } }

test('a story with its alerts, nothing of an event reaching the terminal as a command', () => {
  const text = queueLines(queue, 'en', 120, Date.parse(at) + 7_200_000)
  expect(text.split('\n')).toEqual([
    'P2  web-03·   Shell ·[2J  ×3  risk 42  2h',
    '    01234567  P2  Shell ·[2J  ×3  false alarm',
    '',
    '1 stories, 1 alerts, of 3 detections',
    'There are more (--limit).',
    '',
  ])
})

test('in Japanese, and no wider than the terminal', () => {
  const lines = queueLines(queue, 'ja', 30, Date.parse(at)).split('\n')
  expect(lines[0]).toBe('P2  web-03·   シェルの起動  ×…')
  expect(columnsOf(lines[0]!)).toBeLessThanOrEqual(30)
  expect(queueLines({ groups: [], next: null, totals: { groups: 0, alerts: 0, detections: 0 } }, 'ja', 80, 0)).toBe(
    '待ち行列は空です。\n',
  )
})
