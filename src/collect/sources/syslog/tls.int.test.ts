import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type Socket, connect as tcpConnect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { canSeeTimers, keptAlive } from '../../../platform/testing/kept-alive.ts'
import { createSupervisor, type Supervisor } from '../../supervisor.ts'
import { memoryPositions } from '../../testing/memory-positions.ts'
import { Recorder } from '../../testing/recorder.ts'
import { makeTestTls, type PairFiles, type TestTls } from '../../testing/test-tls.ts'
import { type SyslogConfig, syslogConfig } from './schema.ts'
import { syslogSource } from './syslog.ts'
import { createSecureServer } from './tls.ts'

let folder: string
let tls: TestTls
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanpeki-syslog-tls-'))
  tls = makeTestTls(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const running: Supervisor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((supervisor) => supervisor.stopAll(5000)))
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition never held')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function listening(settings: Partial<SyslogConfig> = {}, withTls = true) {
  const recorder = new Recorder()
  const config = syslogConfig.parse({ port: 0, lingerMs: 10, udp: false, tls: 'optional', ...settings })
  let port = 0
  const supervisor = createSupervisor({
    commit: recorder.commit,
    positions: () => memoryPositions(),
    clock: systemClock,
    log: (message, detail) => {
      if (message === 'syslog listens') port = Number(detail?.['tcp'])
    },
    ...(withTls ? { tls: () => tls.source } : {}),
  })
  running.push(supervisor)
  supervisor.start({
    id: 'syslog:tls',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => syslogSource.open(config, context),
  })
  const status = () => supervisor.status('default', 'syslog:tls')
  await until(() => port > 0 || status()?.state === 'failed')
  return { port, recorder, status, supervisor }
}

function open(port: number, pair?: PairFiles, more: ConnectionOptions = {}): TLSSocket {
  const identity = pair === undefined ? {} : { cert: readFileSync(pair.cert), key: readFileSync(pair.key) }
  const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(tls.server.cert), ...identity, ...more })
  socket.on('error', () => {})
  return socket
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

describe('syslog over TLS', () => {
  test.each<[string, Partial<SyslogConfig>, () => PairFiles | undefined, ConnectionOptions]>([
    ['without a certificate', {}, () => undefined, {}],
    ['with that of a machine', {}, () => tls.machine, {}],
    ['with that of a machine, as demanded', { tls: 'required' }, () => tls.machine, {}],
    ['TLS 1.2', {}, () => tls.machine, { maxVersion: 'TLSv1.2' }],
  ])('takes both framings: %s', async (_name, settings, pair, more) => {
    const { port, recorder, status } = await listening(settings)
    open(port, pair(), more).end('7 <13>一<13>二\n')
    await until(() => recorder.stored.size === 2)
    expect(recorder.texts()).toEqual(['<13>一', '<13>二'])
    expect(status()?.problems).toEqual([])
  })

  test.each<[string, Partial<SyslogConfig>, () => PairFiles | undefined, RegExp]>([
    ['of nobody we know', {}, () => tls.stranger, /foreign/],
    ['of nobody we know, where one is demanded', { tls: 'required' }, () => tls.stranger, /foreign/],
    ['that is missing where it is demanded', { tls: 'required' }, () => undefined, /shows no certificate/],
  ])('refuses a certificate %s, reads nothing of it and says so', async (_name, settings, pair, reason) => {
    const { port, recorder, status } = await listening(settings)
    const socket = open(port, pair())
    socket.write('<13>not to be read\n')
    await closed(socket)
    await until(() => (status()?.problems.length ?? 0) > 0)
    expect(status()?.problems).toEqual([{ code: 'tls_refused', text: expect.stringMatching(reason) }])
    open(port, tls.machine).end('<13>good\n')
    await until(() => recorder.stored.size === 1)
    expect(recorder.texts()).toEqual(['<13>good'])
  })

  test('refuses TLS 1.1 and plain text', async () => {
    const { port, recorder, status } = await listening()
    const old = open(port, undefined, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' })
    await closed(old)
    const plain = tcpConnect(port, '127.0.0.1', () => plain.write('<13>plain\n'))
    plain.on('error', () => {})
    await closed(plain)
    await until(() => status()?.problems[0]?.text.startsWith('2 TLS connections') === true)
    expect(recorder.stored.size).toBe(0)
  })

  test('a handshake that drips is ended, and so is a message; others are not disturbed', async () => {
    const { port, recorder } = await listening({ messageTimeoutMs: 200 })
    const silent = tcpConnect(port, '127.0.0.1')
    silent.on('error', () => {})
    const dripping = open(port)
    const drip = setInterval(() => dripping.write('x'), 20)
    const other = open(port)
    other.write('<13>before\n')
    await Promise.all([closed(silent), closed(dripping)])
    clearInterval(drip)
    other.end('<13>after\n')
    await until(() => recorder.stored.size === 3)
    expect(recorder.texts()).toEqual(expect.arrayContaining(['<13>before', '<13>after']))
  })

  test('one address gets a part of the connections', async () => {
    const { port, status } = await listening({ maxConnections: 64 })
    const first = Array.from({ length: 16 }, () => open(port))
    await Promise.all(first.map((socket) => new Promise((resolve) => socket.once('secureConnect', resolve))))
    await closed(open(port))
    expect(status()?.problems).toEqual([
      { code: 'connections_refused', text: '1 connections were refused: more than 16 from 127.0.0.1 at once' },
    ])
    first[0]!.destroy()
    await closed(first[0]!)
    const next = open(port)
    await new Promise((resolve) => next.once('secureConnect', resolve))
    for (const socket of [...first, next]) socket.destroy()
  })

  test('without a certificate of the server it fails with a remedy', async () => {
    const { status } = await listening({}, false)
    expect(status()).toMatchObject({ state: 'failed', reason: expect.stringContaining('syslog-tls-port') })
  })

  test('never beside plain UDP', () => {
    expect(syslogConfig.safeParse({ tls: 'optional' }).success).toBe(false)
    expect(syslogConfig.safeParse({ tls: 'optional', udp: false }).success).toBe(true)
  })
})

test('a machine that is revoked loses the connection that it has', async () => {
  const own = makeTestTls(mkdtempSync(join(folder, 'own-')))
  const failures: string[] = []
  const secure = createSecureServer({
    tls: own.source,
    demanded: true,
    take: (socket) => socket.resume(),
    failed: (text) => failures.push(text),
    timeoutMs: 1000,
    lookAgainMs: 20,
  })
  await new Promise<void>((resolve) => secure.server.listen(0, '127.0.0.1', resolve))
  const { port } = secure.server.address() as { port: number }
  const socket = open(port, own.machine, { ca: readFileSync(own.server.cert) })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  own.revoke()
  await closed(socket)
  expect(failures).toEqual([expect.stringContaining('it was revoked')])
  secure.close()
  await new Promise((resolve) => secure.server.close(resolve))
})

test.runIf(canSeeTimers)('connections are asked after: a sender that is gone without a word keeps none', async () => {
  const { port } = await listening()
  const sender = open(port)
  await until(() => keptAlive(port) === true)
  sender.destroy()
})
