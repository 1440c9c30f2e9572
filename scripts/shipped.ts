import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { closureOf, type Lockfile, type Manifest } from './lockfile.ts'

/** A package in a release: installed with it, or bundled into the console by the build. */
export type Shipped = ReadonlyMap<string, 'installed' | 'bundled'>

/** `import … from 'x'`, `export … from 'x'`, `import('x')` and `import 'x'`; types alone are not bundled. */
const IMPORT = /(?:^|[\s;])(?:import|export)\s+(?!type\b)(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g

/** Names of the packages that sources below a folder import, tests left out. */
export function importedBelow(folder: string): readonly string[] {
  const names = new Set<string>()
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || /\.test\.tsx?$/.test(entry.name)) continue
    if (/(^|\/)(testing|node_modules|dist)\//.test(path) || /\.config\.ts$/.test(entry.name)) continue
    for (const [, from, lazily] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      const target = from ?? lazily ?? ''
      if (target.startsWith('.') || target.startsWith('/') || target.startsWith('virtual:') || isBuiltin(target)) continue
      names.add(target.split('/', target.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  return [...names].sort()
}

/**
 * Paths in the lockfile of what a release is made of.
 * @param bundled names that the console imports. @throws Error for one that is not locked.
 */
export function shippedPackages(lock: Lockfile, manifest: Manifest, bundled: readonly string[]): Shipped {
  const paths = (names: readonly string[]): string[] =>
    names.map((name) => {
      const path = `node_modules/${name}`
      if (lock.packages[path] === undefined) throw new Error(`${name} is not in package-lock.json`)
      return path
    })
  const shipped = new Map<string, 'installed' | 'bundled'>()
  for (const path of closureOf(lock, paths(bundled))) if (lock.packages[path]?.optional !== true) shipped.set(path, 'bundled')
  for (const path of closureOf(lock, paths(Object.keys(manifest.dependencies ?? {})))) shipped.set(path, 'installed')
  return shipped
}
