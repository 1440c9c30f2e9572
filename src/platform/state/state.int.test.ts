import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { expect, test } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import { describeStates } from '../testing/states.ts'
import { columns, flag } from './columns.ts'
import type { Migration } from './migrate.ts'
import { pruneOutbox, readOutbox, recordEvidence } from './outbox.ts'
import { positionsOf, settingsOf } from './settings.ts'
import { openState } from './state.ts'
import type { StateTables } from './tables.ts'

interface ThingTables {
  things: { id: string; at: number; on: number; note: string | null; share: number | null }
}

const things: Migration = {
  name: '0001-test-things',
  async up(db) {
    await db.schema
      .createTable('things')
      .addColumn('id', columns.text, (column) => column.primaryKey())
      .addColumn('at', columns.time, (column) => column.notNull())
      .addColumn('on', columns.flag, (column) => column.notNull())
      .addColumn('note', columns.text)
      .addColumn('share', columns.number)
      .execute()
  },
}

const thing = (id: string) => ({ id, at: 1_785_000_000_123, on: flag(true), note: null, share: 0.1 })

function evidence(count: number): Evidence[] {
  return Array.from({ length: count }, (_, n) => ({ type: 'alert', scope: 'default', observed: 5, received: 6, body: { n } }))
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof KanpekiError ? error.code : String(error)
}

describeStates('state store', (bed) => {
  test('rows come back as they went in, sums and counts as numbers', async () => {
    const db = (await bed.open([things])).tables<ThingTables>()
    const row = { ...thing('a'), note: '完璧 \u0000 end' }
    await db
      .insertInto('things')
      .values([row, thing('b')])
      .execute()
    expect(await db.selectFrom('things').selectAll().orderBy('id').execute()).toEqual([
      { ...row, note: '完璧 ␀ end' },
      thing('b'),
    ])
    const total = await db
      .selectFrom('things')
      .select((eb) => [eb.fn.sum<number>('at').as('sum'), eb.fn.countAll<number>().as('count')])
      .executeTakeFirstOrThrow()
    expect(total).toEqual({ sum: 2 * 1_785_000_000_123, count: 2 })
    const changed = await db.updateTable('things').set({ on: 0 }).executeTakeFirst()
    expect(changed.numUpdatedRows).toBe(2n)
  })

  test('`like` minds capitals on both databases', async () => {
    const db = (await bed.open([things])).tables<ThingTables>()
    await db
      .insertInto('things')
      .values([thing('Ab'), thing('ab')])
      .execute()
    expect(await db.selectFrom('things').select('id').where('id', 'like', 'A%').execute()).toEqual([{ id: 'Ab' }])
  })

  test('a transaction commits all or nothing, and a reader beside it sees neither half', async () => {
    const state = await bed.open([things])
    const db = state.tables<ThingTables>()
    const failed = state.transaction(async (trx: Kysely<ThingTables>) => {
      await trx.insertInto('things').values(thing('a')).execute()
      expect(await db.selectFrom('things').selectAll().execute()).toEqual([])
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await db.selectFrom('things').selectAll().execute()).toEqual([])
  })

  test('transactions run one at a time, in order of call', async () => {
    const state = await bed.open([things])
    const running: string[] = []
    const one = (name: string) =>
      state.transaction(async (trx: Kysely<ThingTables>) => {
        running.push(`${name} begins`)
        await trx.insertInto('things').values(thing(name)).execute()
        await sleep(5)
        running.push(`${name} ends`)
      })
    await Promise.all([one('a'), one('b')])
    expect([running[0]?.slice(2), running[1], running[2]?.slice(2), running[3]]).toEqual([
      'begins',
      `${running[0]?.[0]} ends`,
      'begins',
      `${running[2]?.[0]} ends`,
    ])
  })

  test('a transaction inside a transaction is refused instead of waiting for ever', async () => {
    const state = await bed.open([things])
    expect(await codeOf(state.transaction(() => state.transaction(async () => {})))).toBe('state_nested')
  })

  test('a broken rule of the schema is a conflict', async () => {
    const db = (await bed.open([things])).tables<ThingTables>()
    await db.insertInto('things').values(thing('a')).execute()
    expect(await codeOf(db.insertInto('things').values(thing('a')).execute())).toBe('state_conflict')
  })

  test('evidence commits with its transaction and is numbered without gaps', async () => {
    const state = await bed.open([], { now: () => 77 })
    const record = (count: number) =>
      state.transaction((trx: Kysely<StateTables>) => recordEvidence(trx, evidence(count), { now: () => 77 }))
    expect(await record(2)).toBe(2)
    const lost = state.transaction(async (trx: Kysely<StateTables>) => {
      await recordEvidence(trx, evidence(3))
      throw new Error('no')
    })
    await expect(lost).rejects.toThrow('no')
    await Promise.all(Array.from({ length: 8 }, () => record(500)))
    expect(await record(0)).toBe(0)
    const all = await readOutbox(state.tables<StateTables>(), 0, 10_000)
    expect(all.map((entry) => entry.seq)).toEqual(Array.from({ length: 4002 }, (_, n) => n + 1))
    expect(all[1]).toEqual({ ...evidence(2)[1], seq: 2, created: 77 })
    expect((await readOutbox(state.tables<StateTables>(), 4000, 1)).map((entry) => entry.seq)).toEqual([4001])
    await pruneOutbox(state.tables<StateTables>(), 4002)
    expect(await readOutbox(state.tables<StateTables>(), 0, 10)).toEqual([])
    expect(await record(1)).toBe(4003)
  })

  test('settings and positions are kept apart', async () => {
    const state = await bed.open()
    await settingsOf(state).set('k', 'setting')
    await positionsOf(state).set('k', 'first')
    await positionsOf(state).set('k', 'second')
    expect([await settingsOf(state).get('k'), await positionsOf(state).get('k'), await positionsOf(state).get('x')]).toEqual([
      'setting',
      'second',
      undefined,
    ])
  })

  test('migrations run once, a later program adds to them, an earlier one is refused', async () => {
    const place = await bed.place()
    const more: Migration = {
      name: '0002-test-more',
      up: (db) => db.schema.createTable('more').addColumn('id', columns.text).execute(),
    }
    for (const steps of [[things], [more, things], [things, more]]) await (await openState(place, steps)).close()
    expect(await codeOf(openState(place, [things]))).toBe('state_newer')
    const edited: Migration = { ...more, up: (db) => db.schema.createTable('more').addColumn('id', columns.time).execute() }
    expect(await codeOf(openState(place, [things, edited]))).toBe('migration_changed')
    expect(await codeOf(openState(place, [things, things, more]))).toBe('migration_name')
  })

  test('a step that fails leaves nothing of itself', async () => {
    const place = await bed.place()
    const broken: Migration = {
      name: '0001-test-broken',
      async up(db) {
        await things.up(db)
        await db.schema.createTable('things').addColumn('id', columns.text).execute()
      },
    }
    await expect(openState(place, [broken])).rejects.toThrow('already exists')
    await (await openState(place, [things])).close()
  })

  test('several opened at once share the work', async () => {
    const place = await bed.place()
    const states = await Promise.all([1, 2, 3].map(() => openState(place, [things])))
    const counts = states.map((state) => state.transaction((trx: Kysely<StateTables>) => recordEvidence(trx, evidence(1))))
    expect((await Promise.all(counts)).sort()).toEqual([1, 2, 3])
    await Promise.all(states.map((state) => state.close()))
  })
})
