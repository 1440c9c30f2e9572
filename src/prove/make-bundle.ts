import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { StoredEvent } from '../kernel/event.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import type { Lake, StoredBatch } from '../platform/lake/lake.ts'
import { type BatchTree, batchTree, nativeSha256 } from './batch-root.ts'
import { type ErasedNode, type KeptEvent, treeBesideErased } from './erased-nodes.ts'
import type { LedgerFiles } from './files.ts'
import { consistencyProof, inclusionProof } from './proofs.ts'
import { ANCHORED_FILE, ANCHORS_FOLDER, anchorsAmong } from './verify/anchors.ts'
import { eventLeaf } from './verify/batch-leaves.ts'
import { BUNDLE_FORMAT, type Bundle, type BundleEntry, type BundleEvent, type BundleRotation } from './verify/bundle-format.ts'
import { textOf, toBase64, toHex, utf8 } from './verify/bytes.ts'
import { type Checkpoint, parseCheckpoint } from './verify/checkpoint.ts'
import { batchId, parseBatchBody, parseEntry, type ReadEntry } from './verify/entry.ts'
import type { Rotation } from './verify/rotation.ts'
import type { ReadTile } from './verify/tiles.ts'

/** What a bundle is about. Times are RFC 3339; a span covers entries logged in [from, to). */
export type BundleAbout =
  | { readonly alert: string }
  | { readonly card: string }
  | { readonly incident: string }
  | { readonly index: number }
  | { readonly from: string; readonly to: string }

/** A log to take evidence from, at one checkpoint. */
export interface BundleLog {
  readonly checkpoint: Checkpoint
  /** The verifier key's text. */
  readonly key: string
  readonly entry: (index: number) => Promise<Uint8Array | undefined>
  readonly readTile: ReadTile
  /** Changes of the log's key. */
  readonly rotations?: readonly Rotation[]
  /** The log's folder, for its time-stamps; undefined where there is none to read. */
  readonly beside?: Pick<LedgerFiles, 'read' | 'list'>
}

export interface BundleParts {
  readonly log: BundleLog
  readonly about: BundleAbout
  /** Indexes of the entries to take, any order. */
  readonly indexes: readonly number[]
  /** For the events behind alerts; undefined where the lake cannot be read. */
  readonly events?: EventsSource | undefined
  readonly clock?: Clock
}

export interface EventsSource {
  readonly lake: Pick<Lake, 'getMany' | 'batch'>
  readonly scope: string
  /** Index of the entry of a batch; undefined while it is not logged. */
  readonly batchEntry: (writer: string, sequence: number) => Promise<number | undefined>
  /** What stands for events of a batch that were erased. */
  readonly erased: (writer: string, sequence: number) => Promise<readonly ErasedNode[]>
}

/** What stays under a size that mail and browsers take. */
const MOST_ENTRIES = 20_000
const MOST_EVENTS = 200

/**
 * Makes a bundle: the entries with their proofs to one checkpoint and, for alerts and incidents, the events with theirs.
 * @throws KanpekiError `not_found` if there is no entry, `too_large` above 20,000.
 */
export async function makeBundle(parts: BundleParts): Promise<Bundle> {
  const { log, about } = parts
  const wanted = new Set(parts.indexes)
  if (wanted.size === 0) throw new KanpekiError('not_found', `The ledger has no entry about ${describeAbout(about)}.`)
  if (wanted.size > MOST_ENTRIES) {
    throw new KanpekiError(
      'too_large',
      `${wanted.size} entries are about ${describeAbout(about)}; a bundle holds ${MOST_ENTRIES}.`,
      {
        remedy: 'Take a shorter span, or hand over a copy of the ledger folder: kanpeki verify reads it too.',
      },
    )
  }
  const missing: { what: string; reason: string }[] = []
  const events = 'alert' in about || 'incident' in about ? await eventsBehind(parts, wanted, missing) : []
  const { checkpoint } = log
  const entries: BundleEntry[] = []
  for (const index of [...wanted].sort((a, b) => a - b)) {
    const { text } = await entryAt(log, index)
    const proof = await inclusionProof(index, checkpoint.size, log.readTile)
    entries.push({ index, entry: text, proof: proof.map((step) => toBase64(step.hash)) })
  }
  return {
    format: BUNDLE_FORMAT,
    version: 1,
    about: { ...about, ...partOf(parts, [...wanted]) },
    made: new Date((parts.clock ?? systemClock).now()).toISOString(),
    key: log.key,
    checkpoint: checkpoint.text,
    entries,
    events,
    ...(await rotationsOf(log)),
    ...(await stampsOf(log, entries)),
    missing,
  }
}

/** For who trusts an older key than the one that signs the bundle's checkpoint. */
async function rotationsOf(log: BundleLog): Promise<Pick<Bundle, 'rotations'>> {
  const { checkpoint, readTile } = log
  const rotations: BundleRotation[] = []
  for (const { index, checkpoint: text } of log.rotations ?? []) {
    const size = parseCheckpoint(utf8(text))?.size
    if (size === undefined || size > checkpoint.size) continue
    const proof = (await inclusionProof(index, checkpoint.size, readTile)).map(({ hash }) => toBase64(hash))
    const consistency = (await consistencyProof(size, checkpoint.size, readTile)).map(toBase64)
    rotations.push({ index, entry: (await entryAt(log, index)).text, proof, checkpoint: text, consistency })
  }
  return rotations.length === 0 ? {} : { rotations }
}

/** The oldest time-stamps that cover every entry of the bundle; where none does, the newest. */
async function stampsOf({ beside, checkpoint, readTile }: BundleLog, entries: readonly BundleEntry[]) {
  if (beside === undefined) return {}
  const last = entries.at(-1)!.index
  const anchors = anchorsAmong(await beside.list(ANCHORS_FOLDER)).filter(
    ({ size, stamps }) => size <= checkpoint.size && stamps.length > 0,
  )
  const anchor = anchors.find(({ size }) => size > last) ?? anchors.at(-1)
  if (anchor === undefined) return {}
  const text = textOf((await beside.read(`${anchor.path}/${ANCHORED_FILE}`)) ?? new Uint8Array(0)) ?? ''
  const proof = (await consistencyProof(anchor.size, checkpoint.size, readTile)).map(toBase64)
  const tokens = await Promise.all(anchor.stamps.map((path) => beside.read(path)))
  const stamps = tokens.map((token) => ({ checkpoint: text, proof, token: toBase64(token ?? new Uint8Array(0)) }))
  return { stamps }
}

/** A span in which other scopes wrote too names the scope whose entries it holds: it cannot be one unbroken run. */
function partOf({ about, events }: BundleParts, indexes: readonly number[]): { readonly scope?: string } {
  if (!('from' in about) || events === undefined) return {}
  const broken = Math.max(...indexes) - Math.min(...indexes) + 1 > indexes.length
  return broken ? { scope: events.scope } : {}
}

export function describeAbout(about: BundleAbout): string {
  if ('alert' in about) return `alert ${about.alert}`
  if ('card' in about) return `card ${about.card}`
  if ('incident' in about) return `incident ${about.incident}`
  if ('index' in about) return `index ${about.index}`
  return `the time from ${about.from} to ${about.to}`
}

/** A name for the file a bundle is saved as. */
export function bundleFileName(about: BundleAbout, format: 'json' | 'zip' = 'json'): string {
  const words = Object.values(about)
    .join('-')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 80)
  return `${Object.keys(about)[0]}-${words}.kanpeki.${format}`
}

async function entryAt(log: BundleLog, index: number): Promise<{ readonly text: string; readonly entry: ReadEntry }> {
  const bytes = index < log.checkpoint.size ? await log.entry(index) : undefined
  if (bytes === undefined) throw new KanpekiError('not_found', `The ledger has no entry ${index}; it has ${log.checkpoint.size}.`)
  const entry = parseEntry(bytes)
  const text = textOf(bytes)
  if (typeof entry === 'string' || text === undefined) {
    throw new KanpekiError('ledger_damaged', `Entry ${index} of the ledger cannot be read.`, { remedy: 'Run kanpeki verify.' })
  }
  return { text, entry }
}

/** The events that the entries of its alerts name, and the entries of their batches, which are added to `wanted`. */
async function eventsBehind(
  parts: BundleParts,
  wanted: Set<number>,
  missing: { what: string; reason: string }[],
): Promise<BundleEvent[]> {
  const ids = new Set<string>()
  for (const index of wanted) for (const id of eventIds((await entryAt(parts.log, index)).entry.body)) ids.add(id)
  if (ids.size === 0) return []
  if (parts.events === undefined) {
    missing.push({ what: `${ids.size} events`, reason: 'made from the ledger alone; a bundle made by the server holds them' })
    return []
  }
  if (ids.size > MOST_EVENTS) missing.push({ what: `${ids.size - MOST_EVENTS} events`, reason: `a bundle holds ${MOST_EVENTS}` })
  const events: BundleEvent[] = []
  // Batch by batch: one may hold thousands of events, and only the documents of one are kept at a time.
  for (const group of (await locate(parts.events, [...ids].slice(0, MOST_EVENTS), missing)).values()) {
    const proven = await proveGroup(parts.log, parts.events, group)
    if ('reason' in proven) for (const { id } of group) missing.push({ what: `event ${id}`, reason: proven.reason })
    else {
      wanted.add(proven.batch)
      events.push(...proven.events)
    }
  }
  return events
}

/** Where the events are, by batch. */
async function locate(
  source: EventsSource,
  ids: readonly string[],
  missing: { what: string; reason: string }[],
): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
  const found = await source.lake.getMany(source.scope, ids)
  const there = new Set(found.map(({ id }) => id))
  for (const id of ids) if (!there.has(id)) missing.push({ what: `event ${id}`, reason: 'the lake no longer has it' })
  return Map.groupBy(found, ({ writer, sequence }) => batchId(writer, sequence))
}

function eventIds(body: JsonObject): readonly string[] {
  const ids = body['events']
  return Array.isArray(ids) ? (ids as readonly JsonValue[]).filter((id) => typeof id === 'string') : []
}

/** Proves events of one batch, after checking that the lake's batch is the one that was logged. */
async function proveGroup(
  log: BundleLog,
  source: EventsSource,
  group: readonly StoredEvent[],
): Promise<{ readonly batch: number; readonly events: readonly BundleEvent[] } | { readonly reason: string }> {
  const { writer, sequence } = group[0]!
  const batch = await source.batchEntry(writer, sequence)
  if (batch === undefined || batch >= log.checkpoint.size) return { reason: 'its batch is not yet in the ledger' }
  const stored = await source.lake.batch(writer, sequence)
  if (stored === undefined) return { reason: 'the lake no longer has its batch' }
  const logged = parseBatchBody((await entryAt(log, batch)).entry.body)
  const tree = logged === undefined ? undefined : treeOf(stored, logged.events, await source.erased(writer, sequence))
  if (logged === undefined || tree === undefined || toHex(logged.root) !== tree.root) {
    return { reason: `batch ${batchId(writer, sequence)} in the lake is not the one that was logged` }
  }
  const documents = new Map(stored.events.map((event, at) => [event.index, stored.json[at]!]))
  const events = group.map(({ index }): BundleEvent => {
    const { salt, proof } = tree.prove(index)
    return { batch, index, salt: toBase64(salt), document: documents.get(index)!, proof: proof.map(toBase64) }
  })
  return { batch, events }
}

/** @param events how many were logged. */
function treeOf(stored: StoredBatch, events: number, erased: readonly ErasedNode[]): BatchTree | undefined {
  const { salt, salts, json } = stored
  if (salts === undefined) return batchTree(salt, json)
  const kept = new Map<number, KeptEvent>()
  for (const [at, { index }] of stored.events.entries()) {
    const own = new Uint8Array(Buffer.from(salts[at]!, 'hex'))
    kept.set(index, { salt: own, leaf: eventLeaf(own, utf8(json[at]!), nativeSha256) })
  }
  return treeBesideErased(events, kept, erased)
}
