import { jsonText } from '../../platform/state/columns.ts'
import { packageOf } from './judge.ts'
import type { ComponentsTable } from './tables.ts'

/**
 * Packages that advisories know under several names in one list (of two releases of a distribution, or with and without a
 * version), as JSON: where one of these is judged again, so are its twins.
 */
export function twinsOf(components: readonly Pick<ComponentsTable, 'name' | 'purl' | 'asked'>[]): string {
  const first = new Map<string, string | null>()
  const twins = new Set<string>()
  for (const one of components) {
    const name = packageOf(one)
    const asked = first.get(name)
    if (asked === undefined) first.set(name, one.asked)
    else if (asked !== one.asked) twins.add(name)
  }
  return jsonText([...twins])
}
