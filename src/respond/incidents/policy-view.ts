import { type IncidentPolicy, policyOf } from './policy.ts'
import { audiencesOf, type Db, ownPolicy, rotaFrom } from './queries.ts'
import { GRADES, PHASES, type PolicyView } from './schema.ts'

/** The policy that ships, with what this scope set of its own. */
export async function policyViewOf(shipped: IncidentPolicy, db: Db, now: number): Promise<PolicyView> {
  const [own, rota] = [await audiencesOf(db), await rotaFrom(db, now)]
  const [policy, set] = [await policyOf(shipped, db), await ownPolicy(db)]
  return {
    openAutomatically: policy.openAutomatically,
    own: { clocks: (set?.clocks ?? null) !== null, tasks: (set?.tasks ?? null) !== null },
    tasks: policy.tasks,
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
