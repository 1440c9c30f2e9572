import { crc32 } from 'node:zlib'
import { type Kysely, sql } from 'kysely'
import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'
import type { AssessTables } from './tables.ts'

/** By asset first, a new advisory wrote a page of the key for every asset; the findings of an asset are found by its mark. */
export const findingsKey: Migration = {
  name: '0290-assess-findings-key',
  up: async (db: Kysely<never>) => {
    await db.schema
      .createTable('assess_findings_anew')
      .addColumn('scope', columns.text, (c) => c.notNull())
      .addColumn('asset', columns.text, (c) => c.notNull())
      .addColumn('source', columns.text, (c) => c.notNull())
      .addColumn('id', columns.text, (c) => c.notNull())
      .addColumn('package', columns.text, (c) => c.notNull())
      .addColumn('name', columns.text, (c) => c.notNull())
      .addColumn('version', columns.text)
      .addColumn('purl', columns.text)
      .addColumn('ids', columns.json, (c) => c.notNull())
      .addColumn('aliases', columns.json, (c) => c.notNull())
      .addColumn('fixed', columns.json, (c) => c.notNull())
      .addColumn('summary', columns.text, (c) => c.notNull())
      .addColumn('severity', columns.text)
      .addColumn('score', columns.number)
      .addColumn('vector', columns.text)
      .addColumn('exploited', columns.text)
      .addColumn('epss', columns.number)
      .addColumn('first_seen', columns.time, (c) => c.notNull())
      .addColumn('last_seen', columns.time, (c) => c.notNull())
      .addColumn('gone_at', columns.time)
      .addColumn('regressed', columns.flag, (c) => c.notNull())
      .addColumn('kind', columns.text, (c) => c.notNull().defaultTo('package'))
      .addColumn('place', columns.text, (c) => c.notNull().defaultTo(''))
      .addColumn('opened_at', columns.time)
      .addColumn('gone_by', columns.text)
      .addColumn('gone_outbox', columns.count)
      .addColumn('in_use', columns.flag)
      .addColumn('guessed', columns.flag, (c) => c.notNull().defaultTo(0))
      .addColumn('asset_mark', columns.count, (c) => c.notNull())
      .addPrimaryKeyConstraint('assess_findings_place', ['package', 'scope', 'asset', 'source', 'id'])
      .execute()
    const all = sql`scope, asset, source, id, package, name, version, purl, ids, aliases, fixed, summary, severity, score, vector,
      exploited, epss, first_seen, last_seen, gone_at, regressed, kind, place, opened_at, gone_by, gone_outbox, in_use, guessed`
    await db.schema
      .createTable('assess_marks')
      .addColumn('known_as', columns.text, (c) => c.primaryKey())
      .addColumn('mark', columns.count, (c) => c.notNull())
      .execute()
    const known = db as unknown as Kysely<
      Pick<AssessTables, 'assess_findings'> & { assess_marks: { known_as: string; mark: number } }
    >
    for (const { asset } of await known.selectFrom('assess_findings').select('asset').distinct().execute())
      await known
        .insertInto('assess_marks')
        .values({ known_as: asset, mark: crc32(asset) & 0x7f_ffff })
        .execute()
    await sql`insert into assess_findings_anew (${all}, asset_mark)
      select ${all}, mark from assess_findings inner join assess_marks on known_as = asset`.execute(db)
    await db.schema.dropTable('assess_marks').execute()
    await db.schema.dropTable('assess_findings').execute()
    await db.schema.alterTable('assess_findings_anew').renameTo('assess_findings').execute()
    await db.schema.createIndex('assess_findings_mark').on('assess_findings').columns(['asset_mark']).execute()
  },
}
