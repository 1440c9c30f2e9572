import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { api, createToken, eventually, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { bulkBody, chunks, mixedLines } from '../test/support/mixed.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 5
const BATCH = 1_000
const SENDERS = 4

/**
 * Events a second over HTTP `_bulk` to a durable, searchable state with our own rules on, against `JSON.parse` alone over the
 * same lines in the same run. The sender shares the machine with the server. Each round's batches differ by one field, or
 * the server would recognise them as repeated.
 */
export async function ingest(): Promise<BenchResult> {
  const lines = mixedLines()
  if (lines === undefined) throw new Error('../shared/data is absent: nothing to send')
  const parseRate = jsonParseRate(lines)
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const server = await startServer(data)
  try {
    const token = await createToken(data, 'admin')
    const bodies = Array.from({ length: ROUNDS }, (_, round) =>
      chunks(lines, BATCH).map((batch) => Buffer.from(bulkBody(batch.map((line) => `{"bench_round":${round},${line.slice(1)}`)))),
    ).flat()
    const agent = new Agent({ keepAlive: true, maxSockets: SENDERS })
    let next = 0
    let peak = 0
    let sending = true
    const watch = (async () => {
      while (sending) {
        peak = Math.max(peak, residentMb(server.pid))
        await pause(250)
      }
    })()
    const started = performance.now()
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        for (let at = next++; at < bodies.length; at = next++) await send(agent, server.url, token, bodies[at]!)
      }),
    )
    const seconds = (performance.now() - started) / 1000
    const total = lines.length * ROUNDS
    await eventually('every event to be searchable', async () =>
      (await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query: '*' })).count === total
        ? true
        : undefined,
    )
    sending = false
    await watch
    agent.destroy()
    const rate = total / seconds
    return { name: 'ingest', ratio: rate / parseRate, numerator: rate, denominator: parseRate, unit: 'events/s', rssMb: peak }
  } finally {
    await server.stop()
    folder.remove()
  }
}

function jsonParseRate(lines: readonly string[]): number {
  for (const line of lines.slice(0, 5_000)) JSON.parse(line)
  const started = performance.now()
  for (const line of lines) JSON.parse(line)
  return lines.length / ((performance.now() - started) / 1000)
}

async function send(agent: Agent, url: string, token: string, body: Buffer): Promise<void> {
  for (;;) {
    const status = await new Promise<number>((resolve, reject) => {
      const call = request(
        `${url}/_bulk`,
        { method: 'POST', agent, headers: { authorization: `Bearer ${token}`, 'content-length': body.length } },
        (reply) => {
          reply.resume()
          reply.once('end', () => resolve(reply.statusCode ?? 0))
        },
      )
      call.once('error', reject)
      call.end(body)
    })
    if (status === 200) return
    if (status !== 429) throw new Error(`_bulk answered ${status}`)
    await pause(100)
  }
}
