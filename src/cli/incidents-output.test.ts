import { expect, test } from 'vitest'
import type { IncidentSummary } from '../respond/incidents/schema.ts'
import { incidentLines } from './incidents-output.ts'

const at = '2026-11-22T09:00:00.000Z'
const incident: IncidentSummary = {
  ...{
    id: 'x',
    number: 7,
    title: '\u001b]0;owned\u0007 db-1\n',
    titleJa: 'db-1の侵害',
    severity: 1,
    phase: 'containment',
    state: 'open',
    outcome: null,
  },
  ...{ exercise: null, commander: 'mori', opened: at, updated: at, closed: null, contained: null, containedBy: null, alerts: 2 },
  tasks: { open: 3, overdue: 1, done: 1, nextDue: at },
}
const totals = { open: 1, overdueTasks: 1, openFollowUps: 0 }

test('a line an incident, nothing of an event reaching the terminal as a command', () => {
  const lines = incidentLines({ incidents: [incident], next: 'x', totals }, 'en')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
  expect(lines.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f]/)
  expect(lines.split('\n')[0]).toMatch(/^INC-7 {2}P1 {2}Containment {2}.*db-1.* {2}1 overdue {2}mori$/)
  expect(incidentLines({ incidents: [incident], next: null, totals }, 'ja')).toBe(
    'INC-7  P1  封じ込め  db-1の侵害  期限超過1件  mori\n\n対応中1件、期限超過の作業1件、未完了の再発防止策0件\n',
  )
  expect(incidentLines({ incidents: [], next: null, totals }, 'en')).toBe('No incident.\n')
})
