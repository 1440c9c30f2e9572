import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { api, createToken, eventually, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { bulkBody, chunks } from '../test/support/mixed.ts'
import { cpuSince, cpuTimes } from './cpu-time.ts'
import { folderBytes } from './folder-size.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'
import { sendAll } from './sending.ts'

const BATCH = 1_000
const REPORT_MS = 60_000

/**
 * Events a second over HTTP `_bulk` until they are durable, searchable and seen by our own rules, against `JSON.parse` alone
 * over the same lines, and beside it against receiving and parsing the same requests in a process that does nothing else.
 * The sender shares the machine with the servers. Each round's batches differ by one field, or they would be recognised as
 * repeated. CPU time by thread goes to standard error: it tells the same on a busy machine.
 * @param lines one JSON object each; @param rounds how often they are sent.
 * @param flags `--seconds N` goes on for so long instead, and says each minute how it stands.
 */
export async function ingestRate(
  name: string,
  lines: readonly string[],
  rounds: number,
  flags: readonly string[],
): Promise<BenchResult> {
  const at = flags.indexOf('--seconds')
  const seconds = at < 0 ? undefined : Number(flags[at + 1])
  const bodies = Array.from({ length: rounds }, (_, round) => roundOf(lines, round)).flat()
  const events = lines.length * rounds
  const parsing = jsonParseRate(lines, rounds)
  const receiving = events / (await receivingSeconds(bodies, events))
  const sent = seconds === undefined ? bodies : endless(lines, performance.now() + seconds * 1000)
  const { rate, rssMb } = await ingest(sent)
  return {
    name,
    ratio: rate / parsing,
    numerator: rate,
    denominator: parsing,
    unit: 'events/s',
    rssMb,
    beside: { what: 'receiving and JSON.parse alone', ratio: rate / receiving, denominator: receiving },
  }
}

function roundOf(lines: readonly string[], round: number): Buffer[] {
  return chunks(lines, BATCH).map((batch) =>
    Buffer.from(bulkBody(batch.map((line) => `{"bench_round":${round},${line.slice(1)}`))),
  )
}

function* endless(lines: readonly string[], until: number): Generator<Buffer> {
  for (let round = 0; ; round++)
    for (const body of roundOf(lines, round)) {
      if (performance.now() >= until) return
      yield body
    }
}

function jsonParseRate(lines: readonly string[], rounds: number): number {
  for (const line of lines.slice(0, 5_000)) JSON.parse(line)
  const started = performance.now()
  for (let round = 0; round < rounds; round++) for (const line of lines) JSON.parse(line)
  return (lines.length * rounds) / ((performance.now() - started) / 1000)
}

async function receivingSeconds(bodies: readonly Buffer[], events: number): Promise<number> {
  const child = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)))
  const [{ port }] = (await once(child, 'message')) as [AddressInfo]
  const before = cpuTimes(child.pid!)
  const started = performance.now()
  await sendAll(`http://127.0.0.1:${port}`, '', bodies.values())
  const seconds = (performance.now() - started) / 1000
  const used = cpuSince(before, cpuTimes(child.pid!)).reduce((sum, [, cpu]) => sum + cpu, 0)
  process.stderr.write(`${((used / events) * 1e6).toFixed(1).padStart(8)} µs CPU an event  receiving and JSON.parse alone\n`)
  child.disconnect()
  return seconds
}

async function ingest(bodies: Iterable<Buffer>): Promise<{ rate: number; rssMb: number }> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const server = await startServer(data)
  let rssMb = 0
  let sent = 0
  let rawBytes = 0
  function* counted(): Generator<Buffer> {
    for (const body of bodies) {
      sent += BATCH
      rawBytes += body.length
      yield body
    }
  }
  const token = await createToken(data, 'admin')
  const before = cpuTimes(server.pid)
  const started = performance.now()
  const watch = setInterval(() => {
    rssMb = Math.max(rssMb, residentMb(server.pid))
  }, 250)
  const standing = (): string =>
    `${sent.toLocaleString('en')} events, ${Math.round(sent / ((performance.now() - started) / 1000)).toLocaleString('en')} events/s, at most ${Math.round(rssMb)} MB resident, disk ${((folderBytes(join(data, 'lake')) / rawBytes) * 100).toFixed(1)} % of what was sent\n`
  const reports = setInterval(() => process.stderr.write(standing()), REPORT_MS)
  try {
    await sendAll(server.url, token, counted())
    await eventually('the rules to have read everything', async () =>
      (await api<{ lag: { events: number } }>(server.url, token, '/api/v1/status')).lag.events === 0 ? true : undefined,
    )
    const seconds = (performance.now() - started) / 1000
    printCpu(cpuSince(before, cpuTimes(server.pid)), sent)
    process.stderr.write(standing())
    const { count } = await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query: '*' })
    if (count !== sent) throw new Error(`${count} of ${sent} events are searchable`)
    return { rate: sent / seconds, rssMb }
  } finally {
    clearInterval(watch)
    clearInterval(reports)
    await server.stop()
    folder.remove()
  }
}

function printCpu(used: ReturnType<typeof cpuSince>, events: number): void {
  const micros = (seconds: number): string => ((seconds / events) * 1e6).toFixed(1).padStart(8)
  for (const [name, seconds] of used)
    if (seconds / events > 0.5e-6) process.stderr.write(`${micros(seconds)} µs CPU an event  ${name}\n`)
  process.stderr.write(`${micros(used.reduce((sum, [, seconds]) => sum + seconds, 0))} µs CPU an event  in all\n`)
}
