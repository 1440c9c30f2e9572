import type { JsonValue } from '../../kernel/json.ts'
import { eventLeaf, SALT_BYTES } from './batch-leaves.ts'
import { type Bundle, decodeProof, readBundle } from './bundle-format.ts'
import { checkBundleRotations } from './bundle-rotations.ts'
import { checkBundleStamps } from './bundle-stamps.ts'
import { equalBytes, fromBase64, toBase64, utf8 } from './bytes.ts'
import { cardFact, cardFault } from './cards.ts'
import type { Certificate } from './certificate.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { parseBatchBody, parseEntry, type ReadEntry, subjectsOf } from './entry.ts'
import { leafHash, verifyInclusion } from './merkle.ts'
import { parseVerifierKey, type VerifierKey } from './note.ts'
import { checkSigner, type Failure, type VerifyReport, verdictOf } from './report.ts'
import { type Sha256, sha256 } from './sha256.ts'
import { readSince, type Since } from './since.ts'
import { checkWitnesses } from './witnesses.ts'

export interface BundleOptions {
  readonly trusted?: readonly VerifierKey[]
  readonly since?: readonly Since[]
  /** Keys of witnesses that must have cosigned the checkpoint. */
  readonly witnesses?: readonly VerifierKey[]
  /** Certificates of time-stamping authorities, one of which must have stamped the log. */
  readonly authorities?: readonly Certificate[]
  readonly hash?: Sha256
}

/**
 * Verifies a bundle: the checkpoint's signature, each entry's inclusion, each event's inclusion in its batch, and that it
 * is about what it says. `path` names it in failures. Never throws for what it reads; undefined bytes
 * are a file that is not there.
 */
export async function verifyBundle(
  bytes: Uint8Array | undefined,
  path: string,
  options: BundleOptions = {},
): Promise<VerifyReport> {
  const hash = options.hash ?? sha256
  if (bytes === undefined) return failedReport({ path, leaf: null, code: 'missing', reason: 'there is no such file' })
  const read = readBundle(bytes)
  if (typeof read === 'string') return failedReport({ path, leaf: null, code: 'malformed', reason: read })
  const { bundle, fault } = read
  const checkpoint = parseCheckpoint(utf8(bundle.checkpoint))
  if (checkpoint === undefined) {
    const reason = 'this is not a signed checkpoint (C2SP tlog-checkpoint)'
    return failedReport({ path: `${path}#/checkpoint`, leaf: null, code: 'malformed', reason })
  }
  const claimed = { text: bundle.key, path: `${path}#/key` }
  const turned = await checkBundleRotations(bundle, checkpoint, path, options.trusted ?? [], hash)
  const signed = await checkSigner(checkpoint, `${path}#/checkpoint`, turned.chain.head, claimed)
  const witnessed = await checkWitnesses(checkpoint, `${path}#/checkpoint`, options.witnesses ?? [])
  const stamped = await checkBundleStamps(bundle, checkpoint, path, options.authorities, hash)
  const entries = checkBundleEntries(bundle, checkpoint, path, hash)
  const changed: readonly Failure[] = fault === undefined ? [] : [{ path, leaf: null, code: 'digest_mismatch', reason: fault }]
  const failures: readonly Failure[] = [
    ...changed,
    ...turned.failures,
    ...signed.failures,
    ...witnessed.failures,
    ...stamped.failures,
    ...entries.failures,
    ...checkEvents(bundle, entries.read, path, hash),
    ...checkAbout(bundle, entries.read, path),
    ...checkSinceOfBundle(options.since ?? [], checkpoint),
  ]
  const times = [...entries.read.values()].map((entry) => entry.logged).sort()
  return {
    kind: 'bundle',
    verdict: verdictOf(failures, signed.signer),
    signer: signed.signer,
    claims: parseVerifierKey(bundle.key)?.text ?? null,
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: toBase64(checkpoint.root),
    failures,
    notes: [
      ...bundle.missing.map(({ what, reason }) => `Not in the bundle: ${what} (${reason}).`),
      ...spanNotes(bundle, [...entries.read.keys()], checkpoint.size),
      ...turned.notes,
    ],
    checked: { entries: entries.read.size, tiles: 0, segments: 0, segmentBytes: 0, events: bundle.events.length, checkpoints: 0 },
    witnesses: witnessed.witnesses,
    stamps: stamped.stamps,
    cards: [...entries.read].sort(([a], [b]) => a - b).flatMap(([index, entry]) => cardFact(index, entry) ?? []),
    logged: times.length === 0 ? null : { first: times[0]!, last: times[times.length - 1]! },
  }
}

function failedReport(failure: Failure): VerifyReport {
  return {
    kind: 'bundle',
    verdict: 'failed',
    signer: null,
    claims: null,
    origin: null,
    size: 0,
    root: null,
    failures: [failure],
    notes: [],
    checked: { entries: 0, tiles: 0, segments: 0, segmentBytes: 0, events: 0, checkpoints: 0 },
    witnesses: [],
    stamps: [],
    cards: [],
    logged: null,
  }
}

function checkBundleEntries(
  bundle: Bundle,
  checkpoint: Checkpoint,
  path: string,
  hash: Sha256,
): { readonly read: ReadonlyMap<number, ReadEntry>; readonly failures: readonly Failure[] } {
  const read = new Map<number, ReadEntry>()
  const failures: Failure[] = []
  if (bundle.entries.length === 0)
    failures.push({ path: `${path}#/entries`, leaf: null, code: 'subject_absent', reason: 'there is no entry' })
  for (const [place, { index, entry, proof }] of bundle.entries.entries()) {
    const fail = (code: Failure['code'], reason: string) =>
      failures.push({ path: `${path}#/entries/${place}`, leaf: index, code, reason })
    const bytes = utf8(entry)
    const parsed = parseEntry(bytes)
    if (typeof parsed === 'string') fail('entry_invalid', parsed)
    else if (read.has(index)) fail('entry_invalid', `entry ${index} is there twice`)
    else read.set(index, parsed)
    const fact = typeof parsed === 'string' ? undefined : cardFact(index, parsed)
    const fault = fact === undefined || typeof parsed === 'string' ? undefined : cardFault(parsed, fact, hash)
    if (fault !== undefined) fail('card_mismatch', fault)
    const hashes = decodeProof(proof)
    if (hashes === undefined) fail('malformed', 'a hash of the proof is not 32 bytes in Base64')
    else if (!verifyInclusion(leafHash(bytes, hash), index, checkpoint.size, hashes, checkpoint.root, hash)) {
      fail('inclusion_failed', `the entry and its proof do not lead to the root of ${checkpoint.size} entries`)
    }
  }
  return { read, failures }
}

function checkEvents(bundle: Bundle, entries: ReadonlyMap<number, ReadEntry>, path: string, hash: Sha256): readonly Failure[] {
  const failures: Failure[] = []
  for (const [place, event] of bundle.events.entries()) {
    const fail = (code: Failure['code'], reason: string) =>
      failures.push({ path: `${path}#/events/${place}`, leaf: event.batch, code, reason })
    const entry = entries.get(event.batch)
    const batch = entry?.type === 'batch' ? parseBatchBody(entry.body) : undefined
    const salt = fromBase64(event.salt)
    const proof = decodeProof(event.proof)
    if (batch === undefined)
      fail('batch_missing', `entry ${event.batch}, which should vouch for the event, is not a batch in this bundle`)
    else if (salt?.length !== SALT_BYTES || proof === undefined)
      fail('malformed', 'the salt or a hash of the proof is not Base64 of 32 bytes')
    else if (!verifyInclusion(eventLeaf(salt, utf8(event.document), hash), event.index, batch.events, proof, batch.root, hash)) {
      fail('event_mismatch', `the event is not event ${event.index} of batch ${batch.writer}/${batch.sequence}`)
    }
  }
  return failures
}

function checkAbout(bundle: Bundle, entries: ReadonlyMap<number, ReadEntry>, path: string): readonly Failure[] {
  const at = `${path}#/about`
  const { about } = bundle
  const failures: Failure[] = []
  for (const kind of ['alert', 'card', 'incident'] as const) {
    const id = about[kind]
    if (id === undefined) continue
    const named = [...entries.values()].some((entry) =>
      subjectsOf(entry).some((subject) => subject.kind === kind && subject.id === id),
    )
    if (!named)
      failures.push({ path: at, leaf: null, code: 'subject_absent', reason: `no entry names ${kind} ${JSON.stringify(id)}` })
  }
  const { index, from, to, scope } = about
  if (index !== undefined && !(typeof index === 'number' && entries.has(index))) {
    failures.push({ path: at, leaf: null, code: 'subject_absent', reason: `entry ${JSON.stringify(index)} is not in the bundle` })
  }
  if (typeof from === 'string' && typeof to === 'string') failures.push(...checkSpan(entries, from, to, scope, at))
  return failures
}

/** A span of time is one unbroken run of entries, or those of one scope among others': see `spanNotes`. */
function checkSpan(
  entries: ReadonlyMap<number, ReadEntry>,
  from: string,
  to: string,
  scope: JsonValue | undefined,
  at: string,
): readonly Failure[] {
  const failures: Failure[] = []
  const indexes = [...entries.keys()].sort((a, b) => a - b)
  for (const [place, index] of indexes.entries()) {
    const before = indexes[place - 1]
    if (scope === undefined && before !== undefined && index !== before + 1) {
      failures.push({
        path: at,
        leaf: index,
        code: 'not_contiguous',
        reason: `entries ${before + 1} to ${index - 1} are left out`,
      })
    }
    const { logged, scope: own } = entries.get(index)!
    if (scope !== undefined && own !== scope) {
      failures.push({ path: at, leaf: index, code: 'not_contiguous', reason: `entry ${index} belongs to the scope ${own}` })
    }
    if (!(Date.parse(logged) >= Date.parse(from) && Date.parse(logged) < Date.parse(to))) {
      failures.push({
        path: at,
        leaf: index,
        code: 'not_contiguous',
        reason: `entry ${index} was logged at ${logged}, outside the span`,
      })
    }
  }
  return failures
}

/**
 * Each entry is proved, and so is that none between the first and the last was left out. That a scope wrote no other cannot be,
 * without showing what other scopes wrote; that none of the span stands before the first or after the last only where the log
 * begins or ends with them.
 */
function spanNotes({ about }: Bundle, indexes: readonly number[], size: number): readonly string[] {
  if (about['from'] === undefined) return []
  if (about['scope'] !== undefined)
    return [
      `The bundle holds entries of the scope ${JSON.stringify(about['scope'])} alone; that none of them was left out is not shown.`,
    ]
  const [first, last] = indexes.reduce(([least, most], index) => [Math.min(least, index), Math.max(most, index)], [size, -1])
  const open = [
    ...(first > 0 && last >= 0 ? [`before entry ${first}`] : []),
    ...(last >= 0 && last < size - 1 ? [`after entry ${last}`] : []),
  ]
  return open.length === 0 ? [] : [`That no entry of the span was left out ${open.join(' or ')} is not shown.`]
}

/** A bundle holds no consistency proof: an earlier checkpoint can be compared only where it has the same size. */
function checkSinceOfBundle(files: readonly Since[], checkpoint: Checkpoint): readonly Failure[] {
  return files.flatMap((file) =>
    readSince(file).flatMap((earlier): readonly Failure[] => {
      if ('reason' in earlier) return [earlier]
      const fail = (code: Failure['code'], reason: string): readonly Failure[] => [{ path: file.path, leaf: null, code, reason }]
      if (earlier.origin !== checkpoint.origin)
        return fail('wrong_signer', `it is of ${earlier.origin}, the bundle of ${checkpoint.origin}`)
      if (earlier.size === checkpoint.size) {
        return equalBytes(earlier.root, checkpoint.root)
          ? []
          : fail('forked', `two different logs of ${earlier.size} entries were signed`)
      }
      return fail(
        'since_unprovable',
        'a bundle cannot show that an older checkpoint is part of its log; verify the data directory',
      )
    }),
  )
}
