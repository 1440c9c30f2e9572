import { afterEach, beforeEach, expect, test } from 'vitest'
import { COMPLETENESS_SOURCE, tellSilence } from '../../collect/completeness/silence.ts'
import type { CollectTables } from '../../collect/tables.ts'
import { type PipelineBed, type Run, startPipelineBed } from './testing/pipeline-bed.ts'

const MINUTE = 60_000

let bed: PipelineBed
beforeEach(async () => {
  bed = await startPipelineBed()
})
afterEach(() => bed.stop())

const flush = (run: Run): Promise<void> => run.watch.flush((work) => bed.state.transaction(work), Date.now())

/** Looks for silence as if it were so many minutes later. */
async function look(run: Run, minutes: number): Promise<void> {
  await tellSilence({
    db: () => bed.state.tables<CollectTables>(),
    clock: { now: () => Date.now() + minutes * MINUTE },
    startedAt: 0,
    send: (scope, records) =>
      run.writer.submit({
        source: COMPLETENESS_SOURCE,
        scope,
        request: '',
        records,
        mayRepeat: () => true,
        zoneMinutes: 0,
        parsers: [],
        bytes: 0,
        gaps: 0,
        refused: 0,
      }),
  })
  await run.detector.idle()
}

test('a host that falls silent raises an alert through the ordinary path, once', async () => {
  const run = await bed.start()
  await run.send([{ message: 'here', host: { name: 'dc-01' } }])
  await run.detector.idle()
  await flush(run)
  const db = bed.state.tables<CollectTables>()
  // It was heard for longer than this test runs.
  await db.updateTable('collect_hosts').set({ minutes: 600 }).execute()
  await db.updateTable('collect_sources').set({ expected_seconds: null }).execute()
  await look(run, 30)
  expect(await bed.alerts()).toEqual([])
  await look(run, 70)
  await look(run, 71)
  expect((await bed.alerts()).map((alert) => alert.split(' ').slice(0, -3).join(' '))).toEqual(['Host fell silent dc-01'])
})

test('what a crash took from memory is read from the lake, and counted once', async () => {
  const first = await bed.start()
  const numbered = (from: number, to: number): ReturnType<typeof record>[] =>
    Array.from({ length: to - from + 1 }, (_, n) => record(from + n))
  const record = (id: number) => ({
    '@timestamp': new Date().toISOString(),
    host: { name: 'dc-01' },
    event: { code: '4624' },
    winlog: {
      channel: 'Security',
      record_id: String(id),
      event_id: '4624',
      provider_name: 'Microsoft-Windows-Security-Auditing',
    },
  })
  await first.send(numbered(1, 30))
  await first.detector.idle()
  await flush(first)
  await first.send(numbered(31, 50))
  await first.detector.idle()
  first.drop()
  const second = await bed.start()
  await second.send(numbered(56, 60))
  await second.detector.idle()
  await second.watch.flush((work) => bed.state.transaction(work), Date.now() + 3 * MINUTE)
  const db = bed.state.tables<CollectTables>()
  expect(await db.selectFrom('collect_streams').selectAll().execute()).toMatchObject([
    { stream: 'Security', next: 61, missing: 5, duplicates: 0, steps: 53 },
  ])
  expect(await db.selectFrom('collect_sources').select(['id', 'gaps']).execute()).toEqual([{ id: 'http:test', gaps: 5 }])
  expect(await db.selectFrom('collect_hosts').select('events').execute()).toEqual([{ events: 55 }])
})
