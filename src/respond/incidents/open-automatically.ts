import { scopedTo } from '../../platform/state/scope.ts'
import { doDeed } from './deeds.ts'
import type { AlertSnapshot, IncidentDeps } from './deps.ts'
import { HOUSE } from './enter.ts'
import { openIncident } from './open.ts'
import { policyOf } from './policy.ts'
import { heldAlerts } from './queries.ts'
import { incidentOfAlerts } from './seams.ts'
import type { IncidentTables } from './tables.ts'

/** An alert that waits, with the story that it belongs to. */
export interface WaitingAlert extends AlertSnapshot {
  readonly scope: string
  readonly story: string
}

/** Ids of the alerts of a story; asked only of stories that may open an incident. */
export type StoryAlerts = (scope: string, story: string) => Promise<readonly string[]>

/**
 * Opens an incident for every story with an alert that is grave enough, once; what comes later in the same story joins it
 * while it is open. @returns how many incidents were opened.
 */
export async function openForAlerts(deps: IncidentDeps, alerts: readonly WaitingAlert[], ofStory: StoryAlerts): Promise<number> {
  let opened = 0
  let joined = 0
  for (const [scope, ofScope] of Map.groupBy(alerts, (alert) => alert.scope)) {
    const db = deps.state.scoped<IncidentTables>(scope)
    const least = (await policyOf(deps.policy, db)).openAutomatically
    const grave = ofScope.filter(({ severity }) => severity <= least)
    const held = await heldAlerts(
      db,
      grave.map(({ id }) => id),
    )
    const stories = Map.groupBy(
      grave.filter(({ id }) => !held.has(id)),
      ({ story }) => story,
    )
    for (const [story, waiting] of stories) {
      const running = await incidentOfAlerts(db, await ofStory(scope, story))
      if (running === undefined) {
        await openOne(deps, scope, waiting)
        opened += 1
      } else {
        joined += 1
        await doDeed(deps, scope, running, { do: 'alerts', alerts: waiting.map(({ id }) => id) }, HOUSE)
      }
    }
  }
  if (opened + joined > 0) deps.changed()
  return opened
}

async function openOne(deps: IncidentDeps, scope: string, alerts: readonly AlertSnapshot[]): Promise<void> {
  await deps.state.transaction<IncidentTables, void>(async (all) => {
    const opening = { scope, summary: '', alerts, automatic: true, exercise: null }
    await openIncident(scopedTo(all, scope), deps, opening, HOUSE, deps.clock.now())
  })
}
