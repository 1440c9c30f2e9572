import { schemeOfType } from '../version/schemes.ts'
import type { Component } from './bom.ts'

export interface BomChange {
  readonly name: string
  readonly purl: string | null
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** `down`: to an older version; `changed` where the order of versions is not known, or several are there. */
  readonly kind: 'added' | 'removed' | 'up' | 'down' | 'changed'
}

/** What a bill brings, drops and moves against one of before; several versions of a package are one change. */
export function diffBoms(before: readonly Component[], after: readonly Component[]): readonly BomChange[] {
  const [old, now] = [byPackage(before), byPackage(after)]
  const names = [...new Set([...old.keys(), ...now.keys()])].sort()
  return names.flatMap((key) => {
    const [was, is] = [old.get(key) ?? [], now.get(key) ?? []]
    const versions = [versionsOf(was), versionsOf(is)] as const
    if (versions[0].join('\u0000') === versions[1].join('\u0000')) return []
    const { name, purl } = (is[0] ?? was[0])!
    const kind = was.length === 0 ? 'added' : is.length === 0 ? 'removed' : direction(purl, versions)
    return [{ name, purl: purl === null ? null : key, before: versions[0], after: versions[1], kind }]
  })
}

function byPackage(components: readonly Component[]): ReadonlyMap<string, readonly Component[]> {
  return Map.groupBy(components, ({ name, purl }) => (purl === null ? name : purl.replace(/[?#].*$/, '').replace(/@[^@/]*$/, '')))
}

function versionsOf(components: readonly Component[]): readonly string[] {
  return [...new Set(components.map(({ version }) => version ?? ''))].sort()
}

function direction(purl: string | null, [before, after]: readonly [readonly string[], readonly string[]]): BomChange['kind'] {
  const scheme = purl === null ? undefined : schemeOfType(/^pkg:([^/]+)/.exec(purl)?.[1] ?? '')
  if (scheme === undefined || before.length !== 1 || after.length !== 1) return 'changed'
  const order = scheme.compare(before[0]!, after[0]!)
  return order < 0 ? 'up' : order > 0 ? 'down' : 'changed'
}
