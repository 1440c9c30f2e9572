import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip, gunzipSync } from 'node:zlib'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Advisories, indexAdvisories } from '../osv/advisories.ts'
import { type ReadEntries, readOsvFile } from '../osv/load.ts'
import type { OsvRecord } from '../osv/record.ts'
import { type CsafRevision, readCsafFeed } from './csaf-feed.ts'
import { olderRevisions } from './csaf-revision.ts'
import { type CveFacts, isNvd, joinFacts, readCve5, readJvn, readNvd } from './cve.ts'
import { isDebianTracker, readDebianTracker } from './debian.ts'
import { type Epss, readEpss } from './epss.ts'
import { isGithubAdvisories, readGithubAdvisories } from './github.ts'
import { type Kev, readKev } from './kev.ts'
import { readOval } from './oval.ts'

const MOST_BYTES = 2 * 2 ** 30
const HEAD_BYTES = 2000

/** Everything that findings are weighed by. */
export interface Feeds {
  readonly advisories: Advisories
  readonly kev: Kev | null
  readonly epss: Epss | null
  /** What CVEs say of themselves, where an advisory does not. */
  readonly cves: ReadonlyMap<string, CveFacts>
  /** Stands for all that KEV, EPSS and the CVEs say: it changes where any of them does. */
  readonly facts: string
  readonly files: readonly FeedFile[]
  /** What could not be read, each with why. */
  readonly problems: readonly Problem[]
  /** Products that vendors speak of in CSAF and that no package can be matched with. */
  readonly unmatched: number
}

interface Problem {
  readonly file: string
  readonly reason: string
}

export const FEED_KINDS = ['osv', 'github', 'kev', 'epss', 'debian', 'csaf', 'oval', 'nvd', 'cve', 'jvn'] as const

export interface FeedFile {
  readonly file: string
  readonly kind: (typeof FEED_KINDS)[number]
  readonly items: number
  /** Of CSAF: products that it speaks of and that no package can be matched with. */
  readonly unmatched?: number
}

interface Reading {
  readonly records: OsvRecord[]
  readonly cves: Map<string, CveFacts>
  readonly problems: Problem[]
  readonly entries: ReadEntries
  /** Of a file of CSAF: a later state of the document takes the place of an older one. */
  csaf: CsafRevision | null
  kev: Kev | null
  epss: Epss | null
}

interface Kept {
  /** Size and time of the file. */
  readonly stamp: string
  readonly reading: Reading
  readonly read: FeedFile | undefined
}

/** What was read the last time: of files that have not changed since, reading them again would say the same. */
export class FeedCache {
  readonly files = new Map<string, Kept>()
  advisories: Advisories | undefined
}

/**
 * Reads feeds from folders and files, each told by looking: OSV (`.zip`, `.json`, `.jsonl`), GitHub's REST form, CISA's KEV, Debian's tracker, CSAF, NVD 2.0
 * and CVE 5 (`.json`, `.json.gz`), FIRST's EPSS (`.csv`, `.csv.gz`), OVAL of Red Hat and Ubuntu, JVN iPedia (`.xml`, `.rdf`, `.xml.gz`). Of
 * several KEV or EPSS files the newest counts.
 * @param cache of the files read before, for reading only what changed.
 * @throws KanpekiError `feed_missing` for a path that is not there.
 */
export async function loadFeeds(paths: readonly string[], cache = new FeedCache()): Promise<Feeds> {
  const names = (await Promise.all(paths.map(filesOf))).flat()
  for (const gone of new Set(cache.files.keys()).difference(new Set(names))) cache.files.delete(gone)
  const facts = createHash('sha256')
  const all = emptyReading()
  const files: FeedFile[] = []
  const readings: (Kept & { readonly file: string })[] = []
  for (const file of names) {
    const { size, mtimeMs } = await stat(file)
    const stamp = `${size} ${mtimeMs}`
    let kept = cache.files.get(file)
    if (kept?.stamp !== stamp) {
      kept = { stamp, ...(await readAlone(file, kept?.reading.entries)) }
      cache.files.set(file, kept)
    }
    readings.push({ file, ...kept })
  }
  const older = olderRevisions(readings.map(({ file, reading }) => ({ file, revision: reading.csaf })))
  for (const { file, stamp, reading, read } of readings) {
    if (older.has(file)) {
      if (read !== undefined) files.push({ ...read, items: 0, unmatched: 0 })
      continue
    }
    if (read !== undefined) files.push(read)
    append(all.records, reading.records)
    append(all.problems, reading.problems)
    joinFacts(all.cves, reading.cves)
    if (reading.kev !== null && (all.kev === null || reading.kev.released > all.kev.released)) all.kev = reading.kev
    if (reading.epss !== null && (all.epss === null || (reading.epss.date ?? '') > (all.epss.date ?? ''))) all.epss = reading.epss
    if (reading.kev !== null || reading.epss !== null || reading.cves.size > 0) facts.update(`${file} ${stamp}\n`)
  }
  const { records, cves, kev, epss, problems } = all
  const unmatched = files.reduce((sum, one) => sum + (one.unmatched ?? 0), 0)
  const advisories = indexAdvisories(records, cache.advisories)
  cache.advisories = advisories
  return { advisories, kev, epss, cves, facts: facts.digest('base64url'), files, problems, unmatched }
}

function emptyReading(): Reading {
  return { records: [], cves: new Map(), problems: [], entries: new Map(), csaf: null, kev: null, epss: null }
}

/** @param before the entries of the same archive when it was read last. */
async function readAlone(
  file: string,
  before: ReadEntries | undefined,
): Promise<{ readonly reading: Reading; readonly read: FeedFile | undefined }> {
  const reading = emptyReading()
  try {
    return { reading, read: { file, ...(await readFeed(file, reading, before)) } }
  } catch (error) {
    reading.problems.push({ file, reason: messageOf(error) })
    return { reading, read: undefined }
  }
}

async function readFeed(file: string, reading: Reading, entries: ReadEntries | undefined): Promise<Omit<FeedFile, 'file'>> {
  if (/\.(xml|rdf)(\.gz)?$/.test(file)) return await readXml(file, reading)
  const bytes = await readFile(file)
  if (/\.csv(\.gz)?$/.test(file)) {
    const read = readEpss(unpacked(bytes, file).toString('utf8'), file)
    if (reading.epss === null || (read.date ?? '') > (reading.epss.date ?? '')) reading.epss = read
    return { kind: 'epss', items: read.byCve.size }
  }
  const value = /\.json(\.gz)?$/.test(file) ? (JSON.parse(unpacked(bytes, file).toString('utf8')) as unknown) : undefined
  const keys = typeof value === 'object' && value !== null ? value : {}
  if ('catalogVersion' in keys && 'vulnerabilities' in keys) {
    const read = readKev(value, file)
    if (reading.kev === null || read.released > reading.kev.released) reading.kev = read
    return { kind: 'kev', items: read.byCve.size }
  }
  if (isNvd(value)) {
    const { facts, records, problems } = readNvd(value, file)
    joinFacts(reading.cves, facts)
    append(reading.records, records)
    append(reading.problems, problems)
    return { kind: 'nvd', items: facts.size }
  }
  if ('dataType' in keys) {
    const read = readCve5(value)
    if (read !== undefined) joinFacts(reading.cves, [read])
    return { kind: 'cve', items: 1 }
  }
  if ('document' in keys) {
    const { records, revision, unmatched } = readCsafFeed(value, file)
    append(reading.records, records)
    reading.csaf = revision
    return { kind: 'csaf', items: records.length, unmatched }
  }
  if (isGithubAdvisories(value)) {
    const { records, problems } = readGithubAdvisories(value, file)
    append(reading.records, records)
    append(reading.problems, problems)
    return { kind: 'github', items: records.length }
  }
  if (isDebianTracker(value)) {
    const { records, problems } = readDebianTracker(value, file, (await stat(file)).mtime.toISOString())
    append(reading.records, records)
    append(reading.problems, problems)
    return { kind: 'debian', items: records.length }
  }
  const before = reading.records.length
  append(reading.problems, readOsvFile(file, bytes, reading.records, entries, reading.entries))
  return { kind: 'osv', items: reading.records.length - before }
}

async function readXml(file: string, reading: Reading): Promise<Omit<FeedFile, 'file'>> {
  if ((await headOf(file)).includes('oval_definitions')) {
    const { records, problems } = await readOval(textOf(file), file, (await stat(file)).mtime.toISOString())
    append(reading.records, records)
    append(reading.problems, problems)
    return { kind: 'oval', items: records.length }
  }
  const facts = await readJvn(textOf(file), file)
  joinFacts(reading.cves, facts)
  return { kind: 'jvn', items: facts.size }
}

async function headOf(file: string): Promise<string> {
  if (file.endsWith('.gz')) {
    for await (const part of textOf(file)) return part.slice(0, HEAD_BYTES)
    return ''
  }
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function* textOf(file: string): AsyncGenerator<string> {
  const bytes = createReadStream(file)
  // A failure of either comes out of the last.
  const source = file.endsWith('.gz') ? pipeline(bytes, createGunzip(), () => undefined) : bytes
  const decoder = new TextDecoder()
  for await (const part of source) yield decoder.decode(part as Uint8Array, { stream: true })
  yield decoder.decode()
}

function unpacked(bytes: Buffer, file: string): Buffer {
  return file.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes
}

/** Lists may be longer than a call takes arguments. */
function append<T>(into: T[], from: readonly T[]): void {
  for (const one of from) into.push(one)
}

async function filesOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined)
    throw new KanpekiError('feed_missing', `There is no feed at ${path}.`, {
      place: { file: path },
      remedy: 'Name a folder or file of feeds with --feeds, or take them over with kanpeki feeds update.',
    })
  if (!found.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile() && /^[^.].*\.(zip|json|jsonl|csv|csv\.gz|json\.gz|xml|xml\.gz|rdf)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
