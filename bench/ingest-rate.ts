import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { api, createToken, eventually, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { bulkBody, chunks } from '../test/support/mixed.ts'
import { cpuSince, cpuTimes } from './cpu-time.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'

const BATCH = 1_000
const SENDERS = 4

/**
 * Events a second over HTTP `_bulk` until they are durable, searchable and seen by our own rules, against `JSON.parse` alone
 * over the same lines, and beside it against receiving and parsing the same requests in a process that does nothing else.
 * The sender shares the machine with the servers. Each round's batches differ by one field, or they would be recognised as
 * repeated. CPU time by thread goes to standard error: it tells the same on a busy machine.
 * @param lines one JSON object each; @param rounds how often they are sent.
 */
export async function ingestRate(name: string, lines: readonly string[], rounds: number): Promise<BenchResult> {
  const bodies = Array.from({ length: rounds }, (_, round) =>
    chunks(lines, BATCH).map((batch) => Buffer.from(bulkBody(batch.map((line) => `{"bench_round":${round},${line.slice(1)}`)))),
  ).flat()
  const events = lines.length * rounds
  const parsing = jsonParseRate(lines, rounds)
  const receiving = events / (await receivingSeconds(bodies))
  const { seconds, rssMb } = await ingestSeconds(bodies, events)
  const rate = events / seconds
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

function jsonParseRate(lines: readonly string[], rounds: number): number {
  for (const line of lines.slice(0, 5_000)) JSON.parse(line)
  const started = performance.now()
  for (let round = 0; round < rounds; round++) for (const line of lines) JSON.parse(line)
  return (lines.length * rounds) / ((performance.now() - started) / 1000)
}

async function receivingSeconds(bodies: readonly Buffer[]): Promise<number> {
  const child = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)))
  const [{ port }] = (await once(child, 'message')) as [AddressInfo]
  const started = performance.now()
  await sendAll(`http://127.0.0.1:${port}`, '', bodies)
  const seconds = (performance.now() - started) / 1000
  child.disconnect()
  return seconds
}

async function ingestSeconds(bodies: readonly Buffer[], events: number): Promise<{ seconds: number; rssMb: number }> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const server = await startServer(data)
  let rssMb = 0
  const watch = setInterval(() => {
    rssMb = Math.max(rssMb, residentMb(server.pid))
  }, 250)
  try {
    const token = await createToken(data, 'admin')
    const before = cpuTimes(server.pid)
    const started = performance.now()
    await sendAll(server.url, token, bodies)
    await eventually('the rules to have read everything', async () =>
      (await api<{ lag: { events: number } }>(server.url, token, '/api/v1/status')).lag.events === 0 ? true : undefined,
    )
    const seconds = (performance.now() - started) / 1000
    printCpu(cpuSince(before, cpuTimes(server.pid)), events)
    const { count } = await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query: '*' })
    if (count !== events) throw new Error(`${count} of ${events} events are searchable`)
    return { seconds, rssMb }
  } finally {
    clearInterval(watch)
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

async function sendAll(url: string, token: string, bodies: readonly Buffer[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS })
  let next = 0
  const sender = async (): Promise<void> => {
    for (let at = next++; at < bodies.length; at = next++) await send(agent, url, token, bodies[at]!)
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  agent.destroy()
}

async function send(agent: Agent, url: string, token: string, body: Buffer): Promise<void> {
  for (;;) {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-length': body.length }
      const call = request(`${url}/_bulk`, { method: 'POST', agent, headers }, (reply) => {
        reply.resume()
        reply.once('end', () => resolve(reply.statusCode ?? 0))
      })
      call.once('error', reject)
      call.end(body)
    })
    if (status === 200) return
    if (status !== 429) throw new Error(`_bulk answered ${status}`)
    await pause(100)
  }
}
