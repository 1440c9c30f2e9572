import { type ArtefactLeaf, artefactDeed } from './artefacts.ts'
import { cardFact, cardFault } from './cards.ts'
import {
  type BatchBody,
  batchId,
  type DroppedSegment,
  parseBatchBody,
  parseEntry,
  parseSegmentBody,
  type SegmentBody,
} from './entry.ts'
import type { CardFact, Failure } from './report.ts'
import { rotationNote } from './rotation.ts'
import type { Sha256 } from './sha256.ts'
import { tilePath } from './tiles.ts'

/** A sealed segment as its leaf describes it, and where that leaf is. */
export interface SegmentLeaf {
  readonly leaf: number
  readonly path: string
  readonly body: SegmentBody
}

/** Reads entries in order, and keeps what later checks need. */
export interface EntryFindings {
  readonly failures: readonly Failure[]
  readonly entries: number
  readonly logged: { readonly first: string; readonly last: string } | null
  /** Batches by `batchId`. */
  readonly batches: ReadonlyMap<string, { readonly root: Uint8Array; readonly leaf: number }>
  readonly segments: readonly SegmentLeaf[]
  /** Files that a later entry says were deleted by policy. */
  readonly dropped: ReadonlySet<string>
  /** Versions of cards, oldest first. */
  readonly cards: readonly CardFact[]
  /** Artefacts that the log says are kept, by id. */
  readonly artefacts: ReadonlyMap<string, ArtefactLeaf & { readonly leaf: number }>
  /** Notes that announce a new key of the log, by entry. */
  readonly rotations: ReadonlyMap<number, string>
  accept(index: number, bytes: Uint8Array, width: number): void
}

/** @param at gives a path of the log its place in what is verified. */
export function checkEntries(at: (path: string) => string, hash: Sha256): EntryFindings {
  const failures: Failure[] = []
  const batches = new Map<string, { root: Uint8Array; leaf: number }>()
  const segments: SegmentLeaf[] = []
  const dropped = new Set<string>()
  const rotations = new Map<number, string>()
  const cards: CardFact[] = []
  const artefacts = new Map<string, ArtefactLeaf & { readonly leaf: number }>()
  let entries = 0
  /** Undefined after an entry that could not be read. */
  let outbox: number | undefined = 0
  let logged: { first: string; last: string } | null = null

  const keepBatch = (batch: BatchBody, path: string, leaf: number) => {
    const id = batchId(batch.writer, batch.sequence)
    if (batches.has(id)) failures.push({ path, leaf, code: 'batch_mismatch', reason: `batch ${id} is logged a second time` })
    else batches.set(id, { root: batch.root, leaf })
  }
  const keepSegment = (body: SegmentBody | DroppedSegment, path: string, leaf: number) => {
    if ('dropped' in body) dropped.add(body.file)
    else segments.push({ leaf, path, body })
  }

  return {
    failures,
    batches,
    segments,
    dropped,
    rotations,
    artefacts,
    cards,
    get entries() {
      return entries
    },
    get logged() {
      return logged
    },
    accept(index, bytes, width) {
      entries++
      const path = at(tilePath({ level: 'entries', index: Math.floor(index / 256), width }))
      const fail = (code: Failure['code'], reason: string) => failures.push({ path, leaf: index, code, reason })
      const entry = parseEntry(bytes)
      if (typeof entry === 'string') {
        fail('entry_invalid', entry)
        outbox = undefined
        return
      }
      if (outbox !== undefined && entry.outbox !== outbox + 1) fail('outbox_gap', gapReason(outbox, entry.outbox))
      outbox = entry.outbox
      logged = { first: logged?.first ?? entry.logged, last: entry.logged }
      const note = rotationNote(entry)
      if (note !== undefined) rotations.set(index, note)
      const fact = cardFact(index, entry)
      const fault = fact === undefined ? undefined : cardFault(entry, fact, hash)
      if (fact !== undefined) cards.push(fact)
      if (fault !== undefined) fail('card_mismatch', fault)
      const deed = artefactDeed(entry)
      if (deed !== undefined && 'added' in deed) artefacts.set(deed.added.id, { ...deed.added, leaf: index })
      else if (deed !== undefined) artefacts.delete(deed.removed)
      if (entry.type === 'batch') {
        const batch = parseBatchBody(entry.body)
        if (batch === undefined) fail('entry_invalid', 'the entry of a batch lacks its writer, sequence, event count or root')
        else keepBatch(batch, path, index)
      } else if (entry.type === 'segment') {
        const segment = parseSegmentBody(entry.body)
        if (segment === undefined) fail('entry_invalid', 'the entry of a segment lacks its file, hash, counts or batches')
        else keepSegment(segment, path, index)
      }
    },
  }
}

function gapReason(before: number, now: number): string {
  if (now <= before) return `outbox sequence ${now} comes after ${before}: an entry is repeated or out of order`
  const missing = now - before - 1
  const which = missing === 1 ? `${before + 1} is` : `${before + 1} to ${now - 1} are`
  return `outbox sequence goes from ${before} to ${now}: ${which} missing`
}

/** Failures that do not come from entries which the tree has already shown to be forged, or from their neighbours. */
export function failuresBeside(findings: EntryFindings, forged: ReadonlySet<number>): readonly Failure[] {
  return findings.failures.filter(({ leaf, code }) => {
    if (leaf === null) return true
    return !forged.has(leaf) && !(code === 'outbox_gap' && forged.has(leaf - 1))
  })
}
