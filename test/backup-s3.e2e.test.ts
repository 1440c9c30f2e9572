import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { api, createToken, kanpeki, type Ran, ROOT, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/** It checks signatures, and stores objects as files. */
const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as new (
  options: object,
) => { run(): Promise<AddressInfo>; close(): Promise<void> }
/** What it knows. */
const KEY = 'S3RVER'
const ENTROPY = 20 * 1024 ** 2

const folder = temporaryFolder()
const data = join(folder.path, 'data')
const store = join(folder.path, 'store')
/** The second one takes any signature: of a bucket's own path it computes another one than S3, without the last slash. */
let servers: readonly InstanceType<typeof S3rver>[]
let server: Running
let proxy: Server
let endpoint: string
/** What the proxy does to an answer instead of passing it on; undefined passes it on. */
let meddle: ((asked: IncomingMessage, answer: IncomingMessage, reply: ServerResponse) => boolean) | undefined

beforeAll(async () => {
  mkdirSync(store)
  const options = { address: '127.0.0.1', port: 0, silent: true, directory: store, configureBuckets: [{ name: 'safe' }] }
  servers = [new S3rver(options), new S3rver({ ...options, allowMismatchedSignatures: true })]
  const [strict, lenient] = await Promise.all(servers.map(async (one) => (await one.run()).port))
  proxy = createServer((asked, reply) => {
    const { method, url, headers } = asked
    const port = url?.includes('list-type=') === true ? lenient : strict
    const on = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      if (meddle?.(asked, answer, reply) === true) return
      reply.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(reply)
    })
    on.once('error', () => reply.destroy())
    asked.pipe(on)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  server = await startServer(data)
  const admin = await createToken(data, 'admin')
  await api(server.url, admin, '/api/v1/demo/attack', {})
  // More than one part of an upload.
  writeFileSync(join(data, 'rules/entropy.bin'), randomBytes(ENTROPY))
}, 60_000)
afterAll(async () => {
  await server.stop()
  proxy.closeAllConnections()
  proxy.close()
  for (const one of servers) await one.close()
  folder.remove()
})
beforeEach(() => {
  meddle = undefined
})

const keys = (secret = KEY) => ({ AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: secret, KANPEKI_S3_ENDPOINT: endpoint })
const backUp = (to: string, ...more: string[]): Promise<Ran> =>
  kanpeki(['backup', '--data', data, '--to', to, ...more], { env: keys() })
const objects = (): string[] => globSync('safe/**/*.tar*', { cwd: store }).filter((path) => /_object$/.test(path))

/** Whether doctor knows of a backup. */
async function lastBackup(): Promise<boolean> {
  const { checks } = JSON.parse((await kanpeki(['doctor', '--data', data, '--json'])).stdout) as {
    checks: { id: string; verdict: string }[]
  }
  return checks.find(({ id }) => id === 'backup')?.verdict === 'pass'
}

it('is none when what lies there is not what was sent', async () => {
  const before = objects()
  meddle = (asked, answer, reply) => {
    if (asked.method !== 'GET') return false
    reply.writeHead(answer.statusCode ?? 0, answer.headers)
    let at = 0
    answer.on('data', (chunk: Buffer) => {
      if (at <= ENTROPY / 2 && at + chunk.length > ENTROPY / 2) chunk[0] = chunk[0]! ^ 1
      at += chunk.length
      reply.write(chunk)
    })
    answer.once('end', () => reply.end())
    return true
  }
  const { code, stderr } = await backUp('s3://safe/altered')
  expect([code, stderr]).toEqual([1, expect.stringContaining('read back, is not what was written')])
  expect(objects()).toEqual(before)
  expect(await lastBackup()).toBe(false)
}, 60_000)

it('goes into a bucket and comes back from it, the newest of a prefix', async () => {
  const made = await backUp('s3://safe/office', '--json')
  expect([made.code, made.stderr]).toEqual([0, ''])
  const { file, bytes, events } = JSON.parse(made.stdout) as { file: string; bytes: number; events: number }
  expect(file).toMatch(/^s3:\/\/safe\/office\/kanpeki-backup-\d{8}T\d{6}Z\.tar$/)
  expect(bytes).toBeGreaterThan(ENTROPY)
  expect(await lastBackup()).toBe(true)
  expect((await backUp(file)).stderr).toContain('is there already')
  const restored = join(folder.path, 'restored')
  // Its connection breaks twice on the way back.
  let breaks = 2
  meddle = (asked, answer, reply) => {
    if (asked.method !== 'GET' || asked.url?.includes('.tar') !== true || breaks === 0) return false
    breaks -= 1
    reply.writeHead(answer.statusCode ?? 0, answer.headers)
    let passed = 0
    answer.on('data', (chunk: Buffer) => {
      reply.write(chunk)
      passed += chunk.length
      if (passed > 3_000_000) reply.destroy()
    })
    return true
  }
  const ran = await kanpeki(
    ['restore', 's3://safe/office', '--data', restored, '--seal-key-file', join(data, 'keys/seal.key'), '--json'],
    { env: keys() },
  )
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  expect(JSON.parse(ran.stdout)).toMatchObject({ ok: true, from: file, bytes, events })
  expect(breaks).toBe(0)
  expect(readFileSync(join(restored, 'rules/entropy.bin'))).toEqual(readFileSync(join(data, 'rules/entropy.bin')))
}, 60_000)

it('is none when its upload ends half-way, by a refusal or by a kill', async () => {
  const before = objects()
  let parts = 0
  const onPart = (second: (reply: ServerResponse) => void): void => {
    parts = 0
    meddle = (asked, answer, reply) => {
      if (asked.url?.includes('partNumber') !== true) return false
      parts += 1
      if (parts < 2) return false
      answer.resume()
      second(reply)
      return true
    }
  }
  onPart((reply) => reply.writeHead(403).end())
  const refused = await backUp('s3://safe/half')
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('s3://safe/half/')])
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'backup', '--data', data, '--to', 's3://safe/half'], {
    env: { ...process.env, ...keys() },
    stdio: 'ignore',
  })
  onPart(() => child.kill('SIGKILL'))
  await new Promise((resolve) => child.once('close', resolve))
  expect(parts).toBeGreaterThan(1)
  expect(objects()).toEqual(before)
  meddle = undefined
  const none = await kanpeki(['restore', 's3://safe/half', '--data', join(folder.path, 'none')], { env: keys() })
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('There is no backup at s3://safe/half')])
  // What the killed one left in the server's hands does not keep the next from being made.
  expect((await backUp('s3://safe/half')).code).toBe(0)
}, 60_000)

it('says what is wrong without showing a key, and sends nothing in clear to another machine', async () => {
  const secret = 'not-the-secret-at-all'
  const wrong = await kanpeki(['backup', '--data', data, '--to', 's3://safe/x'], { env: keys(secret) })
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('s3-endpoint')])
  expect(wrong.stdout + wrong.stderr).not.toContain(secret)
  expect((await backUp('s3://none/x')).stderr).toContain('s3://none/x')
  const plain = await backUp('s3://safe/x', '--s3-endpoint', 'http://192.0.2.1')
  expect([plain.code, plain.stderr]).toEqual([1, expect.stringContaining('https://')])
  expect((await backUp('s3:safe')).code).toBe(64)
}, 60_000)
