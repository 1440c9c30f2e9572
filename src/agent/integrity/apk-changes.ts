import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, type PackageChanges, spellingsOf } from './package-change.ts'
import { within } from './rpm-changes.ts'

interface Entry {
  readonly name: string
  readonly version: string
  /** Of the package itself (`C:`): another one, even of the same version, is another. */
  readonly sum: string
  /** Path → checksum as apk writes it; empty for folders. */
  readonly files: () => ReadonlyMap<string, string>
}

const PLACES = ['lib/apk/db/installed', 'usr/lib/apk/db/installed']
/** All of a transaction is written down at its end. */
const SLACK_MS = 120_000
const BUSY_MS = 5_000

/** Stanzas of apk's `installed` (wiki.alpinelinux.org, "Apk spec"): P, V, C of a package, then F of a folder, R of a file in it, Z of what that holds. */
export function apkEntries(text: string): readonly Entry[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const field = (letter: string): string => new RegExp(`^${letter}:(.*)$`, 'm').exec(stanza)?.[1] ?? ''
    const [name, version, sum] = [field('P'), field('V'), field('C')]
    if (name === '') return []
    const files = (): ReadonlyMap<string, string> => {
      const found = new Map<string, string>()
      let folder = ''
      let file = ''
      for (const line of stanza.split('\n')) {
        const value = line.slice(2)
        if (line.startsWith('F:')) {
          folder = value === '' ? '' : `/${value}`
          if (folder !== '') found.set(folder, '')
        } else if (line.startsWith('R:')) {
          file = `${folder}/${value}`
          found.set(file, '')
        } else if (line.startsWith('Z:') && file !== '') found.set(file, value)
      }
      return found
    }
    return [{ name, version, sum, files }]
  })
}

/**
 * By apk's own database, which says no times: what is another package than when it was looked at last came between the two. Content is
 * compared by apk's checksums (`Q1`: SHA-1, `Q2`: SHA-256, in base64). Whoever is root can write that database, too.
 */
export function apkChanges(root: string, now: () => number = Date.now): PackageChanges {
  const before = new Map<string, string>()
  let known: { readonly mark: string; readonly sums: ReadonlyMap<string, string> } | undefined
  let acted: { readonly at: number; readonly entry: Entry; readonly gone: boolean }[] = []

  const placeOf = async (): Promise<{ readonly file: string; readonly mark: string; readonly at: number } | undefined> => {
    for (const place of PLACES) {
      const file = join(root, place)
      const found = await stat(file).catch(() => undefined)
      if (found !== undefined) return { file, mark: `${found.ino} ${found.size} ${found.mtimeMs}`, at: found.mtimeMs }
    }
    return undefined
  }
  const look = async (): Promise<void> => {
    const place = await placeOf()
    if (place === undefined || place.mark === known?.mark) return
    const entries = apkEntries(await readFile(place.file, 'utf8').catch(() => ''))
    const sums = new Map(entries.map(({ name, version, sum }) => [name, `${version} ${sum}`] as const))
    const old = known?.sums
    known = { mark: place.mark, sums }
    if (old !== undefined) {
      acted = acted.filter(({ at }) => now() - at < 10 * SLACK_MS)
      for (const entry of entries)
        if (old.get(entry.name) !== sums.get(entry.name)) acted.push({ at: place.at, entry, gone: false })
      for (const [name, was] of old)
        if (!sums.has(name)) {
          const entry = { name, version: was.split(' ')[0] ?? '', sum: '', files: () => new Map<string, string>() }
          acted.push({ at: place.at, entry, gone: true })
        }
    }
  }

  return {
    async learn(watched) {
      await look()
      const place = await placeOf()
      const text = place === undefined ? '' : await readFile(place.file, 'utf8').catch(() => '')
      for (const { name, files } of apkEntries(text))
        for (const path of files().keys())
          for (const one of spellingsOf(path)) if (watched(join(root, one))) before.set(one, name)
    },
    async busy() {
      const place = await placeOf()
      return place !== undefined && now() - place.at < BUSY_MS
    },
    async find({ path: full, type, gone, from, to }) {
      await look()
      const written = spellingsOf(within(root, full))
      for (const { at, entry, gone: removed } of acted) {
        if (at - SLACK_MS > to || at + SLACK_MS < from) continue
        const files = entry.files()
        const spelled = written.find((one) => files.has(one))
        const told = { type: 'apk', name: entry.name, version: entry.version } as const
        if (gone) {
          if (spelled === undefined && written.some((one) => before.get(one) === entry.name)) return { ...told, by: 'listed' }
          continue
        }
        if (removed || spelled === undefined) continue
        if (type !== 'file') return { ...told, by: 'listed' }
        const sum = files.get(spelled) ?? ''
        const digest = sum.startsWith('Q1') ? 'sha1' : sum.startsWith('Q2') ? 'sha256' : undefined
        if (digest !== undefined && sum.slice(2) === (await digestOf(digest, full, 'base64'))) return { ...told, by: digest }
      }
      return undefined
    },
  }
}
