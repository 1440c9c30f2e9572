import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isJar, readJar } from '../../assess/archive/jar.ts'
import { readZip } from '../../assess/archive/zip.ts'
import { makePurl, writePurl } from '../../assess/purl/purl.ts'
import type { Installed } from '../../assess/scan/findings.ts'
import { messageOf } from '../../kernel/error.ts'
import { jarOf } from '../collectors/in-use.ts'
import { type Owners, packageOwners } from '../collectors/owners.ts'
import { findMarkers, type Marker, type Walking } from './walk.ts'

const MOST_TEXT = 1_000_000
/** An archive is read as a whole. */
const MOST_ARCHIVE = 32 * 2 ** 20
const LONGEST = 300
/** As much as one list takes. */
const MOST = 49_000
/** What the manager of the distribution brought is asked for so many at once. */
const PORTION = 500

type Count = (name: string, by?: number) => void
/** One buffer for all archives of a look: a thousand would be garbage of gigabytes. */
interface Room {
  bytes: Buffer
}

async function readText(file: string, count: Count): Promise<string | undefined> {
  try {
    const handle = await open(file)
    try {
      const { size } = await handle.stat()
      const buffer = Buffer.alloc(Math.min(size, MOST_TEXT))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') count('software.unread')
    return undefined
  }
}

const short = (text: unknown): text is string => typeof text === 'string' && text !== '' && text.length <= LONGEST

function npmPackage(text: string, place: string): Installed | undefined {
  try {
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown }
    if (!short(name) || !short(version)) return undefined
    const [, namespace, bare = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? []
    const purl = makePurl({ type: 'npm', name: bare, version, ...(namespace === undefined ? {} : { namespace }) })
    return { name, version, purl: writePurl(purl), place }
  } catch {
    return undefined
  }
}

/** Core metadata (packaging.python.org): fields as in a mail, until an empty line. */
function pypiPackage(text: string, place: string): Installed | undefined {
  const [head = ''] = text.split(/\r?\n\r?\n/, 1)
  const field = (name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, 'mi').exec(head)?.[1]?.trim()
  const [name, version] = [field('Name'), field('Version')]
  if (!short(name) || !short(version)) return undefined
  return { name, version, purl: writePurl(makePurl({ type: 'pypi', name, version })), place }
}

/** By what Maven left in it; without that by its manifest's version and its own name, which is no coordinate. */
async function jarPackages(file: string, count: Count, room: Room): Promise<readonly Installed[]> {
  try {
    const { size } = await stat(file)
    if (size > MOST_ARCHIVE) {
      count('software.tooLarge')
      return []
    }
    const handle = await open(file)
    let bytes: Buffer
    try {
      if (room.bytes.length < size) room.bytes = Buffer.allocUnsafeSlow(size)
      const { bytesRead } = await handle.read(room.bytes, 0, size, 0)
      bytes = room.bytes.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
    const left: string[] = []
    const installed = readJar(bytes, file, left)
    if (left.length > 0) count('software.unnamed', left.length)
    return [...installed, ...left.flatMap((path) => (path === file ? byManifest(bytes, file) : byName(path)))]
  } catch {
    count('software.unread')
    return []
  }
}

function byManifest(bytes: Buffer, file: string): readonly Installed[] {
  for (const { bytes: manifest } of readZip(bytes, file, (name) => name === 'META-INF/MANIFEST.MF')) {
    // Lines go on after a line break and a blank (JAR File Specification).
    const text = manifest.toString('utf8').replaceAll(/\r?\n /g, '')
    const field = (name: string): string | undefined => new RegExp(`^${name}:[ ]*(.*)$`, 'mi').exec(text)?.[1]?.trim()
    const version = field('Implementation-Version') ?? field('Bundle-Version') ?? jarOf(file)?.version
    const name = jarOf(file)?.name ?? field('Bundle-SymbolicName')?.split(';')[0] ?? field('Implementation-Title')
    if (short(name) && short(version)) return [{ name, version, purl: null, place: file }]
  }
  return byName(file)
}

function byName(path: string): readonly Installed[] {
  const named = jarOf(`/${basename(path.split('!').at(-1) ?? path)}`)
  return named === undefined || !isJar(path) ? [] : [{ ...named, purl: null, place: path }]
}

async function packagesAt({ kind, file }: Marker, count: Count, room: Room): Promise<readonly Installed[]> {
  if (kind === 'jar') return await jarPackages(file, count, room)
  const text = await readText(file, count)
  if (text === undefined) return []
  const found = kind === 'npm' ? npmPackage(text, file) : pypiPackage(text, file)
  // A folder in `node_modules` without name and version is a part of a package.
  if (found === undefined && kind === 'pypi') count('software.unnamed')
  return found === undefined ? [] : [found]
}

/**
 * Packages of languages below some folders, each once, with the first place that has it and how many more do. What the manager of
 * the distribution brought is left to it: its advisories know what was ported back.
 */
export async function installedSoftware(root: string, walking: Walking): Promise<readonly Installed[]> {
  const { count } = walking
  const found = new Map<string, { readonly one: Installed; places: number }>()
  const owners: Owners = packageOwners(root)
  const room: Room = { bytes: Buffer.alloc(0) }
  let waiting: Marker[] = []
  const take = async (): Promise<void> => {
    const owned = owners(new Set(waiting.map(({ file }) => file)))
    if (owned.size > 0) count('software.ofDistribution', owned.size)
    for (const marker of waiting) {
      if (owned.has(marker.file)) continue
      for (const one of await packagesAt(marker, count, room)) {
        const key = one.purl ?? `${one.name} ${one.version}`
        const known = found.get(key)
        if (known !== undefined) known.places += 1
        else if (found.size < MOST) found.set(key, { one, places: 1 })
        else count('software.beyond')
      }
    }
    waiting = []
  }
  for await (const marker of findMarkers(walking)) {
    waiting.push(marker)
    if (waiting.length >= PORTION) await take()
  }
  await take()
  return [...found.values()].map(({ one, places }) => ({
    ...one,
    place: `${one.place.slice(-440)}${places === 1 ? '' : ` (+${places - 1})`}`,
  }))
}

/** What is told: one list, and its digest. */
export interface SoftwareList {
  readonly components: readonly Installed[]
  readonly digest: string
}

export function listOf(components: readonly Installed[]): SoftwareList {
  const lines = components.map(({ name, version, purl, place }) => JSON.stringify([name, version, purl, place])).toSorted()
  const hash = createHash('sha256')
  for (const line of lines) hash.update(`${line}\n`)
  return { components, digest: hash.digest('hex') }
}

/** What dpkg, rpm or apk say is installed; what they cannot be asked is counted. */
export async function distributionPackages(
  root: string,
  count: Count,
  warn: (message: string) => void,
): Promise<readonly Installed[]> {
  const { readRoot } = await import('../../assess/host/read-root.ts')
  try {
    const { installed, problems } = await readRoot(root)
    if (problems.length > 0) count('software.unread', problems.length)
    return installed.filter(({ name, version }) => short(name) && short(version))
  } catch (error) {
    count('software.unread')
    warn(`what the distribution installed cannot be read: ${messageOf(error)}`)
    return []
  }
}
