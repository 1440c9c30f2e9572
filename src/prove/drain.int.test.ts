import { expect, test } from 'vitest'
import { KanpekiError } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import { readOutbox, recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { describeStates } from '../platform/testing/states.ts'
import { openDrainer } from './drain.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { proveMigrations } from './migrations.ts'
import { countByType, findEntries, growthSince, lastIndexed, pendingCount } from './queries.ts'
import type { ProveTables } from './tables.ts'
import { memoryFiles, memoryFolder } from './testing/memory-files.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { verifyDirectory } from './verify/directory.ts'
import { parseEntry } from './verify/entry.ts'

type Tables = ProveTables & StateTables

const NOW = Date.parse('2026-03-01T10:00:00.000Z')
const clock = { now: () => NOW }

function alert(id: string, more: Evidence['body'] = {}): Evidence {
  return { type: 'alert', scope: 'default', observed: NOW - 2000, received: NOW - 1000, body: { alert: id, ...more } }
}

async function record(state: State, ...evidence: Evidence[]): Promise<void> {
  await state.transaction<Tables, unknown>((trx) => recordEvidence(trx, evidence, clock))
}

interface Bench {
  readonly files: Map<string, Uint8Array>
  readonly ledger: Ledger
  reopen(): Promise<Ledger>
}

async function bench(): Promise<Bench> {
  const files = new Map<string, Uint8Array>()
  const data = temporaryFolder()
  const open = () => openLedger({ data, files: memoryFiles(files), clock })
  return { files, ledger: await open(), reopen: open }
}

const entryAt = async (ledger: Ledger, index: number) => parseEntry((await ledger.entry(index))!)

/** The log proves, holds these alerts in order, and the index knows each. */
async function expectAlerts({ files }: Bench, ledger: Ledger, state: State, ids: readonly string[]): Promise<void> {
  const report = await verifyDirectory(memoryFolder(files), { trusted: [ledger.key] })
  expect(report.failures).toEqual([])
  expect(report.size).toBe(ids.length)
  const db = state.tables<Tables>()
  for (const [at, id] of ids.entries()) {
    expect(await entryAt(ledger, at)).toMatchObject({ outbox: at + 1, body: { alert: id } })
    expect(await findEntries(db, { scope: 'default', subject: { kind: 'alert', id }, limit: 9 })).toContain(at)
  }
  expect((await lastIndexed(db))?.idx).toBe(ids.length - 1)
  expect(await pendingCount(db, ledger.head.outbox)).toBe(0)
  expect(await readOutbox(db, 0, 10)).toEqual([])
}

describeStates('draining', (bed) => {
  test('moves what was committed, in order, with its three times', async () => {
    const [state, one] = [await bed.open(proveMigrations, clock), await bench()]
    const drainer = await openDrainer({ ledger: one.ledger, state, clock })
    await record(state, alert('a'), alert('b'))
    await expect(
      state.transaction<Tables, void>(async (trx) => {
        await recordEvidence(trx, [alert('rolled back')], clock)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await record(state, alert('c'))
    expect(await drainer.drain()).toBe(3)
    expect(await drainer.drain()).toBe(0)
    await expectAlerts(one, one.ledger, state, ['a', 'b', 'c'])
    expect(await entryAt(one.ledger, 0)).toMatchObject({
      observed: '2026-03-01T09:59:58.000Z',
      received: '2026-03-01T09:59:59.000Z',
      logged: '2026-03-01T10:00:00.000Z',
    })
    expect(await growthSince(state.tables<Tables>(), 0)).toEqual(new Map([[Math.floor(NOW / 86_400_000), 3]]))
    expect(await countByType(state.tables<Tables>())).toEqual([{ type: 'alert', entries: 3 }])
  })

  test('goes on after a crash between the log and the index', async () => {
    const [state, one] = [await bed.open(proveMigrations, clock), await bench()]
    await openDrainer({ ledger: one.ledger, state, clock })
    await record(state, alert('a'), alert('b'))
    const rows = await readOutbox(state.tables<Tables>(), 0, 9)
    const time = new Date(NOW).toISOString()
    await one.ledger.append(
      rows.map(({ seq, type, scope, body }) => ({
        v: 1,
        type,
        scope,
        outbox: seq,
        observed: new Date(NOW - 2000).toISOString(),
        received: new Date(NOW - 1000).toISOString(),
        logged: time,
        body,
      })),
    )
    const again = await one.reopen()
    const drainer = await openDrainer({ ledger: again, state, clock })
    await record(state, alert('c'))
    expect(await drainer.drain()).toBe(1)
    await expectAlerts(one, again, state, ['a', 'b', 'c'])
  })

  test('logs the hash of what is too large, and leaves no gap', async () => {
    const [state, one] = [await bed.open(proveMigrations, clock), await bench()]
    const told: string[] = []
    const drainer = await openDrainer({ ledger: one.ledger, state, clock, log: (message) => told.push(message) })
    await record(state, alert('a', { pad: 'x'.repeat(70_000) }), alert('b'))
    await drainer.drain()
    await expectAlerts(one, one.ledger, state, ['a', 'b'])
    expect(await entryAt(one.ledger, 0)).toMatchObject({
      body: { alert: 'a', oversize: { bytes: 70_022, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    })
    expect(told).toHaveLength(1)
  })

  test('an outbox row that is lost is a gap that verify names', async () => {
    const [state, one] = [await bed.open(proveMigrations, clock), await bench()]
    const drainer = await openDrainer({ ledger: one.ledger, state, clock })
    await record(state, alert('a'), alert('b'), alert('c'), alert('d'))
    await state.tables<Tables>().deleteFrom('outbox').where('seq', 'in', [2, 3]).execute()
    await drainer.drain()
    const report = await verifyDirectory(memoryFolder(one.files), { trusted: [one.ledger.key] })
    expect(report.failures).toEqual([
      {
        path: 'ledger/tile/entries/000.p/2',
        leaf: 1,
        code: 'outbox_gap',
        reason: 'outbox sequence goes from 1 to 4: 2 to 3 are missing',
      },
    ])
  })

  test('a ledger that lost entries stops, and says why', async () => {
    const [state, one, other] = [await bed.open(proveMigrations, clock), await bench(), await bench()]
    const drainer = await openDrainer({ ledger: one.ledger, state, clock })
    await record(state, alert('a'))
    await drainer.drain()
    const error = await openDrainer({ ledger: other.ledger, state, clock }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(KanpekiError)
    expect((error as KanpekiError).code).toBe('ledger_rolled_back')
  })

  test('a state store restored from an older backup goes on from the ledger, and repeats what the ledger never had', async () => {
    const [state, restored, one] = [await bed.open(proveMigrations, clock), await bed.open(proveMigrations, clock), await bench()]
    const drainer = await openDrainer({ ledger: one.ledger, state, clock })
    await record(state, alert('a'), alert('b'), alert('c'))
    await drainer.drain()
    // The backup was taken when `a` was still waiting; after the restore something else got the number 2.
    await record(restored, alert('a'), alert('new'))
    const told: string[] = []
    const ledger = await one.reopen()
    const again = await openDrainer({ ledger, state: restored, clock, log: (message) => told.push(message) })
    await record(restored, alert('d'))
    await again.drain()
    await expectAlerts(one, ledger, restored, ['a', 'b', 'c', 'new', 'd'])
    expect(told).toEqual(['the state store is older than the ledger and goes on from it'])
  })

  test('entries that the state store refused to index are indexed with the next ones', async () => {
    const [state, one] = [await bed.open(proveMigrations, clock), await bench()]
    let busy = false
    const flaky: State = {
      ...state,
      transaction: (fn) => (busy ? Promise.reject(new KanpekiError('state_busy', 'busy')) : state.transaction(fn)),
    }
    const drainer = await openDrainer({ ledger: one.ledger, state: flaky, clock })
    await record(state, alert('a'), alert('b'))
    busy = true
    await expect(drainer.drain()).rejects.toThrow('busy')
    expect(one.ledger.head.size).toBe(2)
    busy = false
    await record(state, alert('c'))
    expect(await drainer.drain()).toBe(1)
    await expectAlerts(one, one.ledger, state, ['a', 'b', 'c'])
  })

  test('a failure is shown until an attempt succeeds, and nothing is lost by it', async () => {
    const [state, one] = [await bed.open(proveMigrations, clock), await bench()]
    let full = true
    const ledger: Ledger = {
      ...one.ledger,
      get head() {
        return one.ledger.head
      },
      append: (entries) => (full ? Promise.reject(new Error('ENOSPC')) : one.ledger.append(entries)),
    }
    const drainer = await openDrainer({ ledger, state, clock })
    await record(state, alert('a'))
    await expect(drainer.drain()).rejects.toThrow('ENOSPC')
    expect(drainer.fault?.code).toBe('ledger_stopped')
    full = false
    drainer.start(60_000)
    await drainer.stop()
    expect(drainer.fault).toBeUndefined()
    await expectAlerts(one, one.ledger, state, ['a'])
  })
})
