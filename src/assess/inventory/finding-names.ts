import { readJson } from '../../platform/state/columns.ts'
import type { FindingsTable } from './tables.ts'

/** Every name that a finding gives its weakness, each once. */
export function namesOf({ id, ids, aliases }: Pick<FindingsTable, 'id' | 'ids' | 'aliases'>): readonly string[] {
  return [...new Set([id, ...readJson<string[]>(ids), ...readJson<string[]>(aliases)])]
}
