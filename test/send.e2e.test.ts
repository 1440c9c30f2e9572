import { spawn } from 'node:child_process'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createToken, kanpeki, ROOT, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const RECORDS = 9000
const folder = temporaryFolder()
const data = join(folder.path, 'data')
const file = join(folder.path, 'app.ndjson')
const state = join(folder.path, 'sent.json')
let server: Running
let ingest: string
let read: string

const line = (n: number): string =>
  `${JSON.stringify({ message: `record ${n}`, user: { name: `u${n % 7}` }, fill: 'x'.repeat(300) })}\n`
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, n) => line(from + n)).join('')

beforeAll(async () => {
  server = await startServer(data)
  ingest = await createToken(data, 'ingest')
  read = await createToken(data, 'read')
})
afterAll(() => {
  server.child.kill('SIGKILL')
  folder.remove()
})

const send = (path: string, url = server.url, ...more: string[]) =>
  kanpeki(['send', path, '--to', url, '--token', ingest, '--state', state, '--source', 'files', ...more])

async function count(query: string): Promise<number> {
  const { code, stdout, stderr } = await kanpeki(['search', query, '--count', '--url', server.url, '--token', read])
  expect([code, stderr]).toEqual([0, ''])
  return Number(stdout)
}

/** Passes requests on; `lose` decides which replies never arrive. Counts what reached the server. */
async function lossy(lose: (nth: number) => boolean): Promise<{ url: string; taken: () => number; server: Server }> {
  let taken = 0
  const proxy = createServer((incoming, outgoing) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const on = request(`${server.url}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (reply) => {
        taken += 1
        if (lose(taken)) {
          reply.resume()
          reply.once('end', () => outgoing.destroy())
          return
        }
        outgoing.writeHead(reply.statusCode ?? 0, reply.headers)
        reply.pipe(outgoing)
      })
      on.end(Buffer.concat(parts))
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, taken: () => taken, server: proxy }
}

it('sends a file whose replies get lost, and stores each record once', async () => {
  writeFileSync(file, lines(0, RECORDS))
  const proxy = await lossy((nth) => nth % 2 === 1)
  const { code, stderr } = await send(file, proxy.url)
  proxy.server.close()
  expect([code, stderr.includes('were there already')]).toEqual([0, true])
  expect(proxy.taken()).toBeGreaterThan(4)
  expect(await count('kanpeki.source:"http:files"')).toBe(RECORDS)
}, 60_000)

it('remembers a file by its content: under another name, longer, or compressed it goes on', async () => {
  const renamed = join(folder.path, 'app.1')
  renameSync(file, renamed)
  appendFileSync(renamed, lines(RECORDS, RECORDS + 10))
  // To the server itself nothing was sent before, and yet it has all but the ten.
  const direct = await send(renamed)
  expect(direct.stderr).toContain('9,010 records')
  expect(direct.stderr).toContain('9,000 were there already')
  appendFileSync(renamed, lines(RECORDS + 10, RECORDS + 15))
  expect((await send(renamed)).stderr).toMatch(/^Sent: 5 records/)
  writeFileSync(`${renamed}.gz`, gzipSync(lines(0, RECORDS + 20)))
  expect((await send(`${renamed}.gz`)).stderr).toMatch(/^Sent: 5 records/)
  expect(await count('record')).toBe(RECORDS + 20)
}, 60_000)

it('tells files apart that begin alike, and sends a last line again that was still being written', async () => {
  const [one, two] = [join(folder.path, 'one.log'), join(folder.path, 'two.log')]
  const text = (middle: string, last: string): string => `started alike\n${middle} alike\nends ${last}`
  writeFileSync(one, text('one', 'he'))
  writeFileSync(two, text('two', 'here\n'))
  expect((await send(one)).stderr).toMatch(/^Sent: 3 records/)
  // The first line is the same file's as far as anybody can tell.
  expect((await send(two)).stderr).toMatch(/^Sent: 3 records.*1 were there already/)
  writeFileSync(one, text('one', 'here\nand goes on\n'))
  expect((await send(one)).stderr).toMatch(/^Sent: 2 records/)
  expect((await send(two)).stderr).toMatch(/^Sent: 0 records/)
  expect(await count('message:alike')).toBe(3)
  expect(await count('message:"ends here"')).toBe(2)
}, 60_000)

it('ends cleanly at Ctrl-C, tells so, and goes on where it was', async () => {
  const other = join(folder.path, 'other.ndjson')
  writeFileSync(
    other,
    Array.from({ length: 6000 }, (_, n) => `${JSON.stringify({ message: `other ${n}`, fill: 'y'.repeat(600) })}\n`).join(''),
  )
  let child: ReturnType<typeof spawn> | undefined
  const proxy = await lossy((nth) => {
    if (nth === 2) child?.kill('SIGINT')
    return false
  })
  child = spawn(
    process.execPath,
    [join(ROOT, 'dist/cli/main.js'), 'send', other, '--to', proxy.url, '--token', ingest, '--state', state],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  expect(await new Promise((resolve) => child?.once('close', resolve))).toBe(130)
  expect(said).toContain('again to go on')
  const first = await count('message:other')
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThan(6000)
  const rest = await send(other, proxy.url)
  proxy.server.close()
  expect(rest.stderr).not.toContain('already')
  expect(await count('message:other')).toBe(6000)
}, 60_000)

it('takes log lines to their parsers, and says what it cannot do', async () => {
  const log = join(folder.path, 'auth.log')
  writeFileSync(log, 'Nov 22 05:00:00 web-03 sshd[71]: Failed password for root from 203.0.113.9 port 50022 ssh2\nwhat is this\n')
  const { stderr } = await send(log, server.url, '--source', 'auth')
  expect(stderr).toContain('2 records')
  expect(await count('kanpeki.source:"http:auth" AND source.ip:203.0.113.9 AND event.outcome:failure')).toBe(1)
  const refused = await kanpeki(['send', log, '--to', server.url, '--token', read, '--state', state, '--again'])
  expect([refused.code, refused.stderr.includes('may not send')]).toEqual([1, true])
  const missing = await send(join(folder.path, 'none'))
  expect([missing.code, missing.stderr.includes('cannot be read')]).toEqual([1, true])
  const usage = await kanpeki(['send', log])
  expect(usage.code).toBe(64)
}, 60_000)

it('searches by span and prints tables, CSV and NDJSON page after page', async () => {
  const ask = (...args: string[]) => kanpeki(['search', ...args, '--url', server.url, '--token', read])
  const all = await ask('message:other', '--format', 'ndjson', '--limit', '2500', '--fields', 'message')
  expect(new Set(all.stdout.trimEnd().split('\n')).size).toBe(2500)
  expect((await ask('message:other', '--count', '--to', 'now-1h')).stdout).toBe('0\n')
  expect((await ask('message:other', '--count', '--from', 'now-1h')).stdout).toBe('6000\n')
  const csv = await ask('message:"other 7"', '--format', 'csv', '--fields', '@timestamp,message', '--limit', '1')
  expect(csv.stdout).toMatch(/^timestamp,message\r\n\d{4}-.+Z,other 7\d*\r\n$/)
  const table = await ask('message:"Failed password"')
  expect(table.stdout.split('\n')[0]).toMatch(/^@timestamp +host\.name/)
  expect((await ask('x', '--from', 'yesterday')).code).toBe(64)
  expect((await ask('x', '--format', 'xml')).code).toBe(64)
  const here = await kanpeki(['search', 'message:other', '--count', '--data', data])
  expect(here.stdout).toBe('6000\n')
}, 60_000)
