import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AccessTables } from '../src/access/tables.ts'
import { goBack } from '../src/app/care/go-back.ts'
import { keptStates } from '../src/app/care/kept-states.ts'
import { openOwnState, pendingSteps } from '../src/app/care/open-own-state.ts'
import { migrations } from '../src/app/migrations.ts'
import { statePlace } from '../src/app/places.ts'
import type { Evidence } from '../src/kernel/evidence.ts'
import { type Config, readConfig } from '../src/platform/config.ts'
import { dataDir, prepareDataDir } from '../src/platform/data-dir.ts'
import { openSealer } from '../src/platform/secrets/open-sealer.ts'
import { sealKeySource } from '../src/platform/secrets/seal-keys.ts'
import { pruneOutbox, readOutbox, recordEvidence } from '../src/platform/state/outbox.ts'
import { appliedSteps, stepsNamed } from '../src/platform/state/snapshot.ts'
import { openState, type State } from '../src/platform/state/state.ts'
import type { StateTables } from '../src/platform/state/tables.ts'
import { describeStates } from '../src/platform/testing/states.ts'
import { openDrainer } from '../src/prove/drain.ts'
import { entryOf } from '../src/prove/entry-of.ts'
import { openLedger } from '../src/prove/ledger.ts'
import { readFolder } from '../src/prove/read-folder.ts'
import type { ProveTables } from '../src/prove/tables.ts'
import { verifyDirectory } from '../src/prove/verify/directory.ts'
import { parseVerifierKey } from '../src/prove/verify/note.ts'
import { ROOT, temporaryFolder } from './support/kanpeki.ts'

/** The steps of version 0.1.0, as its fixture has them. */
function spine(): readonly string[] {
  const database = new DatabaseSync(':memory:')
  database.exec(readFileSync(join(ROOT, 'test/fixtures/schema-0.1.0/state.sql'), 'utf8'))
  const rows = database.prepare('SELECT name FROM migrations ORDER BY name').all()
  database.close()
  return rows.map((row) => String(row['name']))
}

const AT = Date.UTC(2026, 10, 22)
const entry = (type: Evidence['type'], body: Evidence['body']): Evidence => ({
  type,
  scope: 'default',
  observed: AT,
  received: AT,
  body,
})

describe('up from the spine’s schema, and back', () => {
  describeStates('', (bed) => {
    let folder: ReturnType<typeof temporaryFolder>
    let config: Config
    const steps = spine()

    /** Evidence into the ledger by this version's own drain. */
    async function log(state: State, evidence: readonly Evidence[]): Promise<number> {
      const dir = dataDir(config.data)
      const sealer = await openSealer(dir.keys, sealKeySource(dir.keys, config.values, {}))
      const ledger = await openLedger({ data: config.data, sealer })
      const drainer = await openDrainer({ ledger, state })
      await state.transaction((trx) => recordEvidence(trx, evidence))
      await drainer.stop()
      return ledger.head.size
    }

    /** The same on the schema of version 0.1.0, with the key in clear, touching only tables that it had. */
    async function logAsBefore(state: State, evidence: readonly Evidence[]): Promise<number> {
      const ledger = await openLedger({ data: config.data })
      await state.transaction((trx) => recordEvidence(trx, evidence))
      const first = ledger.head.size
      const rows = await readOutbox(state.tables<StateTables>(), ledger.head.outbox, 1000)
      const entries = rows.map((row) => entryOf(row, new Date(AT).toISOString(), () => {}).entry)
      await ledger.append(entries)
      await state.transaction<ProveTables & StateTables, void>(async (trx) => {
        for (const [at, { seq, type, scope, observed, received }] of rows.entries())
          await trx
            .insertInto('prove_entries')
            .values({ idx: first + at, scope, type, outbox: seq, observed, received, logged: AT })
            .execute()
        await pruneOutbox(trx, ledger.head.outbox)
      })
      return ledger.head.size
    }

    const openOld = (): Promise<State> => openState(statePlace(config), stepsNamed(steps, migrations))

    const accounts = async (state: State): Promise<string[]> =>
      (await state.tables<AccessTables>().selectFrom('access_accounts').select('name').orderBy('name').execute()).map(
        (row) => row.name,
      )

    async function proof(since: string) {
      const key = parseVerifierKey(readFileSync(join(config.data, 'ledger/key'), 'utf8').trim())!
      const at = { path: 'since', text: since }
      return await verifyDirectory(readFolder(config.data), { trusted: [key], since: [at] })
    }

    const checkpoint = (): string => readFileSync(join(config.data, 'ledger/checkpoint'), 'utf8')

    beforeEach(async () => {
      folder = temporaryFolder()
      const place = await bed.place()
      config = readConfig(join(folder.path, 'data'), 'url' in place ? { state: place.url } : {}, {})
      prepareDataDir(dataDir(config.data))
      const state = await openOld()
      const row = { id: 'a1', scope: 'default', name: 'mori', role: 'administrator', password: 'x', created: AT }
      await (state.tables() as never as { insertInto(t: string): { values(v: object): { execute(): Promise<unknown> } } })
        .insertInto('access_accounts')
        .values(row)
        .execute()
      await logAsBefore(state, [entry('alert', { alert: 'old' }), entry('admin', { action: 'setup' })])
      await state.close()
    })
    afterEach(() => folder.remove())

    it('keeps the state before it upgrades, and puts it back with the ledger ahead', async () => {
      expect(await pendingSteps(config)).not.toEqual([])
      const before = checkpoint()
      const { state, upgrade } = await openOwnState(config)
      expect(upgrade?.kept).toMatchObject({ steps, ledgerSize: 2, keySealed: false })
      expect(await pendingSteps(config)).toEqual([])
      const size = await log(state, [entry('alert', { alert: 'new' })])
      await state.close()
      expect(readFileSync(join(config.data, 'keys/ledger.key'), 'utf8')).toMatch(/^kpseal1:/)

      const back = await goBack(config, false)
      expect(back).toMatchObject({ lost: [], to: { name: upgrade?.kept.name } })
      expect(await appliedSteps(statePlace(config))).toEqual(steps)
      expect(readFileSync(join(config.data, 'keys/ledger.key'), 'utf8')).toMatch(/^PRIVATE\+KEY/)

      const old = await openOld()
      expect(await accounts(old)).toEqual(['mori'])
      expect(await logAsBefore(old, [entry('alert', { alert: 'after' })])).toBe(size + 2)
      await old.close()
      expect(await proof(before)).toMatchObject({ verdict: 'proved', failures: [], size: size + 2 })
    })

    it('does not lose what people did without their word, and keeps its evidence and its rows', async () => {
      const { state } = await openOwnState(config)
      const asset = {
        id: 'web-01',
        scope: 'default',
        names: '[]',
        labels: '{}',
        criticality: 'high',
        owner: null,
        created: AT,
        updated: AT,
      }
      await state
        .tables<StateTables>()
        .insertInto('assets')
        .values({ ...asset, criticality: 'high' })
        .execute()
      await log(state, [entry('verdict', { alert: 'old', by: 'mori' }), entry('admin', { action: 'account.create' })])
      const before = checkpoint()
      await state.close()
      await expect(goBack(config, false)).rejects.toMatchObject({
        code: 'upgrade_loss',
        message: expect.stringContaining('1 admin') as string,
      })
      expect(await pendingSteps(config)).toEqual([])

      const back = await goBack(config, true)
      expect(back).toMatchObject({ reset: ['access'], lost: [{ type: 'admin', entries: 1 }] })
      expect((await keptStates(dataDir(config.data), 'after')).map(({ name }) => name)).toEqual([back.kept.name])
      const old = await openOld()
      expect(await old.tables<StateTables>().selectFrom('assets').select('id').execute()).toEqual([{ id: 'web-01' }])
      expect(await logAsBefore(old, [])).toBeGreaterThan(4)
      await old.close()
      expect(await proof(before)).toMatchObject({ verdict: 'proved', failures: [] })

      const again = await openOwnState(config)
      expect(again.upgrade?.steps.length).toBeGreaterThan(0)
      expect(await accounts(again.state)).toEqual(['mori'])
      await again.state.close()
    })

    it('leaves everything as it was when a step fails', async () => {
      const failing = {
        name: '9999-test-fails',
        up: async (db: Parameters<(typeof migrations)[number]['up']>[0]) => {
          await db.schema.createTable('half').addColumn('id', 'text').execute()
          await db
            .insertInto('nowhere' as never)
            .values({ id: 1 } as never)
            .execute()
        },
      }
      await expect(openState(statePlace(config), [...migrations, failing])).rejects.toBeDefined()
      expect(await appliedSteps(statePlace(config))).toEqual(steps)
      const old = await openOld()
      expect(await accounts(old)).toEqual(['mori'])
      await old.close()
      const { state } = await openOwnState(config)
      await state.close()
    })

    it('says so where there is nothing to go back to', async () => {
      await expect(goBack(config, true)).rejects.toMatchObject({ code: 'no_way_back' })
      expect(await appliedSteps(statePlace(config))).toEqual(steps)
    })
  })
})
