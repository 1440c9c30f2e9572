import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { api, createToken, eventually, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { bulkBody, chunks } from '../test/support/mixed.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'
import { send } from './sending.ts'
import { smallLines } from './small-events.ts'

const RATE = 10_000
const BATCH = 500
const WARM_UP_SECONDS = 3
const SECONDS = 20
/** One batch in three ends with an event that must raise an alert of its own. */
const PROBE_EVERY = 3
const POLL_MS = 100
const ALLOWED_SECONDS = 1

const RULE = `title: Latency probe
id: 5d6f4a1e-6b0e-4b61-9c55-2f1f7f0f7c11
level: high
logsource: {category: file_event}
detection:
  probe: {TargetFilename|startswith: '/var/probe/'}
  condition: probe
`

/** When each probe was sent and when its alert was first seen, milliseconds of one clock, by host. */
interface Probes {
  readonly sent: Map<string, number>
  readonly seen: Map<string, number>
}

/**
 * From handing an event to the server until its alert is in the queue that people read, while 10,000 events a second of 500 bytes come in:
 * the 99th percentile against the second that it may take. Sender, server and the asking share the machine. The rate that was reached goes
 * to standard error; one that was missed by more than a twentieth is an error.
 */
export async function latency(): Promise<BenchResult> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  mkdirSync(join(data, 'rules'), { recursive: true })
  writeFileSync(join(data, 'rules/probe.yml'), RULE)
  const server = await startServer(data)
  try {
    const token = await createToken(data, 'admin')
    const batches = chunks(smallLines(RATE * (WARM_UP_SECONDS + SECONDS)), BATCH)
    const probes: Probes = { sent: new Map(), seen: new Map() }
    const watching = watch(server.url, token, probes)
    const rate = await sendSteadily(server.url, token, batches, probes)
    await eventually('every probe to be an alert', () =>
      Promise.resolve(probes.seen.size === probes.sent.size ? true : undefined),
    )
    watching.stop()
    const delays = [...probes.sent].map(([host, sent]) => probes.seen.get(host)! - sent).sort((a, b) => a - b)
    const p99 = percentile(delays, 0.99) / 1000
    process.stderr.write(
      `${Math.round(rate)} events/s; ${delays.length} probes: half within ${percentile(delays, 0.5).toFixed(0)} ms, the slowest ${delays.at(-1)!.toFixed(0)} ms\n`,
    )
    if (rate < RATE * 0.95) throw new Error(`only ${Math.round(rate)} of ${RATE} events/s were sent: too busy a machine to tell`)
    return {
      name: 'latency',
      ratio: ALLOWED_SECONDS / p99,
      numerator: ALLOWED_SECONDS,
      denominator: p99,
      unit: 's',
      rssMb: residentMb(server.pid),
    }
  } finally {
    await server.stop()
    folder.remove()
  }
}

/** Sends a batch whenever one is due, and gives the rate after the warm-up, events a second. */
async function sendSteadily(
  url: string,
  token: string,
  batches: readonly (readonly string[])[],
  { sent }: Probes,
): Promise<number> {
  const agent = new Agent({ keepAlive: true })
  const began = performance.now()
  const warm = (WARM_UP_SECONDS * RATE) / BATCH
  const calls: Promise<void>[] = []
  for (const [index, batch] of batches.entries()) {
    await pause(Math.max(0, began + (index * BATCH * 1000) / RATE - performance.now()))
    const isProbe = index >= warm && index % PROBE_EVERY === 0
    const host = `probe-${index}`
    const body = Buffer.from(bulkBody(isProbe ? [...batch.slice(1), probe(host)] : batch))
    if (isProbe) sent.set(host, performance.now())
    calls.push(send(agent, url, token, body))
    if (index === warm) await Promise.all(calls)
  }
  const measured = performance.now() - began
  await Promise.all(calls)
  agent.destroy()
  return (batches.length * BATCH) / (Math.max(measured, performance.now() - began) / 1000)
}

function probe(host: string): string {
  return JSON.stringify({
    '@timestamp': new Date().toISOString(),
    event: { category: ['file'], type: ['creation'], action: 'create', dataset: 'endpoint.file' },
    host: { name: host },
    file: { path: `/var/probe/${host}` },
  })
}

/** Reads the queue again and again, as an open page would. */
function watch(url: string, token: string, { sent, seen }: Probes): { stop(): void } {
  let isStopped = false
  const look = async (): Promise<void> => {
    while (!isStopped) {
      const page = await api<{ groups: { alerts: { entity: { name: string } }[] }[] }>(url, token, '/api/v1/alerts?limit=200')
      const now = performance.now()
      for (const { alerts } of page.groups)
        for (const { entity } of alerts) if (sent.has(entity.name) && !seen.has(entity.name)) seen.set(entity.name, now)
      await pause(POLL_MS)
    }
  }
  void look()
  return {
    stop: () => {
      isStopped = true
    },
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!
}
