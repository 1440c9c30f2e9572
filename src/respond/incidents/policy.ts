import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { readJson } from '../../platform/state/columns.ts'
import { type Db, ownPolicy } from './queries.ts'
import { GRADES, type Grade, PHASES, type Phase } from './schema.ts'

const both = z.strictObject({ en: z.string().min(1).max(300), ja: z.string().min(1).max(300) })
const minutes = z.int().positive().max(525_600)
const grade = z.literal([...GRADES])

const policySchema = z.strictObject({
  openAutomatically: z.int().min(0).max(4),
  /** Minutes for P1, P2, P3 and P4. */
  clocks: z.record(z.enum(PHASES), z.tuple([minutes, minutes, minutes, minutes])),
  tasks: z.array(z.strictObject({ phase: z.enum(PHASES), severity: grade, title: both })),
  audiences: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z][a-z0-9-]{0,60}$/),
      audience: both,
      about: both,
      severity: grade,
      when: z.enum(['opened', 'contained', 'closed', ...PHASES]),
      withinMinutes: minutes,
    }),
  ),
})
export type IncidentPolicy = z.infer<typeof policySchema>
export type Occasion = IncidentPolicy['audiences'][number]['when']

/**
 * How incidents are worked on where nothing else was set: tasks, clocks, who is told.
 * @throws KanpekiError `bad_policy` with the file and the field.
 */
export function readPolicy(file: string): IncidentPolicy {
  const { data, error } = policySchema.safeParse(parse(readFileSync(file, 'utf8')))
  if (data === undefined) {
    const [issue] = error.issues
    throw new KanpekiError('bad_policy', `The policy of incidents cannot be read: ${issue?.message ?? 'it is empty'}.`, {
      place: { file, field: issue?.path.join('.') ?? '' },
      remedy: 'Correct the file; content/incidents/policy.yml shows what it may hold.',
    })
  }
  return data
}

/** The policy that ships, with what this scope set of its own. */
export async function policyOf(policy: IncidentPolicy, db: Db): Promise<IncidentPolicy> {
  const own = await ownPolicy(db)
  if (own === undefined) return policy
  return {
    ...policy,
    openAutomatically: own.open_automatically,
    ...(own.clocks === null ? {} : { clocks: readJson<IncidentPolicy['clocks']>(own.clocks) }),
    ...(own.tasks === null ? {} : { tasks: readJson<IncidentPolicy['tasks']>(own.tasks) }),
  }
}

/** When a task of this phase is due that begins now. Milliseconds UTC. */
export function dueOf(policy: IncidentPolicy, severity: Grade, phase: Phase, began: number): number {
  return began + policy.clocks[phase][severity - 1]! * 60_000
}
