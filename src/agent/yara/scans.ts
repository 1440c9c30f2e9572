import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { YaraMatch } from '../../detect/yara/messages.ts'
import { openYara, type YaraScanner } from '../../detect/yara/scanner.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import { rulesIn } from './parts.ts'

/** Something that may be scanned. */
export interface Candidate {
  /** What is read: a path, or the link to a program in /proc. */
  readonly read: string
  /** Whether `read` is such a link. */
  readonly follow: boolean
  /** What it is called to people. */
  readonly path: string
  /** Fields of the event that tells of a match. */
  readonly about: JsonObject
}

export interface Matched {
  readonly candidate: Candidate
  readonly matches: readonly YaraMatch[]
  readonly sha256: string
  readonly bytes: number
}

export interface Scans {
  /** Puts it in the queue, once however often it is named; what finds no room is counted. */
  readonly consider: (candidate: Candidate) => void
  /** Works off the queue until the signal ends. */
  readonly run: (signal: AbortSignal) => Promise<void>
  /** There are other rules: what was scanned before counts no more. */
  readonly renewed: () => void
}

interface ScansOptions {
  /** Where rules and engine lie. */
  readonly folder: string
  readonly count: (name: string, by?: number) => void
  readonly warn: (message: string) => void
  readonly found: (matched: Matched) => void
}

/** Larger files are not scanned: the engine's process holds them whole. */
const LARGEST = 32 * 1024 * 1024
const MOST_WAITING = 2_000
const MOST_KNOWN = 20_000
const TIMEOUT_MS = 10_000
/** A scan is followed by a rest so many times as long: no more than a fifth of a core. */
const REST = 4
const LEAST_REST_MS = 5
/** Without work the engine's process ends: an agent that has nothing to do holds nothing. */
const IDLE_MS = 5_000
/** So many scans in a row that fail: these rules are no use here. */
const MOST_FAILURES = 5
const AGAIN_MS = 60_000

/** Scans files one after the other in a process of its own, which lives as long as there are any. */
export function createScans({ folder, count, warn, found }: ScansOptions): Scans {
  const waiting = new Map<string, Candidate>()
  let known = new Set<string>()
  let failures = 0
  let stale = false
  let wake = new AbortController()

  const open = (): Promise<YaraScanner> =>
    openYara([rulesIn(folder)], {
      timeout: TIMEOUT_MS,
      start: () =>
        spawn(process.execPath, [process.argv[1]!, 'agent', 'scan', '--data', folder], {
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
          serialization: 'advanced',
          env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
        }),
    })

  /** Names the content as far as the file system does; undefined where there is nothing to scan. */
  async function markOf({ read }: Candidate): Promise<string | undefined> {
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = await stat(read)
      if (size === 0) return undefined
      return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`
    } catch {
      return undefined
    }
  }

  async function scan(yara: YaraScanner, candidate: Candidate, mark: string): Promise<void> {
    const { read: file, follow } = candidate
    const answer = await yara.read({ file, follow, most: LARGEST })
    failures = 0
    if (known.size >= MOST_KNOWN) known.clear()
    known.add(mark)
    if (answer.kind === 'unread') return count(answer.why === 'large' ? 'yara.tooLarge' : 'yara.unread')
    count('yara.scanned')
    const { matches, sha256 = '', bytes = 0 } = answer
    if (matches.length > 0) found({ candidate, matches, sha256, bytes })
  }

  return {
    consider(candidate) {
      if (waiting.has(candidate.read)) return
      if (waiting.size >= MOST_WAITING) return count('yara.noRoom')
      waiting.set(candidate.read, candidate)
      if (!wake.signal.aborted) wake.abort()
    },
    renewed() {
      known = new Set()
      failures = 0
      stale = true
    },
    async run(signal) {
      let yara: YaraScanner | undefined
      try {
        while (!signal.aborted) {
          const [candidate] = waiting.values()
          if (candidate === undefined) {
            wake = new AbortController()
            const until = AbortSignal.any([signal, wake.signal])
            await realWait(IDLE_MS, until)
            if (waiting.size > 0) continue
            await yara?.close()
            yara = undefined
            await new Promise<void>((resolve) => {
              if (until.aborted) resolve()
              else until.addEventListener('abort', () => resolve(), { once: true })
            })
            continue
          }
          waiting.delete(candidate.read)
          const mark = await markOf(candidate)
          if (mark === undefined || known.has(mark)) continue
          const began = performance.now()
          try {
            if (stale) {
              stale = false
              await yara?.close()
              yara = undefined
            }
            yara ??= await open()
            await scan(yara, candidate, mark)
          } catch (error) {
            failures += 1
            count('yara.failed')
            if (failures === 1) warn(`${candidate.path} could not be scanned with YARA: ${messageOf(error)}`)
            if (failures >= MOST_FAILURES || (error instanceof KanpekiError && error.code === 'yara_unavailable')) {
              await yara?.close()
              yara = undefined
              await realWait(AGAIN_MS, signal)
            }
          }
          await realWait(Math.max(LEAST_REST_MS, (performance.now() - began) * REST), signal)
        }
      } finally {
        await yara?.close()
      }
    },
  }
}
