import type { z } from 'zod'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { type IncidentPolicy, policyOf } from './policy.ts'
import { type Db, ownPolicy, setOwnPolicy } from './queries.ts'
import type { PolicyView, policyChange } from './schema.ts'

type Change = z.infer<typeof policyChange>

/**
 * Sets what a scope has of its own in place of what ships: what opens by itself, tasks, clocks.
 * @returns the policy as it is then.
 */
export async function changeOwn(
  trx: Db,
  shipped: IncidentPolicy,
  scope: string,
  { openAutomatically, clocks, tasks }: Change,
  now: number,
): Promise<IncidentPolicy> {
  const [before, own] = [await policyOf(shipped, trx), await ownPolicy(trx)]
  if (openAutomatically === undefined && clocks === undefined && tasks === undefined) return before
  await setOwnPolicy(trx, {
    scope,
    open_automatically: openAutomatically ?? before.openAutomatically,
    clocks: clocks === undefined ? (own?.clocks ?? null) : clocks === null ? null : jsonText(withClocks(before.clocks, clocks)),
    tasks: tasks === undefined ? (own?.tasks ?? null) : tasks === null ? null : jsonText(tasks),
    updated: now,
  })
  return await policyOf(shipped, trx)
}

function withClocks(before: IncidentPolicy['clocks'], change: NonNullable<Change['clocks']>): IncidentPolicy['clocks'] {
  const clocks = structuredClone(before)
  for (const { phase, severity, minutes } of change) clocks[phase][severity - 1] = minutes
  return clocks
}

/** Of tasks and clocks, what the ledger keeps: only where they were asked to change. */
export function workOf(change: Change, policy: Pick<IncidentPolicy | PolicyView, 'clocks' | 'tasks'>): JsonObject {
  return {
    ...(change.clocks === undefined ? {} : { clocks: policy.clocks as unknown as JsonObject }),
    ...(change.tasks === undefined ? {} : { tasks: policy.tasks as unknown as JsonObject[] }),
  }
}
