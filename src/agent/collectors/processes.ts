import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { userNames } from './accounts.ts'
import { bootTime, startedAt } from './boot-time.ts'
import { hashCache } from './file-hash.ts'
import { type ProcessEntry, processIds, readProcess, startOf } from './proc.ts'

interface Options {
  /** `/proc`, but in tests. */
  readonly root: string
  readonly passwd: string
  readonly pollMs: number
  /** The agent's id, part of the name of a process among all hosts. */
  readonly host: string
}

const nameIn = ({ executable, name }: ProcessEntry): string => (executable === undefined ? name : basename(executable))

/** Longest command line that an event carries; the rest is cut, and its length said. */
const LONGEST = 32_768
const YOUNG_ROUNDS = 5
/** How many rounds pass until every old process was asked again. */
const OLD_EVERY = 20

/**
 * Processes that start and end, told by looking again and again. What starts and ends between two looks is not seen: the
 * kernel's own count of forks (which counts threads too) bounds how many those were, in the counter
 * `processes.unseenAtMost`, and the time without a look in `processes.blindMs`.
 */
export function processCollector({ root, passwd, pollMs, host }: Options): Collector {
  const nameOf = userNames(passwd)
  const boot = bootTime(root)
  const hashOf = hashCache(2_000)
  const entityOf = (pid: number, started: number): string =>
    createHash('sha256').update(`${host}:${pid}:${started}`).digest('hex').slice(0, 32)

  const fields = async (entry: ProcessEntry): Promise<JsonObject> => {
    const line = entry.args.join(' ')
    const hash = entry.executable === undefined ? undefined : await hashOf(`${root}/${entry.pid}/exe`)
    return {
      pid: entry.pid,
      entity_id: entityOf(entry.pid, entry.started),
      name: nameIn(entry),
      ...(entry.executable === undefined ? {} : { executable: entry.executable }),
      ...(line === ''
        ? {}
        : { command_line: line.slice(0, LONGEST), args: entry.args.slice(0, 512), args_count: entry.args.length }),
      ...(entry.folder === undefined ? {} : { working_directory: entry.folder }),
      ...(hash === undefined ? {} : { hash: { sha256: hash } }),
      start: new Date(startedAt(boot, entry.started)).toISOString(),
    }
  }
  const user = (entry: ProcessEntry): JsonObject => {
    if (entry.uid === undefined) return {}
    const name = nameOf(entry.uid)
    const login = entry.loginUid === undefined ? undefined : nameOf(entry.loginUid)
    return {
      user: {
        id: String(entry.uid),
        ...(name === undefined ? {} : { name }),
        ...(entry.effectiveUid === entry.uid || entry.effectiveUid === undefined
          ? {}
          : { effective: { id: String(entry.effectiveUid), name: nameOf(entry.effectiveUid) ?? String(entry.effectiveUid) } }),
        ...(login === undefined ? {} : { login: { name: login } }),
      },
    }
  }

  async function tell(
    entry: ProcessEntry,
    seen: ReadonlyMap<number, ProcessEntry>,
    type: 'start' | 'info',
    { emit }: CollectorContext,
  ): Promise<void> {
    const parent = seen.get(entry.parent)
    emit({
      event: {
        kind: 'event',
        category: ['process'],
        type: [type],
        action: type === 'start' ? 'process-started' : 'process-found',
      },
      process: {
        ...(await fields(entry)),
        ...(parent === undefined
          ? { parent: { pid: entry.parent } }
          : {
              parent: {
                pid: parent.pid,
                entity_id: entityOf(parent.pid, parent.started),
                name: nameIn(parent),
                ...(parent.executable === undefined ? {} : { executable: parent.executable }),
                ...(parent.args.length === 0 ? {} : { command_line: parent.args.join(' ').slice(0, LONGEST) }),
              },
            }),
      },
      ...user(entry),
      ...(entry.container === undefined ? {} : { container: { id: entry.container } }),
      ...(entry.deleted ? { kanpeki_agent: { process: { deleted_executable: true } } } : {}),
    })
  }

  return {
    id: 'processes',
    async run(context) {
      const { emit, count, signal } = context
      const seen = new Map<number, ProcessEntry>()
      /** Processes seen for the first time in the last rounds. */
      const young = new Map<number, number>()
      let round = 0
      let forks = forksSince(root)
      let looked = performance.now()
      let first = true
      while (!signal.aborted) {
        let started = 0
        round += 1
        for (const [pid, since] of young) if (round - since > YOUNG_ROUNDS) young.delete(pid)
        const now = processIds(root)
        const alive = new Set(now)
        for (const [pid, entry] of seen) {
          if (alive.has(pid)) continue
          seen.delete(pid)
          emit({
            event: { kind: 'event', category: ['process'], type: ['end'], action: 'process-ended' },
            process: {
              pid,
              entity_id: entityOf(pid, entry.started),
              name: nameIn(entry),
              ...(entry.executable === undefined ? {} : { executable: entry.executable }),
            },
          })
        }
        for (const pid of now) {
          const known = seen.get(pid)
          if (known !== undefined) {
            // A fork becomes its program soon; an old process that does is found a little later.
            if (!young.has(pid) && round % OLD_EVERY !== pid % OLD_EVERY) continue
            const head = startOf(root, pid)
            // The same process under another program (execve), or the number given to another one.
            if (head === undefined || (head.started === known.started && head.name === known.name)) continue
          }
          const entry = readProcess(root, pid)
          if (entry === undefined) {
            count('processes.unread')
            continue
          }
          seen.set(pid, entry)
          if (!first) young.set(pid, round)
          started += 1
          await tell(entry, seen, first ? 'info' : 'start', context)
        }
        const forked = forksSince(root)
        if (!first) count('processes.unseenAtMost', Math.max(0, forked - forks - started))
        const time = performance.now()
        if (!first) count('processes.blindMs', Math.round(time - looked))
        looked = time
        forks = forked
        first = false
        await realWait(pollMs, signal)
      }
    },
  }
}

/** Processes and threads made since boot. */
function forksSince(root: string): number {
  try {
    return Number(/^processes ([0-9]+)$/m.exec(readFileSync(`${root}/stat`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
