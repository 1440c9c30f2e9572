/**
 * What a release is made of, as CycloneDX 1.6: packages installed with it, those bundled into the console, and the Node
 * that the launcher pins. `node scripts/sbom.ts > kanpeki.cdx.json`. The same tree gives the same bytes; `npm sbom` knows
 * only what this machine installed, and nothing that the build bundles.
 */

import { createHash } from 'node:crypto'
import type { Policy } from './dependency-policy.ts'
import { closureOf, dependenciesOf, type LockedPackage, type Lockfile, type Manifest, nameOf, readJsonFile } from './lockfile.ts'
import { importedBelow, type Shipped, shippedPackages } from './shipped.ts'

interface Hash {
  readonly alg: 'SHA-512'
  readonly content: string
}

type Licence = { readonly license: { readonly id: string } } | { readonly expression: string }

export interface Component {
  readonly type: 'library' | 'application' | 'platform'
  readonly 'bom-ref': string
  readonly name: string
  readonly group?: string
  readonly version: string
  readonly description?: string
  readonly scope?: 'required' | 'optional'
  readonly hashes?: readonly Hash[]
  readonly licenses?: readonly Licence[]
  readonly purl: string
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
}

export interface Bom {
  readonly $schema: string
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.6'
  readonly serialNumber: string
  readonly version: 1
  readonly metadata: {
    readonly timestamp?: string
    readonly lifecycles: readonly { readonly phase: 'build' }[]
    readonly tools: { readonly components: readonly { readonly type: 'application'; readonly name: string }[] }
    readonly component: Component
  }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/** The launcher's pins: platform → the package that carries Node. */
export type NodePins = Readonly<
  Record<string, { readonly package: string; readonly version: string; readonly integrity: string }>
>

export interface BomInput {
  readonly lock: Lockfile
  readonly manifest: Manifest
  readonly shipped: Shipped
  readonly pins: NodePins
  /** Licences of packages whose own manifest states none. */
  readonly licences: Policy['exceptions']
  /** RFC 3339; left out where no release is made. */
  readonly timestamp?: string
}

export function bomOf({ lock, manifest, shipped, pins, licences, timestamp }: BomInput): Bom {
  const optional = optionalPaths(lock, manifest, shipped)
  const paths = [...shipped.keys()].sort()
  const refs = new Map(paths.map((path) => [path, refOf(path, lock.packages[path]!)]))
  const libraries = paths.map((path) =>
    libraryOf(path, withLicence(path, lock.packages[path]!, licences), shipped.get(path)!, optional.has(path)),
  )
  const runtimes = Object.entries(pins).map(([platform, pin]) => runtimeOf(platform, pin))
  const components = distinct([...libraries, ...runtimes])
  const own = `pkg:npm/${manifest.name}@${manifest.version}`
  const direct = [...shipped].filter(([path, how]) => isDirect(path, how, manifest)).map(([path]) => refs.get(path)!)
  const dependencies = [
    { ref: own, dependsOn: [...new Set(direct)].sort() },
    ...edges(paths.map((path) => [refs.get(path)!, dependenciesOf(lock, path).flatMap((one) => refs.get(one) ?? [])])),
    ...runtimes.map((one) => ({ ref: one['bom-ref'], dependsOn: [] })),
  ]
  const body = { components, dependencies }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([own, body]))}`,
    version: 1,
    metadata: {
      ...(timestamp === undefined ? {} : { timestamp }),
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: 'kanpeki scripts/sbom.ts' }] },
      component: {
        type: 'application',
        'bom-ref': own,
        name: manifest.name,
        version: manifest.version,
        ...(manifest.description === undefined ? {} : { description: manifest.description }),
        ...licencesOf(manifest.license),
        purl: own,
      },
    },
    ...body,
  }
}

/** The package-url of an npm package (https://github.com/package-url/purl-spec): the scope's `@` is encoded. */
export function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`
}

function refOf(path: string, one: LockedPackage): string {
  return purlOf(one.name ?? nameOf(path), one.version ?? '')
}

function withLicence(path: string, one: LockedPackage, licences: BomInput['licences']): LockedPackage {
  const licence = one.license ?? licences[nameOf(path)]?.licence
  return licence === undefined ? one : { ...one, license: licence }
}

function libraryOf(path: string, one: LockedPackage, how: 'installed' | 'bundled', optional: boolean): Component {
  const full = one.name ?? nameOf(path)
  const [group, name] = full.startsWith('@') ? (full.split('/') as [string, string]) : [undefined, full]
  return {
    type: 'library',
    'bom-ref': refOf(path, one),
    ...(group === undefined ? {} : { group }),
    name,
    version: one.version ?? '',
    scope: optional ? 'optional' : 'required',
    ...hashesOf(one.integrity),
    ...licencesOf(one.license),
    purl: purlOf(full, one.version ?? ''),
    properties: [{ name: 'kanpeki:shipped', value: how }],
  }
}

function runtimeOf(platform: string, pin: NodePins[string]): Component {
  return {
    type: 'platform',
    'bom-ref': purlOf(pin.package, pin.version),
    name: pin.package,
    version: pin.version,
    description: `Node.js for ${platform}, fetched by the launcher where the system's is too old`,
    scope: 'optional',
    ...hashesOf(pin.integrity),
    ...licencesOf('MIT'),
    purl: purlOf(pin.package, pin.version),
    properties: [{ name: 'kanpeki:shipped', value: 'launcher' }],
  }
}

function hashesOf(integrity: string | undefined): { readonly hashes?: readonly Hash[] } {
  const sha512 = /^sha512-(\S+)$/.exec(integrity ?? '')?.[1]
  return sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }
}

function licencesOf(expression: string | undefined): { readonly licenses?: readonly Licence[] } {
  if (expression === undefined) return {}
  return { licenses: [/\s/.test(expression) ? { expression } : { license: { id: expression } }] }
}

/** What is installed only where the platform fits. */
function optionalPaths(lock: Lockfile, manifest: Manifest, shipped: Shipped): ReadonlySet<string> {
  const without: Lockfile = {
    ...lock,
    packages: Object.fromEntries(Object.entries(lock.packages).filter(([, one]) => one.optional !== true)),
  }
  const needed = closureOf(
    without,
    Object.keys(manifest.dependencies ?? {}).map((name) => `node_modules/${name}`),
  )
  return new Set([...shipped].filter(([path, how]) => how === 'installed' && !needed.has(path)).map(([path]) => path))
}

function isDirect(path: string, how: 'installed' | 'bundled', manifest: Manifest): boolean {
  const list = how === 'installed' ? manifest.dependencies : manifest.devDependencies
  return path === `node_modules/${nameOf(path)}` && list?.[nameOf(path)] !== undefined
}

/** The same package at two places is one component. */
function distinct(components: readonly Component[]): readonly Component[] {
  const byRef = new Map<string, Component>()
  for (const one of components) {
    const before = byRef.get(one['bom-ref'])
    if (before === undefined || (before.scope === 'optional' && one.scope === 'required')) byRef.set(one['bom-ref'], one)
  }
  return [...byRef.values()]
}

function edges(all: readonly (readonly [string, readonly string[]])[]): Bom['dependencies'] {
  const merged = new Map<string, Set<string>>()
  for (const [ref, targets] of all) merged.set(ref, new Set([...(merged.get(ref) ?? []), ...targets]))
  return [...merged].map(([ref, targets]) => ({ ref, dependsOn: [...targets].sort() }))
}

/** A UUID (RFC 9562 version 8) of a text. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The bill of this tree. */
export function ownBom(timestamp?: string): Bom {
  const lock = readJsonFile<Lockfile>('package-lock.json')
  const manifest = readJsonFile<Manifest>('package.json')
  return bomOf({
    lock,
    manifest,
    shipped: shippedPackages(lock, manifest, importedBelow('web')),
    pins: readJsonFile<NodePins>('launcher/node-pins.json'),
    licences: readJsonFile<Policy>('scripts/dependency-policy.json').exceptions,
    ...(timestamp === undefined ? {} : { timestamp }),
  })
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(ownBom(process.argv[2]), null, 2)}\n`)
