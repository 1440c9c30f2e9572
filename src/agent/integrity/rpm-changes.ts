import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestOf, type PackageChanges, spellingsOf } from './package-change.ts'

interface Brought {
  readonly name: string
  readonly version: string
  /** When it was installed, milliseconds UTC; rpm knows the second. */
  readonly at: number
  readonly digest: Digest | undefined
  /** Path → what it held; empty for folders and links. */
  readonly files: ReadonlyMap<string, string>
}

interface Kept {
  readonly mark: string
  /** When the database was last written. */
  readonly at: number
  /** What was installed lately. */
  readonly brought: readonly Brought[]
  readonly names: ReadonlyMap<string, string>
}

/** OpenPGP's numbers of hash algorithms (RFC 9580 §9.5); packages without one used MD5. */
const DIGESTS: ReadonlyMap<number, Digest> = new Map([
  [1, 'md5'],
  [2, 'sha1'],
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
])
/** A package is written down once its files are there; a large one takes its time. */
const SLACK_MS = 60_000
const BUSY_MS = 5_000
/** Of what was installed longer ago no change is asked. */
const LATELY_MS = 3_600_000

/**
 * By rpm's own database: when a package was installed, which files it has, and the digest of each as it was built. A change at another
 * time, or to another content, is nobody's. Whoever is root can write that database, too.
 */
export function rpmChanges(root: string, now: () => number = Date.now): PackageChanges {
  const before = new Map<string, string>()
  let kept: Kept | undefined

  const placeOf = async (): Promise<{ readonly file: string; readonly mark: string; readonly at: number } | undefined> => {
    const { RPM_DATABASES } = await import('../../platform/rpm/database.ts')
    for (const place of RPM_DATABASES) {
      const file = join(root, place)
      const found = await stat(file).catch(() => undefined)
      if (found === undefined) continue
      const log = await stat(`${file}-wal`).catch(() => undefined)
      const at = Math.max(found.mtimeMs, log?.mtimeMs ?? 0)
      return { file, mark: `${found.size} ${found.mtimeMs} ${log?.size ?? 0} ${log?.mtimeMs ?? 0}`, at }
    }
    return undefined
  }
  const packagesIn = async (file: string, digests: boolean) => {
    const { readRpmDatabase } = await import('../../platform/rpm/database.ts')
    try {
      return readRpmDatabase(file, digests).packages
    } catch {
      // It is being written; the next look reads it.
      return undefined
    }
  }
  const current = async (): Promise<Kept | undefined> => {
    const place = await placeOf()
    if (place === undefined) return undefined
    if (kept?.mark === place.mark) return kept
    const { rpmVersion } = await import('../../platform/rpm/header.ts')
    const packages = await packagesIn(place.file, true)
    if (packages === undefined) return kept
    const since = now() - LATELY_MS
    kept = {
      mark: place.mark,
      at: place.at,
      names: new Map(packages.map((one) => [one.name, rpmVersion(one)] as const)),
      brought: packages.flatMap((one) => {
        const at = (one.installed ?? 0) * 1_000
        const digests = one.digests ?? []
        return at < since
          ? []
          : {
              name: one.name,
              version: rpmVersion(one),
              at,
              digest: one.digestAlgorithm === undefined ? 'md5' : DIGESTS.get(one.digestAlgorithm),
              files: new Map(one.files.map((path, i) => [path, digests[i] ?? ''] as const)),
            }
      }),
    }
    return kept
  }

  return {
    async learn(watched) {
      const place = await placeOf()
      if (place === undefined) return
      for (const { name, files } of (await packagesIn(place.file, false)) ?? [])
        for (const path of files) for (const one of spellingsOf(path)) if (watched(join(root, one))) before.set(one, name)
    },
    async busy() {
      const place = await placeOf()
      return place !== undefined && now() - place.at < BUSY_MS
    },
    async find({ path: full, type, gone, from, to }) {
      const found = await current()
      if (found === undefined) return undefined
      const written = spellingsOf(within(root, full))
      for (const { name, version, at, digest, files } of found.brought) {
        if (at - SLACK_MS > to || at + SLACK_MS < from) continue
        const known = written.find((one) => files.has(one))
        const told = { type: 'rpm', name, version } as const
        // What a new version has no more goes with it.
        if (
          gone ? known === undefined && written.some((one) => before.get(one) === name) : known !== undefined && type !== 'file'
        )
          return { ...told, by: 'listed' }
        const sum = known === undefined ? '' : files.get(known)
        if (!gone && digest !== undefined && sum !== '' && sum === (await digestOf(digest, full))) return { ...told, by: digest }
      }
      const owner = written.map((one) => before.get(one)).find((name) => name !== undefined)
      const removed = gone && owner !== undefined && !found.names.has(owner) && Math.abs(found.at - to) < SLACK_MS
      return removed ? { type: 'rpm', name: owner, version: '', by: 'listed' } : undefined
    },
  }
}

/** A path as the packages of a root write it. */
export const within = (root: string, path: string): string => {
  const base = root.endsWith('/') ? root.slice(0, -1) : root
  return base !== '' && path.startsWith(`${base}/`) ? path.slice(base.length) : path
}
