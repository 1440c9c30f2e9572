import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { daemonShippers, TRUSTED_FILE } from '../src/collect/shippers-daemons.ts'
import { type Daemon, findDaemon, startRsyslog } from '../src/collect/testing/daemons.ts'
import { eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const folder = temporaryFolder()
const data = join(folder.path, 'data')
const file = (name: string): string => join(folder.path, name)
const rsyslogd = findDaemon('rsyslogd')
let port: number
let server: Running
let daemon: Daemon | undefined

beforeAll(async () => {
  port = await freePort()
  server = await startServer(data, ['--tls', 'on', '--syslog-tls-port', String(port)])
})
afterAll(async () => {
  await daemon?.stop()
  server.child.kill('SIGKILL')
  folder.remove()
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function stored(word: string): Promise<number> {
  return Number((await kanpeki(['search', word, '--count', '--data', data])).stdout)
}

async function until(word: string, count: number): Promise<void> {
  await eventually(`${count} events with ${word}`, async () => ((await stored(word)) >= count ? true : undefined), 40)
  expect(await stored(word)).toBe(count)
}

it('takes syslog with the certificate that it shows over HTTPS, and none that nobody enrolled', async () => {
  const trusted = { port, host: 'localhost', ca: readFileSync(join(data, 'keys', 'tls-served.pem')) }
  connect(trusted).end('<13>1 2026-01-01T00:00:00Z web-1 app - - - kingfisher\n')
  await until('kingfisher', 1)
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('foreign.key')]
  execFileSync('openssl', ['req', '-x509', ...ec, '-out', file('foreign.pem'), '-subj', '/CN=x'], { stdio: 'ignore' })
  const foreign = connect({ ...trusted, cert: readFileSync(file('foreign.pem')), key: readFileSync(file('foreign.key')) })
  foreign.on('error', () => {})
  foreign.write('<13>1 2026-01-01T00:00:00Z web-1 app - - - kingfisher\n')
  await new Promise<void>((resolve) => foreign.once('close', () => resolve()))
  expect(await stored('kingfisher')).toBe(1)
})

it.skipIf(rsyslogd === undefined)(
  'rsyslog with the certificate of an enrolled machine: 600 lines, a restart in the middle, each there once (skipped without rsyslog)',
  async () => {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('machine.key')]
    execFileSync('openssl', ['req', '-new', ...ec, '-out', file('machine.csr'), '-subj', '/CN=web-1'], { stdio: 'ignore' })
    const token = (await kanpeki(['enrol-token', 'create', '--name', 'rack 1', '--data', data])).stdout.trim()
    const ca = join(data, 'keys', 'tls-served.pem')
    const enrolled = execFileSync(
      'curl',
      ['-sS', '--cacert', ca, `${server.url}/api/v1/agents/enrol`, '-H', `Authorization: Bearer ${token}`].concat([
        '-H',
        'Content-Type: application/json',
        '-d',
        '@-',
      ]),
      { input: JSON.stringify({ name: 'web-1', csr: readFileSync(file('machine.csr'), 'utf8') }), encoding: 'utf8' },
    )
    writeFileSync(file('machine.pem'), (JSON.parse(enrolled) as { certificate: string }).certificate)

    const addresses = { url: `https://localhost:${port}`, syslog: undefined, syslogTls: { host: 'localhost', port } }
    const snippet = daemonShippers(addresses)
      .find(({ id }) => id === 'rsyslog-tls')!
      .text.replace(/^.*\/etc\/rsyslog.*$/m, '')
      .replaceAll(/^#/gm, ' ')
      .replaceAll(TRUSTED_FILE, ca)
      .replaceAll('/etc/kanpeki/machine', file('machine'))
      .replace('resumeInterval="5"', 'resumeInterval="1"')
    daemon = await startRsyslog(rsyslogd!, folder.path, snippet)
    const lines = (from: number): string[] => Array.from({ length: 300 }, (_, n) => `sandpiper number${from + n}`)
    daemon.feed(lines(0))
    await until('sandpiper', 300)
    expect(await server.stop()).toBe(0)
    daemon.feed(lines(300))
    server = await startServer(data, ['--tls', 'on', '--syslog-tls-port', String(port)])
    await until('sandpiper', 600)
    for (const n of [0, 299, 300, 599]) expect(await stored(`number${n}`)).toBe(1)
  },
  90_000,
)
