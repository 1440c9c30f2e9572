import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer, type Server } from 'node:net'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandView, HostStatus } from '../src/hosts/schema.ts'
import { createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'
import { makeNet, type Net, type NetHost, withoutNetns } from './support/netns.ts'

const LAUNCHER = join(import.meta.dirname, '../dist/cli/main.js')
const lacking = withoutNetns()

interface Host {
  readonly net: NetHost
  readonly home: string
  readonly watched: string
  readonly id: string
  agent?: ChildProcess
  /** Files written so far. */
  written: number
}

/** Three hosts with agents, each with its own address, and a server that they reach over a cable that can be pulled. */
describe.skipIf(lacking !== undefined)(`hosts of a network (needs ${lacking ?? 'nothing more'})`, () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const ca = join(data, 'keys', 'tls-served.pem')
  const hosts: Host[] = []
  let net: Net
  let server: Running
  let port: string
  let token: string
  let used: string
  /** Something else on the server's machine, which an isolated host must not reach. */
  let other: Server
  let otherPort: number

  interface Sent {
    readonly status: number
    readonly json: unknown
  }
  const send = (
    method: string,
    path: string,
    body?: unknown,
    as: { readonly token?: string; readonly key?: string; readonly cert?: string } = { token },
  ): Promise<Sent> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        ...(as.token === undefined ? {} : { authorization: `Bearer ${as.token}` }),
      }
      const tls = { ca: readFileSync(ca), ...(as.key === undefined ? {} : { key: as.key, cert: as.cert }) }
      const options = { method, headers, ...tls, agent: false as const }
      const sent = request(new URL(path, `https://127.0.0.1:${port}`), options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }))
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  const command = async (host: Host, kind: string, params: object = {}, wait = 20): Promise<CommandView> => {
    const { status, json } = await send('POST', `/api/v1/agents/${host.id}/commands`, { kind, params, wait })
    expect(status, JSON.stringify(json)).toBe(200)
    return json as CommandView
  }
  const count = async (query: string): Promise<number> =>
    ((await send('POST', '/api/v1/events/count', { query })).json as { count: number }).count
  const stateOf = async ({ id }: Host): Promise<HostStatus['status']> => {
    const { items } = (await send('GET', '/api/v1/agent-states')).json as { items: HostStatus[] }
    return items.find(({ agent }) => agent === id)?.status ?? null
  }
  const startAgent = (host: Host): void => {
    const [program, ...rest] = [...host.net.inside, process.execPath, LAUNCHER, 'agent', 'run', '--data', host.home]
    host.agent = spawn(program!, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const killAgent = async (host: Host): Promise<void> => {
    const child = host.agent!
    delete host.agent
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await ended
  }
  const startAgain = async (): Promise<void> => {
    server = await startServer(data, ['--host', '0.0.0.0', '--port', port])
  }
  const write = (host: Host, files: number): void => {
    for (let i = 0; i < files; i++) writeFileSync(join(host.watched, `file-${host.written++}`), String(i))
  }

  beforeAll(async () => {
    net = makeNet(3)
    other = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => other.listen(0, '0.0.0.0', resolve))
    otherPort = (other.address() as { port: number }).port
    server = await startServer(data, ['--host', '0.0.0.0'])
    port = new URL(server.url).port
    token = await createToken(data, 'admin')
    const made = await kanpeki(['enrol-token', 'create', '--uses', '3', '--data', data])
    used = made.stdout.trim()
    for (const [i, one] of net.hosts.entries()) {
      const home = join(folder.path, `agent-${i}`)
      const watched = join(folder.path, `watched-${i}`)
      mkdirSync(watched)
      const to = `https://${net.gateway}:${port}`
      const words = ['agent', 'enrol', '--to', to, '--token', used, '--ca', ca, '--data', home, '--name', one.name]
      const enrolled = spawn(one.inside[0]!, [...one.inside.slice(1), process.execPath, LAUNCHER, ...words], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      expect(await new Promise((resolve) => enrolled.once('close', resolve))).toBe(0)
      const { id } = JSON.parse(readFileSync(join(home, 'identity.json'), 'utf8')) as { id: string }
      writeFileSync(join(home, 'agent.json'), JSON.stringify({ watch: [watched], ignore: [], pollMs: 5_000, journal: false }))
      const host: Host = { net: one, home, watched, id, written: 0 }
      hosts.push(host)
      startAgent(host)
    }
    for (const host of hosts) await eventually('an agent to ask for commands', async () => (await stateOf(host)) ?? undefined)
  }, 90_000)
  afterAll(async () => {
    for (const { agent } of hosts) agent?.kill('SIGKILL')
    server?.child.kill('SIGKILL')
    other?.close()
    net?.remove()
    folder.remove()
  })

  it('ends a process with all that it started, by its number and its start, and refuses what must live', async () => {
    const [host] = hosts as [Host]
    const shell = spawn('bash', ['-c', 'sleep 300 & (sleep 301 & sleep 302) & wait'], { stdio: 'ignore' })
    const started = Date.now()
    const ended = new Promise((resolve) => shell.once('close', (_, signal) => resolve(signal)))
    await eventually('its children', async () =>
      readFileSync(`/proc/${shell.pid}/task/${shell.pid}/children`, 'utf8').split(' ').length > 2 ? true : undefined,
    )
    const other = await command(host, 'kill', { pid: shell.pid, started: started - 60_000 })
    expect(other).toMatchObject({ state: 'done', receipt: { outcome: 'already' } })
    const done = await command(host, 'kill', { pid: shell.pid, started })
    expect(done).toMatchObject({ state: 'done', receipt: { outcome: 'done', detail: { count: 5 } } })
    expect(await ended).toBe('SIGKILL')
    for (const [pid, name] of [
      [1, readFileSync('/proc/1/comm', 'utf8').trim()],
      [host.agent!.pid!, basename(process.execPath)],
    ] as const) {
      const refused = await command(host, 'kill', { pid, name })
      expect(refused).toMatchObject({ state: 'failed', receipt: null })
    }
  }, 30_000)

  it('isolates a host, which then reaches the server and nothing else; the server lets it go', async () => {
    const [host, neighbour] = hosts as [Host, Host]
    expect(host.net.reaches(net.gateway, otherPort)).toBe(true)
    expect(await command(host, 'isolate', { deadManSeconds: 60 })).toMatchObject({ state: 'done', receipt: { outcome: 'done' } })
    expect(host.net.reaches(net.gateway, Number(port))).toBe(true)
    expect(host.net.reaches(net.gateway, otherPort)).toBe(false)
    expect(neighbour.net.reaches(net.gateway, otherPort)).toBe(true)
    expect(await stateOf(host)).toMatchObject({ isolated: { deadManSeconds: 60 } })
    write(host, 5)
    await eventually('events of the isolated host', async () =>
      (await count(`agent.id:${host.id} AND event.action:file-creation`)) === 5 ? true : undefined,
    )
    expect(await command(host, 'release')).toMatchObject({ state: 'done', receipt: { outcome: 'done' } })
    expect(host.net.reaches(net.gateway, otherPort)).toBe(true)
    expect(await command(host, 'release')).toMatchObject({ receipt: { outcome: 'already' } })
  }, 60_000)
})
