import { readFileSync } from 'node:fs'

/** One package of package-lock.json, by the fields that are read here. */
export interface LockedPackage {
  /** Where the path holds an alias: what it really is. */
  readonly name?: string
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export interface Lockfile {
  readonly lockfileVersion: number
  /** By path: `''` is ourselves, `node_modules/a/node_modules/b` a copy of its own. */
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
}

export function readJsonFile<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

/** The package's name: what follows the last node_modules. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** Where Node finds `name` when a file of the package at `from` asks for it; undefined if it is not locked (an optional peer). */
export function resolveFrom(lock: Lockfile, from: string, name: string): string | undefined {
  const steps = from === '' ? [] : from.split('/node_modules/')
  for (let kept = steps.length; kept >= 0; kept--) {
    const path = [...steps.slice(0, kept), name].join('/node_modules/')
    const found = kept === 0 ? `node_modules/${name}` : path
    if (lock.packages[found] !== undefined) return found
  }
  return undefined
}

/** Paths of the packages that one directly needs: optional ones where they are locked, peers unless they are optional. */
export function dependenciesOf(lock: Lockfile, path: string): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = lock.packages[path] ?? {}
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true)
  const names = new Set([...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {}), ...peers])
  return [...names].flatMap((name) => resolveFrom(lock, path, name) ?? []).sort()
}

/** These packages and everything they need, as paths. */
export function closureOf(lock: Lockfile, roots: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [...roots]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue
    found.add(path)
    open.push(...dependenciesOf(lock, path))
  }
  return found
}
