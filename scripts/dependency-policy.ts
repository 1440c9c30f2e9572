/**
 * What may come into a release: known licences, exact versions from the registry with their hash, no scripts at install.
 * Run by `npm run lint`; alone: `node scripts/dependency-policy.ts`.
 */
import { type Lockfile, type Manifest, nameOf, readJsonFile } from './lockfile.ts'
import { importedBelow, type Shipped, shippedPackages } from './shipped.ts'

export interface Policy {
  /** SPDX identifiers that may be shipped. */
  readonly licences: readonly string[]
  /** A package that may be shipped under another licence, or whose manifest states none: which it is, and why. */
  readonly exceptions: Readonly<Record<string, { readonly licence: string; readonly why: string }>>
}

/** Every breach of the policy, a sentence each. Licences are asked of what is shipped, the rest of everything locked. */
export function policyFaults(lock: Lockfile, manifest: Manifest, shipped: Shipped, policy: Policy): readonly string[] {
  const faults: string[] = []
  if (lock.lockfileVersion !== 3) faults.push(`package-lock.json has version ${lock.lockfileVersion}, not 3`)
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
    if (!/^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      faults.push(`${name}: '${version}' is not an exact version`)
  for (const [path, one] of Object.entries(lock.packages)) {
    if (path === '') continue
    const what = `${nameOf(path)}@${one.version ?? '?'}`
    if (one.link === true) faults.push(`${what}: is a link, not a package of the registry`)
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(one.integrity ?? '')) faults.push(`${what}: has no SHA-512 integrity`)
    if (one.resolved !== undefined) faults.push(`${what}: names a host, ${hostOf(one.resolved)}`)
    if (one.hasInstallScript === true && manifest.allowScripts?.[nameOf(path)] !== false)
      faults.push(`${what}: runs a script at install and is not refused in allowScripts`)
    if (shipped.has(path) && policy.exceptions[nameOf(path)] === undefined && !isAllowed(one.license, policy.licences))
      faults.push(`${what}: its licence ${one.license ?? '(none)'} is not among those we ship`)
  }
  for (const name of Object.keys(policy.exceptions))
    if (![...shipped.keys()].some((path) => nameOf(path) === name)) faults.push(`${name}: has an exception and is not shipped`)
  for (const [name, allowed] of Object.entries(manifest.allowScripts ?? {}))
    if (allowed) faults.push(`${name}: allowScripts lets it run scripts at install`)
  return faults
}

/** SPDX expressions of licences joined by OR and AND, parentheses around them. */
export function isAllowed(expression: string | undefined, licences: readonly string[]): boolean {
  if (expression === undefined) return false
  const bare = expression.replace(/^\((.*)\)$/, '$1')
  if (/[()]/.test(bare)) return false
  return bare.split(/\s+OR\s+/).some((each) => each.split(/\s+AND\s+/).every((licence) => licences.includes(licence.trim())))
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url
}

/** The faults of this tree, and how many packages were looked at. */
export function checkTree(): { readonly faults: readonly string[]; readonly shipped: number; readonly locked: number } {
  const lock = readJsonFile<Lockfile>('package-lock.json')
  const manifest = readJsonFile<Manifest>('package.json')
  const shipped = shippedPackages(lock, manifest, importedBelow('web'))
  const faults = policyFaults(lock, manifest, shipped, readJsonFile<Policy>('scripts/dependency-policy.json'))
  return { faults, shipped: shipped.size, locked: Object.keys(lock.packages).length - 1 }
}

if (import.meta.main) {
  const { faults, shipped, locked } = checkTree()
  for (const fault of faults) console.error(fault)
  console.error(`${locked} packages are locked and ${shipped} shipped: ${faults.length} faults`)
  process.exit(faults.length === 0 ? 0 : 1)
}
