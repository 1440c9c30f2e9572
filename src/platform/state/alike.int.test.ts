import { type Kysely, sql } from 'kysely'
import { expect, it } from 'vitest'
import { describeStates } from '../testing/states.ts'
import { among, insertAlike } from './alike.ts'
import { columns } from './columns.ts'
import type { Migration } from './migrate.ts'

interface Tables {
  marks: { scope: string; name: string; share: number | null; seen: number | null; note: string }
}

const TEXTS = ['plain', '1', '', '__proto__', 'a"b', 'c\\d', 'e\nf\u0007', '機器-1', '🚨', "it's", '{"x":[1]}']
const migrations: readonly Migration[] = [
  {
    name: '9000-marks',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('marks')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('share', columns.number)
        .addColumn('seen', columns.time)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('marks_key', ['scope', 'name'])
        .execute()
    },
  },
]

describeStates('rows that are alike', (bed) => {
  it('are written for any text, read by any text, and added to what is there', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<Tables>()
    const row = { scope: 'default', share: 0.25, seen: 1_795_305_600_000, note: 'a' }
    await insertAlike(db, 'marks', row, 'name', TEXTS)
    await insertAlike(db, 'marks', { ...row, scope: 'beta', share: null, seen: null }, 'name', ['plain'])
    const more = sql`on conflict (scope, name) do update set share = marks.share + excluded.share`
    await insertAlike(db, 'marks', row, 'name', ['plain', 'new'], { conflict: more })
    await insertAlike(db, 'marks', row, 'name', [])
    const rows = await db.selectFrom('marks').selectAll().where('scope', '=', 'default').execute()
    expect(rows.map(({ name }) => name).sort()).toEqual([...TEXTS, 'new'].sort())
    expect(rows.find(({ name }) => name === 'plain')).toEqual({ ...row, name: 'plain', share: 0.5 })
    expect(rows.find(({ name }) => name === '機器-1')).toEqual({ ...row, name: '機器-1' })
    const asked = await db
      .selectFrom('marks')
      .select('name')
      .where(among('name', [...TEXTS, 'absent']))
      .execute()
    expect(asked.map(({ name }) => name).sort()).toEqual([...TEXTS, 'plain'].sort())
    await expect(insertAlike(db, 'marks', row, 'name', ['plain'])).rejects.toThrow()
    const { seen: _, ...rest } = { ...row, scope: 'gamma' }
    await insertAlike(db, 'marks', rest, 'name', TEXTS, { counted: { column: 'seen', of: (text) => text.length * 1e9 } })
    const counted = await db.selectFrom('marks').select(['name', 'seen']).where('scope', '=', 'gamma').execute()
    expect(counted.map(({ name, seen }) => [name, seen]).sort()).toEqual(TEXTS.map((text) => [text, text.length * 1e9]).sort())
  })
})
