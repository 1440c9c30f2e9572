import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { openState } from '../platform/state/state.ts'
import { type Plan, plansOf } from '../platform/testing/plans.ts'
import { alertCounts, alertQueue } from './alerts-queue.ts'
import { migrations } from './migrations.ts'
import { alertsOfStory, gravestOfStory, openInStories, relatedTo, storyTotals } from './queries.ts'
import { queueQuery } from './schema.ts'
import type { AlertsTable, DetectTables } from './tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-plans-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// With a hundred thousand closed alerts a list of fifty took five seconds, in which the server answered nobody.
it('reads rows of alerts by what they belong to, and all else from indexes alone', async () => {
  const state = await openState({ path: join(folder, 'state.db') }, migrations, systemClock)
  const db = state.scoped<DetectTables>('default')
  const plans: Plan[] = []
  for (const given of ['open', 'closed', 'all'] as const) {
    const filter = { state: given, severities: [], words: [], assignee: undefined }
    plans.push(
      ...(await plansOf(db, async (asked) => {
        await alertQueue(asked, queueQuery.parse({ state: given }), 'mori', 0)
        await gravestOfStory(asked, 'story', filter)
      })),
    )
  }
  plans.push(
    ...(await plansOf(db, async (asked) => {
      await alertCounts(asked, 'mori', 0)
      await storyTotals(asked, ['story'])
      await openInStories(asked, ['story'])
      await alertsOfStory(asked, 'story', 50)
      await relatedTo(asked, { id: 'a', story_id: 'story', entity_key: 'host:web-1' } as AlertsTable, 20)
    })),
  )
  await state.close()
  expect(plans).toHaveLength(20)
  // How many are somebody's is counted among the open ones.
  const slow = plans.filter(
    ({ sql, steps }) =>
      !sql.includes('"assignee" = ') &&
      !steps.every((step) => /COVERING INDEX|\b(story_id|entity_key)=\?|\braised[<>]\?/.test(step)),
  )
  expect(slow).toEqual([])
})
