import { expect, it } from 'vitest'
import { plansOf } from '../platform/testing/plans.ts'
import { alertCounts, alertQueue } from './alerts-queue.ts'
import { migrations } from './migrations.ts'
import { alertsOfStory, gravestOfStory, openInStories, relatedTo, storyTotals } from './queries.ts'
import { queueQuery } from './schema.ts'
import type { AlertsTable, DetectTables } from './tables.ts'

// With a hundred thousand closed alerts a list of fifty took five seconds, in which the server answered nobody.
it('reads rows of alerts by what they belong to, and all else from indexes alone', async () => {
  const plans = await plansOf<DetectTables>(migrations, async (db) => {
    for (const state of ['open', 'closed', 'all'] as const) {
      await alertQueue(db, queueQuery.parse({ state }), 'mori', 0)
      await gravestOfStory(db, 'story', { state, severities: [], words: [], assignee: undefined })
    }
    await alertCounts(db, 'mori', 0)
    await storyTotals(db, ['story'])
    await openInStories(db, ['story'])
    await alertsOfStory(db, 'story', 50)
    await relatedTo(db, { id: 'a', story_id: 'story', entity_key: 'host:web-1' } as AlertsTable, 20)
  })
  expect(plans).toHaveLength(20)
  // How many are somebody's is counted among the open ones.
  const slow = plans.filter(
    ({ sql, steps }) =>
      !sql.includes('"assignee" = ') &&
      !steps.every((step) => /COVERING INDEX|\b(story_id|entity_key)=\?|\braised[<>]\?/.test(step)),
  )
  expect(slow).toEqual([])
})
