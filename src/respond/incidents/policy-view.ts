import type { IncidentPolicy } from './policy.ts'
import { audiencesOf, type Db, openAutomatically, rotaFrom } from './queries.ts'
import { GRADES, PHASES, type PolicyView } from './schema.ts'

/** The policy that ships, with what this scope set of its own. */
export async function policyViewOf(policy: IncidentPolicy, db: Db, now: number): Promise<PolicyView> {
  const [own, rota] = [await audiencesOf(db), await rotaFrom(db, now)]
  return {
    openAutomatically: (await openAutomatically(db)) ?? policy.openAutomatically,
    clocks: PHASES.flatMap((phase) =>
      GRADES.map((severity) => ({ severity, phase, minutes: policy.clocks[phase][severity - 1]! })),
    ),
    audiences: policy.audiences.map((one) => {
      const set = own.find(({ id }) => id === one.id)
      return { ...one, channel: set?.channel_id ?? null, contact: set?.contact ?? '', automatic: set?.automatic === 1 }
    }),
    rota: rota.map(({ id, role, person, begins, ends }) => ({
      id,
      role,
      person,
      from: new Date(begins).toISOString(),
      to: new Date(ends).toISOString(),
      now: begins <= now && now < ends,
    })),
  }
}
