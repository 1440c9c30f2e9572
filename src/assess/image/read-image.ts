import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { RPM_DATABASES } from '../../platform/rpm/database.ts'
import { APK_DATABASES, type RootFiles, readPackages } from '../host/read-root.ts'
import { listOf, objectOf, textOf } from '../sbom/json.ts'
import type { Installed } from '../scan/findings.ts'
import { openImage, type Place, partOf, unpacked } from './image-files.ts'
import { keptOfProgram, maySayWhatItIs, namesPackages, packagesIn } from './languages.ts'
import { readTar } from './tar.ts'

/** What of one image is kept in memory. */
const MOST_KEPT = 1024 * 2 ** 20

export interface ImageReading {
  readonly os: string | null
  readonly layers: number
  readonly installed: readonly Installed[]
  /** Java archives and modules of Go programs that do not say what they are. */
  readonly left: readonly string[]
  /** Of languages, and of a package of the distribution: that package is judged, with what was ported back to it. */
  readonly owned: readonly string[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * Reads an image as `docker save` and `podman save` write it, or an OCI layout in a tar or a folder: layers in order, with what later ones take away
 * (whiteouts), then what package managers and languages say is installed. Nothing is written anywhere but rpm's
 * database, for a moment, among temporary files.
 * @throws KanpekiError `image_invalid`, `tar_invalid`.
 */
export async function readImage(file: string): Promise<ImageReading> {
  const { places, close } = await openImage(file)
  try {
    return await readLayers(file, places)
  } finally {
    await close()
  }
}

async function readLayers(file: string, places: ReadonlyMap<string, Place>): Promise<ImageReading> {
  const layers = await layersOf(file, places)
  const files = new Map<string, Buffer>()
  const problems: { file: string; reason: string }[] = []
  const left: string[] = []
  let kept = 0
  for (const layer of layers) {
    // A layer takes away what those below it have, never its own.
    const own = new Set<string>()
    const place = places.get(layer) ?? fail(file, `the layer ${layer} is not in it`)
    const wanted = (name: string, size: number, mode: number) => isWanted(name) || maySayWhatItIs(name, size, mode)
    const keep = (name: string, told: Buffer): void => {
      kept += told.length
      if (kept > MOST_KEPT) fail(file, 'it holds more package data than memory should')
      own.add(name)
      files.set(name, Buffer.from(told))
    }
    /** Wanted files that are other names of files whose own names say nothing, by these. */
    const named = new Map<string, string[]>()
    for await (const { name, type, bytes, same } of readTar(await unpacked(place), `${file}:${layer}`, wanted)) {
      if (takesAway(files, name, own)) continue
      const there = same === undefined ? undefined : files.get(same)
      // A later file, folder or link replaces what was there.
      if (type !== 'folder') files.delete(name)
      const told = type !== 'file' ? undefined : isWanted(name) ? bytes : keptOfProgram(bytes)
      if (told !== undefined) keep(name, told)
      else if (same !== undefined && isWanted(name)) {
        const others = named.get(same)
        if (there !== undefined) keep(name, there)
        else if (others === undefined) named.set(same, [name])
        else others.push(name)
      }
    }
    if (named.size === 0) continue
    for await (const { name, type, bytes } of readTar(await unpacked(place), `${file}:${layer}`, (one) => named.has(one)))
      if (type === 'file') {
        for (const other of named.get(name) ?? []) keep(other, bytes)
        named.delete(name)
      }
    for (const [name, others] of named)
      for (const other of others) problems.push({ file: other, reason: `it is a link to ${name}, which its layer does not hold` })
  }
  const { os, installed, problems: unread, rpmFiles } = await readPackages(inMemory(files))
  const owned = ownedIn(files, rpmFiles)
  return {
    os,
    layers: layers.length,
    left,
    owned,
    installed: [...installed, ...languagesIn(files, new Set(owned), left, problems)],
    problems: [...unread, ...problems],
  }
}

function fail(file: string, reason: string): never {
  throw new KanpekiError('image_invalid', `${file} is no image that can be read: ${reason}.`, {
    place: { file },
    remedy: 'Write it with docker save, podman save or skopeo copy docker-archive: or oci-archive:.',
  })
}

// ── Manifests ──

async function layersOf(file: string, places: ReadonlyMap<string, Place>): Promise<readonly string[]> {
  const json = async (name: string): Promise<unknown> => {
    const place = places.get(name)
    if (place === undefined) return undefined
    if (place.size > 16 * 2 ** 20) fail(file, `${name} is too large`)
    try {
      return JSON.parse((await partOf(place)).toString('utf8'))
    } catch (error) {
      return fail(file, `${name}: ${messageOf(error)}`)
    }
  }
  const [saved] = listOf(await json('manifest.json'))
  if (saved !== undefined) return listOf(objectOf(saved)['Layers']).map((one) => textOf(one) ?? fail(file, 'a layer has no name'))
  const index = await json('index.json')
  if (index === undefined) fail(file, 'it has neither manifest.json nor index.json')
  let manifest = objectOf(index)
  // An index may name indexes.
  for (let depth = 0; depth < 3 && manifest['manifests'] !== undefined; depth++)
    manifest = objectOf(await json(blob(file, platformOf(listOf(manifest['manifests'])))))
  return listOf(manifest['layers']).map((one) => blob(file, one))
}

const OWN_ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch

/** Of several platforms this machine's on Linux, else the first; `unknown` is what builders attest beside an image. */
function platformOf(manifests: readonly unknown[]): unknown {
  const platforms = manifests.map((one) => ({ one, platform: objectOf(objectOf(one)['platform']) }))
  const real = platforms.filter(({ platform }) => platform['os'] !== 'unknown')
  const own = real.find(({ platform }) => platform['os'] === 'linux' && platform['architecture'] === OWN_ARCHITECTURE)
  return (own ?? real[0] ?? platforms[0])?.one
}

function blob(file: string, descriptor: unknown): string {
  const digest = textOf(objectOf(descriptor)['digest'])
  const [, algorithm, hash] = /^(sha256|sha512):([0-9a-f]+)$/.exec(digest ?? '') ?? fail(file, 'a descriptor has no digest')
  return `blobs/${algorithm}/${hash}`
}

// ── Layers ──

const PACKAGE_FILES: ReadonlySet<string> = new Set([
  'etc/os-release',
  'usr/lib/os-release',
  'var/lib/dpkg/status',
  ...APK_DATABASES,
])

const RPM_FILES: ReadonlySet<string> = new Set(RPM_DATABASES.flatMap((path) => [path, `${path}-wal`]))

function isWanted(name: string): boolean {
  if (PACKAGE_FILES.has(name) || RPM_FILES.has(name)) return true
  if (dirname(name) === 'var/lib/dpkg/status.d' || isFileList(name)) return true
  return namesPackages(name)
}

/** What dpkg wrote down of a package's files. */
function isFileList(name: string): boolean {
  return dirname(name) === 'var/lib/dpkg/info' && name.endsWith('.list')
}

/** `.wh.NAME` takes NAME and all below it away, `.wh..wh..opq` all that lower layers have in its folder (OCI image-spec, layer.md). */
function takesAway(files: Map<string, Buffer>, name: string, kept: ReadonlySet<string>): boolean {
  const own = basename(name)
  if (!own.startsWith('.wh.')) return false
  const folder = dirname(name) === '.' ? '' : `${dirname(name)}/`
  const gone = own === '.wh..wh..opq' ? folder : `${folder}${own.slice(4)}`
  const below = gone === '' || gone.endsWith('/') ? gone : `${gone}/`
  for (const path of files.keys()) if (!kept.has(path) && (path === gone || path.startsWith(below))) files.delete(path)
  return true
}

function inMemory(files: ReadonlyMap<string, Buffer>): RootFiles {
  return {
    text: async (path) => files.get(path)?.toString('utf8'),
    list: async (path) => [...files.keys()].filter((name) => dirname(name) === path).map((name) => basename(name)),
    has: async (path) => files.has(path),
    async onDisk(path, use) {
      const folder = await mkdtemp(join(tmpdir(), 'kanpeki-image-'))
      try {
        const file = join(folder, basename(path))
        for (const end of ['', '-wal']) {
          const bytes = files.get(`${path}${end}`)
          if (bytes !== undefined) await writeFile(`${file}${end}`, bytes)
        }
        return use(file)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

// ── Languages ──

/** Files of languages that a package of the distribution brought. */
function ownedIn(files: ReadonlyMap<string, Buffer>, rpmFiles: readonly string[]): readonly string[] {
  const owned = new Set<string>(rpmFiles)
  for (const [path, bytes] of files)
    if (isFileList(path)) for (const line of bytes.toString('utf8').split('\n')) owned.add(line.replace(/^\//, ''))
  let folder = ''
  const apk = APK_DATABASES.map((path) => files.get(path)).find((bytes) => bytes !== undefined)
  for (const line of (apk?.toString('utf8') ?? '').split('\n')) {
    if (line.startsWith('F:')) folder = line.slice(2)
    else if (line.startsWith('R:')) owned.add(`${folder}/${line.slice(2)}`)
  }
  return [...files.keys()].filter((path) => owned.has(path) && !PACKAGE_FILES.has(path))
}

function languagesIn(
  files: ReadonlyMap<string, Buffer>,
  owned: ReadonlySet<string>,
  left: string[],
  problems: { file: string; reason: string }[],
): readonly Installed[] {
  return [...files].flatMap(([path, bytes]) =>
    owned.has(path) || PACKAGE_FILES.has(path) || isFileList(path) || RPM_FILES.has(path)
      ? []
      : packagesIn(path, bytes, left, problems),
  )
}
