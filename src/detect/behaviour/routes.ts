import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { HALF_LIFE_MS, LEARNING_DAYS, LEAST_SCORE, LIMITS } from '../engines/behaviour/limits.ts'
import type { DetectDeps } from '../routes-deps.ts'
import { countProfiles, oddProfiles, readProfile, readStates } from './queries.ts'
import { behaviourStatus, entityParams, entityProfile } from './schema.ts'
import type { BehaviourTables } from './tables.ts'
import { profileView } from './view.ts'

const HOUR_MS = 3_600_000
/** What was odd so long ago weighs a sixty-fourth. */
const LOOK_BACK_MS = 6 * HALF_LIFE_MS
const MOST_ODD = 50
/** Less is nothing to look at. */
const LEAST_ODD = 0.5

/** What is usual for whom, as it was last kept: a few minutes old at most. */
export function behaviourRoutes({ state, clock }: Pick<DetectDeps, 'state' | 'clock'>): Route[] {
  const db = (scope: string) => state.scoped<BehaviourTables>(scope)
  return [
    route({
      method: 'GET',
      path: '/api/v1/behaviour',
      permission: 'alerts:read',
      summary: 'Users and hosts that behave unlike before, the oddest first, and what the bounds of memory have cost',
      response: behaviourStatus,
      handle: async ({ caller }) => {
        const now = clock.now()
        const [entities, rows, states] = await Promise.all([
          countProfiles(db(caller.scope)),
          oddProfiles(db(caller.scope), now - LOOK_BACK_MS, MOST_ODD),
          readStates(state.tables<BehaviourTables>()),
        ])
        const sum = (name: 'evicted' | 'forgotten' | 'late'): number => states.reduce((all, one) => all + one[name], 0)
        return {
          entities,
          least: LEAST_SCORE,
          halfLifeHours: HALF_LIFE_MS / HOUR_MS,
          learningDays: LEARNING_DAYS,
          limits: { entities: LIMITS.entities, values: LIMITS.values },
          costs: { evicted: sum('evicted'), forgotten: sum('forgotten'), late: sum('late') },
          odd: rows
            .map((row) => profileView(row, now))
            .filter(({ score }) => score >= LEAST_ODD)
            .sort((a, b) => b.score - a.score)
            .map(({ kind, name, score, lastSeen, signals }) => ({ kind, name, score, lastSeen, signals })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/behaviour/:kind/:name',
      permission: 'alerts:read',
      summary: 'What is usual for one user or host, and what is odd about it now',
      params: entityParams,
      response: entityProfile,
      handle: async ({ params, caller }) => {
        const row = await readProfile(db(caller.scope), params.kind, params.name.toLowerCase())
        if (row === undefined)
          throw new KanpekiError('not_found', `Nothing is known yet of the ${params.kind} ${params.name}.`, {
            remedy: 'It is learned from events that name it; what was learned is kept every five minutes.',
          })
        return profileView(row, clock.now())
      },
    }),
  ]
}
