import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diskFolder } from '../../src/platform/testing/disk.ts'
import {
  type Ask,
  askOverTls,
  createToken,
  eventually,
  kanpeki,
  ROOT,
  startServer,
  temporaryFolder,
} from '../../test/support/kanpeki.ts'
import { makeNet } from '../../test/support/netns.ts'

const MAIN = join(ROOT, 'dist/cli/main.js')
const TICKS_A_SECOND = 100
/** Processes and temporary folders of its own: what other programs of this machine do there is none of the agent's. */
const APART = [
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...['sh', '-c', 'for one in /tmp /var/tmp /dev/shm; do mount -t tmpfs none "$one" || exit 1; done; exec "$@"', 'sh'],
]

/** A real agent with its defaults and a real server, both from dist/. Linux and root. */
export interface AgentBed {
  readonly id: string
  readonly pid: number
  readonly ask: Ask
  readonly count: (query: string) => Promise<number>
  /** What the agent last said of itself. */
  readonly heartbeat: () => Promise<Heartbeat>
  /** CPU seconds of the agent and of what it started. */
  readonly cpu: () => number
  /** Resident and at most so far, megabytes. */
  readonly memory: () => { readonly now: number; readonly most: number }
  readonly alive: () => boolean
  readonly close: () => Promise<void>
}

export interface Heartbeat {
  readonly at: string
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly loop_late_ms: number
  readonly resident_bytes: number
}

interface BedOptions {
  /** The agent sees a host of its own: other processes and connections of this machine are not there. */
  readonly alone: boolean
  readonly settings?: object
}

export async function agentBed({ alone, settings = {} }: BedOptions): Promise<AgentBed> {
  const folder = temporaryFolder(diskFolder())
  const data = join(folder.path, 'data')
  const home = mkdtempSync('/run/kanpeki-bench-')
  const ca = join(data, 'keys', 'tls-served.pem')
  const net = alone ? makeNet(1) : undefined
  const [host] = net?.hosts ?? []
  const server = await startServer(data, ['--host', '0.0.0.0'])
  let agent: ChildProcess | undefined
  const cutShort = (): void => void close().finally(() => process.exit(1))
  const close = async (): Promise<void> => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, cutShort)
    const ended = agent === undefined ? undefined : new Promise((resolve) => agent?.once('close', resolve))
    if (agent?.exitCode === null) {
      agent.kill('SIGKILL')
      await ended
    }
    await server.kill()
    net?.remove()
    rmSync(home, { recursive: true, force: true })
    folder.remove()
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, cutShort)
  try {
    const { port } = new URL(server.url)
    const token = await createToken(data, 'admin')
    const enrolment = (await kanpeki(['enrol-token', 'create', '--data', data])).stdout.trim()
    const to = `https://${net?.gateway ?? '127.0.0.1'}:${port}`
    const enrol = ['agent', 'enrol', '--to', to, '--token', enrolment, '--ca', ca, '--data', home]
    await ended(spawnIn(host?.inside ?? [], [MAIN, ...enrol]))
    writeFileSync(join(home, 'agent.json'), JSON.stringify(settings))
    const { id } = JSON.parse(readFileSync(join(home, 'identity.json'), 'utf8')) as { id: string }
    agent = spawnIn([...(host?.inside ?? []), ...(alone ? APART : [])], [MAIN, 'agent', 'run', '--data', home])
    const ask = askOverTls(() => ({ port, token }), ca)
    const count = async (query: string): Promise<number> =>
      (await ask<{ count: number }>('POST', '/api/v1/events/count', { query })).count
    await eventually('the agent', async () => ((await count('event.action:agent-started')) > 0 ? true : undefined), 60)
    const pid = await eventually('its number', async () => agentBelow(agent!.pid!, home))
    return {
      id,
      pid,
      ask,
      count,
      heartbeat: async () => {
        const { events } = await ask<{
          events: { observed: string; doc: { kanpeki_agent: { agent: Omit<Heartbeat, 'at'> } } }[]
        }>('POST', '/api/v1/events/search', { query: 'event.dataset:kanpeki.agent AND event.kind:metric', limit: 1 })
        const [event] = events
        if (event === undefined) throw new Error('the agent said nothing of itself yet')
        return { ...event.doc.kanpeki_agent.agent, at: event.observed }
      },
      cpu: () => {
        const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
        return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS_A_SECOND
      },
      memory: () => {
        const text = readFileSync(`/proc/${pid}/status`, 'utf8')
        const megabytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1_024
        return { now: megabytes('VmRSS'), most: megabytes('VmHWM') }
      },
      alive: () => agent?.exitCode === null && agent.signalCode === null,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function spawnIn(inside: readonly string[], args: readonly string[]): ChildProcess {
  const [program, ...rest] = [...inside, process.execPath, ...args]
  return spawn(program!, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function ended(child: ChildProcess): Promise<void> {
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`it ended with ${String(code)}`)
}

/** The agent itself, which has become another program below what started it. */
function agentBelow(pid: number, home: string): number | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (line[0]?.endsWith('node') === true && line.includes(home)) return pid
    for (const task of readdirSync(`/proc/${pid}/task`))
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean)) {
        const found = agentBelow(Number(child), home)
        if (found !== undefined) return found
      }
  } catch {
    // Gone meanwhile.
  }
  return undefined
}
