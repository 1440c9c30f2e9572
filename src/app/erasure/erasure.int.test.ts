import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { testEvent } from '../../platform/testing/lakes.ts'
import { erasedNodes } from '../../prove/erased.ts'
import { makeBundle } from '../../prove/make-bundle.ts'
import { batchEntryIndex, findEntries } from '../../prove/queries.ts'
import { readFolder } from '../../prove/read-folder.ts'
import type { ProveTables } from '../../prove/tables.ts'
import { verifyBundle } from '../../prove/verify/bundle.ts'
import { formatBundle } from '../../prove/verify/bundle-format.ts'
import { utf8 } from '../../prove/verify/bytes.ts'
import { insertHold } from '../retention/queries.ts'
import type { RetentionTables } from '../retention/tables.ts'
import { HOUR, type KeepingBed, openKeepingBed } from '../retention/testing/keeping-bed.ts'
import { subjectHash } from './identity.ts'
import { erasureRoutes } from './routes.ts'
import { runErasures } from './run.ts'
import type { ErasureView } from './schema.ts'

const NOW = Date.UTC(2026, 10, 22, 9, 30)
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-erasure-'))
const alice = [
  { kind: 'user', value: 'alice' },
  { kind: 'email', value: 'alice@example.com' },
  { kind: 'ip', value: '192.0.2.7' },
]
const REQUEST = { identities: alice, reason: 'Request 2026-17' }
let bed: KeepingBed
let receipt: string

/** Two sealed hours and the running one, in which one event of seven is alice's, by one name or another. */
beforeAll(async () => {
  bed = await openKeepingBed(folder, NOW)
  const names = [
    { user: { name: 'Alice' } },
    { related: { user: ['bob', 'alice'] } },
    { source: { ip: '192.0.2.7', address: '2001:db8::1' } },
    { email: { from: { address: ['alice@example.com'] } } },
  ]
  for (const [n, received] of [NOW - 5 * HOUR, NOW - 5 * HOUR + 1000, NOW - 3 * HOUR, NOW - 60_000].entries()) {
    const events = Array.from({ length: 70 }, (_, i) =>
      testEvent(
        `${n}-${i}`,
        { message: `event ${n}-${i}`, ...(i % 7 === 3 ? names[Math.floor(i / 7) % 4] : { user: { name: 'bob' } }) },
        { observed: received, scope: i < 35 ? 'default' : 'team' },
      ),
    )
    await bed.append(n + 1, received, events)
  }
  await bed.seal()
})
afterAll(async () => {
  await bed.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Whom behaviour was told to forget. */
const forgotten: unknown[] = []
const forget = async (...asked: readonly unknown[]): Promise<void> => void forgotten.push(asked)
const deps = () => ({ ...bed, drain: () => bed.drainer.drain(), asked: () => {}, forget })
const admin = testCaller()

async function ask(body: object): Promise<{ found: object; erasure: ErasureView | null; receipt: string | null }> {
  const route = erasureRoutes(deps()).find(({ method }) => method === 'POST')!
  const input = { params: undefined, query: undefined, body: route.body!.parse(body), caller: admin }
  return (await route.handle(input as never)) as never
}

async function proof(event: string): Promise<string> {
  await bed.state.transaction(async (trx) => {
    const body = { alert: `about-${event}`, events: [event] }
    await recordEvidence(trx, [{ type: 'alert', scope: 'default', observed: NOW, received: NOW, body }], bed.clock)
  })
  await bed.drainer.drain()
  const db = bed.state.tables<ProveTables>()
  const { head, key, entry, readTile } = bed.ledger
  const about = { alert: `about-${event}` }
  const bundle = await makeBundle({
    log: { checkpoint: head.checkpoint, key: key.text, entry, readTile },
    about,
    indexes: await findEntries(db as never, { scope: 'default', subject: { kind: 'alert', id: about.alert }, limit: 10 }),
    events: {
      lake: bed.lake,
      scope: 'default',
      batchEntry: (writer, sequence) => batchEntryIndex(db as never, writer, sequence),
      erased: (writer, sequence) => erasedNodes(db, writer, sequence),
    },
  })
  const report = await verifyBundle(utf8(formatBundle(bundle)), 'bundle', { trusted: [key] })
  return `${report.verdict}, ${report.checked.events} events, ${bundle.missing.map(({ reason }) => reason).join()}`
}

async function messagesIn(file: string): Promise<string[]> {
  const bytes = readFileSync(join(bed.root, file))
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    compressors,
  })
  return rows.map(({ doc }) => (typeof doc === 'string' ? doc : new TextDecoder().decode(doc as Uint8Array)))
}

test('counts before anything happens, by scope and span, and keeps the person out of the reason', async () => {
  expect((await ask(REQUEST)).found).toEqual({
    events: 40,
    hours: 3,
    held: 0,
    alerts: 0,
    incidents: 0,
    others: { events: 0, names: [] },
  })
  expect((await ask({ ...REQUEST, scope: 'team' })).found).toMatchObject({ events: 20 })
  expect((await ask({ ...REQUEST, from: new Date(NOW - HOUR).toISOString() })).found).toMatchObject({ events: 10, hours: 1 })
  expect((await ask({ ...REQUEST, identities: [{ kind: 'text', value: 'event 0-3' }] })).found).toMatchObject({ events: 11 })
  const address = { kind: 'ip', value: '2001:DB8:0:0::0001' }
  expect((await ask({ ...REQUEST, identities: [address] })).found).toMatchObject({ events: 8 })
  await expect(ask({ ...REQUEST, reason: 'For ALICE' })).rejects.toMatchObject({ code: 'names_person' })
  expect(await bed.count('*')).toBe(280)
})

test('takes the events out of lake and sealed files; nothing that is kept names the person', async () => {
  await insertHold(bed.state.tables<RetentionTables>(), {
    ...{ id: 'h', scope: '*', name: 'Case', query: 'message:"event 2-3"', begins: null, ends: null, owner: 'C', reason: 'R' },
    ...{ by_id: 'a', by_name: 'Sato', created: NOW, until: null, released: null, released_by: null },
  })
  const before = await proof('0-4')
  expect(before).toBe('proved, 1 events, ')
  const reply = await ask({ ...REQUEST, dryRun: false })
  // 2-3, 2-31, 2-38, but 2-32 is bob's and so on: three of alice's are held.
  expect(reply.found).toMatchObject({ held: 3, events: 37 })
  expect(reply.erasure).toMatchObject({ state: 'running', events: 0 })
  receipt = reply.receipt!
  expect(await runErasures(deps())).toBe(1)
  expect(forgotten).toEqual([[undefined, ['alice', 'alice@example.com'], []]])
  expect(await bed.count('alice OR 192.0.2.7')).toBe(3)
  expect(await bed.count('*')).toBe(280 - 37)
  expect(await bed.state.tables<RetentionTables>().selectFrom('retention_erasures').selectAll().executeTakeFirst()).toMatchObject(
    { state: 'done', request: '{}', events: 37, batches: 4, hours: 3, held: 3 },
  )
  const files = await readFolder(bed.root).list('lake/sealed')
  expect(files).toEqual(['lake/sealed/2026-11-22T04/events-1.parquet', 'lake/sealed/2026-11-22T06/events-1.parquet'])
  const first = await messagesIn(files[0]!)
  expect(first).toHaveLength(120)
  expect(first.join()).not.toMatch(/alice|192\.0\.2\.7/i)
}, 120_000)

test('the ledger tells of it without the person, whom the receipt still names', async () => {
  await bed.drainer.drain()
  const bodies: string[] = []
  for (let index = 0; index < bed.ledger.head.size; index++) bodies.push(new TextDecoder().decode(await bed.ledger.entry(index)))
  expect(bodies.join()).not.toMatch(/alice|192\.0\.2\.7/i)
  const asked = bodies.find((text) => text.includes('erasure.ask'))
  expect(asked).toContain(subjectHash(receipt, alice as never))
  expect(asked).toContain('Request 2026-17')
  expect(bodies.some((text) => text.includes('erasure.done') && text.includes('"events":37'))).toBe(true)
})

test('everything verifies, others keep their proofs, and the running hour seals as usual', async () => {
  expect(await proof('0-5')).toBe('proved, 1 events, ')
  expect(await proof('3-9')).toBe('proved, 1 events, ')
  expect(await proof('0-3')).toBe('proved, 0 events, the lake no longer has it')
  bed.clock.set(NOW + 2 * HOUR)
  expect(await bed.seal()).toEqual([Date.UTC(2026, 10, 22, 9)])
  expect(await bed.verify()).toMatchObject({ verdict: 'proved', failures: [] })
})

test('an erasure that is asked for again finds nothing, and one that a crash broke off is taken up', async () => {
  expect((await ask(REQUEST)).found).toMatchObject({ events: 0, held: 3 })
  await ask({ identities: [{ kind: 'text', value: 'event 1-1' }], reason: 'Request 18', dryRun: false })
  const stopping = new AbortController()
  stopping.abort()
  await expect(runErasures({ ...deps(), signal: stopping.signal })).rejects.toThrow()
  expect(await runErasures(deps())).toBe(1)
  expect(await bed.count('message:"event 1-1"')).toBe(0)
  expect(await bed.verify()).toMatchObject({ verdict: 'proved', failures: [] })
})

test('tells which accounts of the same name are written otherwise, and stay', async () => {
  const other = testEvent(
    'windows-1',
    { winlog: { event_data: { TargetUserName: 'CORP\\Alice', TargetDomainName: 'CORP' } } },
    { observed: NOW },
  )
  const mail = testEvent('cloud-1', { user: { name: 'alice@corp.example' } }, { observed: NOW })
  const nobody = testEvent('windows-2', { user: { name: 'CORP\\malice' }, message: 'alice' }, { observed: NOW })
  await bed.append(5, NOW - 30_000, [other, mail, nobody])
  const { found } = await ask(REQUEST)
  expect(found).toMatchObject({ others: { events: 2, names: ['CORP\\Alice', 'alice@corp.example'] } })
  const domain = { identities: [{ kind: 'user', value: 'CORP\\alice' }], reason: 'Request 2026-18' }
  expect((await ask(domain)).found).toMatchObject({
    events: 1,
    others: { names: expect.arrayContaining(['alice@corp.example']) },
  })
  expect((await ask({ ...domain, to: '2000-01-01T00:00:00.000Z' })).found).toMatchObject({ others: { events: 0, names: [] } })
})
