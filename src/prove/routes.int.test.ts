import { expect, test } from 'vitest'
import { KanpekiError } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import { type Caller, RawReply, type Route } from '../platform/http/route.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { batchRoot } from './batch-root.ts'
import { openDrainer } from './drain.ts'
import { openLedger } from './ledger.ts'
import { proveMigrations } from './migrations.ts'
import { type ProveDeps, routes } from './routes.ts'
import { entriesPageSchema, entryProofSchema, ledgerHeadSchema } from './schema.ts'
import { noWitnesses } from './testing/no-witnesses.ts'
import { PLAIN_PACKAGING } from './testing/packaging.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { verifyBundle } from './verify/bundle.ts'
import { fromBase64, textOf, toHex, utf8 } from './verify/bytes.ts'
import { parseCheckpoint } from './verify/checkpoint.ts'
import { leafHash, rootOf, verifyInclusion } from './verify/merkle.ts'
import { checkNote, parseVerifierKey } from './verify/note.ts'
import { splitEntryBundle, splitTile } from './verify/tiles.ts'

const NOW = Date.parse('2026-03-01T10:00:00.000Z')
const clock = { now: () => NOW }
const SALT = '00112233445566778899aabbccddeeff'
const DOCUMENTS = ['{"message":"one"}', '{"message":"二"}', '{"message":"three"}']

function evidence(type: Evidence['type'], body: Evidence['body'], scope = 'default'): Evidence {
  return { type, scope, observed: NOW, received: NOW, body }
}

/** A stored batch as the lake gives it back; `gone` forgets it as retention would. */
function lakeOf(gone: () => boolean): ProveDeps['lake'] {
  const event = (index: number) => ({
    id: `e-${index}`,
    scope: 'default',
    source: 's',
    parser: 'json',
    observed: NOW,
    received: NOW,
    writer: 'w1',
    sequence: 1,
    index,
    doc: JSON.parse(DOCUMENTS[index]!),
  })
  return {
    getMany: async (scope, ids) =>
      scope === 'default' && !gone() ? ids.filter((id) => /^e-[012]$/.test(id)).map((id) => event(Number(id.slice(2)))) : [],
    batch: async (writer, sequence) =>
      gone()
        ? undefined
        : { writer, sequence, received: NOW, salt: SALT, events: DOCUMENTS.map((_, at) => event(at)), json: DOCUMENTS },
  }
}

async function serve(state: State) {
  let gone = false
  const ledger = await openLedger({ data: temporaryFolder(), origin: 'example.com/soc', clock })
  const drainer = await openDrainer({ ledger, state, clock })
  const witnesses = await noWitnesses(ledger, state, clock)
  const all = routes({
    ledger,
    ...witnesses,
    state,
    drainer,
    lake: lakeOf(() => gone),
    clock,
    packaging: PLAIN_PACKAGING,
    entryBundles: 'ledger:read',
  })
  const call = async (path: string, scope = 'default', period?: Caller['period']): Promise<unknown> => {
    const url = new URL(path, 'http://x')
    for (const route of all) {
      const params = match(route, url.pathname)
      if (params === undefined) continue
      const input = {
        params: route.params?.parse(params),
        query: route.query?.parse(Object.fromEntries(url.searchParams)),
        body: undefined,
        caller: testCaller({ scope, ...(period === undefined ? {} : { period }) }),
      }
      const reply = await route.handle(input as never)
      return reply instanceof RawReply || route.response === undefined ? reply : route.response.parse(reply)
    }
    throw new Error(`no route for ${path}`)
  }
  const record = async (...all: Evidence[]) => {
    await state.transaction<StateTables, unknown>((trx) => recordEvidence(trx, all, clock))
    await drainer.drain()
  }
  return {
    ledger,
    record,
    call,
    all,
    forgetEvents: () => {
      gone = true
    },
  }
}

function match(route: Route, path: string): Record<string, string> | undefined {
  const names: string[] = []
  const pattern = route.path.replace(/:(\w+)|\*/g, (_, name?: string) => {
    names.push(name ?? '*')
    return name === undefined ? '(.+)' : '([^/]+)'
  })
  const found = new RegExp(`^${pattern}$`).exec(path)
  return found === null ? undefined : Object.fromEntries(names.map((name, at) => [name, found[at + 1]!]))
}

async function raw(reply: unknown): Promise<Uint8Array> {
  expect(reply).toBeInstanceOf(RawReply)
  const { body } = reply as RawReply
  return typeof body === 'string' ? utf8(body) : (body as Uint8Array)
}

const codeOf = async (promise: Promise<unknown>) => {
  const error = await promise.catch((thrown: unknown) => thrown)
  return error instanceof KanpekiError ? error.code : 'no KanpekiError'
}

describeStates('ledger routes', (bed) => {
  test('a stranger can audit the log with what is served', async () => {
    const { call, record } = await serve(await bed.open(proveMigrations, clock))
    await record(...Array.from({ length: 300 }, (_, at) => evidence('admin', { id: `n${at}` })))
    const key = parseVerifierKey((textOf(await raw(await call('/ledger/key'))) ?? '').trim())!
    const checkpoint = parseCheckpoint(await raw(await call('/ledger/checkpoint')))!
    expect(await checkNote(checkpoint.note, key)).toBeUndefined()
    expect(checkpoint.size).toBe(300)
    const tiles = [await raw(await call('/ledger/tile/0/000')), await raw(await call('/ledger/tile/0/001.p/44'))]
    const leaves = tiles.flatMap((tile) => splitTile(tile)!)
    expect(toHex(rootOf(leaves))).toEqual(toHex(checkpoint.root))
    const entries = [await call('/ledger/tile/entries/000'), await call('/ledger/tile/entries/001.p/44')]
    const bytes = (await Promise.all(entries.map(raw))).flatMap((bundle) => splitEntryBundle(bundle)!)
    expect(bytes.map((entry) => toHex(leafHash(entry)))).toEqual(leaves.map(toHex))
  })

  test('nothing but tiles of the checkpoint is served, and entries only by their own route', async () => {
    const { record, all } = await serve(await bed.open(proveMigrations, clock))
    await record(evidence('admin', { id: 'one' }))
    const entries = all.find((route) => route.path === '/ledger/tile/entries/*')
    expect(entries?.permission).toBe('ledger:read')
    const hashes = all.find((route) => route.path === '/ledger/tile/*')!
    const get = (path: string) => hashes.handle({ params: { '*': path } } as never)
    expect(await raw(await get('0/000.p/1'))).toHaveLength(32)
    for (const path of ['0/001', '0/000', '0/000.p/2', '0/../../keys/ledger.key', '1/000.p/1', 'x', '', 'entries/000.p/1']) {
      expect(await codeOf(get(path)), path).toBe('not_found')
    }
  })

  test('a span of one scope among others says so, and verifies', async () => {
    const { call, record } = await serve(await bed.open(proveMigrations, clock))
    await record(...['default', 'other', 'default'].map((scope, at) => evidence('admin', { id: `n${at}` }, scope)))
    const span = `from=${new Date(NOW - 1000).toISOString()}&to=${new Date(NOW + 1000).toISOString()}`
    const bytes = await raw(await call(`/api/v1/ledger/bundle?${span}`))
    const bundle = JSON.parse(textOf(bytes)!) as { about: object; entries: readonly { index: number }[] }
    expect(bundle.entries.map(({ index }) => index)).toEqual([0, 2])
    expect(bundle.about).toMatchObject({ scope: 'default' })
    const trusted = [textOf(await raw(await call('/ledger/key')))!.trim()]
    const report = await verifyBundle(bytes, 'span', { trusted: trusted.map((key) => parseVerifierKey(key)!) })
    expect(report).toMatchObject({ verdict: 'proved', failures: [], notes: [expect.stringContaining('"default" alone')] })
  })

  test('an outside auditor reads the entries of their period alone', async () => {
    const { call, record } = await serve(await bed.open(proveMigrations, clock))
    await record(evidence('admin', { id: 'one' }))
    const list = async (period: Caller['period']) =>
      entriesPageSchema.parse(await call('/api/v1/ledger/entries', 'default', period)).items
    const inside = { from: NOW, to: null }
    const after = { from: NOW + 1, to: null }
    const before = { from: null, to: NOW }
    expect(await list(inside)).toHaveLength(1)
    expect(entryProofSchema.parse(await call('/api/v1/ledger/entries/0', 'default', inside)).index).toBe(0)
    for (const period of [after, before]) {
      expect(await list(period)).toHaveLength(0)
      expect(await codeOf(call('/api/v1/ledger/entries/0', 'default', period))).toBe('not_found')
      expect(await codeOf(call('/api/v1/ledger/bundle?index=0', 'default', period))).toBe('not_found')
    }
    expect(await codeOf(call('/ledger/tile/entries/000.p/1', 'default', inside))).toBe('forbidden')
  })

  test('the head tells size, growth, types and what waits', async () => {
    const state = await bed.open(proveMigrations, clock)
    const { call, record, ledger } = await serve(state)
    expect(ledgerHeadSchema.parse(await call('/api/v1/ledger/head'))).toMatchObject({ size: 0, signed: null, pending: 0 })
    await record(evidence('alert', { alert: 'a' }), evidence('badge', { card: 'c' }, 'other'))
    await state.transaction<StateTables, unknown>((trx) => recordEvidence(trx, [evidence('admin', {})], clock))
    const head = ledgerHeadSchema.parse(await call('/api/v1/ledger/head'))
    expect(head).toMatchObject({
      origin: 'example.com/soc',
      size: 2,
      signed: '2026-03-01T10:00:00.000Z',
      pending: 1,
      fault: null,
    })
    expect(head.checkpoint).toBe(ledger.head.checkpoint.text)
    expect(head.growth).toHaveLength(30)
    expect(head.growth.at(-1)).toEqual({ day: '2026-03-01', entries: 2 })
    expect(head.types).toEqual([
      { type: 'alert', entries: 1 },
      { type: 'badge', entries: 1 },
    ])
  })

  test('entries are found by type, subject and page, in the own scope only', async () => {
    const { call, record } = await serve(await bed.open(proveMigrations, clock))
    await record(
      evidence('alert', { alert: 'a' }),
      evidence('verdict', { alert: 'a', rule: 'r' }),
      evidence('alert', { alert: 'b' }),
      evidence('alert', { alert: 'a' }, 'other'),
    )
    const find = async (query: string, scope?: string) => {
      const page = entriesPageSchema.parse(await call(`/api/v1/ledger/entries?${query}`, scope))
      return { indexes: page.items.map((item) => item.index), next: page.next }
    }
    expect(await find('')).toEqual({ indexes: [2, 1, 0], next: null })
    expect(await find('limit=2')).toEqual({ indexes: [2, 1], next: 1 })
    expect(await find('limit=2&cursor=1')).toEqual({ indexes: [0], next: null })
    expect(await find('type=alert')).toEqual({ indexes: [2, 0], next: null })
    expect(await find('subject=alert:a')).toEqual({ indexes: [1, 0], next: null })
    expect(await find('subject=r')).toEqual({ indexes: [1], next: null })
    expect(await find('subject=alert:a', 'other')).toEqual({ indexes: [3], next: null })
    expect(await find('from=2026-03-01T10:00:00Z&to=2026-03-01T10:00:01Z')).toEqual({ indexes: [2, 1, 0], next: null })
    expect(await find('to=2026-03-01T10:00:00Z')).toEqual({ indexes: [], next: null })
  })

  test('an entry comes with all that a browser needs to prove it', async () => {
    const { call, record } = await serve(await bed.open(proveMigrations, clock))
    await record(...Array.from({ length: 600 }, (_, at) => evidence('measure', { measure: 'm', value: at })))
    const entry = entryProofSchema.parse(await call('/api/v1/ledger/entries/413'))
    const leaf = leafHash(utf8(entry.canonical))
    const proof = entry.proof.map((step) => fromBase64(step.hash)!)
    expect(verifyInclusion(leaf, entry.index, entry.size, proof, parseCheckpoint(utf8(entry.checkpoint))!.root)).toBe(true)
    expect(entry.tiles.map((tile) => tile.path)).toEqual(['tile/0/001', 'tile/1/000.p/2'])
    expect(entry.proof.map(({ level, side, from, to }) => `${level} ${side} ${from}-${to}`)).toEqual([
      '0 left 412-413',
      '1 right 414-416',
      '2 left 408-412',
      '3 left 400-408',
      '4 left 384-400',
      '5 right 416-448',
      '6 right 448-512',
      '7 left 256-384',
      '8 left 0-256',
      '9 right 512-600',
    ])
    expect(await codeOf(call('/api/v1/ledger/entries/600'))).toBe('not_found')
    expect(await codeOf(call('/api/v1/ledger/entries/0', 'other'))).toBe('not_found')
  })

  test("an alert's bundle holds its entries, its events and their batch, and proves offline", async () => {
    const { call, record, ledger, forgetEvents } = await serve(await bed.open(proveMigrations, clock))
    await record(
      evidence('batch', { writer: 'w1', sequence: 1, events: 3, root: batchRoot(SALT, DOCUMENTS) }),
      evidence('alert', { alert: 'a', change: 'raised', events: ['e-1', 'e-2', 'e-9'] }),
      evidence('admin', { id: 'someone else' }),
      evidence('verdict', { alert: 'a', verdict: 'true-positive' }),
    )
    const reply = (await call('/api/v1/ledger/bundle?alert=a')) as RawReply
    expect(reply.headers['content-disposition']).toBe('attachment; filename="alert-a.kanpeki.json"')
    const report = await verifyBundle(await raw(reply), 'b', { trusted: [ledger.key] })
    expect(report).toMatchObject({ verdict: 'proved', failures: [], checked: { entries: 3, events: 2 } })
    expect(report.notes).toEqual(['Not in the bundle: event e-9 (the lake no longer has it).'])
    forgetEvents()
    const later = await verifyBundle(await raw(await call('/api/v1/ledger/bundle?alert=a')), 'b', { trusted: [ledger.key] })
    expect(later).toMatchObject({ verdict: 'proved', checked: { entries: 2, events: 0 } })
    expect(later.notes).toHaveLength(3)
  })

  test("an incident's bundle also holds what the ledger has of its alerts, with their events", async () => {
    const { call, record, ledger } = await serve(await bed.open(proveMigrations, clock))
    await record(
      evidence('batch', { writer: 'w1', sequence: 1, events: 3, root: batchRoot(SALT, DOCUMENTS) }),
      evidence('alert', { alert: 'a', change: 'raised', events: ['e-1'] }),
      evidence('alert', { alert: 'b', change: 'raised', events: ['e-2'] }),
      evidence('incident', { action: 'incident.opened', incident: 'i', alerts: ['a'] }),
      evidence('verdict', { alert: 'a', verdict: 'true' }),
      evidence('run', { change: 'done', run: 'r', alert: 'a' }),
      evidence('verdict', { alert: 'b', verdict: 'false' }),
      evidence('incident', { action: 'incident.closed', incident: 'i' }),
    )
    const bytes = await raw(await call('/api/v1/ledger/bundle?incident=i'))
    const report = await verifyBundle(bytes, 'b', { trusted: [ledger.key] })
    expect(report).toMatchObject({ verdict: 'proved', failures: [], checked: { entries: 6, events: 1 } })
    const { entries } = JSON.parse(new TextDecoder().decode(bytes)) as { entries: readonly { index: number }[] }
    expect(entries.map(({ index }) => index)).toEqual([0, 1, 3, 4, 5, 7])
  })

  test('bundles of a card, an entry and a span prove; one of nothing is refused', async () => {
    const { call, record, ledger } = await serve(await bed.open(proveMigrations, clock))
    await record(evidence('card', { card: 'c' }), evidence('badge', { card: 'c' }), evidence('admin', { id: 'x' }))
    for (const [query, entries] of [
      ['card=c', 2],
      ['index=2', 1],
      ['from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z', 3],
    ] as const) {
      const report = await verifyBundle(await raw(await call(`/api/v1/ledger/bundle?${query}`)), 'b', { trusted: [ledger.key] })
      expect(report).toMatchObject({ verdict: 'proved', checked: { entries } })
    }
    expect(await codeOf(call('/api/v1/ledger/bundle?alert=none'))).toBe('not_found')
    expect(await codeOf(call('/api/v1/ledger/bundle?index=2', 'other'))).toBe('not_found')
    await expect(call('/api/v1/ledger/bundle')).rejects.toThrow('Give one of')
    await expect(call('/api/v1/ledger/bundle?alert=a&card=b')).rejects.toThrow('Give one of')
  })
})
