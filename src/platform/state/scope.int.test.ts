import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { describeStates } from '../testing/states.ts'
import { columns } from './columns.ts'
import type { Migration } from './migrate.ts'
import { scopedTo } from './scope.ts'
import type { State } from './state.ts'
import type { ScopeColumn, StateTables } from './tables.ts'

interface Tables extends StateTables {
  hosts: { id: string; scope: ScopeColumn; name: string }
  notes: { id: string; scope: ScopeColumn; host: string; text: string }
}

const schema: Migration = {
  name: '0001-test-scope',
  async up(db) {
    const table = (name: string) =>
      db.schema
        .createTable(name)
        .addColumn('id', columns.text, (column) => column.primaryKey())
        .addColumn('scope', columns.text, (column) => column.notNull())
    await table('hosts').addColumn('name', columns.text).execute()
    await table('notes').addColumn('host', columns.text).addColumn('text', columns.text).execute()
  },
}

async function filled(state: State): Promise<{ red: Kysely<Tables>; every: Kysely<Tables> }> {
  for (const scope of ['red', 'blue']) {
    const db = state.scoped<Tables>(scope)
    await db
      .insertInto('hosts')
      .values([
        { id: `${scope}-1`, name: 'web' },
        { id: `${scope}-2`, name: 'db' },
      ])
      .execute()
    await db
      .insertInto('notes')
      .values({ id: `${scope}-n`, host: 'web', text: scope, scope })
      .execute()
  }
  return { red: state.scoped<Tables>('red'), every: state.tables<Tables>() }
}

/** Each reads something; none may show a blue row through the red handle. */
const reads: Readonly<Record<string, (db: Kysely<Tables>) => Promise<unknown>>> = {
  'a plain select': (db) => db.selectFrom('hosts').selectAll().execute(),
  'an alternative that would widen the condition': (db) =>
    db
      .selectFrom('hosts')
      .selectAll()
      .where((eb) => eb.or([eb('name', '=', 'web'), eb('scope', '=', 'blue')]))
      .execute(),
  'an alias': (db) => db.selectFrom('hosts as h').selectAll('h').execute(),
  'an inner join': (db) =>
    db.selectFrom('hosts').innerJoin('notes', 'notes.host', 'hosts.name').select(['hosts.id', 'notes.text']).execute(),
  'a left join': (db) =>
    db.selectFrom('hosts as h').leftJoin('notes as n', 'n.host', 'h.name').select(['h.id', 'n.text']).execute(),
  'a cross join': (db) => db.selectFrom('hosts').crossJoin('notes').select(['hosts.id', 'notes.text']).execute(),
  'two tables in from': (db) => db.selectFrom(['hosts', 'notes']).select(['hosts.id', 'notes.text']).execute(),
  'a join with an alternative': (db) =>
    db
      .selectFrom('hosts')
      .innerJoin('notes', (join) => join.on((eb) => eb.or([eb('notes.host', '=', 'web'), eb('notes.scope', '=', 'blue')])))
      .select(['hosts.id', 'notes.text'])
      .execute(),
  'a subquery in from': (db) => db.selectFrom(db.selectFrom('hosts').selectAll().as('h')).selectAll().execute(),
  'a subquery in a condition': (db) =>
    db
      .selectFrom('hosts')
      .selectAll()
      .where('name', 'in', (eb) => eb.selectFrom('notes').select('host').where('text', '=', 'blue'))
      .execute(),
  'a subquery in the selection': (db) =>
    db
      .selectFrom('hosts')
      .select((eb) => ['id', eb.selectFrom('notes').select('text').where('text', '=', 'blue').as('stolen')])
      .execute(),
  'a union': (db) => db.selectFrom('hosts').select('id').unionAll(db.selectFrom('notes').select('text as id')).execute(),
  'a with query': (db) =>
    db
      .with('mine', (cte) => cte.selectFrom('hosts').selectAll())
      .selectFrom('mine')
      .selectAll()
      .execute(),
  'a with query after another': (db) =>
    db
      .with('a', (cte) => cte.selectFrom('notes').select('text as id'))
      .with('b', (cte) => cte.selectFrom('a').select('a.id'))
      .selectFrom('b')
      .selectAll()
      .execute(),
  'a with query named as the table it reads': (db) =>
    db
      .with('notes', (cte) => cte.selectFrom('hosts').selectAll())
      .selectFrom('notes')
      .selectAll()
      .execute(),
  exists: (db) =>
    db
      .selectFrom('hosts')
      .select('id')
      .where((eb) => eb.exists(eb.selectFrom('notes').select('id').where('text', '=', 'blue')))
      .execute(),
  'rows returned by an update': (db) => db.updateTable('hosts').set({ name: 'x' }).returningAll().execute(),
  'an update from another table': (db) =>
    db
      .updateTable('hosts')
      .from('notes')
      .set({ name: 'x' })
      .whereRef('notes.host', '=', 'hosts.name')
      .returning('hosts.id')
      .execute(),
  'rows returned by a delete': (db) => db.deleteFrom('hosts').returningAll().execute(),
  'a delete by a subquery': (db) =>
    db
      .deleteFrom('hosts')
      .where('name', 'in', (eb) => eb.selectFrom('notes').select('host'))
      .returning('id')
      .execute(),
}

/** Cannot be limited, or reach for another scope openly. */
const refused: Readonly<Record<string, (db: Kysely<Tables>) => Promise<unknown>>> = {
  'raw SQL': (db) => sql`select * from hosts`.execute(db),
  'raw SQL in a condition': (db) =>
    db.selectFrom('hosts').selectAll().where(sql<boolean>`id in (select id from notes)`).execute(),
  'raw SQL as a table': (db) => db.selectFrom(sql<{ id: string }>`hosts`.as('h')).selectAll().execute(),
  'insert … select': (db) =>
    db
      .insertInto('hosts')
      .columns(['id', 'scope', 'name'])
      .expression((eb) => eb.selectFrom('notes').select(['id', 'scope', 'text']))
      .execute(),
  'insert or replace': (db) => db.replaceInto('hosts').values({ id: 'blue-1', name: 'x' }).execute(),
  'a row of another scope': (db) => db.insertInto('hosts').values({ id: 'n', name: 'n', scope: 'blue' }).execute(),
  'a right join': (db) => db.selectFrom('hosts').rightJoin('notes', 'notes.host', 'hosts.name').select('notes.text').execute(),
  'a changed schema': (db) => db.schema.dropTable('hosts').execute(),
}

describeStates('scoped handle', (bed) => {
  test('rows get the scope, also where only some of them name it', async () => {
    const state = await bed.open([schema])
    const rows = [
      { id: 'a', name: 'a', scope: 'red' },
      { id: 'b', name: 'b' },
    ]
    await state.scoped<Tables>('red').insertInto('hosts').values(rows).execute()
    expect(await state.tables<Tables>().selectFrom('hosts').select(['id', 'scope']).orderBy('id').execute()).toEqual([
      { id: 'a', scope: 'red' },
      { id: 'b', scope: 'red' },
    ])
  })

  describe('shows and changes nothing of another scope', () => {
    test.each(Object.entries(reads))('%s', async (_, read) => {
      const state = await bed.open([schema])
      const { red, every } = await filled(state)
      const blue = () => every.selectFrom('hosts').selectAll().where('scope', '=', 'blue').orderBy('id').execute()
      const before = await blue()
      expect(JSON.stringify(await read(red))).not.toContain('blue')
      expect(await blue()).toEqual(before)
    })
    test(`${Object.keys(reads).length} reads were tried`, () => expect(Object.keys(reads).length).toBeGreaterThan(15))
  })

  test('an upsert leaves a row of another scope as it is', async () => {
    const { red, every } = await filled(await bed.open([schema]))
    const upsert = red
      .insertInto('hosts')
      .values({ id: 'blue-1', name: 'taken' })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ name: 'taken' }))
    expect(await upsert.returning('id').execute()).toEqual([])
    const own = red
      .insertInto('hosts')
      .values({ id: 'red-1', name: 'new' })
      .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ name: eb.ref('excluded.name') })))
    expect(await own.returning('id').execute()).toEqual([{ id: 'red-1' }])
    expect(await every.selectFrom('hosts').select('name').where('id', 'in', ['blue-1', 'red-1']).orderBy('id').execute()).toEqual(
      [{ name: 'web' }, { name: 'new' }],
    )
  })

  test.each(Object.entries(refused))('refuses %s', async (_, attempt) => {
    const { red } = await filled(await bed.open([schema]))
    const error = await attempt(red).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(KanpekiError)
    expect((error as KanpekiError).code).toMatch(/^scope_(unsafe|foreign)$/)
  })

  test('holds inside a transaction and for tables without scope', async () => {
    const state = await bed.open([schema])
    await filled(state)
    const seen = await state.transaction(async (trx: Kysely<Tables>) => {
      const red = scopedTo(trx, 'red')
      await red.insertInto('settings').values({ key: 'k', value: 'v' }).execute()
      return red.selectFrom('hosts').innerJoin('settings', 'settings.key', 'settings.key').select('hosts.scope').execute()
    })
    expect(seen).toEqual([{ scope: 'red' }, { scope: 'red' }])
  })
})
