import { setTimeout as sleep } from 'node:timers/promises'
import type { ParamsOf } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { mayHaveStarted } from '../collectors/boot-time.ts'
import { processIds, programOf, startOf } from '../collectors/proc.ts'

interface Victim {
  readonly pid: number
  /** Clock ticks after boot: with the pid it names the process. */
  readonly started: number
  readonly name: string
}

/** The boot time is known to a second, and clocks are slewed. */
const CLOSE_MS = 3_000
/** A fork storm is looked at again this often, and stopped a round at a time. */
const MOST_ROUNDS = 200
const MOST_LISTED = 200
const KERNEL_THREADS = 2

interface KillOptions {
  /** `/proc`. */
  readonly root: string
  /** Programs that are never killed, by name. */
  readonly never: readonly string[]
}

/**
 * Ends a process and all that it started. Each is stopped first, looked at once more, and only then killed: a number that
 * was given to another process meanwhile is let go on, and what is stopped cannot fork, so that a storm comes to its end.
 * What left the tree before (its parent ended, and it was given to init) is not found this way.
 */
export function killResponder({ root, never }: KillOptions) {
  return async ({ pid, started, name }: ParamsOf<'kill'>): Promise<AgentReceipt> => {
    if (started === undefined && name === undefined)
      throw new KanpekiError('agent_params', 'A number alone names no process: it may be given to another at any time.', {
        remedy: 'Say when it started, or its name.',
      })
    const head = startOf(root, pid)
    if (head === undefined) return { outcome: 'already', detail: { pid, killed: [], why: 'no such process' } }
    if (started !== undefined && !mayHaveStarted(root, head.started, started, CLOSE_MS))
      return { outcome: 'already', detail: { pid, killed: [], why: 'the number belongs to another process now' } }
    const program = programOf(root, pid)
    if (name !== undefined && name !== head.name && name !== program)
      throw new KanpekiError('agent_refuses', `Process ${pid} is ${program}, not ${name}.`)
    const victim = { pid, started: head.started, name: program }
    refuse(root, victim, never)

    const { found, spared } = stopTree(root, victim, never)
    for (const one of found.values()) signal(one.pid, 'SIGKILL')
    const left = await gone(root, [...found.values()])
    if (left.length > 0)
      throw new KanpekiError('agent_failed', `${left.length} of ${found.size} processes are still there: ${left.join(', ')}.`, {
        remedy: 'They may hang in the kernel: isolate the host.',
      })
    const killed = [...found.values()].slice(0, MOST_LISTED).map((one) => ({ pid: one.pid, name: one.name }))
    return { outcome: 'done', detail: { pid, killed, count: found.size, ...(spared.length === 0 ? {} : { spared }) } }
  }
}

/** Stops a process and all below it, until a look finds no more. */
function stopTree(root: string, victim: Victim, never: readonly string[]) {
  const found = new Map<number, Victim>()
  const spared = new Map<number, string>()
  try {
    if (stop(root, victim)) found.set(victim.pid, victim)
    for (let round = 0, more = found.size; more > 0 && round < MOST_ROUNDS; round++) {
      more = 0
      for (const child of childrenOf(root, found)) {
        if (spared.has(child.pid)) continue
        const fault = faultOf(root, child, never)
        if (fault !== undefined) spared.set(child.pid, `${child.name} (${child.pid}): ${fault}`)
        else if (stop(root, child)) {
          found.set(child.pid, child)
          more += 1
        }
      }
    }
  } catch (error) {
    // Nothing is left standing still because another part of the tree is out of reach.
    for (const one of found.values()) signal(one.pid, 'SIGCONT')
    throw error
  }
  return { found, spared: [...spared.values()] }
}

function refuse(root: string, victim: Victim, never: readonly string[]): void {
  const fault = faultOf(root, victim, never)
  if (fault !== undefined)
    throw new KanpekiError('agent_refuses', `Process ${victim.pid} (${victim.name}) is not killed: ${fault}.`)
}

/** Why a process must not be killed. */
function faultOf(root: string, { pid, name }: Victim, never: readonly string[]): string | undefined {
  if (pid === 1) return 'it is the first process of the system'
  if (pid === KERNEL_THREADS || startOf(root, pid)?.parent === KERNEL_THREADS) return 'it is part of the kernel'
  if (ownLine(root).has(pid)) return 'it is the agent, or what runs it'
  return never.includes(name) ? "the host's settings forbid it" : undefined
}

/** The agent and its ancestors. */
function ownLine(root: string): ReadonlySet<number> {
  const line = new Set<number>()
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = startOf(root, pid)?.parent ?? 0) line.add(pid)
  return line
}

/** Processes whose parent is among those found, and which are not found yet. */
function childrenOf(root: string, found: ReadonlyMap<number, Victim>): Victim[] {
  const children: Victim[] = []
  for (const pid of processIds(root)) {
    if (found.has(pid)) continue
    const head = startOf(root, pid)
    const parent = head === undefined ? undefined : found.get(head.parent)
    // What is older than its parent has one of the same number, not this one.
    if (head === undefined || parent === undefined || head.started < parent.started) continue
    children.push({ pid, started: head.started, name: programOf(root, pid) })
  }
  return children
}

/** Stops a process, and lets it go on where it is another one than meant. */
function stop(root: string, { pid, started }: Victim): boolean {
  if (!signal(pid, 'SIGSTOP')) return false
  const now = startOf(root, pid)
  if (now?.started === started) return true
  if (now !== undefined) signal(pid, 'SIGCONT')
  return false
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw new KanpekiError('agent_failed', `The agent may not signal process ${pid}.`, {
      remedy: 'It needs to run as root, or with CAP_KILL.',
    })
  }
}

/** Waits until they have ended; what has ended and is not yet collected by its parent (a zombie) has ended. */
async function gone(root: string, victims: readonly Victim[]): Promise<number[]> {
  const alive = ({ pid, started }: Victim): boolean => {
    const head = startOf(root, pid)
    return head !== undefined && head.started === started && head.state !== 'Z' && head.state !== 'X'
  }
  let left = victims.filter(alive)
  for (let tries = 0; left.length > 0 && tries < 200; tries++) {
    await sleep(10)
    left = left.filter(alive)
  }
  return left.map(({ pid }) => pid)
}
