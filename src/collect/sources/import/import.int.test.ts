import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { sharedData } from '../../../kernel/testing/shared-data.ts'
import { type WrittenElement, type WrittenInstance, writeEvtx } from '../../../platform/evtx/testing/write-evtx.ts'
import type { Commit } from '../../commit.ts'
import { imbalance } from '../../counts.ts'
import { windowsEvent } from '../../parsers/windows-event/windows-event.ts'
import { createSupervisor, type SourceStatus } from '../../supervisor.ts'
import { memoryPositions } from '../../testing/memory-positions.ts'
import { Recorder } from '../../testing/recorder.ts'
import { importSource } from './import.ts'
import { importConfig } from './schema.ts'

let folder: string
let positions: Map<string, string>
let recorder: Recorder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanpeki-import-'))
  positions = new Map()
  recorder = new Recorder()
})
afterEach(() => {
  expect(imbalance(recorder.counts)).toBeUndefined()
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Runs an import until it ends, or until `commit` never answers. */
async function run(paths: readonly string[], commit: Commit = recorder.commit, until?: () => boolean): Promise<SourceStatus> {
  const config = importConfig.parse({ paths })
  const supervisor = createSupervisor({ commit, positions: () => memoryPositions(positions), clock: systemClock, log: () => {} })
  supervisor.start({
    id: 'import:x',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => importSource.open(config, context),
  })
  const status = (): SourceStatus => supervisor.status('default', 'import:x')!
  const deadline = Date.now() + 20_000
  while (status().state !== 'stopped' && until?.() !== true) {
    if (Date.now() > deadline) throw new Error(`the import does not end: ${JSON.stringify(status())}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  if (until !== undefined) await supervisor.stopAll(1)
  return status()
}

describe('an import', () => {
  test('tells two copies of a Windows event log apart that was written to between them', async () => {
    const name: WrittenElement = { name: 'Event', children: [{ hole: 0 }] }
    const records = (from: number, count: number): WrittenInstance[] =>
      Array.from({ length: count }, (_, n) => ({
        template: name,
        values: [{ type: 1, bytes: Buffer.from(String(from + n), 'utf16le') }],
      }))
    const LIVE = 1
    // Windows brings the header up to date when it closes the log; until then that of long ago stands there.
    const first = writeEvtx([records(0, 700), records(700, 10)], LIVE)
    const second = Buffer.concat([first.subarray(0, 4096), writeEvtx([records(0, 700), records(700, 20)], LIVE).subarray(4096)])
    expect(second.length).toBe(first.length)
    await run([file('monday.evtx', first)])
    await run([file('tuesday.evtx', second), file('again.evtx', second)])
    const events = new Set([...recorder.stored.values()].map(({ json }) => json?.['Event']))
    expect(events.size).toBe(720)
    expect(recorder.counts.received).toBe(710 + 720)
  })

  test('reads every frame of a file that was compressed in pieces', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
    const frames = ['{"n":1}\n', '{"n":2}\n'].map((text) => zstdCompressSync(Buffer.from(text)))
    await run([file('a.zst', Buffer.concat([skippable, frames[0]!, skippable, frames[1]!]))])
    expect([...recorder.stored.values()].map(({ json }) => json)).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('reads every form, compressed or not, and ends', async () => {
    const documents = [{ a: 1 }, { b: '二' }]
    const lines = documents.map((one) => JSON.stringify(one)).join('\n')
    const status = await run([
      file('lines.jsonl', lines),
      file('lines.gz', gzipSync(lines)),
      file('members.gz', Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":"二"}')])),
      file('pretty.json', documents.map((one) => JSON.stringify(one, undefined, 4)).join('\n')),
      file('array.json', `\ufeff${JSON.stringify(documents)}`),
      file('utf16.json', Buffer.from(`\ufeff${lines}`, 'utf16le')),
    ])
    expect(status).toMatchObject({ state: 'stopped', reason: 'finished', problems: [] })
    const records = [...recorder.stored.values()].map((record) => record.json)
    expect(records).toEqual(Array(6).fill(documents).flat())
    expect(recorder.counts).toMatchObject({ received: 12, unknown: 0 })
  })

  test('keeps what is broken, badly encoded or too long as unknowns, and what is not there as a problem', async () => {
    const status = await run([
      join(folder, 'absent.json'),
      file(
        'mixed.log',
        Buffer.concat([
          Buffer.from('{"a":"x\n{"b":2}\nplain\n'),
          Buffer.from('{"c":"\xff"}\n', 'latin1'),
          Buffer.from(`${'y'.repeat(2_000_000)}\n`),
        ]),
      ),
      file('cut.gz', gzipSync('{"a":1}\n'.repeat(10_000)).subarray(0, 60)),
    ])
    expect(status.problems).toEqual([
      { code: 'import_incomplete', text: expect.stringContaining('absent.json') },
      { code: 'import_incomplete', text: expect.stringContaining('cut.gz') },
    ])
    const records = [...recorder.stored.values()].filter((record) => record.origin?.endsWith('mixed.log') === true)
    expect(records.map((record) => record.unreadable ?? record.text ?? record.json)).toEqual([
      expect.stringContaining('broken JSON'),
      { b: 2 },
      'plain',
      expect.stringContaining('invalid UTF-8'),
      expect.stringContaining('too long: 2000000 bytes'),
    ])
  })

  test('that was interrupted goes on; given again it does nothing, and under another name neither', async () => {
    const text = Array.from({ length: 10_000 }, (_, n) => `{"n":${n}}\n`).join('')
    const path = file('a.jsonl', text)
    let commits = 0
    const dies: Commit = async (batch) => (++commits > 2 ? new Promise(() => {}) : recorder.commit(batch))
    await run([path], dies, () => commits > 2 && positions.size > 0)
    expect(recorder.stored.size).toBeLessThan(10_000)
    await run([path])
    expect([...recorder.stored.values()].map((record) => record.json?.['n'])).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
    const received = recorder.counts.received
    await run([path])
    await run([file('b.jsonl', text)])
    expect(recorder.counts.received).toBe(received)
    positions.clear()
    await run([path])
    expect(recorder.counts).toMatchObject({ stored: 10_000, repeated: 10_000 + received - 10_000 })
  })
})

describe('lines that belong together', () => {
  const audit = (serial: number): string[] =>
    ['SYSCALL', 'PATH', 'PROCTITLE'].map((type) => `type=${type} msg=audit(1768474800.125:${serial}): a=1`)

  test('are one record, also where an import is interrupted', async () => {
    const events = Array.from({ length: 3_000 }, (_, serial) => audit(serial))
    const path = file('audit.log', `${events.flat().join('\n')}\n`)
    let commits = 0
    const dies: Commit = async (batch) => (++commits > 2 ? new Promise(() => {}) : recorder.commit(batch))
    await run([path], dies, () => commits > 2 && positions.size > 0)
    await run([path])
    expect(recorder.texts()).toEqual(events.map((lines) => lines.join('\n')))
  })

  test('keep the tab that says so, and the header above them', async () => {
    const statement = '2026-01-15 20:00:00.000 UTC [1] LOG:  statement: select'
    await run([
      file('pg.log', `${statement}\n\t1\n\n\t2\n${statement}\n`),
      file(
        'iis.log',
        `#Fields: date time s-ip\n${Array.from({ length: 4_500 }, (_, n) => `2026-01-15 20:00:00 10.0.0.${n}`).join('\n')}`,
      ),
    ])
    expect(recorder.texts().slice(0, 2)).toEqual([`${statement}\n\t1\n\t2`, statement])
    const lines = [...recorder.stored.values()].slice(3)
    expect(lines).toHaveLength(4_500)
    expect(new Set(lines.map(({ header }) => header))).toEqual(new Set(['#Fields: date time s-ip']))
  })

  test('are known after an interruption by the header that was read before it', async () => {
    const path = file(
      'iis.log',
      `#Fields: date time s-ip\n${Array.from({ length: 4_500 }, (_, n) => `2026-01-15 20:00:00 10.0.0.${n}`).join('\n')}`,
    )
    let commits = 0
    const dies: Commit = async (batch) => (++commits > 1 ? new Promise(() => {}) : recorder.commit(batch))
    await run([path], dies, () => commits > 1 && positions.size > 0)
    await run([path])
    expect([...recorder.stored.values()].slice(1).every(({ header }) => header === '#Fields: date time s-ip')).toBe(true)
    expect(recorder.stored.size).toBe(4_501)
  })

  test('are entries of a journal export', async () => {
    const entry = (n: number): string => `__CURSOR=s=${n}\n__REALTIME_TIMESTAMP=1768474800123456\nMESSAGE=message ${n}\n\n`
    await run([file('journal.export', `${Array.from({ length: 3 }, (_, n) => entry(n)).join('')}torn`)])
    expect([...recorder.stored.values()].map(({ json, unreadable }) => json?.['MESSAGE'] ?? unreadable)).toEqual([
      'message 0',
      'message 1',
      'message 2',
      'a broken journal export: a torn line at the end of a journal export; nothing behind it is read',
    ])
  })
})

describe('what another product exported', () => {
  const hits = (...ids: readonly string[]): string =>
    ids.map((id) => JSON.stringify({ _index: 'logs-1', _id: id, _score: 1, _source: { message: `event ${id}` } })).join('\n')

  test('keeps its identity: exports of Elasticsearch that overlap, compressed or pretty-printed, are one', async () => {
    const pretty = JSON.stringify({ _index: 'logs-1', _id: 'c', _source: { message: 'event c' } }, undefined, 2)
    await run([
      file('first.ndjson', hits('a', 'b')),
      file('second.ndjson.gz', gzipSync(hits('b', 'c'))),
      file('second.ndjson.zst', zstdCompressSync(hits('c', 'd'))),
      file('third.json', pretty),
    ])
    expect([...recorder.stored.keys()]).toEqual(['default/logs-1/a', 'default/logs-1/b', 'default/logs-1/c', 'default/logs-1/d'])
    expect(recorder.counts).toMatchObject({ received: 7, stored: 4, repeated: 3, unknown: 0 })
  })

  test('a whole response of _search is its hits; one that is not the whole answer says so', async () => {
    const response = (failed: number, ...ids: readonly string[]): string =>
      JSON.stringify(
        {
          took: 4,
          timed_out: false,
          _shards: { total: 3, successful: 3 - failed, skipped: 0, failed },
          hits: {
            total: { value: ids.length, relation: 'eq' },
            max_score: null,
            hits: ids.map((id) => ({ _index: 'logs-1', _id: id, _score: null, _source: { message: `event ${id}` }, sort: [1] })),
          },
        },
        undefined,
        2,
      )
    const pages = Array.from({ length: 5_000 }, (_, id) => `p${id}`)
    await run([
      file('search.json', response(0, 'a', 'b')),
      file('page.json.gz', gzipSync(response(0, 'b', ...pages))),
      file('failed.json', response(1, 'c')),
    ])
    expect(recorder.counts).toMatchObject({ received: 5_005, stored: 5_004, repeated: 1, unknown: 1 })
    expect(recorder.stored.has('default/logs-1/p4999')).toBe(true)
    expect([...recorder.stored.values()].flatMap(({ unreadable }) => unreadable ?? [])).toEqual([
      '1 of 3 shards failed: what they hold is not in this response',
    ])
  })

  test('alerts of Wazuh are told apart also where all of a second have one id', async () => {
    const alert = (id: string, line: string): string =>
      JSON.stringify({ rule: { level: 3 }, agent: {}, manager: { name: 'm' }, id, full_log: line })
    const day = [alert('1768464930.0', 'one'), alert('1768464930.0', 'two'), alert('1768464931.7', 'three')].join('\n')
    await run([file('alerts.json', day), file('alerts-rest.json', `${day}\n${alert('1768464932.9', 'four')}\n`)])
    expect([...recorder.stored.keys()].every((id) => id.startsWith('default/wazuh/m/17684649'))).toBe(true)
    expect(recorder.counts).toMatchObject({ received: 7, stored: 4, repeated: 3, unknown: 0 })
  })
})

const recordings = sharedData('events/mixed-20k.jsonl.gz')
test.skipIf(recordings === undefined)(
  '20,000 recorded events, six of them twice, are 20,000 records (skipped without ../shared/data)',
  async () => {
    await run([recordings!])
    expect(recorder.counts).toMatchObject({ received: 20_000, stored: 20_000, unknown: 0, repeated: 0 })
  },
)

const samples = sharedData('sigma/regression')
test.skipIf(samples === undefined)(
  'the pretty-printed samples of SigmaHQ are all documents (skipped without ../shared/data)',
  async () => {
    const { globSync } = await import('node:fs')
    const paths = globSync(`${samples}/**/*.json`)
    expect(paths.length).toBeGreaterThanOrEqual(106)
    await run(paths)
    expect(recorder.counts.unknown).toBe(0)
    expect(recorder.counts.received).toBeGreaterThanOrEqual(paths.length)
  },
)

test.skipIf(samples === undefined)(
  'the Windows event logs of SigmaHQ are all events; a broken chunk is one unknown (skipped without ../shared/data)',
  async () => {
    const { globSync, readFileSync } = await import('node:fs')
    const paths = globSync(`${samples}/**/*.evtx`)
    const broken = readFileSync(paths[0]!)
    broken.writeUInt8(0xff, 4096 + 700)
    await run([...paths, file('again.evtx.gz', gzipSync(readFileSync(paths[0]!))), file('broken.evtx', broken)])
    const records = [...recorder.stored.values()]
    const parsed = records.map((record) => windowsEvent.parse(record, { received: 0, zoneMinutes: 0, prefer: [] }))
    expect(parsed.filter((events) => !('unknown' in events)).length).toBeGreaterThanOrEqual(118)
    expect(records.filter((record) => record.unreadable !== undefined)).toEqual([
      expect.objectContaining({
        text: 'Windows event log: the chunk at byte 4096',
        unreadable: expect.stringContaining('the checksum of its records is wrong'),
      }),
    ])
    expect(recorder.counts.unknown).toBe(1)
  },
)
