import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CommandText, ReceiptMessage } from '../hosts/schema.ts'
import { KanpekiError } from '../kernel/error.ts'
import { followCommands } from './commands.ts'
import type { Identity } from './identity.ts'

const folder = mkdtempSync(join(tmpdir(), 'agent-commands-'))
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const commandKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
const agent = randomUUID()
const receipts: ReceiptMessage[] = []
let waiting: CommandText[] = []
let server: Server
let ca = ''

/** A server that hands out what waits until it is answered, as the real one does. */
beforeAll(async () => {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const asked = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=x']
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate]
  execFileSync('openssl', [...asked, ...names], { stdio: 'ignore' })
  ca = readFileSync(certificate, 'utf8')
  server = createServer({ key: readFileSync(key), cert: ca }, async (request, response) => {
    let text = ''
    for await (const part of request) text += String(part)
    if (request.url === '/api/v1/agent-link/receipts') {
      const message = JSON.parse(text) as ReceiptMessage
      receipts.push(message)
      waiting = waiting.filter(({ id }) => id !== message.id)
      return void response.end('{}')
    }
    await sleep(20)
    const commands = waiting.map((one) => {
      const said = JSON.stringify(one)
      const signed = Buffer.from(`kanpeki-agent-command/v1\n${said}`)
      return { text: said, signature: sign(null, signed, privateKey).toString('base64') }
    })
    response.end(JSON.stringify({ now: Date.now(), key: commandKey, commands, policy: null }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs an agent's loop until `done` holds; each start is one as after a crash. */
async function follow(release: () => void, done: () => boolean): Promise<void> {
  const ending = new AbortController()
  const identity: Identity = {
    ...{ id: agent, name: 'host', url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` },
    ...{ key: '', certificate: '', ca, renewAfter: 0, commandKey },
  }
  const { key: _, certificate: __, ...shown } = identity
  const none = (): void => {}
  const going = followCommands({
    folder,
    identity: () => shown as Identity,
    pin: async () => {},
    status: () => ({ version: '1', host: 'host', kinds: ['release'], isolated: null, blocked: 0, policy: null }),
    responders: {
      release: async () => {
        release()
        return { outcome: 'done', detail: {} }
      },
    },
    ...{ policy: async () => {}, tell: none, reached: async () => {}, patience: () => 50, addresses: () => undefined },
    ...{ recent: () => [], trial: false, count: none, signal: ending.signal },
    log: { debug: none, info: none, warn: none, error: none } as never,
  })
  for (const until = Date.now() + 10_000; !done() && Date.now() < until; ) await sleep(10)
  ending.abort()
  await going
  expect(done()).toBe(true)
}

const command = (): CommandText => {
  const now = Date.now()
  const what = { kind: 'release', params: {}, key: 'run/step-undo' } as const
  return { v: 1, id: randomUUID(), agent, ...what, issued: now, expires: now + 60_000 } as CommandText
}

it('tries again what it could not do where it is asked for again, and never does twice what it did', async () => {
  let done = 0
  const release = (): void => {
    done += 1
    if (done === 1) throw new KanpekiError('tool_failed', 'nft is busy.')
  }
  const asked = async (): Promise<ReceiptMessage> => {
    waiting = [command()]
    const before = receipts.length
    await follow(release, () => receipts.length > before && waiting.length === 0)
    return receipts.at(-1)!
  }
  expect((await asked()).result).toEqual({ failed: { code: 'tool_failed', message: 'nft is busy.' } })
  expect((await asked()).result).toEqual({ receipt: { outcome: 'done', detail: {} } })
  expect((await asked()).result).toEqual({ receipt: { outcome: 'done', detail: {} } })
  expect(done).toBe(2)
})
