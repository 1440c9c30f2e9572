import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { processCollector } from './processes.ts'

/** 50,000 by hand (KANPEKI_PROCESSES=50000): some ten seconds of CPU. */
const PROCESSES = Number(process.env['KANPEKI_PROCESSES'] ?? 6_000)
const ENDED = 1_000

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-processes-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Watch {
  readonly actions: Map<string, JsonObject[]>
  readonly counts: Map<string, number>
  /** How many were told in a row at most before they could be written. */
  readonly inARow: () => number
  readonly until: (done: () => boolean) => Promise<void>
  readonly stop: () => Promise<void>
}

function watch(root: string, pollMs: number): Watch {
  const actions = new Map<string, JsonObject[]>()
  const counts = new Map<string, number>()
  const stopped = new AbortController()
  let row = 0
  let longest = 0
  const ended = processCollector({ root, passwd: join(folder, 'passwd'), pollMs, host: 'h' }).run({
    emit: (event) => {
      const action = String((event['event'] as JsonObject)['action'])
      const told = actions.get(action) ?? []
      actions.set(action, told)
      row += 1
      longest = Math.max(longest, row)
      return told.push(event['process'] as JsonObject) > 0
    },
    room: () => Promise.resolve(),
    settle: async () => {
      row = 0
    },
    count: (name, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by),
    signal: stopped.signal,
    folder,
    warn: () => {},
  })
  return {
    actions,
    counts,
    inARow: () => longest,
    until: async (done) => {
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    stop: async () => {
      stopped.abort()
      await ended
    },
  }
}

describe('very many processes', () => {
  it('tells thousands of made-up ones, each once, and lets everything else have its turn meanwhile', async () => {
    const root = join(folder, 'proc')
    const make = (pid: number): void => {
      mkdirSync(`${root}/${pid}`, { recursive: true })
      // The names of some are what parsers stumble over.
      const name = pid % 1_000 === 0 ? 'a) R 1 (b\n' : `worker-${pid}`
      writeFileSync(`${root}/${pid}/stat`, `${pid} (${name}) S 1 1 1 0 -1 0 1 0 0 0 0 0 0 0 20 0 1 0 ${pid} 1 2 3`)
    }
    for (let pid = 1; pid <= PROCESSES; pid++) make(pid)
    writeFileSync(join(root, 'stat'), `btime 1700000000\nprocesses ${PROCESSES}\n`)
    let turns = 0
    const ticking = setInterval(() => {
      turns += 1
    }, 1)
    const before = process.memoryUsage().heapUsed
    const { actions, counts, inARow, until, stop } = watch(root, 20)
    const told = (action: string): readonly JsonObject[] => actions.get(action) ?? []
    await until(() => told('process-found').length === PROCESSES)
    const turnsThen = turns
    for (let pid = 1; pid <= ENDED; pid++) rmSync(`${root}/${pid}`, { recursive: true })
    for (let pid = PROCESSES + 1; pid <= PROCESSES + 1_000; pid++) make(pid)
    writeFileSync(join(root, 'stat'), `btime 1700000000\nprocesses ${PROCESSES + 1_500}\n`)
    await until(() => told('process-ended').length === ENDED && told('process-started').length === 1_000)
    await until(() => (counts.get('processes.unseenAtMost') ?? 0) > 0)
    clearInterval(ticking)
    await stop()
    expect(told('process-found').length).toBe(PROCESSES)
    expect(new Set(told('process-found').map(({ entity_id }) => entity_id)).size).toBe(PROCESSES)
    expect(told('process-found').find(({ pid }) => pid === 5_000)).toMatchObject({ name: 'a) R 1 (b\n' })
    expect(
      told('process-ended')
        .map(({ pid }) => Number(pid))
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: ENDED }, (_, i) => i + 1))
    // Of 1,500 forks that the kernel counted, 500 were not seen.
    expect(counts.get('processes.unseenAtMost')).toBe(500)
    expect(inARow()).toBeLessThanOrEqual(200)
    expect(turnsThen).toBeGreaterThan(PROCESSES / 1_000)
    const grown = (process.memoryUsage().heapUsed - before) / 1e6
    console.log(
      `${PROCESSES} processes, ${turnsThen} turns of others meanwhile; the heap is ${Math.round(grown)} MB larger, with all events in it`,
    )
  }, 300_000)

  it.skipIf(process.platform !== 'linux')('tells or counts every process of a fork storm (needs Linux)', async () => {
    const STORM = 1_500
    const { actions, counts, until, stop } = watch('/proc', 200)
    // From the second look on the kernel's count is compared.
    await until(() => counts.has('processes.unseenAtMost'))
    const forks = (): number => Number(/^processes ([0-9]+)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1])
    const from = forks()
    const storm = spawn('sh', ['-c', `i=0; while [ $i -lt ${STORM} ]; do (:) & i=$((i+1)); done; wait`], { stdio: 'ignore' })
    await new Promise((resolve) => storm.once('close', resolve))
    const made = forks() - from
    const known = (): number => (actions.get('process-started')?.length ?? 0) + (counts.get('processes.unseenAtMost') ?? 0)
    await until(() => known() >= made)
    await stop()
    expect(made).toBeGreaterThanOrEqual(STORM)
    console.log(`${made} forks: ${actions.get('process-started')?.length ?? 0} told, the rest counted`)
  })
})
