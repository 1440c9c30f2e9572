import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer, type Server } from 'node:net'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { releaseText } from '../src/agent/update/release.ts'
import type { Capture, CommandView, HostStatus } from '../src/hosts/schema.ts'
import {
  createToken,
  kanpeki,
  ROOT,
  type Running,
  startServer,
  temporaryFolder,
  eventually as within,
} from './support/kanpeki.ts'
import { makeNet, type Net, type NetHost, withoutNetns } from './support/netns.ts'

const LAUNCHER = join(import.meta.dirname, '../dist/cli/main.js')
const lacking = withoutNetns()
/** Three agents and a server on two cores start slowly beside other tests. */
const eventually: typeof within = (what, check, seconds = 90) => within(what, check, seconds)
/** Agents here have the capabilities of the unit, and no other. */
const [, capabilities = ''] =
  /^CapabilityBoundingSet=(.*)$/m.exec(readFileSync(join(ROOT, 'deploy/kanpeki-agent.service'), 'utf8')) ?? []
const LEAST = [
  'setpriv',
  `--bounding-set=-all${capabilities.replaceAll(/\s*CAP_(\w+)/g, (_, name: string) => `,+${name.toLowerCase()}`)}`,
  '--no-new-privs',
]
/** How long the cables are out: as long as it takes, or ten minutes by hand (KANPEKI_CUT_SECONDS=600). */
const CUT_MS = Number(process.env['KANPEKI_CUT_SECONDS'] ?? 0) * 1_000
/** Files a second and host that are written while the cut lasts that long. */
const CUT_RATE = Number(process.env['KANPEKI_CUT_RATE'] ?? 10)

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
    /** What it has the browser keep. */
    readonly cookie: string
  }
  interface As {
    readonly token?: string
    readonly key?: string
    readonly cert?: string
    /** As a browser would. */
    readonly csrf?: true
    readonly cookie?: string
  }
  const send = (method: string, path: string, body?: unknown, as: As = { token }): Promise<Sent> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? '' : body instanceof Buffer ? body : JSON.stringify(body)
      const type = body instanceof Buffer ? 'application/octet-stream' : 'application/json'
      const headers = {
        ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
        ...(as.token === undefined ? {} : { authorization: `Bearer ${as.token}` }),
        ...(as.csrf === undefined ? {} : { 'x-kanpeki-csrf': '1' }),
        ...(as.cookie === undefined ? {} : { cookie: as.cookie }),
      }
      const tls = { ca: readFileSync(ca), ...(as.key === undefined ? {} : { key: as.key, cert: as.cert }) }
      const options = { method, headers, ...tls, agent: false as const }
      const sent = request(new URL(path, `https://127.0.0.1:${port}`), options, (response) => {
        let reply = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          reply += part
        })
        const cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
        response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(reply || 'null'), cookie }))
      })
      sent.on('error', reject)
      sent.end(text)
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
    const [program, ...rest] = [...host.net.inside, ...LEAST, process.execPath, LAUNCHER, 'agent', 'run', '--data', host.home]
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
  /** Something that hosts can speak with. */
  const listen = async (): Promise<{ readonly port: number; readonly close: () => void }> => {
    const one = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => one.listen(0, '0.0.0.0', resolve))
    return { port: (one.address() as { port: number }).port, close: () => one.close() }
  }
  /** How many packets of a recording are about a port, as tcpdump reads it. */
  const packetsOf = (file: string, about: number): number =>
    execFileSync('tcpdump', ['-n', '-r', file, 'tcp', 'port', String(about)], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .split('\n')
      .filter((line) => line !== '').length
  const download = (path: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const options = { headers: { authorization: `Bearer ${token}` }, ca: readFileSync(ca), agent: false as const }
      request(new URL(path, `https://127.0.0.1:${port}`), options, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve(Buffer.concat(parts)))
      })
        .on('error', reject)
        .end()
    })
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
    const enrolAndStart = async (one: NetHost, i: number): Promise<void> => {
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
      hosts[i] = host
      startAgent(host)
    }
    await Promise.all(net.hosts.map(enrolAndStart))
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
  }, 120_000)

  it(
    'is cut off under load and returns: nothing is missing and nothing there twice',
    async () => {
      const told = ({ id }: Host): Promise<number> => count(`agent.id:${id} AND event.action:file-creation`)
      // What lies in a folder before it is watched is no event: the first that is told, and one behind it, say that it is.
      for (const host of hosts) {
        await eventually('a folder to be watched', async () => {
          if ((await told(host)) > 0) return true
          write(host, 1)
          return undefined
        })
        const last = host.written
        write(host, 1)
        const query = `agent.id:${host.id} AND event.action:file-creation AND file.name:"file-${last}"`
        await eventually('the last of them', async () => ((await count(query)) === 1 ? true : undefined))
      }
      const before = await Promise.all(hosts.map(async (host) => (await told(host)) - host.written))
      const from = Date.now()
      const until = from + CUT_MS
      const already = hosts.map(({ written }) => written)
      for (const { net: one } of hosts) one.cable(false)
      for (let round = 0; round < 4 || Date.now() < until; round++) {
        const due = Math.round(((Date.now() - from) / 1_000) * CUT_RATE)
        for (const [i, host] of hosts.entries()) write(host, round < 4 ? 100 : Math.max(0, already[i]! + due - host.written))
        if (round === 1) await killAgent(hosts[2]!)
        if (round === 2) await server.kill()
        if (round === 3) startAgent(hosts[2]!)
        await eventually('some time to pass', async () => (hosts[0]!.net.reaches(net.gateway, otherPort) ? undefined : true))
      }
      await startAgain()
      for (const { net: one } of hosts) one.cable(true)
      const back = Date.now()
      for (const [i, host] of hosts.entries())
        await eventually(
          'all of it',
          async () => ((await told(host)) === before[i]! + host.written ? true : undefined),
          90 + CUT_MS / 1_000,
        ).catch(async (cause: unknown) => {
          throw new Error(`${host.net.name} told ${await told(host)} of ${before[i]! + host.written} files`, { cause })
        })
      console.log(
        `cut off for ${Math.round((back - from) / 1_000)} s, all told ${Math.round((Date.now() - back) / 1_000)} s later`,
      )
      for (const host of hosts) write(host, 1)
      for (const [i, host] of hosts.entries()) {
        await eventually('one more', async () => ((await told(host)) === before[i]! + host.written ? true : undefined))
        console.log(`${host.written} files told of ${host.net.name}`)
        for (const name of [already[i]!, already[i]! + 200, host.written - 1])
          expect(await count(`agent.id:${host.id} AND event.action:file-creation AND file.name:"file-${name}"`)).toBe(1)
      }
    },
    2 * CUT_MS + 300_000,
  )

  it('lets nobody act with what was stolen from a host: neither its certificate nor an enrolment token', async () => {
    const [thief, victim] = hosts as [Host, Host]
    const { key, certificate: cert } = JSON.parse(readFileSync(join(thief.home, 'identity.json'), 'utf8')) as {
      key: string
      certificate: string
    }
    const stolen = { key, cert }
    await killAgent(victim)
    const { id } = await command(victim, 'block-address', { address: '192.0.2.7' }, 0)
    const status = { version: '0', host: victim.net.name, kinds: ['isolate'], isolated: null, blocked: 0, policy: null }
    const polled = await send('POST', '/api/v1/agent-link/poll', { status, wait: 0 }, stolen)
    expect(polled).toMatchObject({ status: 200, json: { commands: [] } })
    const receipt = { receipt: { outcome: 'done', detail: {} } }
    const tries: readonly (readonly [object, string, string, object, number])[] = [
      [stolen, 'POST', '/api/v1/agent-link/receipts', { id, result: receipt }, 404],
      [stolen, 'POST', `/api/v1/agent-link/captures/${id}`, {}, 400],
      [stolen, 'POST', `/api/v1/agents/${victim.id}/commands`, { kind: 'isolate' }, 403],
      [stolen, 'POST', `/api/v1/agents/${thief.id}/commands`, { kind: 'release' }, 403],
      [stolen, 'POST', `/api/v1/agents/${victim.id}/queries`, { table: 'users' }, 403],
      [stolen, 'GET', `/api/v1/agents/${victim.id}/commands`, {}, 403],
      [stolen, 'PUT', '/api/v1/agent-policies/*', { journal: false }, 403],
      [{ token: used }, 'POST', `/api/v1/agents/${victim.id}/commands`, { kind: 'isolate' }, 401],
      [{ token: used }, 'POST', '/api/v1/agent-link/poll', { status, wait: 0 }, 401],
    ]
    for (const [as, method, path, body, expected] of tries) {
      const { status: got, json } = await send(method, path, method === 'GET' ? undefined : body, as)
      expect(got, `${method} ${path} ${JSON.stringify(json)}`).toBe(expected)
    }
    const made = await kanpeki(['enrol-token', 'create', '--data', data])
    const unused = { token: made.stdout.trim() }
    for (const path of [`/api/v1/agents/${victim.id}/commands`, '/api/v1/agent-link/poll'])
      expect((await send('POST', path, { kind: 'isolate', status, wait: 0 }, unused)).status).toBe(403)
    startAgent(victim)
    await eventually('the command of its own', async () => {
      const { json } = await send('GET', `/api/v1/agent-commands/${id}`)
      return (json as CommandView).state === 'done' ? true : undefined
    })
    console.log(`${tries.length + 2} tries refused`)
  }, 120_000)

  it('follows the server to a new key for commands, also where it was away meanwhile, and takes nothing of the old one', async () => {
    const [host, , away] = hosts as [Host, Host, Host]
    const known = ({ home }: Host): string =>
      (JSON.parse(readFileSync(join(home, 'identity.json'), 'utf8')) as { commandKey: string }).commandKey
    const first = known(host)
    await killAgent(away)
    const { stdout, stderr } = await kanpeki(['agents', 'rotate-key', '--data', data])
    expect(stdout.trim(), stderr).not.toBe(first)
    await eventually('the new key', async () => (known(host) === stdout.trim() ? true : undefined))
    expect(await command(host, 'release')).toMatchObject({ state: 'done' })
    const second = (await kanpeki(['agents', 'rotate-key', '--data', data])).stdout.trim()
    startAgent(away)
    for (const one of [host, away]) await eventually('the newest key', async () => (known(one) === second ? true : undefined))
    for (const one of [host, away]) expect(await command(one, 'release')).toMatchObject({ state: 'done' })
    // A host that still knew another key than any that led here does nothing that it is told.
    const identity = JSON.parse(readFileSync(join(away.home, 'identity.json'), 'utf8')) as object
    const stranger = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    const write = (commandKey: string): void =>
      writeFileSync(join(away.home, 'identity.json'), `${JSON.stringify({ ...identity, commandKey })}\n`)
    await killAgent(away)
    write(stranger)
    startAgent(away)
    const { id } = await command(away, 'block-address', { address: '192.0.2.9' }, 0)
    await eventually('the refusal', async () =>
      (await count(`agent.id:${away.id} AND event.action:agent-command-key-unknown`)) > 0 ? true : undefined,
    )
    expect((await send('GET', `/api/v1/agent-commands/${id}`)).json).toMatchObject({ state: 'given', receipt: null })
    expect(known(away)).toBe(stranger)
    await killAgent(away)
    write(second)
    startAgent(away)
    await eventually('the command after all', async () =>
      ((await send('GET', `/api/v1/agent-commands/${id}`)).json as CommandView).state === 'done' ? true : undefined,
    )
  }, 240_000)

  it('releases by the dead-man’s switch once the server is lost: by the agent, by the kernel where no agent runs, by hand', async () => {
    const [first, second, third] = hosts as [Host, Host, Host]
    for (const [host, deadManSeconds] of [
      [first, 4],
      [second, 4],
      [third, 3_600],
    ] as const)
      expect(await command(host, 'isolate', { deadManSeconds })).toMatchObject({ receipt: { outcome: 'done' } })
    for (const { net: one } of hosts) expect(one.reaches(net.gateway, otherPort)).toBe(false)
    await server.kill()
    await killAgent(second)
    await killAgent(third)
    startAgent(third)
    for (const { net: one } of [first, second])
      await eventually('the switch', async () => (one.reaches(net.gateway, otherPort) ? true : undefined))
    expect(third.net.reaches(net.gateway, otherPort)).toBe(false)
    const words = ['agent', 'release', '--data', third.home]
    const [program, ...rest] = [...third.net.inside, process.execPath, LAUNCHER, ...words]
    const released = spawn(program!, rest, { stdio: 'ignore' })
    expect(await new Promise((resolve) => released.once('close', resolve))).toBe(0)
    expect(third.net.reaches(net.gateway, otherPort)).toBe(true)
    await startAgain()
    startAgent(second)
    for (const host of hosts)
      await eventually('all to be told', async () => ((await stateOf(host))?.isolated === null ? true : undefined))
    await eventually('the event of it', async () =>
      (await count(`agent.id:${first.id} AND event.action:isolation-released`)) === 1 ? true : undefined,
    )
    for (const { net: one } of hosts) expect(one.reaches(net.gateway, otherPort)).toBe(true)
  }, 240_000)

  it('quarantines and restores a file, captures into evidence, and answers a question; the ledger keeps who asked', async () => {
    const [host] = hosts as [Host]
    const path = join(host.watched, 'evil')
    writeFileSync(path, 'evil')
    const taken = await command(host, 'quarantine', { path })
    expect(taken).toMatchObject({ state: 'done', receipt: { detail: { path, bytes: 4 } } })
    expect(existsSync(path)).toBe(false)
    expect(await command(host, 'restore', taken.receipt?.undo)).toMatchObject({ state: 'done' })
    expect(readFileSync(path, 'utf8')).toBe('evil')
    // The last traffic is kept, so that what came before the question is in the capture too.
    expect((await send('PUT', '/api/v1/agent-policies/*', { packetRing: true })).status).toBe(200)
    const ring = join(host.home, 'respond/ring.pcap0')
    const early = await listen()
    const late = await listen()
    await eventually('the ring to hold what came before', async () => {
      host.net.reaches(net.gateway, early.port)
      return existsSync(ring) && packetsOf(ring, early.port) > 0 ? true : undefined
    })
    const capturing = command(host, 'collect', { paths: [path], packetSeconds: 2, afterSeconds: 2 })
    const during = setInterval(() => host.net.reaches(net.gateway, late.port), 300)
    const captured = await capturing.finally(() => clearInterval(during))
    for (const { close } of [early, late]) close()
    expect(captured, JSON.stringify(captured)).toMatchObject({ state: 'done', receipt: { detail: { problems: [] } } })
    const unpacked = join(folder.path, 'capture')
    mkdirSync(unpacked)
    const bytes = await download(`/api/v1/artefacts/${(captured.receipt!.detail as { artefact: string }).artefact}/content`)
    execFileSync('tar', ['-xz', '-C', unpacked], { input: bytes })
    const { entries } = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8')) as Capture
    for (const { name, sha256 } of entries)
      expect([
        name,
        createHash('sha256')
          .update(readFileSync(join(unpacked, name)))
          .digest('hex'),
      ]).toEqual([name, sha256])
    expect(entries.map(({ name }) => name)).toEqual([
      ...['processes.jsonl', 'sockets.jsonl', 'open-files.jsonl', 'events-before.jsonl', 'packets-before-0.pcap'],
      ...['files/0001', 'packets.pcap', 'events-after.jsonl'],
    ])
    const packets = (name: string, of: { port: number }): boolean => packetsOf(join(unpacked, name), of.port) > 0
    expect([packets('packets-before-0.pcap', early), packets('packets.pcap', early)]).toEqual([true, false])
    expect(packets('packets.pcap', late)).toBe(true)
    const own = readFileSync(join(unpacked, 'processes.jsonl'), 'utf8').split('\n')
    expect(own.some((line) => line.includes(`"pid":${host.agent!.pid},"parent":`))).toBe(true)
    expect((await send('DELETE', '/api/v1/agent-policies/*', {})).status).toBe(200)
    await eventually('the ring to go', async () => (existsSync(ring) ? undefined : true))
    const { artefact, sha256 } = captured.receipt!.detail as { artefact: string; sha256: string }
    const kept = await send('GET', `/api/v1/artefacts/${artefact}`)
    expect(kept.json).toMatchObject({ kind: 'capture', sha256, sealed: true, source: `agent ${host.net.name}` })
    const asked = await send('POST', `/api/v1/agents/${host.id}/queries`, { table: 'file', path })
    expect(asked.json).toMatchObject({ state: 'done', receipt: { detail: { rows: [{ path, size: 4 }] } } })
    await eventually('the ledger', async () => {
      const { json } = await send('GET', '/api/v1/audit?limit=200')
      const actions = new Set((json as { items: { action: string }[] }).items.map(({ action }) => action))
      return ['agent.command', 'agent.query', 'agent.receipt'].every((one) => actions.has(one)) ? true : undefined
    })
  }, 120_000)

  it('does what a playbook says: ends a process, takes a file away, cuts the host off, and gives back what can be', async () => {
    const [host] = hosts as [Host]
    const { stdout } = await kanpeki(['people', 'invite', 'sasaki', '--role', 'approver', '--data', data])
    const invited = new URL(stdout.trim(), 'https://x').searchParams.get('token')
    const password = 'correct horse battery staple'
    const signedIn = await send('POST', '/api/v1/invite', { token: invited, password }, { csrf: true })
    expect(signedIn.status, JSON.stringify(signedIn.json)).toBe(200)
    const act = (action: string, input: object, next: string) => ({
      type: 'action',
      'x-kanpeki': { action, input: { host: host.net.name, ...input } },
      on_success: next,
      on_failure: 'end',
    })
    const source = JSON.stringify({
      id: 'contain-host',
      name: 'Contain a host',
      'x-kanpeki': { triggers: [], approval: 'none' },
      playbook_variables: Object.fromEntries(
        ['__pid__', '__started__', '__path__'].map((name) => [name, { type: 'string', external: true }]),
      ),
      workflow_start: 'start',
      workflow: {
        start: { type: 'start', on_completion: 'kill' },
        kill: act('kill-process', { pid: '__pid__:value', started: '__started__:value' }, 'take'),
        take: act('quarantine-file', { path: '__path__:value' }, 'collect'),
        collect: act('collect-from-host', { paths: ['/etc/hostname'] }, 'isolate'),
        isolate: act('isolate-host', { allow: [] }, 'end'),
        end: { type: 'end' },
      },
    })
    const asked = async (method: string, path: string, body: object, as?: { readonly csrf: true; readonly cookie: string }) => {
      const { status, json } = await send(method, path, body, as)
      expect(status, `${path}: ${JSON.stringify(json)}`).toBeLessThan(300)
      return json as { readonly id: string }
    }
    await asked('POST', '/api/v1/playbooks', { source })
    const approver = { csrf: true, cookie: signedIn.cookie } as const
    await asked('POST', '/api/v1/playbooks/contain-host/versions/1/decide', { decision: 'approve' }, approver)
    await asked('POST', '/api/v1/playbooks/contain-host/settings', { enabled: true, mode: 'real' })

    const path = join(host.watched, 'shell.php')
    writeFileSync(path, '<?php')
    const shell = spawn('sleep', ['300'], { stdio: 'ignore' })
    const ended = new Promise((resolve) => shell.once('close', (_, signal) => resolve(signal)))
    const variables = { __pid__: String(shell.pid), __started__: new Date().toISOString(), __path__: path }
    const { id } = await asked('POST', '/api/v1/playbooks/contain-host/run', { variables })
    interface Run {
      readonly state: string
      readonly undoable: number
      readonly steps: readonly { readonly step: string; readonly state: string; readonly message: string | null }[]
    }
    const runNow = async (): Promise<Run> => (await send('GET', `/api/v1/runs/${id}`)).json as Run
    const done = await eventually('the run to end', async () => {
      const run = await runNow()
      return run.state === 'waiting' ? undefined : run
    })
    expect(done.steps.map(({ step, state, message }) => [step, state, message])).toEqual([
      ['kill', 'done', null],
      ['take', 'done', null],
      ['collect', 'done', null],
      ['isolate', 'done', null],
    ])
    expect(await ended).toBe('SIGKILL')
    expect([existsSync(path), host.net.reaches(net.gateway, otherPort), host.net.reaches(net.gateway, Number(port))]).toEqual([
      ...[false, false, true],
    ])
    await asked('POST', `/api/v1/runs/${id}/undo`, {})
    await eventually('all of it to be given back', async () => ((await runNow()).undoable === 0 ? true : undefined))
    expect([readFileSync(path, 'utf8'), host.net.reaches(net.gateway, otherPort)]).toEqual(['<?php', true])
  }, 120_000)

  it('follows a policy that the server sets, and goes back', async () => {
    const [host] = hosts as [Host]
    // With no settings of the server's own, it is its rules alone.
    const before = await eventually('the rules', async () => (await stateOf(host))?.policy ?? undefined)
    const inForce = (other: boolean) => async () => (((await stateOf(host))?.policy !== before) === other ? true : undefined)
    expect((await send('PUT', '/api/v1/agent-policies/*', { deadManSeconds: 120 })).status).toBe(200)
    await eventually('the policy', inForce(true))
    const isolated = await command(host, 'isolate')
    expect(isolated).toMatchObject({ receipt: { detail: { deadManSeconds: 120 } } })
    await command(host, 'release')
    // As a later server would say it: this one refuses what it does not know, and its agent takes what it knows.
    const later = { deadManSeconds: 121, laterThing: { a: 1 }, integrity: [{ path: '/etc', check: ['content', 'later'] }] }
    expect((await send('PUT', '/api/v1/agent-policies/*', later)).status).toBe(400)
    const state = new DatabaseSync(join(data, 'state.db'), { timeout: 10_000 })
    state.prepare("UPDATE hosts_policies SET settings = ? WHERE label = '*'").run(JSON.stringify(later))
    state.close()
    // Its next question comes at once.
    await command(host, 'release')
    const taken = await eventually('what is known of it', async () => {
      const status = await stateOf(host)
      return status?.unknown?.length === 2 ? status : undefined
    })
    expect(taken.unknown?.toSorted()).toEqual(['integrity.check', 'laterThing'])
    expect(await command(host, 'isolate')).toMatchObject({ receipt: { detail: { deadManSeconds: 121 } } })
    await command(host, 'release')
    expect((await send('DELETE', '/api/v1/agent-policies/*', {})).status).toBe(200)
    await eventually('what was before', inForce(false))
    expect((await stateOf(host))?.unknown).toEqual([])
  }, 120_000)

  it('updates itself to what its release key signed, tries it first, and goes back from what does not work', async () => {
    const [host] = hosts as [Host]
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const releaseKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    const settings = { watch: [host.watched], ignore: [], pollMs: 5_000, journal: false, releaseKey }
    writeFileSync(join(host.home, 'agent.json'), JSON.stringify(settings))
    await killAgent(host)
    startAgent(host)
    const file = join(folder.path, 'agent.mjs')
    const env = { ...process.env, KANPEKI_AGENT_VERSION: '99.0.0' }
    execFileSync(process.execPath, ['scripts/build-agent.ts', file], { cwd: ROOT, env, stdio: 'pipe' })
    const give = async (bundle: string, version: string, key: KeyObject): Promise<CommandView> => {
      const sha256 = createHash('sha256').update(bundle).digest('hex')
      const signature = sign(null, Buffer.from(releaseText(version, sha256)), key).toString('base64')
      const query = new URLSearchParams({ version, signature }).toString()
      const brought = await send('POST', `/api/v1/agent-releases?${query}`, Buffer.from(bundle))
      expect(brought.status, JSON.stringify(brought.json)).toBe(200)
      const { json } = await send('POST', `/api/v1/agents/${host.id}/update`, { sha256 })
      const { id } = json as CommandView
      return await eventually(
        'the receipt of an update',
        async () => {
          const view = (await send('GET', `/api/v1/agent-commands/${id}`)).json as CommandView
          return view.state === 'done' || view.state === 'failed' ? view : undefined
        },
        60,
      )
    }
    const good = readFileSync(file, 'utf8')
    const stranger = generateKeyPairSync('ed25519').privateKey
    expect(await give(`${good}\n// 1`, '99.0.0', stranger)).toMatchObject({ state: 'failed' })
    expect(await give(good, '99.0.0', privateKey)).toMatchObject({ state: 'done', receipt: { detail: { version: '99.0.0' } } })
    expect(await stateOf(host)).toMatchObject({ version: '99.0.0' })
    expect(await give(`${good}\n// 2`, '1.0.0', privateKey)).toMatchObject({ state: 'failed' })
    const broken = await give('process.exit(7)', '99.0.1', privateKey)
    expect(broken.failed).toContain('it ended with 7')
    expect(await stateOf(host)).toMatchObject({ version: '99.0.0' })
    // As after a restart of the machine: the installed agent goes on as the version that was taken.
    await killAgent(host)
    startAgent(host)
    expect(await command(host, 'release')).toMatchObject({ state: 'done' })
    expect(await stateOf(host)).toMatchObject({ version: '99.0.0' })
  }, 240_000)
})
