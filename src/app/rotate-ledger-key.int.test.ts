import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testCaller } from '../platform/testing/caller.ts'
import { describeStates } from '../platform/testing/states.ts'
import { openDrainer } from '../prove/drain.ts'
import { openLedger } from '../prove/ledger.ts'
import { proveMigrations } from '../prove/migrations.ts'
import { readFolder } from '../prove/read-folder.ts'
import { verifyDirectory } from '../prove/verify/directory.ts'
import { rotateLedgerKeyRoute } from './rotate-ledger-key.ts'

const NOW = Date.parse('2026-03-01T10:00:00.000Z')
const clock = { now: () => NOW }

describeStates('the key of the ledger', (bed) => {
  test('the key of a running ledger changes, again and again, and its oldest holder still proves it', async () => {
    const data = mkdtempSync(join(tmpdir(), 'kanpeki-rotate-'))
    onTestFinished(() => rmSync(data, { recursive: true, force: true }))
    const state = await bed.open(proveMigrations, clock)
    const ledger = await openLedger({ data, origin: 'example.com/soc', clock })
    const drainer = await openDrainer({ ledger, state, clock })
    const first = ledger.key
    const route = rotateLedgerKeyRoute({ ledger, state, drainer, clock })
    const caller = testCaller({ kind: 'token' })
    for (const index of [0, 1, 2]) {
      const before = ledger.key.text
      const said = await route.handle({ caller } as never)
      expect(said).toEqual({ from: before, to: ledger.key.text, index })
      expect(ledger.key.text).not.toBe(before)
    }
    const report = await verifyDirectory(readFolder(data), { trusted: [first] })
    expect(report).toMatchObject({ verdict: 'proved', size: 3, failures: [] })
    const idle = rotateLedgerKeyRoute({ ledger, state, drainer: { drain: async () => 0 }, clock })
    await expect(idle.handle({ caller } as never)).rejects.toMatchObject({ code: 'conflict' })
    await drainer.drain()
    expect(await verifyDirectory(readFolder(data), { trusted: [first] })).toMatchObject({ verdict: 'proved', size: 4 })
  })
})
