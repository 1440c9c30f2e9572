import { createHash } from 'node:crypto'
import { access, constants } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { auditLine } from '../../collect/join/audit.ts'
import { auditd } from '../../collect/parsers/auditd/auditd.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import type { Audited, Did } from '../integrity/audited.ts'
import { type AuditLines, followLog, followSocket } from './audit-lines.ts'
import { hashCache } from './file-hash.ts'
import { readProcess, startOf } from './proc.ts'

interface AuditOptions {
  readonly log: string
  readonly socket: string
  /** `/proc`, but in tests. */
  readonly proc: string
  /** The agent's id, part of the name of a process among all hosts. */
  readonly host: string
  readonly audited: Audited
}

/** The records of one event come together; whose last is missing is told without it after this. */
const JOIN_MS = 1_000
const MOST_OPEN = 1_000
const MOST_PROCESSES = 20_000
const AGAIN_MS = 60_000
/** Longest text of a command line that is remembered of a parent. */
const LONGEST = 8_192

/**
 * What the kernel's audit subsystem says, read by the server's own parser: from the daemon's log, or from its dispatcher
 * where the log may not be read. Which calls and files it tells of is for the host's audit rules
 * (deploy/kanpeki-audit.rules). Of files it also says who, to those who find that one changed.
 */
export function auditCollector({ log, socket, proc, host, audited }: AuditOptions): Collector {
  return {
    id: 'audit',
    async run(context) {
      const { signal, count, folder } = context
      const lines = await linesOf(log, socket, join(folder, 'audit.json'), () => count('audit.lost'))
      if (lines === undefined) {
        count('audit.absent')
        // It may be installed later.
        return await realWait(AGAIN_MS, signal)
      }
      const take = createTaker(context, { proc, host, audited })
      const open = new Map<string, { readonly lines: string[]; readonly since: number; readonly from: number }>()
      let bytes = 0
      const close = async (key: string): Promise<void> => {
        const group = open.get(key)
        open.delete(key)
        if (group !== undefined) await take(group.lines.join('\n'))
      }
      for await (const batch of lines.read(signal)) {
        for (const text of batch) {
          const from = bytes
          bytes += Buffer.byteLength(text) + 1
          const line = auditLine(text)
          if (line === undefined) {
            if (text !== '') count('audit.unread')
            continue
          }
          if (line.alone) {
            await take(text)
            continue
          }
          const group = open.get(line.key)
          if (group === undefined) {
            if (open.size >= MOST_OPEN) await close(open.keys().next().value!)
            open.set(line.key, { lines: [text], since: performance.now(), from })
          } else group.lines.push(text)
          if (line.ends) await close(line.key)
        }
        for (const [key, { since }] of open) if (performance.now() - since > JOIN_MS) await close(key)
        // An event of which records are still to come is read again after a restart.
        const [oldest] = open.values()
        await lines.done(oldest === undefined ? 0 : bytes - oldest.from)
      }
    },
  }
}

async function linesOf(log: string, socket: string, position: string, lost: () => void): Promise<AuditLines | undefined> {
  for (const [path, mode, lines] of [
    [log, constants.R_OK, () => followLog(log, position, lost)],
    [socket, constants.R_OK | constants.W_OK, () => followSocket(socket)],
  ] as const) {
    try {
      await access(path, mode)
      return lines()
    } catch {
      // The next one.
    }
  }
  return undefined
}

const text = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)
const object = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {})

/** Takes the records of one event, as lines. */
function createTaker(
  { emit, room, count, signal }: CollectorContext,
  { proc, host, audited }: Pick<AuditOptions, 'proc' | 'host' | 'audited'>,
): (records: string) => Promise<void> {
  const hashOf = hashCache(2_000)
  /** Programs that were started, by the number of their process: the newest. */
  const started = new Map<number, JsonObject>()

  /** What is known of a process: as the audit system said when it began, else as /proc says while it lives. */
  const processOf = (pid: number): JsonObject => {
    const known = started.get(pid)
    if (known !== undefined) return known
    const entry = readProcess(proc, pid)
    if (entry === undefined) return { pid }
    return {
      pid,
      entity_id: entityOf(host, pid, entry.started),
      name: entry.executable === undefined ? entry.name : basename(entry.executable),
      ...(entry.executable === undefined ? {} : { executable: entry.executable }),
      ...(entry.args.length === 0 ? {} : { command_line: entry.args.join(' ').slice(0, LONGEST) }),
    }
  }

  return async (records) => {
    const parsed = auditd.parse({ id: '', text: records }, { received: Date.now(), zoneMinutes: 0, prefer: [] })
    if ('unknown' in parsed) return count('audit.unread')
    for (const { ecs, observed } of parsed) {
      const told = object(ecs['process'])
      const pid = told['pid']
      const parent = object(told['parent'])['pid']
      // What the agent itself starts would tell of itself without end.
      if (pid === process.pid || parent === process.pid) {
        count('audit.own')
        continue
      }
      const begins = object(ecs['event'])['action'] === 'executed'
      let ours: JsonObject = told
      if (typeof pid === 'number') {
        const head = startOf(proc, pid)
        const executable = text(told['executable'])
        const sha256 = begins && executable !== undefined ? await hashOf(executable) : undefined
        ours = {
          ...(begins ? {} : processOf(pid)),
          ...told,
          ...(head === undefined ? {} : { entity_id: entityOf(host, pid, head.started) }),
          ...(sha256 === undefined ? {} : { hash: { sha256 } }),
          ...(typeof parent === 'number' ? { parent: processOf(parent) } : {}),
        }
        if (begins) {
          const { entity_id: id, name, executable: program, command_line: line } = ours
          started.delete(pid)
          if (started.size >= MOST_PROCESSES) started.delete(started.keys().next().value!)
          started.set(pid, {
            pid,
            ...(id === undefined ? {} : { entity_id: id }),
            ...(name === undefined ? {} : { name }),
            ...(program === undefined ? {} : { executable: program }),
            ...(typeof line === 'string' ? { command_line: line.slice(0, LONGEST) } : {}),
          })
        }
      }
      const event: JsonObject = {
        ...ecs,
        ...(Object.keys(ours).length === 0 ? {} : { process: ours }),
        '@timestamp': new Date(observed ?? Date.now()).toISOString(),
      }
      noteActs(event, observed ?? Date.now(), audited)
      while (!emit(event) && !signal.aborted) await room()
    }
  }
}

const entityOf = (host: string, pid: number, started: number): string =>
  createHash('sha256').update(`${host}:${pid}:${started}`).digest('hex').slice(0, 32)

/** open(2): O_WRONLY, O_RDWR, O_CREAT, O_TRUNC. */
const WRITES = 0o1103
const FLAGS_IN: ReadonlyMap<string, string> = new Map([
  ['open', 'a1'],
  ['openat', 'a2'],
])

const DID: ReadonlyMap<string, Did> = new Map([
  ['CREATE', 'made'],
  ['DELETE', 'unmade'],
])

/** Remembers who did something to a file, where the event says that it was done. */
function noteActs(event: JsonObject, at: number, audited: Audited): void {
  const { category, outcome } = object(event['event'])
  if (outcome !== 'success' || !Array.isArray(category) || !category.includes('file')) return
  const details = object(event['auditd'])
  const flags = FLAGS_IN.get(text(object(details['interpreted'])['syscall']) ?? '')
  if (flags !== undefined && (Number.parseInt(text(object(details['data'])[flags]) ?? '', 16) & WRITES) === 0) return
  const { working_directory: folder, title: _title, ...process } = object(event['process'])
  const paths: [string, Did][] = []
  for (const path of Array.isArray(details['paths']) ? details['paths'] : []) {
    const { name, nametype, inode } = object(path)
    if (nametype === 'PARENT') continue
    const named = text(name)
    const did = DID.get(text(nametype) ?? '') ?? 'changed'
    if (named !== undefined) paths.push([posix.resolve(text(folder) ?? '/', named), did])
    else if (text(inode) !== undefined) paths.push([`#${text(inode)!}`, did])
  }
  if (paths.length === 0) return
  const login = text(object(details['interpreted'])['auid'])
  audited.note(paths, {
    at,
    process,
    user: { ...object(event['user']), ...(login === undefined ? {} : { login: { name: login } }) },
  })
}
