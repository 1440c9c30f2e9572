import { createHash } from 'node:crypto'
import type { JsonObject } from '../kernel/json.ts'
import { readJson } from '../platform/state/columns.ts'
import type { PolicySettings } from './schema.ts'
import type { PoliciesTable } from './tables.ts'

export interface Policy {
  /** Names the settings: the same for the same ones. */
  readonly hash: string
  readonly settings: PolicySettings
  /** What the agent looks for by itself, compiled by the detect room. */
  readonly rules?: JsonObject
}

/** Rules for agents, and what names them. */
export interface GivenRules {
  readonly hash: string
  readonly rules: JsonObject
}

export const rulesToGive = (rules: object): GivenRules => ({
  hash: createHash('sha256').update(JSON.stringify(rules)).digest('hex'),
  rules: rules as JsonObject,
})

/**
 * What holds for a host with these labels: `*` first, then its labels in the order of their names, each going before what
 * it follows; with them the rules, unless a label says that they stay here. Undefined where nothing is set.
 */
export function policyFor(rows: readonly PoliciesTable[], labels: readonly string[], given?: GivenRules): Policy | undefined {
  const held = new Set(['*', ...labels])
  const used = rows.filter(({ label }) => held.has(label)).toSorted((a, b) => (a.label < b.label ? -1 : 1))
  const settings: PolicySettings = Object.assign({}, ...used.map(({ settings: text }) => readJson<PolicySettings>(text)))
  const rules = settings.detect === false ? undefined : given
  if (used.length === 0 && rules === undefined) return undefined
  const named = createHash('sha256')
    .update(JSON.stringify(settings))
    .update(rules?.hash ?? '')
  return { hash: named.digest('hex'), settings, ...(rules === undefined ? {} : { rules: rules.rules }) }
}
