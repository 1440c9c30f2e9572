import { expect, it } from 'vitest'
import { plansOf } from '../../platform/testing/plans.ts'
import { migrations } from '../migrations.ts'
import { alertsOf, entriesOf, messagesOf, rolesOf, tasksOf, traitsOfOthers } from './queries.ts'
import type { IncidentTables } from './tables.ts'

it('reads of an incident what belongs to it, and of others the newest', async () => {
  const plans = await plansOf<IncidentTables>(migrations, async (db) => {
    await alertsOf(db, ['i', 'j'])
    await tasksOf(db, ['i', 'j'])
    await rolesOf(db, ['i', 'j'])
    await entriesOf(db, 'i')
    await messagesOf(db, 'i')
    await traitsOfOthers(db, 'i', 10)
  })
  expect(plans).toHaveLength(6)
  for (const { sql, steps } of plans.slice(0, -1))
    expect([sql, ...steps]).toEqual([sql, expect.stringMatching(/\bincident_id=\?/)])
  expect(plans.at(-1)?.steps[0]).toMatch(/USING INDEX respond_incident_alerts_added \(scope=\?\)/)
})
