import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestLake, type TestLake, testBatch, testEvent } from '../testing/lakes.ts'
import { clientOf, connectLake } from './connect.ts'
import { Engine } from './engine-calls.ts'
import { CREATE_EVENTS, DOC_COLUMN } from './table.ts'
import { TABLE_VERSION } from './upgrade.ts'

/** As 0.1.0 wrote them. */
const DOC_OF_1 = 'doc String CODEC(ZSTD(1))'
const SETTINGS_OF_1 = `SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
  min_compressed_bytes_to_fsync_after_merge = 1, non_replicated_deduplication_window = 1000,
  merge_max_block_size = 1024, merge_max_block_size_bytes = 4000000, max_parts_to_merge_at_once = 24,
  vertical_merge_algorithm_min_rows_to_activate = 1, min_columns_to_activate_adaptive_write_buffer = 1`

const HOUR = Date.UTC(2026, 7, 1, 10)

let bed: TestLake
let engine: Engine
beforeAll(async () => {
  bed = await startTestLake()
  engine = new Engine(clientOf(bed.process.address), 1000)
})
afterAll(async () => {
  await engine.close()
  await bed.stop()
})

const connected = () => connectLake(bed.process.address, { sealed: `${bed.folder}/sealed` })

/** How the table is made, without where it lies. */
async function table(): Promise<string> {
  const { made } = await engine.one<{ made: string }>(
    "SELECT create_table_query AS made FROM system.tables WHERE database = currentDatabase() AND name = 'events'",
  )
  return made
}

/** A setting that was changed stands behind those that were not. */
function sorted(made: string): string {
  return made.replace(/(?<=SETTINGS )[^'(]+?(?= COMMENT|$)/, (settings) => settings.split(', ').sort().join(', '))
}

test('a table of 0.1.0 becomes what a new one is, and its events stay', async () => {
  const fresh = await table()
  await engine.command('DROP TABLE events SYNC')
  await engine.command(CREATE_EVENTS.replace(DOC_COLUMN, DOC_OF_1).replace(/SETTINGS (?!\().*$/s, SETTINGS_OF_1))
  expect(sorted(await table())).not.toBe(sorted(fresh))
  await bed.lake.append(testBatch(1, HOUR, [testEvent('old', { message: 'kept' })]))
  await bed.lake.append(testBatch(2, HOUR + 3_600_000, [testEvent('later', { message: 'kept too' })]))
  // As a crash would leave it while the parts are being taken over.
  await engine.command('CREATE TABLE events_other AS events')
  await engine.command(`ALTER TABLE events_other ATTACH PARTITION ID '${HOUR / 1000}' FROM events`)
  for (let times = 0; times < 2; times++) {
    const lake = await connected()
    expect(sorted(await table())).toBe(sorted(fresh))
    expect((await lake.get('default', 'old'))?.doc).toEqual({ message: 'kept' })
    expect((await lake.get('default', 'later'))?.doc).toEqual({ message: 'kept too' })
    expect((await lake.stats()).events).toBe(2)
    expect(await engine.rows("SELECT name FROM system.tables WHERE database = currentDatabase() AND name != 'events'")).toEqual(
      [],
    )
    await lake.close()
  }
})

test('a table of which something is being erased is made anew at a later start', async () => {
  await engine.command("ALTER TABLE events MODIFY COMMENT 'kanpeki 6'")
  await engine.command('SYSTEM STOP MERGES events')
  await engine.command("ALTER TABLE events DELETE WHERE id = 'later' SETTINGS mutations_sync = 0")
  await (await connected()).close()
  expect(await table()).toContain("'kanpeki 6'")
  await engine.command('SYSTEM START MERGES events')
  const lake = await connected()
  expect(await table()).toContain(`'kanpeki ${TABLE_VERSION}'`)
  expect(await lake.get('default', 'later')).toBeUndefined()
  expect((await lake.get('default', 'old'))?.doc).toEqual({ message: 'kept' })
  await lake.close()
})

test('a table of a newer program is left alone', async () => {
  await engine.command(`ALTER TABLE events MODIFY COMMENT 'kanpeki ${TABLE_VERSION + 1}'`)
  await expect(connected()).rejects.toMatchObject({ code: 'newer_data' })
})
