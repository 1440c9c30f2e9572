import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from '@elastic/elasticsearch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, createToken, eventually, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'
import { chunks, mixedLines } from './support/mixed.ts'

const lines = mixedLines()
const BATCH = 500

interface Outcome {
  readonly events: number
  readonly alerts: readonly string[]
  readonly twins: readonly number[]
}

/** mulberry32: small, seedable, good enough to choose a moment. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

interface Alert {
  readonly rule: { readonly id: string }
  readonly entity: { readonly kind: string; readonly name: string }
  readonly count: number
  readonly eventCount: number
  readonly firstObserved: string
}

async function alertsOf(url: string, token: string): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await api<{ groups: { alerts: Alert[] }[]; next: string | null }>(
      url,
      token,
      `/api/v1/alerts?state=all&limit=200${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    for (const alert of page.groups.flatMap((group) => group.alerts)) {
      found.push(
        `${alert.rule.id} ${alert.entity.kind}=${alert.entity.name} ${alert.count} ${alert.eventCount} ${alert.firstObserved}`,
      )
    }
    cursor = page.next
  }
  return found.sort()
}

interface Kill {
  readonly batch: number
  /** After the batch was begun to be sent. */
  readonly afterMs: number
}

/** Sends all lines in order by the real client, and takes the server down under some of the batches. */
async function run(kills: readonly Kill[] = []): Promise<Outcome> {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const port = String(await freePort())
  let server: Running = await startServer(data, ['--port', port])
  try {
    const token = await createToken(data, 'admin')
    const client = new Client({ node: server.url, auth: { bearer: token }, maxRetries: 0, requestTimeout: 60_000 })
    let killed: Promise<void> | undefined
    for (const [index, batch] of chunks(lines!, BATCH).entries()) {
      const operations = batch.flatMap((line) => ['{"create":{}}', line])
      const kill = kills.find(({ batch }) => batch === index)
      if (kill !== undefined) {
        await killed
        killed = new Promise((resolve) => setTimeout(resolve, kill.afterMs))
          .then(() => server.kill())
          .then(async () => {
            server = await startServer(data, ['--port', port])
          })
      }
      await eventually(
        `batch ${index} to be acknowledged`,
        async () => {
          try {
            const reply = await client.bulk({ operations })
            if (reply.errors) throw new Error('an item was refused')
            return true
          } catch (error) {
            if (kills.length === 0) throw error
            return undefined
          }
        },
        60,
      )
    }
    await killed
    await client.close()
    await eventually(
      'the rules to have read everything',
      async () => {
        const { lag } = await api<{ lag: { events: number; catchingUp: boolean } }>(server.url, token, '/api/v1/status')
        return lag.events === 0 && !lag.catchingUp ? true : undefined
      },
      120,
    )
    const count = async (query: string): Promise<number> =>
      (await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query })).count
    const twins = await Promise.all(twinsOfFile().map((twin) => countTwin(server.url, token, twin)))
    return { events: await count('*'), alerts: await alertsOf(server.url, token), twins }
  } finally {
    await server.stop()
    folder.remove()
  }
}

interface Twin {
  readonly observed: string
  readonly message: string
}

/** The file's exact duplicates. */
function twinsOfFile(): Twin[] {
  const seen = new Map<string, number>()
  for (const line of lines!) seen.set(line, (seen.get(line) ?? 0) + 1)
  return [...seen]
    .filter(([, times]) => times > 1)
    .map(([line]) => {
      const event = JSON.parse(line) as { '@timestamp': string; Message: string }
      return { observed: event['@timestamp'], message: event.Message }
    })
}

async function countTwin(url: string, token: string, twin: Twin): Promise<number> {
  const at = Date.parse(twin.observed)
  const window = { from: new Date(at).toISOString(), to: new Date(at + 1).toISOString() }
  const { events } = await api<{ events: { doc: { message?: string } }[] }>(url, token, '/api/v1/events/search', {
    query: '*',
    ...window,
    limit: 1000,
  })
  return events.filter((event) => event.doc.message === twin.message).length
}

describe.skipIf(lines === undefined)('kill -9 while 20,000 events come in (needs ../shared)', () => {
  let calm: Outcome
  beforeAll(async () => {
    calm = await run()
  }, 240_000)
  afterAll(() => {
    console.log(`undisturbed: ${calm.events} events, ${calm.alerts.length} alerts`)
  })

  it('loses and doubles nothing when nothing happens', () => {
    expect(calm.events).toBe(lines!.length)
    expect(calm.alerts.length).toBeGreaterThan(0)
    expect(calm.twins).toEqual([2, 2, 2, 2, 2, 2])
  })

  const seed = Number(process.env['KANPEKI_SEED'] ?? Date.now() % 1_000_000)
  it(`ends the same after three kills, each in a third of the file (seed ${seed})`, async () => {
    const next = random(seed)
    const third = lines!.length / BATCH / 3
    const kills = [0, 1, 2].map((n) => ({ batch: Math.floor((n + next()) * third), afterMs: Math.floor(next() * 150) }))
    for (const { batch, afterMs } of kills) console.log(`seed ${seed}: killed ${afterMs} ms into batch ${batch}`)
    const shaken = await run(kills)
    expect(shaken.events).toBe(calm.events)
    expect(shaken.twins).toEqual(calm.twins)
    expect(shaken.alerts).toEqual(calm.alerts)
  }, 300_000)
})
