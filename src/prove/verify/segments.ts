import { equalBytes, toHex } from './bytes.ts'
import { batchId } from './entry.ts'
import type { EntryFindings, SegmentLeaf } from './entry-checks.ts'
import type { EvidenceFolder } from './folder.ts'
import { leafHash, rootOf } from './merkle.ts'
import type { Failure } from './report.ts'
import type { Sha256 } from './sha256.ts'

export interface SegmentChecks {
  readonly failures: readonly Failure[]
  readonly notes: readonly string[]
  readonly segments: number
  readonly bytes: number
  readonly events: number
}

/**
 * Compares each sealed file with its leaf, and the leaf's root with the leaves of its batches.
 * @param forged entries whose content is not what was signed; nothing is measured against those.
 * @param findings undefined when a log is verified without its data directory.
 */
export async function checkSegments(
  folder: EvidenceFolder,
  findings: EntryFindings | undefined,
  forged: ReadonlySet<number>,
  hash: Sha256,
): Promise<SegmentChecks> {
  if (findings === undefined) {
    return {
      failures: [],
      notes: ['Sealed segments were not compared: this is a log without its data directory.'],
      segments: 0,
      bytes: 0,
      events: 0,
    }
  }
  const failures: Failure[] = []
  let bytes = 0
  let events = 0
  let segments = 0
  let dropped = 0
  for (const segment of findings.segments) {
    if (forged.has(segment.leaf)) continue
    failures.push(...checkBatches(segment, findings, forged, hash))
    if (findings.dropped.has(segment.body.file)) {
      dropped++
      continue
    }
    const failure = await checkFile(folder, segment, hash)
    if (failure !== undefined) {
      failures.push(failure)
      continue
    }
    segments++
    bytes += segment.body.bytes
    events += segment.body.events
  }
  const notes = dropped === 0 ? [] : [`${dropped} sealed segments were deleted by a retention policy that is in the log.`]
  return { failures, notes, segments, bytes, events }
}

async function checkFile(folder: EvidenceFolder, { leaf, body }: SegmentLeaf, hash: Sha256): Promise<Failure | undefined> {
  const path = body.file
  const found = folder.digest === undefined ? digestOf(await folder.read(path), hash) : await folder.digest(path)
  if (found === undefined) {
    return {
      path,
      leaf,
      code: 'segment_missing',
      reason: 'the sealed segment is not there, and no entry says that it was dropped',
    }
  }
  if (found.bytes !== body.bytes) {
    return { path, leaf, code: 'segment_mismatch', reason: `the segment has ${found.bytes} bytes, its leaf says ${body.bytes}` }
  }
  if (!equalBytes(found.sha256, body.sha256)) {
    const reason = `the segment's SHA-256 is ${toHex(found.sha256)}, its leaf says ${toHex(body.sha256)}`
    return { path, leaf, code: 'segment_mismatch', reason }
  }
  return undefined
}

function digestOf(bytes: Uint8Array | undefined, hash: Sha256): { sha256: Uint8Array; bytes: number } | undefined {
  return bytes === undefined ? undefined : { sha256: hash(bytes), bytes: bytes.length }
}

function checkBatches(
  { leaf, path, body }: SegmentLeaf,
  findings: EntryFindings,
  forged: ReadonlySet<number>,
  hash: Sha256,
): readonly Failure[] {
  const roots: Uint8Array[] = []
  const missing: string[] = []
  for (const run of body.batches) {
    for (let sequence = run.first; sequence <= run.last && missing.length < 10; sequence++) {
      const id = batchId(run.writer, sequence)
      const batch = findings.batches.get(id)
      if (batch === undefined) missing.push(id)
      else if (forged.has(batch.leaf)) return []
      else roots.push(leafHash(batch.root, hash))
    }
  }
  if (missing.length > 0) {
    const reason = `segment ${body.file} names batches that have no leaf: ${missing.join(', ')}`
    return [{ path, leaf, code: 'batch_missing', reason }]
  }
  if (equalBytes(rootOf(roots, hash), body.root)) return []
  return [{ path, leaf, code: 'batch_mismatch', reason: `segment ${body.file}: its root is not that of its batches' leaves` }]
}
