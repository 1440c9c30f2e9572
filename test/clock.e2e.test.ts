import { globSync, mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { api, createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/** Debian's libfaketime: the server's clock is what a file says, its monotonic one stays true. */
const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
if (library === undefined && process.env['CI'] === 'true') throw new Error('libfaketime is missing: install the package faketime')
if (library === undefined) console.log('skipped: libfaketime is not installed')

const HOUR_MS = 3_600_000
const EVENTS = 2000

interface Bed {
  readonly data: string
  /** Sets the server's clock so much off the true one. */
  setClock(hours: number): void
  start(spawned?: Parameters<typeof startServer>[3]): Promise<Running>
}

const folder = temporaryFolder()
const running = new Set<Running>()
afterAll(async () => {
  for (const server of running) await server.stop()
  folder.remove()
})

function bed(name: string): Bed {
  const home = join(folder.path, name)
  mkdirSync(home)
  const file = join(home, 'clock')
  const prefix = [
    'env',
    `LD_PRELOAD=${library}`,
    `FAKETIME_TIMESTAMP_FILE=${file}`,
    'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
  ]
  return {
    data: join(home, 'data'),
    setClock: (hours) => writeFileSync(file, `${hours < 0 ? '-' : '+'}${Math.abs(hours) * 3600}`),
    async start(spawned) {
      const server = await startServer(join(home, 'data'), [], prefix, spawned)
      running.add(server)
      return server
    },
  }
}

async function send({ url }: Running, token: string, host: string, events: number): Promise<void> {
  let body = ''
  for (let n = 0; n < events; n++)
    body += `{"create":{"_id":"${host}-${n}"}}\n${JSON.stringify({ message: `event ${n} of ${host}`, host: { name: host } })}\n`
  const reply = await fetch(`${url}/_bulk`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body })
  expect(await reply.json()).toMatchObject({ errors: false })
}

const count = async ({ url }: Running, token: string, query: string): Promise<number> =>
  (await api<{ count: number }>(url, token, '/api/v1/events/count', { query })).count

async function accountsAddUp(server: Running, token: string): Promise<void> {
  const { sources } = await api<{ sources: { counts: Record<string, number> }[] }>(server.url, token, '/api/v1/sources')
  for (const { counts } of sources) {
    expect(counts['received']).toBe(counts['stored']! + counts['repeated']! + counts['dropped']!)
    expect(counts['stored']).toBe(counts['parsed']! + counts['unknown']!)
  }
  expect(sources.reduce((sum, { counts }) => sum + counts['stored']!, 0)).toBe(await count(server, token, '*'))
}

interface Found {
  readonly doc: { readonly event: { readonly ingested: string } }
}

async function receivedOf(server: Running, token: string, host: string): Promise<number> {
  const { events } = await api<{ events: Found[] }>(server.url, token, '/api/v1/events/search', {
    query: `host.name:${host}`,
    limit: 1,
  })
  return Date.parse(events[0]!.doc.event.ingested)
}

const sealedFiles = (data: string): string[] =>
  readdirSync(join(data, 'lake/sealed'), { recursive: true, encoding: 'utf8' }).filter((file) => file.includes('.parquet'))

describe.skipIf(library === undefined)('the clock', () => {
  it('set back: nothing is received before what was there, in no sealed hour, and all of it is proved', async () => {
    const own = bed('back')
    own.setClock(-3)
    let server = await own.start()
    const token = await createToken(own.data, 'admin')
    await send(server, token, 'first', 10)
    expect(await server.stop()).toBe(0)

    own.setClock(0)
    server = await own.start()
    await eventually('the hour to be sealed', async () => (sealedFiles(own.data).length === 1 ? true : undefined))
    await send(server, token, 'second', 10)
    own.setClock(-2)
    await eventually('the server to see it', async () =>
      Date.parse((await fetch(`${server.url}/healthz`)).headers.get('date')!) < Date.now() - HOUR_MS ? true : undefined,
    )
    await send(server, token, 'third', 10)
    await send(server, token, 'third', 10)
    expect(await server.stop()).toBe(0)

    own.setClock(-3)
    server = await own.start()
    await send(server, token, 'fourth', 10)
    await send(server, token, 'first', 10)
    const received = await Promise.all(['first', 'second', 'third', 'fourth'].map((host) => receivedOf(server, token, host)))
    expect(received).toEqual(received.toSorted((a, b) => a - b))
    expect(received[1]! - received[0]!).toBeGreaterThan(2 * HOUR_MS)
    for (const host of ['first', 'second', 'third', 'fourth'])
      expect([host, await count(server, token, `host.name:${host}`)]).toEqual([host, 10])
    await accountsAddUp(server, token)
    expect(await server.stop()).toBe(0)

    own.setClock(3)
    server = await own.start()
    await eventually('the later hours to be sealed', async () => (sealedFiles(own.data).length >= 2 ? true : undefined))
    expect(await count(server, token, '*')).toBe(40)
    const key = (await (await fetch(`${server.url}/ledger/key`)).text()).trim()
    expect(await server.stop()).toBe(0)
    const verified = await kanpeki(['verify', own.data, '--key', key, '--json'])
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, failures: [] })
  }, 180_000)

  it('an hour on, and kill -9 in the middle of its seal: it is sealed again, whole', async () => {
    const own = bed('seal')
    own.setClock(-9)
    let server = await own.start()
    const token = await createToken(own.data, 'admin')
    const killed: string[] = []
    for (const [round, when] of [/\.tmp$/, /\.parquet$/].entries()) {
      await send(server, token, `round-${round}`, EVENTS)
      expect(await server.stop()).toBe(0)
      own.setClock(-9 + 3 * (round + 1))
      await own
        .start((child) => {
          const watcher = watch(join(own.data, 'lake/sealed'), { recursive: true }, (_event, file) => {
            if (file === null || !when.test(file)) return
            child.kill('SIGKILL')
            killed.push(file)
            watcher.close()
          })
        })
        .then(
          (one) => new Promise((resolve) => one.child.once('close', resolve)),
          () => {},
        )
      server = await own.start()
      await eventually('the hour to be sealed', async () => {
        const files = sealedFiles(own.data)
        return files.length === round + 1 && files.every((file) => file.endsWith('.parquet')) ? true : undefined
      })
      expect(await count(server, token, '*')).toBe(EVENTS * (round + 1))
    }
    expect(killed.map((file) => file.replace(/^.*\//, ''))).toEqual(['events.parquet.tmp', 'events.parquet'])
    await accountsAddUp(server, token)
    const key = (await (await fetch(`${server.url}/ledger/key`)).text()).trim()
    await eventually('both seals to be in the ledger', async () => {
      const verified = await kanpeki(['verify', own.data, '--key', key, '--json'])
      const { ok, failures } = JSON.parse(verified.stdout) as { ok: boolean; failures: unknown[] }
      return ok && failures.length === 0 ? true : undefined
    })
    expect(await server.stop()).toBe(0)
  }, 180_000)
})
