import { z } from 'zod'
import type { JsonObject } from '../kernel/json.ts'
import { jsonText } from '../platform/state/columns.ts'
import { type GivenRules, policyFor } from './policy.ts'
import type { PolicyPlan, PolicySettings, StoppingRule } from './schema.ts'
import type { PoliciesTable } from './tables.ts'

const infosSchema = z.array(
  z.object({
    info: z.object({
      id: z.string(),
      title: z.string(),
      ja: z.object({ title: z.string().optional() }).optional(),
      level: z.string(),
      stop: z.enum(['kill', 'quarantine']).optional(),
    }),
  }),
)
const rulesSchema = z.object({ sigma: infosSchema.default([]), falco: infosSchema.default([]) })

/** Rules that say how what they find is stopped: only these can be named in a policy's `stop` to any effect. */
export function stoppingRules({ rules }: GivenRules): StoppingRule[] {
  const { sigma, falco } = rulesSchema.parse(rules)
  return [...sigma, ...falco]
    .flatMap(({ info: { id, title, ja, level, stop } }) =>
      stop === undefined ? [] : [{ id, title, titleJa: ja?.title ?? title, level, stop }],
    )
    .toSorted((a, b) => (a.title < b.title ? -1 : 1))
}

/** What decides a policy of one host. */
export interface PlannedHost {
  readonly agent: string
  readonly name: string
  readonly labels: readonly string[]
}

/**
 * What would change on which hosts if a label had these settings, or none any more. Nothing is done.
 * @param scope whose policies `rows` are.
 */
export function planPolicy(
  scope: string,
  rows: readonly PoliciesTable[],
  hosts: readonly PlannedHost[],
  label: string,
  settings: PolicySettings | null,
  given: GivenRules,
): PolicyPlan {
  const others = rows.filter((row) => row.label !== label)
  const next = settings === null ? others : [...others, { scope, label, settings: jsonText(settings), by_name: '', changed: 0 }]
  const told = hosts.flatMap(({ agent, name, labels }) => {
    const before = settingsOf(rows, labels)
    const after = settingsOf(next, labels)
    const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((setting) => JSON.stringify(before[setting]) !== JSON.stringify(after[setting]))
      .map((setting) => ({ setting, before: before[setting] ?? null, after: after[setting] ?? null }))
    return changes.length === 0 ? [] : [{ agent, name, changes }]
  })
  const named = settings?.stop ?? []
  const rules = stoppingRules(given)
  const ids = new Set(rules.map(({ id }) => id))
  return {
    hosts: told,
    all: hosts.length,
    stops: named.includes('*') ? rules : rules.filter(({ id }) => named.includes(id)),
    unknownRules: named.filter((id) => id !== '*' && !ids.has(id)),
  }
}

const settingsOf = (rows: readonly PoliciesTable[], labels: readonly string[]): JsonObject =>
  (policyFor(rows, labels)?.settings ?? {}) as JsonObject
