import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { api, createToken, eventually, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const MB = 1024 ** 2

const folder = temporaryFolder()
const data = join(folder.path, 'data')
let server: Running
let admin: string

beforeAll(async () => {
  server = await startServer(data)
  admin = await createToken(data, 'admin')
})
afterAll(() => {
  server.child.kill('SIGKILL')
  folder.remove()
})

function post(token: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/_bulk`, { method: 'POST', headers: { authorization: `Bearer ${token}`, ...headers }, body })
}
const count = async (query: string): Promise<number> =>
  (await api<{ count: number }>(server.url, admin, '/api/v1/events/count', { query })).count
const eventOf = (host: string, message: string): string => `{"create":{}}\n${JSON.stringify({ message, host: { name: host } })}\n`

interface Source {
  readonly id: string
  readonly counts: Readonly<Record<'received' | 'stored' | 'repeated' | 'dropped' | 'parsed' | 'unknown', number>>
}

const sources = async (): Promise<readonly Source[]> =>
  (await api<{ sources: Source[] }>(server.url, admin, '/api/v1/sources')).sources

/** The accounts of a batch follow its reply. */
afterEach(async () => {
  const all = await eventually('the accounts to tell of everything that is stored', async () => {
    const now = await sources()
    return now.reduce((sum, { counts }) => sum + counts.stored, 0) === (await count('*')) ? now : undefined
  })
  for (const { counts } of all) {
    expect(counts.received).toBe(counts.stored + counts.repeated + counts.dropped)
    expect(counts.stored).toBe(counts.parsed + counts.unknown)
  }
})

it.each(['gzip', 'deflate', 'br', 'zstd'])(
  'a bomb (%s) is stopped at the limit of a body and stores nothing',
  async (encoding) => {
    const { brotliCompressSync, constants, deflateSync, zstdCompressSync } = await import('node:zlib')
    const zeros = Buffer.alloc(256 * MB)
    const bomb = {
      gzip: () => gzipSync(zeros, { level: 1 }),
      deflate: () => deflateSync(zeros, { level: 1 }),
      br: () => brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
      zstd: () => zstdCompressSync(zeros),
    }[encoding]!()
    expect(bomb.length).toBeLessThan(2 * MB)
    const before = await count('*')
    const reply = await post(admin, new Uint8Array(bomb), { 'content-encoding': encoding })
    expect([reply.status, await reply.text()]).toEqual([413, expect.stringMatching(/larger than/)])
    expect(await count('*')).toBe(before)
    const host = `after-${encoding}`
    expect((await post(admin, new Uint8Array(gzipSync(eventOf(host, 'whole'))), { 'content-encoding': 'gzip' })).status).toBe(200)
    expect(await count(`host.name:${host}`)).toBe(1)
  },
)

it('10,000 names of fields, in one event and in as many, are kept and found', async () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`field_${n}`, `wide ${n}`]))
  const one = `{"create":{}}\n${JSON.stringify({ host: { name: 'wide-1' }, wide })}\n`
  const each = Array.from(
    { length: 10_000 },
    (_, n) =>
      `{"create":{}}\n${JSON.stringify({ host: { name: 'wide-2' }, many: { [`name_${n}`]: n, [`text_${n}`]: `value ${n}` } })}\n`,
  )
  for (const body of [one, each.join('')]) expect(await (await post(admin, body)).json()).toMatchObject({ errors: false })
  expect(await count('host.name:wide-2')).toBe(10_000)
  expect(await count('wide.field_9999:"wide 9999"')).toBe(1)
  expect(await count('many.name_4321:4321')).toBe(1)
  expect(await count('many.text_9998:"value 9998"')).toBe(1)
  expect(await count('many.text_9998:"value 1"')).toBe(0)
})

it('a batch whose reply was lost is sent again, compressed this time, and is there once', async () => {
  const ingest = await createToken(data, 'ingest')
  const body = Array.from({ length: 500 }, (_, n) => eventOf('lost-1', `event ${n % 250}`)).join('')
  const lost = new AbortController()
  const first = fetch(`${server.url}/_bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ingest}` },
    body,
    signal: lost.signal,
  }).then(
    () => 'answered',
    () => 'lost',
  )
  while ((await count('host.name:lost-1')) === 0) if ((await Promise.race([first, 'waiting'])) === 'answered') break
  lost.abort()
  await first
  const again = await post(ingest, new Uint8Array(gzipSync(body)), { 'content-encoding': 'gzip' })
  expect(await again.json()).toMatchObject({ errors: false })
  expect(await count('host.name:lost-1')).toBe(500)
  await eventually('the repetition to be accounted for', async () => {
    const repeated = (await sources()).reduce((sum, { counts }) => sum + counts.repeated, 0)
    return repeated === 500 ? true : undefined
  })
})

/** A client that is still writing fifty megabytes may see the end of its connection before the answer; it sends again, as any sender. */
function brokenOff(error: unknown): undefined {
  const cause = error instanceof TypeError ? error.cause : undefined
  expect(['EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET']).toContain((cause as { code?: string } | undefined)?.code)
}

it('a source that floods is told to wait; another one is not, and nothing that was taken is missing', async () => {
  const [flooder, other] = [await createToken(data, 'ingest'), await createToken(data, 'ingest')]
  const filler = 'x'.repeat(900_000)
  const events = 55
  const bodies = Array.from({ length: 8 }, (_, n) =>
    Array.from({ length: events }, (_, m) => eventOf('flood-1', `${n}-${m} ${filler}`)).join(''),
  )
  let flooding = true
  const refused: (string | null)[] = []
  const flood = Promise.all(
    bodies.map(async (body) => {
      for (;;) {
        const reply = await post(flooder, body).catch(brokenOff)
        await reply?.arrayBuffer()
        if (reply?.status === 200) return
        if (reply !== undefined) {
          expect(reply.status).toBe(429)
          refused.push(reply.headers.get('retry-after'))
        }
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    }),
  ).finally(() => {
    flooding = false
  })
  let calm = 0
  while (flooding) {
    expect((await post(other, eventOf('calm-1', `event ${calm}`))).status).toBe(200)
    calm += 1
  }
  await flood
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused)).toEqual(new Set(['1']))
  expect(calm).toBeGreaterThan(1)
  expect(await count('host.name:flood-1')).toBe(bodies.length * events)
  expect(await count('host.name:calm-1')).toBe(calm)
  console.log(`${refused.length} times told to wait; the other sent ${calm} batches meanwhile`)
}, 60_000)
