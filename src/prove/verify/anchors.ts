import { equalBytes, textOf } from './bytes.ts'
import type { Certificate } from './certificate.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import type { EvidenceFolder } from './folder.ts'
import { emptyRoot } from './merkle.ts'
import type { Failure, Stamped } from './report.ts'
import type { Sha256 } from './sha256.ts'
import { type ReadTile, rangeHash } from './tiles.ts'
import { checkTimeStamp } from './timestamp.ts'

/** Below the ledger's folder: a folder for each checkpoint that authorities stamp, named by its size. */
export const ANCHORS_FOLDER = 'anchors'

/** Beside the stamps: the exact bytes that are stamped. */
export const ANCHORED_FILE = 'checkpoint'
export const STAMP_SUFFIX = '.tsr'

export interface AnchorChecks {
  readonly stamps: readonly Stamped[]
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
}

/** An anchored checkpoint of a folder with its stamps, by file. */
export interface AnchorFiles {
  readonly path: string
  readonly size: number
  readonly stamps: readonly string[]
}

/** `anchors/000000001234` */
export function anchorFolder(size: number): string {
  return `${ANCHORS_FOLDER}/${String(size).padStart(12, '0')}`
}

/** The anchored checkpoints among files below a log, smallest first. */
export function anchorsAmong(files: readonly string[]): readonly AnchorFiles[] {
  const found = new Map<string, string[]>()
  for (const file of files) {
    const match = /^(?:.*\/)?anchors\/(\d{12})\/([^/]+)$/.exec(file)
    if (match === null) continue
    const folder = file.slice(0, -match[2]!.length - 1)
    const stamps = found.get(folder) ?? []
    if (match[2]!.endsWith(STAMP_SUFFIX)) stamps.push(file)
    found.set(folder, stamps)
  }
  return [...found]
    .map(([path, stamps]) => ({ path, size: Number(path.slice(-12)), stamps: stamps.toSorted() }))
    .sort((a, b) => a.size - b.size)
}

/** Checks one stamp of a checkpoint's exact bytes. */
export async function checkStamp(
  path: string,
  token: Uint8Array,
  checkpoint: { readonly size: number; readonly text: Uint8Array },
  roots: readonly Certificate[] | undefined,
  hash: Sha256,
): Promise<Stamped | Failure> {
  const said = await checkTimeStamp(token, hash(checkpoint.text), roots)
  if ('code' in said) return { path, leaf: null, code: said.code, reason: said.reason }
  return { authority: said.authority, at: said.at, size: checkpoint.size, trusted: said.trusted }
}

/** Checks every stamp beside a log: that it holds, and that what it stamps is the beginning of the log. */
export async function checkAnchors(
  folder: EvidenceFolder,
  at: (path: string) => string,
  head: Checkpoint,
  roots: readonly Certificate[] | undefined,
  readTile: ReadTile,
  hash: Sha256,
): Promise<AnchorChecks> {
  const stamps: Stamped[] = []
  const failures: Failure[] = []
  let waiting = 0
  const files = folder.list === undefined ? [] : await folder.list(at(ANCHORS_FOLDER))
  for (const anchor of anchorsAmong(files)) {
    const path = `${anchor.path}/${ANCHORED_FILE}`
    const text = await folder.read(path)
    const prefix = await prefixFailure(path, text, anchor.size, head, readTile, hash)
    if (prefix !== undefined) failures.push(prefix)
    if (text === undefined || prefix !== undefined) continue
    if (anchor.stamps.length === 0) waiting++
    for (const stamp of anchor.stamps) {
      const token = (await folder.read(stamp)) ?? new Uint8Array(0)
      const said = await checkStamp(stamp, token, { size: anchor.size, text }, roots, hash)
      if ('reason' in said) failures.push(said)
      else stamps.push(said)
    }
  }
  const notes = waiting === 0 ? [] : [`${waiting} anchored checkpoints wait for a time-stamp.`]
  return { stamps, failures: [...failures, ...absent(stamps, at(ANCHORS_FOLDER), roots)], notes }
}

/** Who gives an authority's certificate wants a stamp of it. */
export function absent(stamps: readonly Stamped[], path: string, roots: readonly Certificate[] | undefined): readonly Failure[] {
  if (roots === undefined || stamps.some(({ trusted }) => trusted)) return []
  return [{ path, leaf: null, code: 'not_timestamped', reason: 'there is no time-stamp of an authority that is trusted' }]
}

async function prefixFailure(
  path: string,
  text: Uint8Array | undefined,
  size: number,
  head: Checkpoint,
  readTile: ReadTile,
  hash: Sha256,
): Promise<Failure | undefined> {
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text)
  const fail = (code: Failure['code'], reason: string): Failure => ({ path, leaf: null, code, reason })
  if (text === undefined) return fail('missing', 'the checkpoint that was stamped is missing')
  if (checkpoint?.size !== size || checkpoint.origin !== head.origin || textOf(text) !== checkpoint.text)
    return fail('malformed', `this is not a checkpoint of ${head.origin} with ${size} entries`)
  if (size > head.size) return fail('rolled_back', `${size} entries were stamped, and the log has ${head.size}`)
  const root = size === 0 ? emptyRoot(hash) : await rangeHash(0, size, head.size, readTile, hash).catch(() => undefined)
  if (root === undefined) return fail('since_unprovable', 'the tiles that lead to it cannot be read')
  return equalBytes(root, checkpoint.root)
    ? undefined
    : fail('forked', `the first ${size} entries are not those that were stamped`)
}
