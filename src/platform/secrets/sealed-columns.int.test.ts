import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Migration } from '../state/migrate.ts'
import { describeStates } from '../testing/states.ts'
import { columnsSealedBy, type SealedColumn, sealedColumn } from './sealed-columns.ts'
import { createSealer } from './sealer.ts'

const migrations: readonly Migration[] = [
  {
    name: '9000-test-sealed',
    up: async (db) => {
      await db.schema
        .createTable('test_sealed')
        .addColumn('scope', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('count', 'integer', (column) => column.notNull())
        .addColumn('secret', 'text')
        .addPrimaryKeyConstraint('test_sealed_key', ['scope', 'id'])
        .execute()
    },
  },
]

interface Tables {
  test_sealed: { scope: string; id: string; count: number; secret: string | null }
}

const column: SealedColumn = {
  table: 'test_sealed',
  column: 'secret',
  key: ['scope', 'id'],
  context: (row) => `test_sealed.secret:${String(row['scope'])}/${String(row['id'])}`,
}

describeStates('sealed columns', (bed) => {
  it('are sealed again row by row, once, and what is left is found', async () => {
    const state = await bed.open(migrations)
    const [older, newer] = [randomBytes(32), randomBytes(32)]
    const old = createSealer([older])
    const both = createSealer([newer, older])
    const db = state.tables<Tables>()
    const ids = ['a', 'b', 'ç'] as const
    for (const scope of ['default', 'minato'])
      for (const id of ids)
        await db
          .insertInto('test_sealed')
          .values({ scope, id, count: 1, secret: old.seal(`${scope} ${id}`, `test_sealed.secret:${scope}/${id}`) })
          .execute()
    await db.insertInto('test_sealed').values({ scope: 'default', id: 'none', count: 1, secret: null }).execute()
    expect(await columnsSealedBy(state, [old.keyId])).toEqual(['test_sealed.secret'])
    const place = sealedColumn(state, column)
    expect(place.id).toBe('test_sealed.secret')
    expect(await place.reseal(both)).toBe(6)
    expect(await place.reseal(both)).toBe(0)
    expect(await columnsSealedBy(state, [old.keyId])).toEqual([])
    expect(await columnsSealedBy(state, [both.keyId, old.keyId])).toEqual(['test_sealed.secret'])
    const alone = createSealer([newer])
    const rows = await db.selectFrom('test_sealed').selectAll().where('secret', 'is not', null).execute()
    for (const row of rows) expect(alone.open(row.secret!, column.context({ ...row })).toString()).toBe(`${row.scope} ${row.id}`)
    expect(rows).toHaveLength(6)
  })
})
