import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { type Caller, EVERY_SCOPE, type Permission, RawReply, type Route, route } from '../platform/http/route.ts'
import type { Lake } from '../platform/lake/lake.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import type { Anchoring } from './anchor/anchoring.ts'
import { auditRoutes } from './audit/routes.ts'
import type { Drainer } from './drain.ts'
import { erasedNodes } from './erased.ts'
import type { Ledger } from './ledger.ts'
import { type BundleAbout, bundleFileName, makeBundle } from './make-bundle.ts'
import { makePackage, type PackageDeps } from './make-package.ts'
import { batchEntryIndex, findEntries, subjectsAmong } from './queries.ts'
import { readEntry } from './reconcile.ts'
import {
  type BundleQuery,
  bundleQuerySchema,
  entriesPageSchema,
  entriesQuerySchema,
  entryParamsSchema,
  entryProofSchema,
  ledgerHeadSchema,
} from './schema.ts'
import type { ProveTables } from './tables.ts'
import { verifierRoute } from './verifier-route.ts'
import { formatBundle } from './verify/bundle-format.ts'
import { parseEntry } from './verify/entry.ts'
import { formatRotations } from './verify/rotation.ts'
import { parseTilePath, splitEntryBundle, TILE_WIDTH, tilePath, tileWidth } from './verify/tiles.ts'
import { headView, proofView, summaryOf } from './views.ts'
import type { Cosigning } from './witness/ask.ts'
import { witnessRoutes } from './witness/routes.ts'
import type { Witness } from './witness/witness.ts'

export interface ProveDeps {
  readonly ledger: Ledger
  /** The witnesses of our ledger. */
  readonly cosigning: Cosigning
  /** Cosigns the ledgers of others. */
  readonly witness: Witness
  /** The time-stamps of our ledger. */
  readonly anchoring: Pick<Anchoring, 'states'>
  readonly state: State
  readonly drainer: Pick<Drainer, 'fault'>
  /** For the events in an alert's bundle. */
  readonly lake: Pick<Lake, 'getMany' | 'batch'>
  /** What packages are made with, besides the ledger's key. */
  readonly packaging: Omit<PackageDeps, 'signNote'>
  readonly clock?: Clock
  /**
   * Who may read `/ledger/tile/entries/…`. Hashes give nothing away and are always public; entries say who signed in,
   * which alerts there were and why, so `public` suits only a log that is meant to be read by everyone.
   */
  readonly entryBundles: Permission
}

type Tables = ProveTables & StateTables

/** Tiles never change; a checkpoint does. */
const IMMUTABLE = { 'cache-control': 'public, max-age=31536000, immutable' }
const OWN_IMMUTABLE = { 'cache-control': 'private, max-age=31536000, immutable' }
const FRESH = { 'cache-control': 'no-store' }
const TEXT = 'text/plain; charset=utf-8'
const BYTES = 'application/octet-stream'
const KINDS: ReadonlySet<string> = new Set([
  'alert',
  'incident',
  'run',
  'card',
  'measure',
  'rule',
  'source',
  'user',
  'asset',
  'batch',
  'segment',
  'artefact',
])

/** The log by C2SP tlog-tiles, and what the console asks of it. */
export function routes(deps: ProveDeps): Route[] {
  return [
    ...tlogRoutes(deps),
    ...witnessRoutes(deps.witness),
    ...apiRoutes(deps),
    ...auditRoutes(deps),
    verifierRoute(deps.packaging.verifier),
  ]
}

function tlogRoutes({ ledger, cosigning, entryBundles }: ProveDeps): Route[] {
  const rest = z.object({ '*': z.string().max(100) })
  return [
    route({
      method: 'GET',
      path: '/ledger/checkpoint',
      permission: 'public',
      summary: 'The signed head of the ledger, with what witnesses signed of it (C2SP tlog-checkpoint)',
      handle: async () => new RawReply(TEXT, cosigning.cosigned(ledger.head.checkpoint).text, FRESH),
    }),
    route({
      method: 'GET',
      path: '/ledger/key',
      permission: 'public',
      summary: 'The key that verifies the ledger (C2SP signed-note)',
      handle: async () => new RawReply(TEXT, `${ledger.key.text}\n`, FRESH),
    }),
    route({
      method: 'GET',
      path: '/ledger/rotations',
      permission: 'public',
      summary: 'Changes of the key, one JSON object a line: each announced and signed by the old key and the new one',
      handle: async () => new RawReply('application/jsonl; charset=utf-8', formatRotations(ledger.rotations), FRESH),
    }),
    route({
      method: 'GET',
      path: '/ledger/tile/entries/*',
      permission: entryBundles,
      summary: 'An entry bundle of the ledger (C2SP tlog-tiles)',
      params: rest,
      handle: async ({ params, caller }) => serveEntries(ledger, `tile/entries/${params['*']}`, caller),
    }),
    route({
      method: 'GET',
      path: '/ledger/tile/*',
      permission: 'public',
      summary: 'A tile of hashes of the ledger (C2SP tlog-tiles)',
      params: rest,
      handle: async ({ params }) => serveTile(ledger, `tile/${params['*']}`, true),
    }),
  ]
}

/**
 * Entries of a bundle belong to whatever scopes wrote at the time: it goes to whoever may see all of them.
 * @throws KanpekiError `forbidden` for one that holds another scope's.
 */
async function serveEntries(ledger: Ledger, path: string, caller: Caller): Promise<RawReply> {
  const reply = await serveTile(ledger, path)
  if (caller.period !== undefined)
    throw new KanpekiError('forbidden', 'Whole bundles of entries know no period.', {
      remedy: 'Take entries by /api/v1/ledger/entries and /api/v1/ledger/bundle.',
    })
  if (caller.scopes.includes(EVERY_SCOPE)) return new RawReply(BYTES, reply.body, OWN_IMMUTABLE)
  const own = splitEntryBundle(reply.body as Uint8Array)?.every((bytes) => {
    const entry = parseEntry(bytes)
    return typeof entry !== 'string' && entry.scope === caller.scope
  })
  if (own === true) return new RawReply(BYTES, reply.body, OWN_IMMUTABLE)
  throw new KanpekiError('forbidden', 'This bundle also holds entries of other scopes.', {
    remedy:
      'Ask with a token for every scope, or take the entries of this scope by /api/v1/ledger/entries and /api/v1/ledger/bundle.',
  })
}

async function serveTile(ledger: Ledger, path: string, hashesOnly = false): Promise<RawReply> {
  const id = parseTilePath(path)
  const covered = id !== undefined && tileWidth(ledger.head.size, id.level, id.index) >= id.width
  const bytes = covered && !(hashesOnly && id.level === 'entries') ? await ledger.file(path) : undefined
  if (bytes !== undefined) return new RawReply(BYTES, bytes, IMMUTABLE)
  const full = id === undefined || id.width === TILE_WIDTH ? undefined : `/ledger/${tilePath({ ...id, width: TILE_WIDTH })}`
  throw new KanpekiError(
    'not_found',
    `The ledger has no ${path}.`,
    full === undefined ? {} : { remedy: `A partial tile gives way to ${full}.` },
  )
}

function apiRoutes(deps: ProveDeps): Route[] {
  const { ledger, state } = deps
  const clock = deps.clock ?? systemClock
  return [
    route({
      method: 'GET',
      path: '/api/v1/ledger/head',
      permission: 'ledger:read',
      summary: 'Size, root, growth and copies of the ledger',
      response: ledgerHeadSchema,
      handle: () => headView({ ...deps, clock }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/ledger/entries',
      permission: 'ledger:read',
      summary: 'Entries of the ledger, newest first',
      query: entriesQuerySchema,
      response: entriesPageSchema,
      handle: async ({ query, caller }) => {
        const found = await findEntries(state.tables<Tables>(), {
          scope: caller.scope,
          type: query.type,
          subject: query.subject === undefined ? undefined : subjectIn(query.subject),
          ...within(caller, {
            ...(query.from === undefined ? {} : { from: Date.parse(query.from) }),
            ...(query.to === undefined ? {} : { to: Date.parse(query.to) }),
          }),
          before: query.cursor,
          limit: query.limit + 1,
        })
        const page = found.slice(0, query.limit)
        const items = await Promise.all(page.map(async (index) => summaryOf(index, await readEntry(ledger, index))))
        return { items, next: found.length > query.limit ? page[page.length - 1]! : null }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/ledger/entries/:index',
      permission: 'ledger:read',
      summary: 'An entry with its proof',
      params: entryParamsSchema,
      response: entryProofSchema,
      handle: async ({ params, caller }) => {
        await seenBy(ledger, params.index, caller)
        return proofView(ledger, params.index)
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/ledger/bundle',
      permission: 'ledger:read',
      summary: 'Evidence as one file that verifies offline; ?format=zip adds reports and the verifier, signed',
      query: bundleQuerySchema,
      handle: async ({ query, caller }) => {
        const about = aboutOf(query, caller)
        if ('index' in about) await seenBy(ledger, about.index, caller)
        const bundle = await bundleFor(deps, about, caller, clock)
        const headers = { ...FRESH, 'content-disposition': `attachment; filename="${bundleFileName(about, query.format)}"` }
        if (query.format === 'json') return new RawReply('application/json; charset=utf-8', formatBundle(bundle), headers)
        const signNote = (text: string) => ledger.signNote(text)
        return new RawReply('application/zip', await makePackage(bundle, { ...deps.packaging, signNote }), headers)
      },
    }),
  ]
}

/** @throws KanpekiError `not_found` for an entry that is not there or belongs to another scope; the two look the same. */
async function seenBy(ledger: Ledger, index: number, caller: Caller): Promise<void> {
  const entry = index < ledger.head.size ? await readEntry(ledger, index) : undefined
  if (entry?.scope !== caller.scope || !inPeriod(caller, Date.parse(entry.logged)))
    throw new KanpekiError('not_found', `There is no ledger entry ${index}.`)
}

function inPeriod({ period }: Caller, logged: number): boolean {
  return period === undefined || ((period.from ?? -Infinity) <= logged && logged < (period.to ?? Infinity))
}

/** A span as far as the caller may look. */
function within({ period }: Caller, { from, to }: { readonly from?: number; readonly to?: number }) {
  const begin = Math.max(from ?? -Infinity, period?.from ?? -Infinity)
  const end = Math.min(to ?? Infinity, period?.to ?? Infinity)
  return { from: Number.isFinite(begin) ? begin : undefined, to: Number.isFinite(end) ? end : undefined }
}

function subjectIn(text: string): { readonly kind?: string; readonly id: string } {
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(0, colon))
  return KINDS.has(kind) ? { kind, id: text.slice(colon + 1) } : { id: text }
}

function aboutOf({ alert, card, incident, index, from, to }: BundleQuery, caller: Caller): BundleAbout {
  if (alert !== undefined) return { alert }
  if (card !== undefined) return { card }
  if (incident !== undefined) return { incident }
  if (index !== undefined) return { index }
  const span = within(caller, { from: Date.parse(from!), to: Date.parse(to!) })
  return { from: new Date(span.from!).toISOString(), to: new Date(span.to!).toISOString() }
}

const MOST_FOUND = 20_001
/** A bundle is better with the cosignatures of its very checkpoint; witnesses that are slower than this are not waited for. */
const COSIGN_WAIT_MS = 3_000

async function bundleFor({ ledger, cosigning, state, lake }: ProveDeps, about: BundleAbout, caller: Caller, clock: Clock) {
  const { scope } = caller
  const db = state.tables<Tables>()
  await Promise.race([cosigning.ask(), pause(COSIGN_WAIT_MS)])
  const checkpoint = cosigning.cosigned(ledger.head.checkpoint)
  const log = {
    checkpoint,
    key: ledger.key.text,
    entry: ledger.entry,
    readTile: ledger.readTile,
    rotations: ledger.rotations,
    beside: ledger.files,
  }
  const indexes =
    'index' in about
      ? [about.index]
      : await findEntries(db, { scope, ...filterOf(about, caller), before: checkpoint.size, limit: MOST_FOUND })
  const more =
    'incident' in about ? await alertEntries(db, scope, indexes, { before: checkpoint.size, ...within(caller, {}) }) : []
  const batchEntry = (writer: string, sequence: number) => batchEntryIndex(db, writer, sequence)
  const erased = (writer: string, sequence: number) => erasedNodes(db, writer, sequence)
  return makeBundle({ log, about, indexes: [...indexes, ...more], events: { lake, scope, batchEntry, erased }, clock })
}

/** What the ledger has of the alerts that an incident's entries name: how they came up, what was found of them, what was done. */
async function alertEntries(
  db: Parameters<typeof findEntries>[0],
  scope: string,
  indexes: readonly number[],
  limits: { readonly before: number; readonly from: number | undefined; readonly to: number | undefined },
): Promise<readonly number[]> {
  const found: number[] = []
  for (const id of await subjectsAmong(db, indexes, 'alert'))
    found.push(...(await findEntries(db, { scope, subject: { kind: 'alert', id }, ...limits, limit: MOST_FOUND })))
  return found
}

function filterOf(about: Exclude<BundleAbout, { index: number }>, caller: Caller) {
  if ('alert' in about) return { subject: { kind: 'alert', id: about.alert }, ...within(caller, {}) }
  if ('incident' in about) return { subject: { kind: 'incident', id: about.incident }, ...within(caller, {}) }
  if ('card' in about) return { subject: { kind: 'card', id: about.card }, ...within(caller, {}) }
  return within(caller, { from: Date.parse(about.from), to: Date.parse(about.to) })
}
