import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { realWait } from '../../platform/backoff.ts'
import { processIds } from '../collectors/proc.ts'

/** Enough of a packet for its headers and the beginning of what it says. */
const SNAP = '512'
/** Megabytes of one file of the ring. */
const RING_MB = '10'
const RING_FILES = 4
/** Of a recording: 32 MB at most. */
const MOST_PACKETS = 60_000
/** After a tcpdump that ended by itself. */
const AGAIN_MS = 60_000
const RING = 'ring.pcap'

function tcpdump(args: readonly string[]): ChildProcess {
  // As the agent's own user: it writes into the agent's folder.
  return spawn('tcpdump', ['-i', 'any', '-n', '-U', '-s', SNAP, '-Z', 'root', ...args], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Why it recorded nothing, or undefined; tcpdump's last words among it. */
const ended = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    let words = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-1_000)
    })
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'tcpdump is not installed' : error.message),
    )
    child.once('close', (code) =>
      resolve(code === 0 || code === null ? undefined : `tcpdump ended with ${code}: ${words.trim().split('\n').at(-1) ?? ''}`),
    )
  })

/** Records traffic for so long. @returns why there is none or not all, or undefined. */
export async function recordPackets(file: string, seconds: number, signal: AbortSignal): Promise<string | undefined> {
  const child = tcpdump(['-c', String(MOST_PACKETS), '-w', file])
  let full = false
  const end = ended(child).then((why) => {
    full = why === undefined
    return why
  })
  const over = new AbortController()
  await Promise.race([realWait(seconds * 1_000, AbortSignal.any([signal, over.signal])), end])
  over.abort()
  if (full) return `no more than ${MOST_PACKETS} packets are recorded at once; the later ones are left out`
  child.kill('SIGINT')
  return await end
}

export interface PacketRing {
  /** Keeps the last traffic in files of the folder, while it is wanted, until the signal ends. */
  readonly keep: (signal: AbortSignal) => Promise<void>
  /** The ring's files, oldest first. */
  readonly files: () => Promise<string[]>
  /** Why there is no ring although it is wanted. */
  readonly lacking: () => string | undefined
}

interface RingOptions {
  readonly folder: string
  readonly wanted: () => boolean
  readonly count: (name: string) => void
  readonly warn: (message: string) => void
}

/** Four files of 10 MB, written over in turn. */
export function createPacketRing({ folder, wanted, count, warn }: RingOptions): PacketRing {
  let why: string | undefined
  const files = async (): Promise<string[]> => {
    const names = (await readdir(folder)).filter((name) => name.startsWith(RING))
    const found = names.map((name) => {
      const path = join(folder, name)
      return { path, first: firstPacket(path) }
    })
    return found.toSorted((a, b) => a.first - b.first).map(({ path }) => path)
  }
  const forget = async (): Promise<void> => {
    for (const path of await files()) await rm(path, { force: true })
  }
  return {
    files,
    lacking: () => (wanted() ? why : undefined),
    async keep(signal) {
      let child: ChildProcess | undefined
      endLeftOver(folder)
      if (!wanted()) await forget()
      while (!signal.aborted) {
        if (wanted() && child === undefined) {
          const started = tcpdump(['-C', RING_MB, '-W', String(RING_FILES), '-w', join(folder, RING)])
          child = started
          why = undefined
          void ended(started).then(async (reason) => {
            if (signal.aborted || child !== started) return
            why = reason ?? 'tcpdump ended'
            count('packets.absent')
            warn(`traffic is not kept: ${why}`)
            await realWait(AGAIN_MS, signal)
            if (child === started) child = undefined
          })
        }
        if (!wanted() && child !== undefined) {
          const ending = child
          child = undefined
          ending.kill('SIGINT')
          await forget()
        }
        await realWait(1_000, signal)
      }
      child?.kill('SIGINT')
    },
  }
}

/** Seconds of the first packet in a file of tcpdump's (pcap(3), in either byte order); empty files come last. */
function firstPacket(path: string): number {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const head = Buffer.alloc(28)
    if (readSync(file, head, 0, head.length, 0) < head.length) return Number.POSITIVE_INFINITY
    return head.readUInt32LE(0) === 0xa1b2c3d4 ? head.readUInt32LE(24) : head.readUInt32BE(24)
  } catch {
    return Number.POSITIVE_INFINITY
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** An agent that was killed leaves its tcpdump: known by the files that it writes. */
function endLeftOver(folder: string): void {
  for (const pid of processIds('/proc')) {
    try {
      const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      if (program === 'tcpdump' && args.some((one) => one.startsWith(`${folder}/`))) process.kill(pid, 'SIGKILL')
    } catch {
      // It ended, or is somebody else's.
    }
  }
}
