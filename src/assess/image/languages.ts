import { basename } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import { isJar, readJar } from '../archive/jar.ts'
import { collector, type LockedPackage } from '../lockfiles/lockfile.ts'
import { composer } from '../lockfiles/other.ts'
import { LOCK_READERS } from '../lockfiles/readers.ts'
import { makePurl, writePurl } from '../purl/purl.ts'
import { objectOf, textOf } from '../sbom/json.ts'
import type { Installed } from '../scan/findings.ts'
import { goBuildInfo, goModules } from './go-binary.ts'

/** Larger programs are not looked into. */
const MOST_PROGRAM = 256 * 2 ** 20
/** Before what a program says of itself, which is kept in its place. */
const GO = Buffer.from('\0go\n')

interface Way {
  readonly accepts: (path: string) => boolean
  readonly read: (text: string) => readonly LockedPackage[]
}

/** What package managers of languages leave where they installed something. */
const INSTALLED: readonly Way[] = [
  { accepts: (path) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path), read: nodePackage },
  { accepts: (path) => /\.(dist-info\/METADATA|egg-info\/PKG-INFO)$/.test(path), read: pythonPackage },
  { accepts: (path) => /(^|\/)specifications\/(default\/)?[^/]+\.gemspec$/.test(path), read: rubyPackage },
  { accepts: (path) => /(^|\/)vendor\/composer\/installed\.json$/.test(path), read: phpPackages },
  { accepts: (path) => path.endsWith('.deps.json'), read: dotnetPackages },
]

/** Whether a file of an image names packages of a language. */
export function namesPackages(path: string): boolean {
  if (INSTALLED.some(({ accepts }) => accepts(path)) || isJar(path)) return true
  return !path.includes('node_modules/') && LOCK_READERS.some(({ accepts }) => accepts(basename(path)))
}

/** Whether a file may be a program that says what it was built of. @param mode of the file's rights. */
export const maySayWhatItIs = (path: string, size: number, mode: number): boolean =>
  (mode & 0o111) !== 0 && size > 64 && size <= MOST_PROGRAM && !/\.(so(\.[\d.]+)?|sh|py|pl|js|rb)$/.test(path)

/** What is kept of a program; undefined where it says nothing. */
export function keptOfProgram(bytes: Buffer): Buffer | undefined {
  const info = goBuildInfo(bytes)
  return info === undefined ? undefined : Buffer.concat([GO, Buffer.from(info)])
}

/** Packages of languages that one file names. @param left takes archives and modules of Go that do not say what they are. */
export function packagesIn(
  path: string,
  bytes: Buffer,
  left: string[],
  problems: { file: string; reason: string }[],
): readonly Installed[] {
  try {
    if (bytes.subarray(0, GO.length).equals(GO)) {
      const modules = goModules(bytes.toString('utf8', GO.length))
      for (const name of modules.left) left.push(`${path}: ${name}`)
      return placed(modules.packages, path)
    }
    if (isJar(path)) return readJar(bytes, path, left)
    const way = INSTALLED.find(({ accepts }) => accepts(path))
    if (way !== undefined) return placed(way.read(bytes.toString('utf8')), path)
    const reader = LOCK_READERS.find(({ accepts }) => accepts(basename(path)))
    return reader === undefined ? [] : placed(reader.read(bytes.toString('utf8')).packages, path)
  } catch (error) {
    problems.push({ file: path, reason: messageOf(error) })
    return []
  }
}

const placed = (packages: readonly LockedPackage[], place: string): readonly Installed[] =>
  packages.map((one) => ({ ...one, place }))

function nodePackage(text: string): readonly LockedPackage[] {
  const fields = objectOf(JSON.parse(text))
  const [name, version] = [textOf(fields['name']), textOf(fields['version'])]
  if (name === null || version === null) return []
  const found = collector()
  found.add('npm', name, version)
  return found.reading().packages
}

function pythonPackage(text: string): readonly LockedPackage[] {
  const head = text.split(/\r?\n\r?\n/, 1)[0]!
  const [name, version] = ['Name', 'Version'].map((field) => new RegExp(`^${field}:[ \\t]*(.+)$`, 'm').exec(head)?.[1]?.trim())
  if (name === undefined || version === undefined) return []
  return [{ name, version, purl: writePurl(makePurl({ type: 'pypi', name, version })) }]
}

/** A gem's own word, as RubyGems writes it down on installing: `s.name = "rack".freeze`. */
function rubyPackage(text: string): readonly LockedPackage[] {
  const [name, version] = ['name', 'version'].map((field) => new RegExp(`^\\s*s\\.${field} = "([^"]+)"`, 'm').exec(text)?.[1])
  const found = collector()
  if (name !== undefined && version !== undefined) found.add('gem', name, version)
  return found.reading().packages
}

/** Composer 2 has an object, Composer 1 a bare list. */
function phpPackages(text: string): readonly LockedPackage[] {
  const value: unknown = JSON.parse(text)
  return composer.read(JSON.stringify({ packages: Array.isArray(value) ? value : objectOf(value)['packages'] })).packages
}

/** What a .NET program was published with: `NAME/VERSION` among its libraries, its own projects aside. */
function dotnetPackages(text: string): readonly LockedPackage[] {
  const found = collector()
  for (const [key, value] of Object.entries(objectOf(objectOf(JSON.parse(text.replace(/^\ufeff/, '')))['libraries']))) {
    const [name, version] = key.split('/')
    if (objectOf(value)['type'] === 'package' && name !== undefined && version !== undefined) found.add('nuget', name, version)
  }
  return found.reading().packages
}
