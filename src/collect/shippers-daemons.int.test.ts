import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import type { RawRecord } from '../kernel/event.ts'
import { testCaller } from '../platform/testing/caller.ts'
import type { Addresses } from './addresses.ts'
import { daemonShippers, TRUSTED_FILE } from './shippers-daemons.ts'
import { createIngestHandler } from './sources/http/handler.ts'
import { memoryBudget } from './sources/http/read-body.ts'
import { compatTarget } from './sources/http/target.ts'
import { type SyslogConfig, syslogConfig } from './sources/syslog/schema.ts'
import { syslogSource } from './sources/syslog/syslog.ts'
import { createSupervisor } from './supervisor.ts'
import { type Daemon, findDaemon, startRsyslog, startSyslogNg } from './testing/daemons.ts'
import { memoryPositions } from './testing/memory-positions.ts'
import { Recorder } from './testing/recorder.ts'
import { makeTestTls, type TestTls } from './testing/test-tls.ts'

/** What a daemon sends to; it can go away and come back at the same port. */
interface Receiver {
  readonly port: number
  stop(): Promise<void>
}

const base = mkdtempSync(join(tmpdir(), 'kanpeki-daemons-'))
let tls: TestTls
let folder: string
let recorder: Recorder
let receiver: Receiver | undefined
let daemon: Daemon | undefined

beforeAll(() => {
  tls = makeTestTls(base)
})
beforeEach(() => {
  folder = mkdtempSync(join(base, 'd-'))
  recorder = new Recorder()
})
afterEach(async () => {
  await daemon?.stop()
  daemon = undefined
  await receiver?.stop()
  receiver = undefined
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

async function syslogReceiver(settings: Partial<SyslogConfig>): Promise<Receiver> {
  const config = syslogConfig.parse({ port: 0, lingerMs: 10, ...settings })
  let port = 0
  const supervisor = createSupervisor({
    commit: recorder.commit,
    positions: () => memoryPositions(),
    clock: systemClock,
    tls: () => tls.source,
    log: (message, detail) => {
      if (message === 'syslog listens') port = Number(detail?.['tcp'])
    },
  })
  supervisor.start({
    id: 'syslog',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => syslogSource.open(config, context),
  })
  await until(
    () => port > 0,
    () => JSON.stringify(supervisor.status('default', 'syslog')),
  )
  return { port, stop: () => supervisor.stopAll(5000) }
}

async function httpReceiver(port: number, secured = false): Promise<Receiver> {
  const handler = createIngestHandler({
    targetOf: compatTarget,
    authenticate: async ({ headers: { authorization } }) =>
      authorization === `Basic ${btoa('kanpeki:kp_secret')}` || authorization === 'Splunk kp_secret'
        ? testCaller({ kind: 'token', id: 't', name: 'daemons', permissions: new Set(['ingest'] as const) })
        : undefined,
    commit: recorder.commitBody,
    clock: systemClock,
    log: () => {},
    maxBodyBytes: 1e7,
    budget: memoryBudget(1e8),
  })
  const answer: RequestListener = (request, response) => {
    if (!handler(request, response)) response.writeHead(404).end()
  }
  const { cert, key } = tls.source.context()
  const server = secured ? createTlsServer({ cert, key }, answer) : createServer(answer)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`the condition never held: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const COUNT = 500
const lines = (from: number): string[] => Array.from({ length: COUNT }, (_, n) => `line-${from + n}. 日本 "quoted" \\ end`)
const textOf = (record: RawRecord): string => record.text ?? JSON.stringify(record.json)
/** What is not as it should be when each of the lines below `to` is to be there once. */
function faults(to: number): { readonly missing: number[]; readonly twice: string[]; readonly foreign: string[] } {
  const ids = new Map<number, string>()
  const twice: string[] = []
  const foreign: string[] = []
  for (const record of recorder.stored.values()) {
    const found = /line-(\d+)\. 日本/.exec(textOf(record))?.[1]
    if (found === undefined) foreign.push(textOf(record))
    else if (ids.has(Number(found))) twice.push(`${found}: ${ids.get(Number(found))} and ${record.id}`)
    else ids.set(Number(found), record.id)
  }
  return { missing: Array.from({ length: to }, (_, n) => n).filter((n) => !ids.has(n)), twice, foreign }
}
const NONE = { missing: [], twice: [], foreign: [] }

const PROGRAMS = {
  rsyslog: { program: findDaemon('rsyslogd'), start: startRsyslog },
  'syslog-ng': { program: findDaemon('syslog-ng'), start: startSyslogNg },
}
type Name = keyof typeof PROGRAMS

/** Half of the lines before the receiver goes away, half while it is away: all must come, none twice. */
async function sendThroughRestart(name: Name, snippetFor: (port: number) => string, open: (port: number) => Promise<Receiver>) {
  receiver = await open(0)
  const { port } = receiver
  const { program, start } = PROGRAMS[name]
  daemon = await start(program!, folder, snippetFor(port))
  const said = (): string => `${recorder.stored.size} stored; the daemon says: ${daemon!.said().slice(0, 2000)}`
  daemon.feed(lines(0))
  await until(() => recorder.stored.size >= COUNT, said)
  await receiver.stop()
  daemon.feed(lines(COUNT))
  await new Promise((resolve) => setTimeout(resolve, 500))
  receiver = await open(port)
  await until(() => recorder.stored.size >= 2 * COUNT, said)
  expect(faults(2 * COUNT)).toEqual(NONE)
  expect(recorder.counts.unknown).toBe(0)
}

/** As it stands, but for what a reader fills in and where a test may write. */
function snippetOf(id: string, addresses: Addresses): string {
  return daemonShippers(addresses)
    .find((shipper) => shipper.id === id)!
    .text.replaceAll('{{token}}', 'kp_secret')
    .replaceAll(TRUSTED_FILE, tls.server.cert)
    .replaceAll('/etc/kanpeki/machine.pem', tls.machine.cert)
    .replaceAll('/etc/kanpeki/machine.key', tls.machine.key)
    .replaceAll('disk-buffer(', `disk-buffer(dir("${folder}") `)
    .replaceAll('resumeInterval="5"', 'resumeInterval="1"')
}

const plain = (port: number): Addresses => ({ url: 'http://127.0.0.1:1', syslog: { host: '127.0.0.1', port } })
const secure = (port: number): Addresses => ({ ...plain(1), url: 'https://localhost:1', syslogTls: { host: '127.0.0.1', port } })
const http = (port: number): Addresses => ({ url: `http://127.0.0.1:${port}`, syslog: undefined })
const uncommented = (text: string): string => text.replaceAll(/^#(?= )/gm, ' ').replace(/^.*\/etc\/(rsyslog|syslog-ng).*$/m, '')

for (const name of ['rsyslog', 'syslog-ng'] as const) {
  const missing = PROGRAMS[name].program === undefined
  const skipped = missing ? ` (skipped: ${name} is not installed)` : ''
  const elasticsearch = name === 'rsyslog' ? 'rsyslog-omelasticsearch' : 'syslog-ng-elasticsearch'

  describe.skipIf(missing)(`the real ${name}${skipped}`, () => {
    test('over TCP, by its snippet', async () => {
      await sendThroughRestart(
        name,
        (port) => snippetOf(name, plain(port)),
        (port) => syslogReceiver({ port }),
      )
    })

    test('over TLS, by its snippet', async () => {
      const id = `${name}-tls`
      await sendThroughRestart(
        name,
        (port) => snippetOf(id, secure(port)),
        (port) => syslogReceiver({ port, udp: false, tls: 'optional' }),
      )
    })

    test('over TLS with the certificate of a machine, by its snippet with the lines for that', async () => {
      const snippet = (port: number): string => uncommented(snippetOf(`${name}-tls`, secure(port)))
      await sendThroughRestart(name, snippet, (port) => syslogReceiver({ port, udp: false, tls: 'required' }))
    })

    test('as to Elasticsearch, by its snippet', async () => {
      await sendThroughRestart(name, (port) => snippetOf(elasticsearch, http(port)), httpReceiver)
    })

    test('as to Elasticsearch over HTTPS, by its snippet', async () => {
      const snippet = (port: number): string => snippetOf(elasticsearch, { ...http(port), url: `https://localhost:${port}` })
      await sendThroughRestart(name, snippet, (port) => httpReceiver(port, true))
    })
  })
}

describe.skipIf(PROGRAMS.rsyslog.program === undefined)('rsyslog in its other ways', () => {
  const action = (more: string): string => `*.* action(type="omfwd" target="localhost" ${more})`
  test.each<[string, (port: number) => string, Partial<SyslogConfig>]>([
    ['UDP, RFC 3164', (port) => action(`port="${port}" protocol="udp"`), {}],
    ['UDP, RFC 5424', (port) => action(`port="${port}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format"`), {}],
    [
      'TCP, RFC 3164 with line feeds',
      (port) => action(`port="${port}" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"`),
      {},
    ],
    [
      'TLS by GnuTLS',
      (port) =>
        action(
          `port="${port}" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
           StreamDriverPermittedPeers="localhost" StreamDriver.CAFile="${tls.server.cert}" TCP_Framing="octet-counted"`,
        ),
      { udp: false, tls: 'optional' },
    ],
  ])('%s', async (_name, snippet, settings) => {
    receiver = await syslogReceiver(settings)
    daemon = await startRsyslog(PROGRAMS.rsyslog.program!, folder, snippet(receiver.port))
    daemon.feed(lines(0))
    await until(
      () => recorder.stored.size >= COUNT,
      () => `${recorder.stored.size} stored; ${daemon!.said().slice(0, 2000)}`,
    )
    expect(faults(COUNT)).toEqual(NONE)
  })
})

describe.skipIf(PROGRAMS['syslog-ng'].program === undefined)('syslog-ng in its other ways', () => {
  const to = (driver: string): string => `destination d { ${driver}; };\nlog { source(s_src); destination(d); };`
  test.each<[string, (port: number) => string]>([
    ['network() over UDP', (port) => to(`network("127.0.0.1" transport("udp") port(${port}))`)],
    ['network() over TCP', (port) => to(`network("127.0.0.1" transport("tcp") port(${port}))`)],
    ['syslog() over UDP', (port) => to(`syslog("127.0.0.1" transport("udp") port(${port}))`)],
  ])('%s', async (_name, snippet) => {
    receiver = await syslogReceiver({})
    daemon = await startSyslogNg(PROGRAMS['syslog-ng'].program!, folder, snippet(receiver.port))
    daemon.feed(lines(0))
    await until(
      () => recorder.stored.size >= COUNT,
      () => `${recorder.stored.size} stored; ${daemon!.said().slice(0, 2000)}`,
    )
    expect(faults(COUNT)).toEqual(NONE)
  })

  test("to Splunk's event collector, through a restart", async () => {
    const collector = (port: number): string =>
      to(`http(url("http://127.0.0.1:${port}/services/collector/event") headers("Authorization: Splunk kp_secret") method("POST")
        body('$(format-json time=$S_UNIXTIME host=$HOST event=$MESSAGE)') batch-lines(100) batch-timeout(200) delimiter("\\n"))`)
    await sendThroughRestart('syslog-ng', collector, httpReceiver)
  })
})

test('every snippet of a log daemon is one of those that were run', () => {
  expect(daemonShippers(plain(1)).map(({ id, proof }) => [id, proof])).toEqual(
    ['rsyslog', 'rsyslog-tls', 'rsyslog-omelasticsearch', 'syslog-ng', 'syslog-ng-tls', 'syslog-ng-elasticsearch'].map((id) => [
      id,
      'tested',
    ]),
  )
  // rsyslog compares no addresses.
  expect(snippetOf('rsyslog-tls', { ...plain(1), url: 'https://192.0.2.1' })).toContain('StreamDriverAuthMode="x509/certvalid"')
  expect(snippetOf('rsyslog-tls', { ...plain(1), url: 'https://siem.example' })).toContain(
    'StreamDriverPermittedPeers="siem.example"',
  )
})
