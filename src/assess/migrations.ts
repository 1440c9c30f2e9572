import { type Kysely, sql } from 'kysely'
import { columns } from '../platform/state/columns.ts'
import type { Migration } from '../platform/state/migrate.ts'
import { noteCves } from './inventory/cves.ts'
import { findingsKey } from './inventory/findings-key.ts'
import type { AssessTables } from './inventory/tables.ts'

export const migrations: readonly Migration[] = [
  {
    name: '0261-assess-inventory',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('assess_inventories')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('format', columns.text, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('components', columns.count, (c) => c.notNull())
        .addColumn('unjudged', columns.count, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('judged_at', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_inventories_key', ['scope', 'asset', 'source'])
        .execute()
      await db.schema
        .createTable('assess_components')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('number', columns.count, (c) => c.notNull())
        .addColumn('name', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addColumn('version', columns.text)
        .addColumn('purl', columns.text)
        .addColumn('place', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_components_key', ['scope', 'asset', 'source', 'number'])
        .execute()
      await db.schema.createIndex('assess_components_name').on('assess_components').columns(['scope', 'folded']).execute()
      await db.schema
        .createTable('assess_findings')
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
        .addPrimaryKeyConstraint('assess_findings_key', ['scope', 'asset', 'source', 'id', 'package'])
        .execute()
    },
  },
  {
    name: '0262-assess-work',
    up: async (db: Kysely<never>) => {
      const findings = db.schema.alterTable('assess_findings')
      await findings.addColumn('kind', columns.text, (c) => c.notNull().defaultTo('package')).execute()
      await findings.addColumn('place', columns.text, (c) => c.notNull().defaultTo('')).execute()
      await findings.addColumn('opened_at', columns.time).execute()
      await findings.addColumn('gone_by', columns.text).execute()
      await findings.addColumn('gone_outbox', columns.count).execute()
      await findings.addColumn('in_use', columns.flag).execute()
      await db.schema.alterTable('assess_inventories').addColumn('in_use', columns.json).execute()
      await db.schema
        .createTable('assess_scans')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('kinds', columns.json, (c) => c.notNull())
        .addColumn('format', columns.text, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('findings', columns.count, (c) => c.notNull())
        .addColumn('partial', columns.flag, (c) => c.notNull())
        .addColumn('received', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addColumn('outbox', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_scans_key', ['scope', 'asset', 'source'])
        .execute()
      await db.schema
        .createTable('assess_work')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('owner', columns.text)
        .addColumn('due', columns.time)
        .addColumn('ticket', columns.text)
        .addColumn('note', columns.text, (c) => c.notNull())
        .addColumn('updated', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_work_key', ['scope', 'asset', 'package', 'id'])
        .execute()
      await db.schema
        .createTable('assess_exceptions')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.primaryKey())
        .addColumn('asset', columns.text)
        .addColumn('title', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('statements', columns.json, (c) => c.notNull())
        .addColumn('sha256', columns.text, (c) => c.notNull())
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('state', columns.text, (c) => c.notNull())
        .addColumn('author_account', columns.text)
        .addColumn('author_name', columns.text, (c) => c.notNull())
        .addColumn('created', columns.time, (c) => c.notNull())
        .addColumn('expires', columns.time, (c) => c.notNull())
        .addColumn('decided_account', columns.text)
        .addColumn('decided_name', columns.text)
        .addColumn('decided', columns.time)
        .execute()
    },
  },
  {
    name: '0263-assess-names',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('assess_names')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_names_key', ['scope', 'folded'])
        .execute()
      await sql`insert into assess_names (scope, folded) select distinct scope, folded from assess_components`.execute(db)
    },
  },
  {
    name: '0264-assess-weighed',
    up: async (db: Kysely<never>) => {
      await db.schema.alterTable('assess_inventories').addColumn('in_use_at', columns.time).execute()
      await sql`update assess_inventories set in_use_at = received where in_use is not null`.execute(db)
      await db.schema.alterTable('assess_components').addColumn('asked', columns.text).execute()
      await db.schema
        .alterTable('assess_findings')
        .addColumn('guessed', columns.flag, (c) => c.notNull().defaultTo(0))
        .execute()
      await db.schema.createIndex('assess_components_asked').on('assess_components').columns(['asked']).execute()
      await db.schema
        .createIndex('assess_findings_package')
        .on('assess_findings')
        .columns(['scope', 'package', 'asset'])
        .execute()
      await db.schema
        .createTable('assess_use')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addColumn('since', columns.time, (c) => c.notNull())
        .addColumn('looked', columns.time, (c) => c.notNull())
        .addColumn('parts', columns.json, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_use_key', ['scope', 'asset'])
        .execute()
      await db.schema
        .createTable('assess_weighings')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addColumn('basis', columns.text, (c) => c.notNull())
        .addColumn('until', columns.time)
        .addColumn('weighed', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_weighings_key', ['scope', 'asset'])
        .execute()
      await db.schema.createIndex('assess_weighings_folded').on('assess_weighings').columns(['scope', 'folded']).execute()
      await db.schema.createIndex('assess_weighings_basis').on('assess_weighings').columns(['scope', 'basis']).execute()
      await db.schema
        .createTable('assess_weighed')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('status', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('decision', columns.text, (c) => c.notNull())
        .addColumn('rank', columns.number, (c) => c.notNull())
        .addColumn('fixable', columns.flag, (c) => c.notNull())
        .addColumn('in_use', columns.flag)
        .addColumn('exposed', columns.flag)
        .addColumn('exploited', columns.flag, (c) => c.notNull())
        .addColumn('owner', columns.text)
        .addColumn('due', columns.time)
        .addPrimaryKeyConstraint('assess_weighed_key', ['scope', 'asset', 'package', 'id'])
        .execute()
      for (const [name, ...by] of [
        ['rank', 'status', 'rank'],
        ['kind', 'status', 'kind', 'rank'],
        ['owner', 'owner', 'status', 'rank'],
        ['due', 'status', 'due'],
        ['package', 'package', 'id'],
      ] as const)
        await db.schema
          .createIndex(`assess_weighed_${name}`)
          .on('assess_weighed')
          .columns(['scope', ...by])
          .execute()
      await db.schema
        .createTable('assess_tally')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('folded', columns.text, (c) => c.notNull())
        .addColumn('status', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('decision', columns.text, (c) => c.notNull())
        .addColumn('fixable', columns.flag, (c) => c.notNull())
        .addColumn('in_use', columns.flag, (c) => c.notNull())
        .addColumn('exposed', columns.flag, (c) => c.notNull())
        .addColumn('exploited', columns.flag, (c) => c.notNull())
        .addColumn('causes', columns.count, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_tally_key', [
          'scope',
          'folded',
          'status',
          'kind',
          'decision',
          'fixable',
          'in_use',
          'exposed',
          'exploited',
        ])
        .execute()
      await db.schema
        .createTable('assess_texts')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('text', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_texts_key', ['scope', 'package', 'id'])
        .execute()
      await sql`insert into assess_weighings (scope, asset, folded, basis, weighed)
        select distinct scope, asset, lower(asset), '', 0 from assess_findings`.execute(db)
    },
  },
  {
    name: '0265-assess-twins',
    up: async (db: Kysely<never>) => {
      await db.schema.alterTable('assess_inventories').addColumn('twins', columns.json).execute()
    },
  },
  {
    name: '0266-assess-decisions',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createIndex('assess_weighed_decision')
        .on('assess_weighed')
        .columns(['scope', 'status', 'decision', 'rank'])
        .execute()
    },
  },
  {
    name: '0267-assess-releases',
    up: async (db: Kysely<never>) => {
      await db.schema.alterTable('assess_inventories').addColumn('releases', columns.json).execute()
    },
  },
  {
    name: '0270-assess-ratings',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('assess_ratings')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('vector', columns.text, (c) => c.notNull())
        .addColumn('reason', columns.text, (c) => c.notNull())
        .addColumn('at', columns.time, (c) => c.notNull())
        .addColumn('by_name', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_ratings_key', ['scope', 'asset', 'package', 'id'])
        .execute()
    },
  },
  {
    name: '0285-assess-source-names',
    up: async (db: Kysely<never>) => {
      // What advisories did not know by name before may be known now; lists with such rows are judged whole until the next one.
      await sql`update assess_components set asked = null where asked = '' and
        (purl like 'pkg:rpm/%' or purl like 'pkg:deb/%' or purl like 'pkg:apk/%')`.execute(db)
      await sql`update assess_inventories set twins = null where exists (select 1 from assess_components c where
        c.scope = assess_inventories.scope and c.asset = assess_inventories.asset and c.source = assess_inventories.source
        and c.asked is null)`.execute(db)
    },
  },
  {
    name: '0286-assess-cves',
    up: async (db: Kysely<never>) => {
      await db.schema
        .createTable('assess_cves')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('cve', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('assess_cves_key', ['scope', 'cve', 'package'])
        .execute()
      const all = db as unknown as Kysely<Pick<AssessTables, 'assess_findings' | 'assess_cves'>>
      const named = await all
        .selectFrom('assess_findings')
        .select(['scope', 'package', 'id', 'ids', 'aliases'])
        .distinct()
        .execute()
      await noteCves(all, named)
    },
  },
  {
    name: '0289-assess-weighed-key',
    up: async (db: Kysely<never>) => {
      // By asset first, a new advisory wrote a page of the key for every asset; what an asset has is found by its findings.
      await db.schema
        .createTable('assess_weighed_anew')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('asset', columns.text, (c) => c.notNull())
        .addColumn('package', columns.text, (c) => c.notNull())
        .addColumn('id', columns.text, (c) => c.notNull())
        .addColumn('status', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('decision', columns.text, (c) => c.notNull())
        .addColumn('rank', columns.number, (c) => c.notNull())
        .addColumn('fixable', columns.flag, (c) => c.notNull())
        .addColumn('in_use', columns.flag)
        .addColumn('exposed', columns.flag)
        .addColumn('exploited', columns.flag, (c) => c.notNull())
        .addColumn('owner', columns.text)
        .addColumn('due', columns.time)
        .addPrimaryKeyConstraint('assess_weighed_place', ['scope', 'package', 'id', 'asset'])
        .execute()
      const all = sql`scope, asset, package, id, status, kind, decision, rank, fixable, in_use, exposed, exploited, owner, due`
      await sql`insert into assess_weighed_anew (${all}) select ${all} from assess_weighed order by scope, package, id, asset`.execute(
        db,
      )
      await db.schema.dropTable('assess_weighed').execute()
      await db.schema.alterTable('assess_weighed_anew').renameTo('assess_weighed').execute()
      for (const [name, ...by] of [
        ['rank', 'status', 'rank'],
        ['kind', 'status', 'kind', 'rank'],
        ['owner', 'owner', 'status', 'rank'],
        ['due', 'status', 'due'],
        ['decision', 'status', 'decision', 'rank'],
      ] as const)
        await db.schema
          .createIndex(`assess_weighed_${name}`)
          .on('assess_weighed')
          .columns(['scope', ...by])
          .execute()
    },
  },
  findingsKey,
]
