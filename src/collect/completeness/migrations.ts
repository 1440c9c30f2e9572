import { columns } from '../../platform/state/columns.ts'
import type { Migration } from '../../platform/state/migrate.ts'

export const completenessMigrations: readonly Migration[] = [
  {
    name: '0060-collect-hosts',
    async up(db) {
      let hosts = db.schema
        .createTable('collect_hosts')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('host', columns.text, (c) => c.notNull())
        .addColumn('home', columns.text, (c) => c.notNull())
        .addColumn('skew_growing', columns.count)
        .addColumn('skew_delay', columns.count)
        .addColumn('silent_since', columns.time)
        .addPrimaryKeyConstraint('collect_hosts_pk', ['scope', 'source', 'host'])
      for (const name of [
        'first_seen',
        'last_seen',
        'events',
        'minutes',
        'silence_1',
        'silence_2',
        'silence_3',
        'usual',
        'period',
        'skew_since',
        'ahead',
        'behind',
        'kinds',
        'sequence',
      ] as const) {
        hosts = hosts.addColumn(name, columns.count, (c) => c.notNull()) as typeof hosts
      }
      await hosts.execute()
      await db.schema.createIndex('collect_hosts_last').on('collect_hosts').columns(['last_seen']).execute()
      let streams = db.schema
        .createTable('collect_streams')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('host', columns.text, (c) => c.notNull())
        .addColumn('stream', columns.text, (c) => c.notNull())
        .addColumn('home', columns.text, (c) => c.notNull())
        .addColumn('holes', columns.json, (c) => c.notNull())
        .addColumn('density', columns.text, (c) => c.notNull())
        .addPrimaryKeyConstraint('collect_streams_pk', ['scope', 'source', 'host', 'stream'])
      for (const name of ['next', 'steps', 'jumps', 'missing', 'duplicates', 'resets', 'observed', 'sequence'] as const) {
        streams = streams.addColumn(name, columns.count, (c) => c.notNull()) as typeof streams
      }
      await streams.execute()
      await db.schema
        .createTable('collect_kinds')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('kind', columns.text, (c) => c.notNull())
        .addColumn('first_seen', columns.time, (c) => c.notNull())
        .addColumn('last_seen', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('collect_kinds_pk', ['scope', 'kind'])
        .execute()
      await db.schema
        .createTable('collect_watched')
        .addColumn('writer', columns.text, (c) => c.primaryKey())
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('sequence', columns.count, (c) => c.notNull())
        .addColumn('unfollowed', columns.count, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('collect_silences')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('source', columns.text, (c) => c.notNull())
        .addColumn('last_event', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('collect_silences_pk', ['scope', 'source'])
        .execute()
    },
  },
  {
    name: '0061-collect-masking-and-zones',
    async up(db) {
      await db.schema
        .createTable('collect_masked')
        .addColumn('scope', columns.text, (c) => c.notNull())
        .addColumn('rule', columns.text, (c) => c.notNull())
        .addColumn('masked', columns.count, (c) => c.notNull())
        .addColumn('last_at', columns.time, (c) => c.notNull())
        .addPrimaryKeyConstraint('collect_masked_pk', ['scope', 'rule'])
        .execute()
      await db.schema
        .alterTable('collect_sources')
        .addColumn('zone', columns.text, (c) => c.notNull().defaultTo(''))
        .execute()
    },
  },
]
