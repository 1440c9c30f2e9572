import { createHash } from 'node:crypto'
import { readJson } from '../platform/state/columns.ts'
import type { PolicySettings } from './schema.ts'
import type { PoliciesTable } from './tables.ts'

export interface Policy {
  /** Names the settings: the same for the same ones. */
  readonly hash: string
  readonly settings: PolicySettings
}

/**
 * What holds for a host with these labels: `*` first, then its labels in the order of their names, each going before what
 * it follows. Undefined where nothing is set.
 */
export function policyFor(rows: readonly PoliciesTable[], labels: readonly string[]): Policy | undefined {
  const held = new Set(['*', ...labels])
  const used = rows.filter(({ label }) => held.has(label)).toSorted((a, b) => (a.label < b.label ? -1 : 1))
  if (used.length === 0) return undefined
  const settings: PolicySettings = Object.assign({}, ...used.map(({ settings: text }) => readJson<PolicySettings>(text)))
  return { hash: createHash('sha256').update(JSON.stringify(settings)).digest('hex'), settings }
}
