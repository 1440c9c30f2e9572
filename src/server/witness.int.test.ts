import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { checkForgery } from '../access/authenticate.ts'
import type { LedgerEntry } from '../kernel/evidence.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { openState } from '../platform/state/state.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { type Ledger, openLedger } from '../prove/ledger.ts'
import { proveMigrations } from '../prove/migrations.ts'
import { ROTATION_ACTION } from '../prove/verify/rotation.ts'
import { openCosigning } from '../prove/witness/ask.ts'
import { witnessRoutes } from '../prove/witness/routes.ts'
import { createWitness } from '../prove/witness/witness.ts'
import { witnessKeyOf } from '../prove/witness/witness-key.ts'
import { startHttpServer } from './http-server.ts'

it('a witness answers another server as the protocol says, over HTTP as it really runs, and follows it to a new key', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-witness-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const ledger = await openLedger({ data: folder, origin: 'example.com/soc' })
  const state = await openState({ path: join(folder, 'state.db') }, proveMigrations)
  onTestFinished(() => state.close())
  const key = witnessKeyOf('witness.example/w1', randomBytes(32))
  const witness = createWitness({ state, clock: { now: Date.now }, key, logs: [ledger.key] })
  const server = await startHttpServer(
    {
      version: '0.0.0',
      console: folder,
      healthy: () => true,
      hot: () => false,
      authenticate: async () => testCaller({ kind: 'anonymous', permissions: new Set(['public']) }),
      checkForgery,
      report: (error) => expect.fail(String(error)),
      refused: () => undefined,
      routes: witnessRoutes(witness),
    },
    '127.0.0.1',
    0,
  )
  onTestFinished(() => server.close())
  const url = `http://127.0.0.1:${server.port}/witness`
  expect(await (await fetch(`${url}/key`)).text()).toBe(`${key.verifier.text}\n`)
  const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
  const cosigning = await openCosigning({ ledger, outgoing, places: [{ url, key: key.verifier }] })
  await ledger.append([entry(ledger, {})])
  await cosigning.ask()
  expect(cosigning.states).toMatchObject([{ size: 1, failures: 0, reason: null }])
  await ledger.append([entry(ledger, { action: ROTATION_ACTION, note: await ledger.prepareRotation() })])
  await ledger.append([entry(ledger, {})])
  await cosigning.ask()
  expect(cosigning.states).toMatchObject([{ size: 3, failures: 0, reason: null }])
})

function entry({ head }: Ledger, body: LedgerEntry['body']): LedgerEntry {
  const time = '2026-03-01T10:00:00.000Z'
  return { v: 1, type: 'admin', scope: 'default', outbox: head.outbox + 1, observed: time, received: time, logged: time, body }
}
