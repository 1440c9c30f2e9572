import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { testCaller } from '../platform/testing/caller.ts'
import { shipperList } from './schema.ts'
import { shippers } from './shippers.ts'
import { gelfSource } from './sources/gelf/gelf.ts'
import { gelfConfig } from './sources/gelf/schema.ts'
import { createIngestHandler } from './sources/http/handler.ts'
import { memoryBudget } from './sources/http/read-body.ts'
import { compatTarget } from './sources/http/target.ts'
import { syslogConfig } from './sources/syslog/schema.ts'
import { syslogSource } from './sources/syslog/syslog.ts'
import { createSupervisor } from './supervisor.ts'
import { memoryPositions } from './testing/memory-positions.ts'
import { Recorder } from './testing/recorder.ts'

const run = promisify(execFile)
const recorder = new Recorder()
/** The token itself, or as the password of Basic. */
const AUTHORIZATIONS = [' kp_secret', ` ${Buffer.from('kanpeki:kp_secret').toString('base64')}`]
const handler = createIngestHandler({
  targetOf: compatTarget,
  authenticate: async (request) =>
    AUTHORIZATIONS.some((value) => request.headers.authorization?.endsWith(value))
      ? testCaller({ kind: 'token', id: 't', name: 'snippets', permissions: new Set(['ingest'] as const) })
      : undefined,
  commit: recorder.commitBody,
  clock: systemClock,
  log: () => {},
  maxBodyBytes: 1e6,
  budget: memoryBudget(1e7),
})
const server = createServer((request, response) => {
  if (!handler(request, response)) response.writeHead(404).end()
})
let syslogPort = 0
let gelfPort = 0
const supervisor = createSupervisor({
  commit: recorder.commit,
  positions: () => memoryPositions(),
  clock: systemClock,
  log: (_message, detail) => {
    if (detail?.['source'] === 'gelf') gelfPort = Number(detail['tcp'])
    else syslogPort = Number(detail?.['tcp'])
  },
})
// Inside the project, so that the snippet finds the client as a reader's program would.
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(fileURLToPath(new URL('../../node_modules/.kanpeki-snippet-', import.meta.url)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const config = syslogConfig.parse({ port: 0, lingerMs: 10 })
  supervisor.start({
    id: 'syslog',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => syslogSource.open(config, context),
  })
  const gelf = gelfConfig.parse({ port: 0, lingerMs: 10 })
  supervisor.start({
    id: 'gelf',
    scope: 'default',
    zoneMinutes: 0,
    parsers: [],
    open: (context) => gelfSource.open(gelf, context),
  })
  await until(() => syslogPort > 0 && gelfPort > 0)
})
afterAll(async () => {
  await supervisor.stopAll(5000)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition never held')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Those of log daemons are run by a test of their own. */
const tested = shippers({ url: 'http://127.0.0.1:1', syslog: undefined }).filter(
  ({ proof, language }) => proof === 'tested' && language !== 'conf',
)

/** The program a shell snippet needs; those that this machine lacks are skipped by name. */
const program = (text: string): string => `/usr/bin/${text.split(' ', 1)[0]}`

for (const { id, language, text } of tested) {
  const missing = language === 'shell' && !existsSync(program(text)) ? ` (skipped: ${program(text)} is not installed)` : ''
  test.skipIf(missing !== '')(`the snippet ${id} works as it stands${missing}`, async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const snippet = shippers({
      url,
      syslog: { host: '127.0.0.1', port: syslogPort },
      compat: url,
      gelf: { host: '127.0.0.1', port: gelfPort },
    }).find((shipper) => shipper.id === id)!
    const filled = snippet.text.replaceAll('{{token}}', 'kp_secret')
    const before = recorder.stored.size
    if (language === 'shell') await run('/bin/sh', ['-c', filled])
    else {
      const file = join(folder, 'snippet.mjs')
      writeFileSync(file, filled)
      await run(process.execPath, [file])
    }
    await until(() => recorder.stored.size === before + 1)
    expect(JSON.stringify([...recorder.stored.values()].at(-1))).toContain('hello from')
    expect(recorder.counts.unknown).toBe(0)
  })
}

test('most are tested by running them; the others say that they are not', () => {
  const list = shippers({ url: 'https://kanpeki.example', syslog: undefined })
  expect(tested.map((shipper) => shipper.id)).toEqual([
    'curl-lines',
    'curl-bulk',
    'elasticsearch-js',
    'logger',
    'splunk-hec',
    'splunk-logging',
    'opentelemetry-js',
    'pino-elasticsearch',
    'opensearch-js',
    'pino-loki',
    'gelf-pro',
    'webhook',
  ])
  expect(shipperList.parse({ shippers: list }).shippers).toEqual(list)
  for (const { proof, note } of list) {
    expect(note.en.includes('not yet run')).toBe(proof === 'not-run')
    expect(note.ja.includes('動作確認はまだ')).toBe(proof === 'not-run')
  }
  expect(list.find((shipper) => shipper.id === 'fluent-bit')?.text).toMatch(/Port +443\n +tls +On/)
})
