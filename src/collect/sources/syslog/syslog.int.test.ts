import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { canSeeTimers, keptAlive } from '../../../platform/testing/kept-alive.ts'
import { imbalance } from '../../counts.ts'
import { createSupervisor, type Supervisor } from '../../supervisor.ts'
import { memoryPositions } from '../../testing/memory-positions.ts'
import { Recorder } from '../../testing/recorder.ts'
import { kernelDrops } from '../../udp-drops.ts'
import { type SyslogConfig, syslogConfig } from './schema.ts'
import { syslogSource } from './syslog.ts'

interface Listening {
  readonly port: number
  readonly recorder: Recorder
  readonly supervisor: Supervisor
}

const started: Supervisor[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.stopAll(5000)))
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition never held')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function listening(settings: Partial<SyslogConfig> = {}, recorder = new Recorder(), batches = 4): Promise<Listening> {
  const config = syslogConfig.parse({ port: 0, lingerMs: 10, ...settings })
  let port = 0
  const supervisor = createSupervisor({
    commit: recorder.commit,
    positions: () => memoryPositions(),
    clock: systemClock,
    limits: { batches, bytes: 1e9 },
    backoff: { firstMs: 10, maxMs: 20 },
    log: (message, detail) => {
      if (message === 'syslog listens') port = Number(detail?.['tcp'] ?? detail?.['udp'])
    },
  })
  started.push(supervisor)
  supervisor.start({
    id: 'syslog',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => syslogSource.open(config, context),
  })
  await until(() => port > 0 || supervisor.status('default', 'syslog')?.state === 'failed')
  return { port, recorder, supervisor }
}

async function tcp(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  return socket
}

async function sendUdp(port: number, messages: readonly (string | Buffer)[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const message of messages) await new Promise((resolve) => socket.send(message, port, '127.0.0.1', resolve))
  socket.close()
}

describe('syslog over TCP', () => {
  test('both framings, characters split between segments, the last line without its end', async () => {
    const { port, recorder } = await listening()
    const socket = await tcp(port)
    socket.setNoDelay(true)
    const bytes = Buffer.from('<13>一行目\n13 <13>二行目<13>三行目')
    for (let at = 0; at < bytes.length; at += 2) {
      socket.write(bytes.subarray(at, at + 2))
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.end()
    await until(() => recorder.stored.size === 3)
    expect(recorder.texts()).toEqual(
      ['<13>一行目', '<13>二行目', '<13>三行目'].map((text) => expect.stringContaining(text.slice(0, 5))),
    )
    expect([...recorder.stored.values()].every((record) => record.origin === '127.0.0.1')).toBe(true)
  })

  test('a 100 MB line from one sender is cut and counted; another is not disturbed', async () => {
    const { port, recorder } = await listening()
    const big = await tcp(port)
    const small = await tcp(port)
    const chunk = Buffer.alloc(1_000_000, 0x61)
    for (let n = 0; n < 100; n++) {
      if (!big.write(chunk)) await new Promise<void>((resolve) => big.once('drain', () => resolve()))
      if (n === 50) small.end('<13>small\n')
    }
    big.end('\n<13>after\n')
    await until(() => recorder.stored.size === 3)
    const texts = recorder.texts()
    expect(texts).toContain('<13>small')
    expect(texts).toContain('<13>after')
    const cut = [...recorder.stored.values()].find((record) => record.unreadable !== undefined)
    expect(cut?.unreadable).toContain('100000000 bytes')
    expect(cut?.text).toHaveLength(65_536)
    expect(recorder.counts).toMatchObject({ received: 3, unknown: 1 })
  })

  test('a writer that is busy closes the window, and nothing is lost', async () => {
    const recorder = new Recorder()
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = Object.assign(Object.create(recorder) as Recorder, {
      commit: (batch: Parameters<Recorder['commit']>[0]) => gate.then(() => recorder.commit(batch)),
    })
    const { port, supervisor } = await listening({ maxBufferedBytes: 65_536 }, slow, 1)
    const socket = await tcp(port)
    const total = 40_000
    const line = (n: number): string => `<13>${String(n).padStart(500, '0')}\n`
    let written = 0
    let blocked = false
    const write = (): void => {
      while (written < total) {
        if (!socket.write(line(written++))) {
          blocked = true
          socket.once('drain', write)
          return
        }
      }
      socket.end()
    }
    write()
    await until(() => blocked && supervisor.status('default', 'syslog')?.state === 'waiting')
    release()
    await until(() => recorder.stored.size === total)
    expect(recorder.counts).toMatchObject({ received: total, stored: total, gaps: 0 })
  })

  test('a sender that never ends its message is closed; what it sent is kept', async () => {
    const { port, recorder } = await listening({ messageTimeoutMs: 100 })
    const socket = await tcp(port)
    socket.on('error', () => {})
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const drip = setInterval(() => socket.write('x'), 20)
    await closed
    clearInterval(drip)
    await until(() => recorder.stored.size === 1)
    expect(recorder.texts()[0]).toMatch(/^x+$/)
  })

  test('more connections than allowed are refused and reported', async () => {
    const { port, supervisor } = await listening({ maxConnections: 1 })
    const first = await tcp(port)
    const second = connect(port, '127.0.0.1')
    await new Promise<void>((resolve) => second.once('close', () => resolve()))
    await until(() => (supervisor.status('default', 'syslog')?.problems.length ?? 0) > 0)
    expect(supervisor.status('default', 'syslog')?.problems[0]?.text).toContain('1 connections were refused')
    first.destroy()
  })

  test('at a stop, what has arrived is taken', async () => {
    const { port, recorder, supervisor } = await listening({ lingerMs: 10_000 })
    const socket = await tcp(port)
    await new Promise((resolve) => socket.write('<13>one\n<13>two\n', resolve))
    await sendUdp(port, ['<13>three'])
    socket.on('end', () => socket.end('<13>four\n'))
    socket.resume()
    await supervisor.stopAll(5000)
    expect(recorder.texts().sort()).toEqual(['<13>four', '<13>one', '<13>three', '<13>two'])
    expect(supervisor.status('default', 'syslog')).toMatchObject({ state: 'stopped', reason: undefined })
  })
})

describe('syslog over UDP', () => {
  test('a datagram is a message, line feeds inside and all; one that is too long is cut', async () => {
    const { port, recorder } = await listening({ maxMessageBytes: 480 })
    await sendUdp(port, ['<13>a\n', '<13>b\nc', Buffer.from('<13>\xff', 'latin1'), `<13>${'x'.repeat(500)}`, '', '<13>a\n'])
    await until(() => recorder.stored.size === 5)
    const records = [...recorder.stored.values()]
    expect(records.map((record) => record.unreadable ?? record.text)).toEqual([
      '<13>a',
      '<13>b\nc',
      '<13>\\xff',
      expect.stringContaining('too long: 504 bytes'),
      '<13>a',
    ])
    expect(imbalance(recorder.counts)).toBeUndefined()
  })

  test('what did not fit is counted as a gap: received and lost make what was sent', async () => {
    const recorder = new Recorder()
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = Object.assign(Object.create(recorder) as Recorder, {
      commit: (batch: Parameters<Recorder['commit']>[0]) => gate.then(() => recorder.commit(batch)),
    })
    const { port } = await listening({ maxBufferedBytes: 65_536 }, slow, 1)
    const total = 3000
    await sendUdp(
      port,
      Array.from({ length: total }, (_, n) => `<13>${String(n).padStart(200, '0')}`),
    )
    // Let every datagram reach us or the kernel's counter before the writer takes again.
    await new Promise((resolve) => setTimeout(resolve, 300))
    const inKernel = kernelDrops(port)
    release()
    await until(() => recorder.counts.received + recorder.counts.gaps >= total)
    expect(recorder.counts.gaps).toBeGreaterThan(0)
    expect(recorder.counts.received + recorder.counts.gaps).toBe(total)
    expect(recorder.counts.gaps).toBeGreaterThanOrEqual(inKernel)
  })
})

test('ids never meet across restarts', async () => {
  const recorder = new Recorder()
  for (let life = 0; life < 2; life++) {
    const { port, supervisor } = await listening({}, recorder)
    const before = recorder.stored.size
    ;(await tcp(port)).end('<13>same\n<13>same\n')
    await until(() => recorder.stored.size === before + 2)
    await supervisor.stopAll(5000)
  }
  expect(recorder.counts).toMatchObject({ received: 4, stored: 4, repeated: 0 })
})

test('a port in use is a failure with a remedy', async () => {
  const { port } = await listening()
  const { supervisor } = await listening({ port })
  expect(supervisor.status('default', 'syslog')).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('cannot be opened'),
  })
})

const logger = ['/usr/bin/logger'].find((path) => existsSync(path))
test.skipIf(logger === undefined)(
  'the real logger(1) gets through in each of its ways (skipped where it is not installed)',
  async () => {
    const { port, recorder } = await listening()
    const run = promisify(execFile)
    for (const options of [
      ['-T', '--octet-count', '--rfc5424'],
      ['-T', '--rfc3164'],
      ['-d', '--rfc5424'],
      ['-d', '--rfc3164'],
    ])
      await run(logger!, ['-n', '127.0.0.1', '-P', String(port), '-t', 'probe', ...options, `hello ${options.join(' ')} 世界`])
    await until(() => recorder.stored.size === 4)
    expect(recorder.texts().sort()).toEqual(Array(4).fill(expect.stringMatching(/^<13>.*probe.*hello .*世界$/)))
  },
)

test.runIf(canSeeTimers)('connections are asked after: a sender that is gone without a word keeps none', async () => {
  const { port } = await listening({ udp: false })
  const sender = await tcp(port)
  await until(() => keptAlive(port) === true)
  sender.destroy()
})
