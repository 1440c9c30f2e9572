import { setTimeout as pause } from 'node:timers/promises'
import { KanpekiError } from '../../kernel/error.ts'
import type { Engine } from './engine-calls.ts'
import { Params } from './query/params.ts'
import { CREATE_EVENTS, settingList } from './table.ts'

/** A function says whether it could be done now; if not, the table stays as it is until the next start. */
type Step = readonly string[] | ((engine: Engine, version: number) => Promise<boolean>)

/**
 * What turns the table of one version into that of the next: the first makes version 2 of what 0.1.0 made. Each statement
 * may be run again, since a crash may come between any two. A new step is added at the end; none is ever changed.
 */
const STEPS: readonly Step[] = [
  [
    `ALTER TABLE events MODIFY SETTING ${settingList({
      min_level_for_wide_part: 1,
      min_bytes_for_wide_part: 200_000_000,
      merge_max_block_size: 8192,
      merge_max_block_size_bytes: 16_000_000,
    })}`,
  ],
  [
    'ALTER TABLE events MODIFY COLUMN doc String CODEC(ZSTD(3)) SETTINGS (min_compress_block_size = 4194304, max_compress_block_size = 4194304)',
  ],
  [`ALTER TABLE events MODIFY SETTING ${settingList({ merge_selector_base: 12, old_parts_lifetime: 30 })}`],
  [
    `ALTER TABLE events MODIFY SETTING ${settingList({ materialize_projections_on_insert: 0, materialize_projections_on_merge: 1 })}`,
    'ALTER TABLE events ADD PROJECTION IF NOT EXISTS by_minute (SELECT scope, intDiv(toUnixTimestamp64Milli(observed), 60000), count() GROUP BY scope, intDiv(toUnixTimestamp64Milli(observed), 60000))',
  ],
  [
    'ALTER TABLE events ADD INDEX IF NOT EXISTS irregular_known irregular TYPE minmax GRANULARITY 1',
    'ALTER TABLE events MATERIALIZE INDEX irregular_known',
  ],
  (engine, version) => madeAnew(engine, version, { index_granularity_bytes: 2_000_000, max_parts_to_merge_at_once: 16 }),
  [`ALTER TABLE events MODIFY SETTING ${settingList({ old_parts_lifetime: 5 })}`],
  [`ALTER TABLE events MODIFY SETTING ${settingList({ max_bytes_to_merge_at_max_space_in_pool: 268_435_456 })}`],
]

/** The version of the table that this program makes. */
export const TABLE_VERSION = STEPS.length + 1
const COMMENT = /^kanpeki (\d+)$/
const OTHER = 'events_other'
const DROP_OTHER = `DROP TABLE IF EXISTS ${OTHER} SYNC`

/**
 * Makes the table, or brings an older one up to date. Its version stands in its comment.
 * @throws KanpekiError `newer_data` for a table that a newer program made.
 */
export async function prepareTable(engine: Engine): Promise<void> {
  await engine.command(`${CREATE_EVENTS} COMMENT 'kanpeki ${TABLE_VERSION}'`)
  const tables = await engine.rows<{ name: string; comment: string }>(
    `SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND name IN ('events', '${OTHER}')`,
  )
  const comment = tables.find(({ name }) => name === 'events')?.comment ?? ''
  const version = Number(COMMENT.exec(comment)?.[1] ?? 1)
  if (version > TABLE_VERSION)
    throw new KanpekiError('newer_data', `The lake is of version ${version}, and this program knows up to ${TABLE_VERSION}.`, {
      remedy: 'Run the version of Kanpeki that last opened this folder, or a later one.',
    })
  // What a crash left of `madeAnew`.
  if (tables.some(({ name }) => name === OTHER)) await engine.command(DROP_OTHER)
  for (let at = version; at < TABLE_VERSION; at++) {
    const step = STEPS[at - 1]!
    if (typeof step === 'function') {
      if (!(await step(engine, at + 1))) break
    } else {
      for (const statement of step) await engine.command(statement)
      await engine.command(`ALTER TABLE events MODIFY COMMENT 'kanpeki ${at + 1}'`)
    }
  }
}

/** So long a start waits for changes of the table that were begun and are not done. */
const CHANGES_MS = 10_000
const CHANGES_LOOK_MS = 200

/**
 * For settings that the engine never changes: a second table with them takes the same parts (as links, nothing is copied) and
 * the first one's name, in one step with its version. What a crash leaves beside it is dropped by the next start. Changes
 * of the first table that go on (an erasure, an index that is being made) would be lost with it. Nothing is tried again: parts
 * that were taken twice would be events twice.
 */
async function madeAnew(engine: Engine, version: number, settings: Readonly<Record<string, number>>): Promise<boolean> {
  if (!(await changesDone(engine))) return false
  const { made } = await engine.one<{ made: string }>(
    "SELECT create_table_query AS made FROM system.tables WHERE database = currentDatabase() AND name = 'events'",
  )
  const kept = Object.keys(settings).reduce((text, name) => text.replace(new RegExp(`, ${name} = \\d+`), ''), made)
  const create = kept
    .replace(/^CREATE TABLE \S+ (?:UUID \S+ )?/, `CREATE TABLE ${OTHER} `)
    .replace(/( COMMENT '[^']*')?$/, `, ${settingList(settings)} COMMENT 'kanpeki ${version}'`)
  await engine.once(create, new Params())
  const partitions = await engine.rows<{ id: string }>(
    "SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events'",
  )
  for (const { id } of partitions) await engine.once(`ALTER TABLE ${OTHER} ATTACH PARTITION ID '${id}' FROM events`, new Params())
  await engine.once(`EXCHANGE TABLES events AND ${OTHER}`, new Params())
  await engine.command(DROP_OTHER)
  return true
}

async function changesDone(engine: Engine): Promise<boolean> {
  const until = performance.now() + CHANGES_MS
  for (;;) {
    const { open } = await engine.one<{ open: string }>(
      "SELECT toString(count()) AS open FROM system.mutations WHERE NOT is_done AND database = currentDatabase() AND table = 'events'",
    )
    if (open === '0') return true
    if (performance.now() >= until) return false
    await pause(CHANGES_LOOK_MS)
  }
}
