import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Advisories, indexAdvisories } from '../osv/advisories.ts'
import { readOsvFile } from '../osv/load.ts'
import type { OsvRecord } from '../osv/record.ts'
import { type Epss, readEpss } from './epss.ts'
import { type Kev, readKev } from './kev.ts'

const MOST_BYTES = 2 * 2 ** 30

/** Everything that findings are weighed by. */
export interface Feeds {
  readonly advisories: Advisories
  readonly kev: Kev | null
  readonly epss: Epss | null
  readonly files: readonly FeedFile[]
  /** What could not be read, each with why. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

export interface FeedFile {
  readonly file: string
  readonly kind: 'osv' | 'kev' | 'epss'
  readonly items: number
}

/**
 * Reads feeds from folders and files, each told by looking: OSV (`.zip`, `.json`, `.jsonl`), CISA's KEV (`.json`), FIRST's EPSS
 * (`.csv`, `.csv.gz`). Of several KEV or EPSS files the newest counts.
 * @throws KanpekiError `feed_missing` for a path that is not there.
 */
export async function loadFeeds(paths: readonly string[]): Promise<Feeds> {
  const records: OsvRecord[] = []
  const files: FeedFile[] = []
  const problems: { file: string; reason: string }[] = []
  let kev: Kev | null = null
  let epss: Epss | null = null
  for (const file of (await Promise.all(paths.map(filesOf))).flat()) {
    try {
      const bytes = await readFile(file)
      if (/\.csv(\.gz)?$/.test(file)) {
        const text = (file.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes).toString('utf8')
        const read = readEpss(text, file)
        if (epss === null || (read.date ?? '') > (epss.date ?? '')) epss = read
        files.push({ file, kind: 'epss', items: read.byCve.size })
        continue
      }
      const value = file.endsWith('.json') ? (JSON.parse(bytes.toString('utf8')) as unknown) : undefined
      if (isKev(value)) {
        const read = readKev(value, file)
        if (kev === null || read.released > kev.released) kev = read
        files.push({ file, kind: 'kev', items: read.byCve.size })
        continue
      }
      const before = records.length
      problems.push(...readOsvFile(file, bytes, records))
      files.push({ file, kind: 'osv', items: records.length - before })
    } catch (error) {
      problems.push({ file, reason: messageOf(error) })
    }
  }
  return { advisories: indexAdvisories(records), kev, epss, files, problems }
}

function isKev(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'catalogVersion' in value && 'vulnerabilities' in value
}

async function filesOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined)
    throw new KanpekiError('feed_missing', `There is no feed at ${path}.`, {
      place: { file: path },
      remedy: 'Name a folder or file of feeds with --feeds, or take them over with kanpeki feeds update --from DIR.',
    })
  if (!found.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile() && /\.(zip|json|jsonl|csv|csv\.gz)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
