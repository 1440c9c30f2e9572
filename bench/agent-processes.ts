import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../test/support/kanpeki.ts'
import { type AgentBed, agentBed } from './agent/bed.ts'
import { manyWaiting, storm } from './agent/tiny-programs.ts'
import type { BenchResult } from './result.ts'

const PID_MAX = '/proc/sys/kernel/pid_max'
const PROCESSES = 50_000
/** What the kernel needs for one, at most; and what is to be left for others. */
const KILOBYTES_EACH = 120
const LEFT_KILOBYTES = 3_000_000
const STEADY_MS = 60_000
const STORM_MS = 20_000
const STORMING = 6

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/**
 * An agent on a machine with so many real processes (`--processes N`, 50,000 unless said), and in a fork storm: memory,
 * CPU, how long its loop was held up, what it told and what it counts as unseen, and whether it still answers. They live in a
 * namespace that dies with this program, whatever becomes of it. Needs root, Linux on x86-64, and 7 GB that are free.
 */
export async function agentProcesses(flags: readonly string[]): Promise<BenchResult> {
  if (process.arch !== 'x64') throw new Error('the tiny programs are for x86-64')
  const at = flags.indexOf('--processes')
  const count = at < 0 ? PROCESSES : Number(flags[at + 1])
  const available = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0)
  if (available < count * KILOBYTES_EACH + LEFT_KILOBYTES) throw new Error(`only ${Math.round(available / 1_024)} MB are free`)
  const pidMax = readFileSync(PID_MAX, 'utf8')
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-tiny-'))
  const running = new Set<ChildProcess>()
  const start = (name: string, bytes: Buffer): ChildProcess => {
    const file = join(folder, name)
    writeFileSync(file, bytes, { mode: 0o755 })
    const own = ['--pdeathsig', 'KILL', 'unshare', '--pid', '--fork', '--kill-child', file]
    const child = spawn('setpriv', own, { stdio: ['ignore', 'ignore', 'inherit'] })
    running.add(child)
    return child
  }
  const end = async (child: ChildProcess): Promise<void> => {
    running.delete(child)
    const ended = new Promise((resolve) => child.once('close', resolve))
    if (child.exitCode !== null || child.signalCode !== null || !child.kill('SIGKILL')) return
    await ended
  }
  let bed: AgentBed | undefined
  try {
    process.once('exit', () => writeFileSync(PID_MAX, pidMax.trim()))
    if (Number(pidMax) < count * 2) writeFileSync(PID_MAX, String(count * 2))
    bed = await agentBed({ alone: false, settings: { inventoryMs: 60_000 } })
    const result = await measure(bed, count, start, end)
    return result
  } finally {
    for (const child of running) await end(child)
    await bed?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(
  bed: AgentBed,
  count: number,
  start: (name: string, bytes: Buffer) => ChildProcess,
  end: (child: ChildProcess) => Promise<void>,
): Promise<BenchResult> {
  const { cpu, memory } = bed
  const told = async (action: string): Promise<number> => {
    if (!bed.alive()) throw new Error('the agent ended')
    return await bed.count(`event.action:${action} AND process.name:tiny-waits`)
  }
  const answers = async (): Promise<number> => {
    const began = performance.now()
    await bed.ask('POST', `/api/v1/agents/${bed.id}/queries`, { table: 'users', limit: 1 })
    return performance.now() - began
  }
  /** The next thing that it says of itself, so that all before is in it. */
  const said = async () => {
    const before = (await bed.heartbeat()).at
    return await eventually(
      'a heartbeat',
      async () => {
        const next = await bed.heartbeat()
        return next.at === before ? undefined : next
      },
      180,
    )
  }
  await pause(5_000)
  const before = memory().now
  let [spent, began] = [cpu(), performance.now()]
  const waiting = start('tiny-waits', manyWaiting(count - 1))
  await eventually(`${count} starts to be told`, async () => ((await told('process-started')) >= count ? true : undefined), 600)
  const taken = cpu() - spent
  say(
    `${count} processes: all told ${((performance.now() - began) / 1_000).toFixed(1)} s after the first began, ${taken.toFixed(1)} s of CPU, ${before.toFixed(0)} MB before, ${memory().most.toFixed(0)} MB at most`,
  )
  const first = await said()
  ;[spent, began] = [cpu(), performance.now()]
  await pause(STEADY_MS)
  const share = ((cpu() - spent) / ((performance.now() - began) / 1_000)) * 100
  const asked = await answers()
  const steady = await said()
  say(
    `standing: ${share.toFixed(1)} % of a core, ${memory().now.toFixed(0)} MB, loop late by ${first.loop_late_ms} ms while they came and ${steady.loop_late_ms} ms while they stood, a question answered after ${asked.toFixed(0)} ms`,
  )
  ;[spent, began] = [cpu(), performance.now()]
  await end(waiting)
  await eventually(`${count} ends to be told`, async () => ((await told('process-ended')) >= count ? true : undefined), 600)
  say(`ended: all told after ${((performance.now() - began) / 1_000).toFixed(1)} s, ${(cpu() - spent).toFixed(1)} s of CPU`)

  const forks = (): number => Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0)
  const counted = (await said()).counters
  const from = forks()
  ;[spent, began] = [cpu(), performance.now()]
  const storms = Array.from({ length: STORMING }, (_, i) => start(`tiny-storm-${i}`, storm()))
  await pause(STORM_MS)
  const stormShare = ((cpu() - spent) / ((performance.now() - began) / 1_000)) * 100
  const made = forks() - from
  const rate = made / ((performance.now() - began) / 1_000)
  const inStorm = await answers()
  for (const one of storms) await end(one)
  const after = await said()
  const of = (name: string): number => {
    const [group = '', what = ''] = name.split('.')
    return (after.counters[group]?.[what] ?? 0) - (counted[group]?.[what] ?? 0)
  }
  say(
    `storm: ${Math.round(rate)} forks a second, ${stormShare.toFixed(1)} % of a core, ${memory().now.toFixed(0)} MB, loop late by ${after.loop_late_ms} ms, a question answered after ${inStorm.toFixed(0)} ms; of at least ${made} forks ${of('processes.unseenAtMost')} counted as unseen, ${of('events.made')} events, ${of('events.dropped')} dropped`,
  )
  say(`counters: ${JSON.stringify(after.counters)}`)
  if (!bed.alive()) throw new Error('the agent ended')
  return {
    name: 'agent-processes',
    ratio: 1_000 / Math.max(1, asked),
    numerator: 1_000,
    denominator: Math.max(1, asked),
    unit: 'ms to an answer',
    rssMb: memory().most,
  }
}
