import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { userNames } from './accounts.ts'
import { bootTime, startedAt } from './boot-time.ts'
import { type ContainerInfo, containerFields } from './container-info.ts'
import { hashCache } from './file-hash.ts'
import { argsOf, type ProcessEntry, processIds, readProcess, startOf } from './proc.ts'
import { deletedProgram, isDeleted, networkStreams, type Streams } from './process-signs.ts'

interface Options {
  /** `/proc`, but in tests. */
  readonly root: string
  readonly passwd: string
  readonly pollMs: number
  /** The agent's id, part of the name of a process among all hosts. */
  readonly host: string
  /** What is known of a container by its id. */
  readonly containers?: (id: string) => ContainerInfo | undefined
}

const nameIn = ({ executable, name }: Pick<ProcessEntry, 'executable' | 'name'>): string =>
  executable === undefined ? name : basename(executable)

/** Longest command line that an event carries; the rest is cut, and its length said. */
const LONGEST = 32_768
/** So long a process is looked at each time: it may yet become another program, open a connection, delete itself. */
const YOUNG_MS = 5_000
/** New processes are looked for so many times as often as all: the kernel says in one small file whether there are any. */
const QUICKER = 10
/** Looks in between take no more than this part of a core. */
const QUICK_SHARE = 20
/** How many rounds pass until every old process was asked again; more where there are so many that a round would ask more than this. */
const OLD_EVERY = 20
const OLD_A_ROUND = 500
/** After so many processes everything else has its turn: commands, heartbeats, what is to be sent. */
const A_TURN = 100
/** Of how many young processes that is so; the others are old from the beginning. */
const MOST_YOUNG = 5_000
/** How many names and paths of programs are held once for all processes that have them. */
const MOST_NAMES = 5_000

/** What stays in memory of a process; all else is read again where it is told. */
type Kept = Pick<ProcessEntry, 'pid' | 'started' | 'name' | 'executable' | 'deleted'>

/**
 * Processes that start and end, told by looking again and again. What starts and ends between two looks is not seen: the
 * kernel's own count of forks (which counts threads too) bounds how many those were, in the counter
 * `processes.unseenAtMost`, and `processes.blindMs` is the time in which something may have. Between two full looks the kernel is asked for
 * the last process number that it gave out: where it moved, a look follows at once.
 */
export function processCollector({ root, passwd, pollMs, host, containers = () => undefined }: Options): Collector {
  const nameOf = userNames(passwd)
  let boot = bootTime(root)
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

  const names = new Map<string, string>()
  const once = (text: string): string => {
    const held = names.get(text)
    if (held !== undefined) return held
    if (names.size >= MOST_NAMES) names.clear()
    names.set(text, text)
    return text
  }
  const keep = ({ pid, started, name, executable, deleted }: ProcessEntry): Kept => ({
    pid,
    started,
    name: once(name),
    ...(executable === undefined ? {} : { executable: once(executable) }),
    deleted,
  })
  async function tell(
    entry: ProcessEntry,
    seen: ReadonlyMap<number, Kept>,
    type: 'start' | 'info' | 'change',
    { emit }: CollectorContext,
    streams: Streams | undefined,
  ): Promise<void> {
    const gone = deletedProgram(root, entry)
    const parent = seen.get(entry.parent)
    const parentArgs = parent === undefined ? [] : argsOf(root, parent.pid)
    emit({
      event: {
        kind: 'event',
        category: ['process'],
        type: [type],
        action: ACTIONS[type],
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
                ...(parentArgs.length === 0 ? {} : { command_line: parentArgs.join(' ').slice(0, LONGEST) }),
              },
            }),
      },
      ...user(entry),
      ...(entry.container === undefined ? {} : containerFields(containers(entry.container) ?? { id: entry.container })),
      ...(streams?.remote === undefined ? {} : { destination: { ...streams.remote } }),
      ...(gone === undefined && streams === undefined
        ? {}
        : { kanpeki_agent: { process: { ...gone, ...(streams === undefined ? {} : { network_streams: [...streams.names] }) } } }),
    })
  }

  return {
    id: 'processes',
    async run(context) {
      const { emit, count, signal, settle = () => Promise.resolve() } = context
      let turn = 0
      const inTurn = async (): Promise<void> => {
        turn += 1
        if (turn % A_TURN !== 0) return
        await setImmediate()
        await settle()
      }
      const seen = new Map<number, Kept>()
      /** Processes seen for the first time lately, and what was told of them. */
      const young = new Map<number, { readonly since: number; signs: string }>()
      let round = 0
      let fullAt = Number.NEGATIVE_INFINITY
      let number = ''
      let forks = forksSince(root)
      /** Nothing had started then that was not seen. */
      let asked = performance.now()
      let first = true
      while (!signal.aborted) {
        let started = 0
        const began = performance.now()
        const spent = process.threadCpuUsage()
        const full = began >= fullAt
        if (full) {
          round += 1
          fullAt = began + pollMs
          boot = bootTime(root)
        }
        for (const [pid, { since }] of young) if (began - since > YOUNG_MS) young.delete(pid)
        number = lastNumber(root)
        const now = processIds(root)
        const alive = new Set(now)
        for (const [pid, entry] of seen) {
          if (alive.has(pid)) continue
          seen.delete(pid)
          await inTurn()
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
        const oldEvery = Math.max(OLD_EVERY, Math.ceil(seen.size / OLD_A_ROUND))
        for (const pid of now) {
          if (signal.aborted) return
          const known = seen.get(pid)
          if (known !== undefined) {
            // A fork becomes its program soon; an old process that does is found a little later.
            const fresh = young.get(pid)
            if (fresh === undefined && !(full && round % oldEvery === pid % oldEvery)) continue
            await inTurn()
            const head = startOf(root, pid)
            if (head === undefined) continue
            // The same process under another program (execve), or the number given to another one.
            if (head.started === known.started && head.name === known.name) {
              const streams = networkStreams(root, pid)
              const deleted = known.deleted || isDeleted(root, pid)
              const signs = signsOf({ deleted }, streams)
              if (signs === (fresh?.signs ?? signsOf(known, streams))) continue
              seen.set(pid, { ...known, deleted })
              if (fresh !== undefined) fresh.signs = signs
              const now = readProcess(root, pid)
              if (now?.started === known.started) await tell({ ...now, deleted }, seen, 'change', context, streams)
              continue
            }
          }
          await inTurn()
          const entry = readProcess(root, pid)
          if (entry === undefined) {
            count('processes.unread')
            continue
          }
          seen.set(pid, keep(entry))
          const streams = networkStreams(root, pid)
          if (!first && young.size < MOST_YOUNG) young.set(pid, { since: began, signs: once(signsOf(entry, streams)) })
          started += 1
          await tell(entry, seen, first ? 'info' : 'start', context, streams)
        }
        const forked = forksSince(root)
        if (!first) count('processes.unseenAtMost', Math.max(0, forked - forks - started))
        const time = performance.now()
        if (!first && forked !== forks) count('processes.blindMs', Math.round(time - asked))
        forks = forked
        first = false
        const { user: inUser, system } = process.threadCpuUsage(spent)
        const took = (inUser + system) / 1_000
        const pause = Math.min(pollMs, Math.max(pollMs / QUICKER, took * QUICK_SHARE))
        do {
          asked = performance.now()
          await realWait(pause, signal)
        } while (!signal.aborted && performance.now() < fullAt && lastNumber(root) === number)
      }
    },
  }
}

const ACTIONS = { start: 'process-started', info: 'process-found', change: 'process-changed' } as const

/** What would be told anew if it changed. */
const signsOf = ({ deleted }: Pick<ProcessEntry, 'deleted'>, streams: Streams | undefined): string =>
  `${deleted} ${streams?.names.join() ?? ''} ${streams?.remote?.ip ?? ''}`

/** The last process number that the kernel gave out: the end of /proc/loadavg (proc(5)). */
function lastNumber(root: string): string {
  try {
    return readFileSync(`${root}/loadavg`, 'utf8').trim().split(' ').at(-1) ?? ''
  } catch {
    return ''
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
