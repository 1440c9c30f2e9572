import { equalBytes, utf8 } from './bytes.ts'
import { type Checkpoint, parseCheckpoint, splitCheckpoints } from './checkpoint.ts'
import { emptyRoot } from './merkle.ts'
import { parseVerifierKey, type VerifierKey } from './note.ts'
import { checkSigner, type Failure } from './report.ts'
import { type Sha256, sha256 } from './sha256.ts'
import { type ReadTile, rangeHash } from './tiles.ts'

/** A file with a checkpoint kept from before, or with many, as copies are written. */
export interface Since {
  readonly path: string
  readonly text: string
}

export interface SinceChecks {
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
  readonly checkpoints: number
}

/** Reads the checkpoints of a file; a failure stands in for one that cannot be read. */
export function readSince(since: Since): readonly (Checkpoint | Failure)[] {
  const { notes } = splitCheckpoints(since.text)
  const failure = (path: string): Failure => ({ path, leaf: null, code: 'malformed', reason: 'this is not a signed checkpoint' })
  if (notes.length === 0) return [failure(since.path)]
  return notes.map((text, place) => parseCheckpoint(utf8(text)) ?? failure(`${since.path}#${place + 1}`))
}

/**
 * Shows that each earlier checkpoint is a prefix of the log: its size is not beyond the log's, and the log's tree at that
 * size has its root. `readTile` must give tiles that were checked.
 */
export async function checkSince(
  files: readonly Since[],
  head: Checkpoint,
  trusted: readonly VerifierKey[],
  claims: string | null,
  readTile: ReadTile,
  hash: Sha256 = sha256,
): Promise<SinceChecks> {
  const failures: Failure[] = []
  const notes: string[] = []
  let checkpoints = 0
  const claimed = claims === null ? undefined : parseVerifierKey(claims)
  const keys = trusted.length > 0 || claimed === undefined ? trusted : [claimed]
  for (const file of files) {
    if (splitCheckpoints(file.text).rest !== '') notes.push(`${file.path} holds text that is no checkpoint; it was left out.`)
    for (const earlier of readSince(file)) {
      const failure = 'reason' in earlier ? earlier : await checkOne(file.path, earlier, head, keys, readTile, hash)
      if (failure === undefined) checkpoints++
      else failures.push(failure)
    }
  }
  return { failures, notes, checkpoints }
}

async function checkOne(
  path: string,
  earlier: Checkpoint,
  head: Checkpoint,
  keys: readonly VerifierKey[],
  readTile: ReadTile,
  hash: Sha256,
): Promise<Failure | undefined> {
  if (earlier.origin !== head.origin) {
    return {
      path,
      leaf: null,
      code: 'wrong_signer',
      reason: `the earlier checkpoint is of ${earlier.origin}, the log of ${head.origin}`,
    }
  }
  const [unsigned] = (await checkSigner(earlier, path, keys, undefined)).failures
  if (unsigned !== undefined) return unsigned
  if (earlier.size > head.size) {
    const reason = `the log was signed with ${earlier.size} entries and now has ${head.size}: it was rolled back`
    return { path, leaf: null, code: 'rolled_back', reason }
  }
  let root: Uint8Array
  try {
    root = earlier.size === 0 ? emptyRoot(hash) : await rangeHash(0, earlier.size, head.size, readTile, hash)
  } catch {
    const reason = `the tiles that lead to the checkpoint of ${earlier.size} entries cannot be read`
    return { path, leaf: null, code: 'since_unprovable', reason }
  }
  if (equalBytes(root, earlier.root)) return undefined
  const reason = `the first ${earlier.size} entries are not those that were signed then: history was rewritten`
  return { path, leaf: null, code: 'forked', reason }
}
