import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { createSupervisor, type Supervisor } from '../../supervisor.ts'
import { memoryPositions } from '../../testing/memory-positions.ts'
import { Recorder } from '../../testing/recorder.ts'
import { fileSource } from './file.ts'
import { type FileConfig, fileConfig } from './schema.ts'

let folder: string
let log: string
let positions: Map<string, string>
let recorder: Recorder
let running: Supervisor | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanpeki-file-'))
  log = join(folder, 'app.log')
  positions = new Map()
  recorder = new Recorder()
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(settings: Partial<FileConfig> = {}, commit = recorder.commit): Supervisor {
  const config = fileConfig.parse({ paths: [log], pollMs: 20, rotatedMs: 60, ...settings })
  running = createSupervisor({
    commit,
    positions: () => memoryPositions(positions),
    clock: systemClock,
    log: () => {},
    backoff: { firstMs: 5, maxMs: 10 },
  })
  running.start({
    id: 'file:app',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => fileSource.open(config, context),
  })
  return running
}

async function stop(graceMs = 5000): Promise<void> {
  await running?.stopAll(graceMs)
  running = undefined
}

async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what} never held; texts: ${JSON.stringify(recorder.texts()).slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function texts(...expected: string[]): Promise<void> {
  await until(() => recorder.stored.size >= expected.length, expected.join())
  expect(recorder.texts()).toEqual(expected)
}

describe('a file', () => {
  test('is read from its beginning and followed; a line leaves with its line feed', async () => {
    writeFileSync(log, 'one\r\n\n二\nthr')
    start()
    await texts('one', '二')
    appendFileSync(log, 'ee\n')
    await texts('one', '二', 'three')
    expect([...recorder.stored.values()][0]?.origin).toBe(log)
  })

  test('that comes later is found, by glob too, and each once', async () => {
    mkdirSync(join(folder, 'sub'))
    const glob = join(folder, 'sub/**/*.txt')
    const supervisor = start({ paths: [log, join(folder, '*.log'), glob] })
    const missing = () => supervisor.status('default', 'file:app')?.problems.map(({ code, text }) => [code, text.split(' ')[4]])
    await until(() => missing()?.length === 3)
    writeFileSync(log, 'one\n')
    await texts('one')
    expect(missing()).toEqual([['file_missing', glob]])
    writeFileSync(join(folder, 'sub/b.txt'), 'two\n')
    await texts('one', 'two')
    expect(missing()).toEqual([])
    // Rotated, and the next one is not there yet: that is nobody's mistake.
    renameSync(log, join(folder, 'app.log.1'))
    appendFileSync(join(folder, 'sub/b.txt'), 'three\n')
    await texts('one', 'two', 'three')
    expect(missing()).toEqual([])
  })

  test('can be followed from its end: only what was there before us is skipped', async () => {
    writeFileSync(log, 'old\nolder\nincompl')
    start({ startAt: 'end', paths: [log, join(folder, 'new')] })
    await until(() => positions.has('files'))
    appendFileSync(log, 'ete\nnew\n')
    writeFileSync(join(folder, 'new'), 'whole\n')
    await until(() => recorder.stored.size === 3)
    expect(recorder.texts().sort()).toEqual(['incomplete', 'new', 'whole'])
  })

  test('documents are JSON; what is broken, badly encoded or too long is kept and disturbs nothing', async () => {
    writeFileSync(
      log,
      Buffer.concat([
        Buffer.from('{"a":1}\n{"a":\n'),
        Buffer.from('caf\xe9\n', 'latin1'),
        Buffer.from(`${'x'.repeat(3_000_000)}\nlast\n`),
      ]),
    )
    start({ maxLineBytes: 100_000 })
    await until(() => recorder.stored.size === 5)
    const records = [...recorder.stored.values()]
    expect(records.map((record) => record.unreadable ?? record.text ?? record.json)).toEqual([
      { a: 1 },
      expect.stringContaining('broken JSON'),
      'caf\\xe9',
      expect.stringContaining('too long: 3000000 bytes'),
      'last',
    ])
    expect(recorder.counts).toMatchObject({ received: 5, parsed: 3, unknown: 2, bytes: 3_000_025 })
  })

  test('compressed files that a glob names are said, not read as lines; what takes their inode or place is followed', async () => {
    writeFileSync(log, 'one\n')
    writeFileSync(join(folder, 'app.log.2.gz'), gzipSync('old\n'.repeat(50)))
    writeFileSync(join(folder, 'app.log.3.zst'), zstdCompressSync(Buffer.from('older\n'.repeat(50))))
    const supervisor = start({ paths: [join(folder, 'app.log*')] })
    await texts('one')
    const problems = (): unknown => supervisor.status('default', 'file:app')?.problems
    await until(() => JSON.stringify(problems()).includes('file_compressed'))
    expect(problems()).toEqual([{ code: 'file_compressed', text: expect.stringMatching(/app\.log\.\d.* and 1 more/) }])
    rmSync(join(folder, 'app.log.3.zst'))
    renameSync(join(folder, 'app.log.2.gz'), join(folder, 'app.log.4'))
    truncateSync(join(folder, 'app.log.4'))
    appendFileSync(join(folder, 'app.log.4'), 'two\n')
    await texts('one', 'two')
    await until(() => JSON.stringify(problems()) === '[]')
  })

  test('a Windows event log is refused with the remedy instead of read as lines; the others are followed', async () => {
    const events = join(folder, 'Security.evtx')
    writeFileSync(events, 'ElfFile\0\n'.repeat(10))
    writeFileSync(log, 'one\n')
    const supervisor = start({ paths: [events, log] })
    await texts('one')
    expect(supervisor.status('default', 'file:app')?.problems).toEqual([
      { code: 'file_unreadable', text: expect.stringMatching(/Security\.evtx.*import/) },
    ])
  })

  test('a 100 MB line is skipped without being held', async () => {
    const chunk = 'x'.repeat(1_000_000)
    writeFileSync(log, 'first\n')
    for (let n = 0; n < 100; n++) appendFileSync(log, chunk)
    appendFileSync(log, '\nlast\n')
    start()
    await until(() => recorder.stored.size === 3)
    expect(recorder.texts()[2]).toBe('last')
    expect([...recorder.stored.values()][1]?.unreadable).toContain('100000000 bytes')
  })

  test.skipIf(process.getuid?.() === 0)(
    'that may not be read is a problem with its name, and the others go on (skipped for root, who may read everything)',
    async () => {
      writeFileSync(log, 'secret\n')
      chmodSync(log, 0)
      writeFileSync(join(folder, 'b.log'), 'open\n')
      const supervisor = start({ paths: [join(folder, '*.log')] })
      await texts('open')
      expect(supervisor.status('default', 'file:app')?.problems[0]?.text).toContain(log)
      chmodSync(log, 0o600)
      await texts('open', 'secret')
      expect(supervisor.status('default', 'file:app')?.problems).toEqual([])
    },
  )
})

describe('rotation', () => {
  test('by renaming: the rest of the old file, its last line without an end too, and the whole new one', async () => {
    writeFileSync(log, 'one\n')
    start()
    await texts('one')
    appendFileSync(log, 'two\n')
    renameSync(log, `${log}.1`)
    appendFileSync(`${log}.1`, 'three\nfour')
    writeFileSync(log, 'five\n')
    await until(() => recorder.stored.size === 5)
    expect(recorder.texts().sort()).toEqual(['five', 'four', 'one', 'three', 'two'])
  })

  test('by copying and cutting, even if the file has grown past the position again', async () => {
    for (const later of ['new\n', `${'longer than before, '.repeat(20)}end\n`]) {
      const before = recorder.stored.size
      writeFileSync(log, 'one of the old lines\n')
      start()
      await until(() => recorder.stored.size === before + 1)
      copyFileSync(log, `${log}.1`)
      truncateSync(log)
      appendFileSync(log, later)
      await until(() => recorder.stored.size === before + 2)
      expect(recorder.texts().at(-1)).toBe(later.trimEnd())
      await stop()
    }
  })

  test('to equal lines: the same text in the new content is a new event', async () => {
    writeFileSync(log, 'same\nsame\nother\n')
    start()
    await texts('same', 'same', 'other')
    truncateSync(log)
    appendFileSync(log, 'same\n')
    await texts('same', 'same', 'other', 'same')
    expect(recorder.counts).toMatchObject({ received: 4, stored: 4, repeated: 0 })
  })

  test('while nobody watched: renamed is found by inode; deleted is a gap', async () => {
    writeFileSync(log, 'one\n')
    start()
    await texts('one')
    await stop()
    appendFileSync(log, 'two\n')
    renameSync(log, `${log}.1`)
    writeFileSync(log, 'three\n')
    start()
    await until(() => recorder.stored.size === 3)
    expect(recorder.texts().sort()).toEqual(['one', 'three', 'two'])
    expect(recorder.counts.gaps).toBe(0)
    await stop()
    rmSync(log)
    rmSync(`${log}.1`)
    start()
    await until(() => recorder.counts.gaps > 0)
    await stop()
    const { gaps } = recorder.counts
    start()
    writeFileSync(join(folder, 'unrelated'), '')
    await until(() => running?.status('default', 'file:app')?.state === 'running')
    await stop()
    expect(recorder.counts.gaps).toBe(gaps)
  })

  test('the old name may match as well: nothing is read twice', async () => {
    writeFileSync(log, 'one\n')
    const settings = { paths: [join(folder, 'app.log*')] }
    start(settings)
    await texts('one')
    renameSync(log, `${log}.1`)
    writeFileSync(log, 'two\n')
    await texts('one', 'two')
    await stop()
    renameSync(`${log}.1`, `${log}.2`)
    renameSync(log, `${log}.1`)
    writeFileSync(log, 'three\n')
    start(settings)
    await texts('one', 'two', 'three')
    expect(recorder.counts.repeated).toBe(0)
  })
})

describe('a restart', () => {
  test('goes on where the last acknowledged line ended', async () => {
    writeFileSync(log, 'one\ntwo\n')
    start()
    await texts('one', 'two')
    await stop()
    appendFileSync(log, 'three\n')
    start()
    await texts('one', 'two', 'three')
    expect(recorder.counts.repeated).toBe(0)
  })

  test('after a crash between commit and acknowledgement offers the same ids: repeated, not stored twice, none missing', async () => {
    writeFileSync(log, Array.from({ length: 60_000 }, (_, n) => `line ${n}\n`).join(''))
    let commits = 0
    start({}, async (batch) => {
      const result = await recorder.commit(batch)
      // From the second on, the reply never comes back: the process is as good as dead.
      return ++commits === 1 ? result : new Promise(() => {})
    })
    await until(() => commits >= 2 && positions.get('files')?.includes('"offset":0') === false)
    void running?.stopAll(1)
    running = undefined
    start()
    await until(() => recorder.stored.size === 60_000)
    expect(recorder.texts()).toEqual(Array.from({ length: 60_000 }, (_, n) => `line ${n}`))
  })

  test('at any moment, with any rotation: each line is stored exactly once', async () => {
    const step = fc.constantFrom('write', 'rename', 'restart', 'wait')
    let cases = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        cases++
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder)
        positions = new Map()
        recorder = new Recorder()
        let written = 0
        let rotated = 0
        let inOlder = 0
        const write = (): void => appendFileSync(log, `line ${written++} ${'-'.repeat(written % 300)}\n`)
        write()
        start()
        for (const what of steps) {
          if (what === 'write') write()
          else if (what === 'rename') {
            // A file that comes and goes between two looks cannot be found by its name: wait until this one was seen.
            await until(() => recorder.stored.size > inOlder)
            inOlder = written
            renameSync(log, `${log}.${++rotated}`)
            write()
          } else if (what === 'restart') {
            await stop()
            start()
          } else await new Promise((resolve) => setTimeout(resolve, 25))
        }
        await until(() => recorder.stored.size >= written)
        await stop()
        const numbers = recorder.texts().map((text) => Number(text?.split(' ')[1]))
        expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: written }, (_, n) => n))
        expect(recorder.counts.gaps).toBe(0)
      }),
      { numRuns: 15 },
    )
    expect(cases).toBeGreaterThanOrEqual(15)
  })
})

describe('lines that belong together', () => {
  const audit = (serial: number, type: string): string => `type=${type} msg=audit(1768474800.125:${serial}): a=1`

  test('are one record, however they arrive', async () => {
    start({ pollMs: 400 })
    writeFileSync(log, `before\n${audit(1, 'SYSCALL')}\n`)
    await texts('before')
    const title = audit(1, 'PROCTITLE')
    appendFileSync(log, `${audit(1, 'PATH')}\n${title.slice(0, 9)}`)
    appendFileSync(log, `${title.slice(9)}\nafter\n`)
    const event = [audit(1, 'SYSCALL'), audit(1, 'PATH'), title].join('\n')
    await until(() => recorder.stored.size >= 3)
    expect(recorder.texts()).toEqual(['before', event, 'after'])
  })

  test('leave after a while though something might follow, and the position moves on', async () => {
    const line = '2026-01-15 20:00:00.000 UTC [1] LOG:  statement: select'
    writeFileSync(log, `${line}\n\t1\n`)
    start()
    await texts(`${line}\n\t1`)
    await stop()
    start()
    appendFileSync(log, 'next\n')
    await texts(`${line}\n\t1`, 'next')
  })

  test('stay together over a restart, and are not counted twice', async () => {
    const calls = Array.from({ length: 40 }, (_, n) => [audit(n, 'SYSCALL'), audit(n, 'PATH'), audit(n, 'PROCTITLE')])
    const order = calls.flat()
    start()
    for (const [index, line] of order.entries()) {
      appendFileSync(log, `${line}\n`)
      if (index % 37 === 36) {
        await stop()
        start()
      }
    }
    appendFileSync(log, 'end\n')
    await until(() => recorder.texts().includes('end'))
    const lines = recorder.texts().flatMap((text) => text!.split('\n'))
    expect(lines.toSorted()).toEqual([...order, 'end'].toSorted())
  })

  test('have the header of their file, also after a restart and from the end on', async () => {
    writeFileSync(log, '#Fields: date time s-ip\n2026-01-15 20:00:00 10.0.0.1\n')
    start()
    await until(() => recorder.stored.size >= 2)
    await stop()
    start()
    appendFileSync(log, '2026-01-15 20:00:01 10.0.0.2\n#Fields: date time\n2026-01-15 20:00:02\n')
    await until(() => recorder.stored.size >= 5)
    await stop()
    start()
    appendFileSync(log, '2026-01-15 20:00:03\n')
    await until(() => recorder.stored.size >= 6)
    const headers = [...recorder.stored.values()].map(({ header }) => header)
    const first = '#Fields: date time s-ip'
    expect(headers).toEqual([undefined, first, first, undefined, '#Fields: date time', '#Fields: date time'])
    await stop()
    positions.clear()
    recorder = new Recorder()
    start({ startAt: 'end' })
    await new Promise((resolve) => setTimeout(resolve, 60))
    appendFileSync(log, '2026-01-15 20:00:04\n')
    await until(() => recorder.stored.size >= 1)
    expect([...recorder.stored.values()][0]!.header).toBe('#Fields: date time')
  })
})
