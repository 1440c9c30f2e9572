import { type FileHandle, open } from 'node:fs/promises'
import { isIP } from 'node:net'
import { endianness } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { readKept, writeKept } from '../kept.ts'

/** One record of utmp(5). */
export interface LoginRecord {
  readonly type: number
  readonly pid: number
  readonly line: string
  readonly user: string
  readonly host: string
  /** Milliseconds UTC. */
  readonly at: number
  readonly address: string | undefined
}

const RUN_LEVEL = 1
const BOOT = 2
const USER = 7
const DEAD = 8

/** Where glibc keeps 32-bit times in the record for the sake of 32-bit programs, and where it need not. */
const SIZES: Readonly<Record<string, { readonly bytes: number; readonly time: number; readonly wide: boolean }>> = {
  x64: { bytes: 384, time: 340, wide: false },
  arm64: { bytes: 400, time: 344, wide: true },
}

/** How long a record is on this architecture; undefined where that is not known. */
export const recordBytes = (arch: string): number | undefined => SIZES[arch]?.bytes

/** Reads the record that starts at `offset`; the layout is that of glibc on the architecture (as `process.arch` names it). */
export function readRecord(bytes: Buffer, offset: number, arch: string): LoginRecord {
  const layout = SIZES[arch]!
  const text = (from: number, length: number): string => {
    const part = bytes.subarray(offset + from, offset + from + length)
    const end = part.indexOf(0)
    return part.toString('utf8', 0, end < 0 ? length : end)
  }
  const time = offset + layout.time
  const seconds = layout.wide ? Number(bytes.readBigInt64LE(time)) : bytes.readUInt32LE(time)
  const micros = layout.wide ? Number(bytes.readBigInt64LE(time + 8)) : bytes.readUInt32LE(time + 4)
  const address = bytes.subarray(time + (layout.wide ? 16 : 8), time + (layout.wide ? 32 : 24))
  return {
    type: bytes.readInt16LE(offset),
    pid: bytes.readInt32LE(offset + 4),
    line: text(8, 32),
    user: text(44, 32),
    host: text(76, 256),
    at: seconds * 1_000 + Math.floor(micros / 1_000),
    address: addressOf(address),
  }
}

/** Four words in network order: an IPv4 address is in the first alone. */
function addressOf(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined
  if (bytes.subarray(4).every((byte) => byte === 0)) return bytes.subarray(0, 4).join('.')
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1)
}

const POLL_MS = 2_000
const MOST_AT_ONCE = 1_000
/** As far back as is looked for who is signed in where, when the agent starts. */
const LOOK_BACK = 500
/** What a record may say of its time and be believed: the year 2000 to 2100. */
const BELIEVED = [946_684_800_000, 4_102_444_800_000] as const

interface Options {
  /** The folder of wtmp and btmp. */
  readonly folder: string
  /** Failed logons are told too: where the journal is followed, it tells them already. */
  readonly failures: boolean
  readonly pollMs?: number
}

/** Who signs in and out and when the host starts and stops, by the records that login programs leave (utmp(5)). */
export function logonCollector({ folder: logs, failures, pollMs = POLL_MS }: Options): Collector {
  const bytes = endianness() === 'LE' ? recordBytes(process.arch) : undefined
  return {
    id: 'logons',
    async run(context) {
      const { signal, folder, count } = context
      const place = join(folder, 'logons.json')
      const places = (await readKept(place)) ?? new Map<string, string>()
      const users = new Map<string, string>()
      let moved = false
      if (bytes === undefined) {
        count('logons.absent')
        return
      }
      const follow = async (name: string, fields: (record: LoginRecord) => JsonObject | undefined): Promise<void> => {
        const file = await open(join(logs, name), 'r').catch(() => undefined)
        if (file === undefined) {
          count('logons.absent')
          return
        }
        try {
          const { ino, size } = await file.stat()
          const [kept, at] = (places.get(name) ?? '').split(' ').map(Number)
          const first = places.get(name) === undefined
          // What was there before the agent came is no news; a new file, and one that was emptied, begins at its first record.
          let offset = first ? whole(size, bytes) : kept === ino && at! <= size ? at! : 0
          if (users.size === 0 && name === 'wtmp') await signedIn(file, offset, bytes, users)
          const before = offset
          while (offset + bytes <= size && !signal.aborted) {
            const buffer = Buffer.alloc(Math.min(whole(size - offset, bytes), MOST_AT_ONCE * bytes))
            const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
            for (let i = 0; i + bytes <= bytesRead; i += bytes) {
              const record = readRecord(buffer, i, process.arch)
              const told = fields(record)
              if (told !== undefined) await tell(context, record, told)
              note(users, record)
            }
            if (bytesRead < bytes) break
            offset += whole(bytesRead, bytes)
          }
          if (!first && kept === ino && before === offset) return
          places.set(name, `${ino} ${offset}`)
          moved = true
        } finally {
          await file.close()
        }
      }
      while (!signal.aborted) {
        await follow('wtmp', (record) => sessionOf(record, users))
        if (failures) await follow('btmp', failureOf)
        if (moved) await writeKept(place, places)
        moved = false
        await realWait(pollMs, signal)
      }
    },
  }
}

const whole = (size: number, bytes: number): number => size - (size % bytes)

async function signedIn(file: FileHandle, end: number, bytes: number, users: Map<string, string>): Promise<void> {
  const from = Math.max(0, end - LOOK_BACK * bytes)
  const buffer = Buffer.alloc(end - from)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from)
  for (let i = 0; i + bytes <= bytesRead; i += bytes) note(users, readRecord(buffer, i, process.arch))
}

/** A record of an end names the line alone. */
function note(users: Map<string, string>, { type, line, user }: LoginRecord): void {
  if (type === USER) users.set(line, user)
  else if (type === DEAD) users.delete(line)
  else if (type === BOOT) users.clear()
}

async function tell({ emit, room, count }: CollectorContext, record: LoginRecord, fields: JsonObject): Promise<void> {
  await room()
  const [least, most] = BELIEVED
  const timed = record.at > least && record.at < most
  if (!timed) count('logons.withoutTime')
  emit({ ...(timed ? { '@timestamp': new Date(record.at).toISOString() } : {}), ...fields })
}

function whereFrom({ pid, line, host, address }: LoginRecord): JsonObject {
  const named = host !== '' && isIP(host) === 0 && !/^:\d/.test(host)
  const ip = address ?? (isIP(host) === 0 ? undefined : host)
  const source = { ...(ip === undefined ? {} : { ip }), ...(named ? { domain: host } : {}) }
  return {
    process: { pid, ...(line === '' ? {} : { tty: { name: line } }) },
    ...(Object.keys(source).length === 0 ? {} : { source: { address: named ? host : (ip ?? host), ...source } }),
  }
}

function sessionOf(record: LoginRecord, users: ReadonlyMap<string, string>): JsonObject | undefined {
  const { type, line, user } = record
  if (type === BOOT) return { event: { kind: 'event', category: ['host'], type: ['start'], action: 'host-started' } }
  if (type === RUN_LEVEL && user === 'shutdown')
    return { event: { kind: 'event', category: ['host'], type: ['end'], action: 'host-stopped' } }
  if (type === USER)
    return {
      event: { kind: 'event', category: ['session'], type: ['start'], action: 'session-opened', outcome: 'success' },
      user: { name: user },
      ...whereFrom(record),
    }
  if (type !== DEAD) return undefined
  const who = user === '' ? users.get(line) : user
  // Consoles without a logon end, too.
  if (who === undefined) return undefined
  return {
    event: { kind: 'event', category: ['session'], type: ['end'], action: 'session-closed' },
    user: { name: who },
    ...whereFrom(record),
  }
}

function failureOf(record: LoginRecord): JsonObject | undefined {
  return {
    event: { kind: 'event', category: ['authentication'], type: ['start'], action: 'logon-failed', outcome: 'failure' },
    ...(record.user === '' ? {} : { user: { name: record.user } }),
    ...whereFrom(record),
  }
}
