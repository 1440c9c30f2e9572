import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { writeFileAtomically } from '../platform/atomic-file.ts'

const placeSchema = z.object({
  first: z.string(),
  records: z.int().positive(),
  previous: z.string(),
  at: z.string(),
})
const stateSchema = z.object({ version: z.literal(1), servers: z.record(z.string(), z.record(z.string(), placeSchema)) })
type Sent = z.infer<typeof stateSchema>

/** Files that were sent and never looked at again are forgotten. */
const MOST_FILES = 10_000

/** How far a file is sent: its records up to there, as the digest over all of them. */
export interface SentPlace {
  /** Digest of its first record alone. */
  readonly first: string
  readonly records: number
  readonly digest: string
  /** Digest without the last of them, which may have been growing yet. */
  readonly previous: string
}

/** Where a send may go on: behind so many records. */
export interface SentEnd {
  readonly records: number
  /** Digest of the place that is no longer needed once it went on. */
  readonly place: string
}

/**
 * What a server has acknowledged of each file. A file is known by all that was sent of it: files that only begin alike are
 * told apart.
 */
export interface SentOffsets {
  /** Where files that begin with this record were left, by the digest over all records before that. */
  ends(first: string): ReadonlyMap<string, SentEnd>
  /** Resolves once it is on disk. @param instead the place that it went on from. */
  put(place: SentPlace, instead: string | undefined): Promise<void>
}

/** @param again forgets what was sent to this server. @throws KanpekiError `bad_state` for a file that is not one of these. */
export async function openSentOffsets(path: string, server: string, again: boolean): Promise<SentOffsets> {
  const state = await read(path)
  const before = Object.entries(state.servers[server] ?? {})
  const own = new Map(again ? [] : before)
  const gone = new Set(again ? before.map(([digest]) => digest) : [])
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return {
    ends(first) {
      const ends = new Map<string, SentEnd>()
      for (const [digest, place] of own) {
        if (place.first !== first) continue
        ends.set(place.previous, { records: place.records - 1, place: digest })
        ends.set(digest, { records: place.records, place: digest })
      }
      return ends
    },
    async put({ digest, first, records, previous }, instead) {
      if (instead !== undefined) {
        own.delete(instead)
        gone.add(instead)
      }
      own.delete(digest)
      gone.delete(digest)
      own.set(digest, { first, records, previous, at: new Date().toISOString() })
      await alone(`${path}.lock`, async () => {
        // Another send may have written since.
        const { servers } = await read(path)
        const others = Object.entries(servers[server] ?? {}).filter(([one]) => !own.has(one) && !gone.has(one))
        const all = [...others, ...own].slice(-MOST_FILES)
        const sent = { version: 1, servers: { ...servers, [server]: Object.fromEntries(all) } } satisfies Sent
        await writeFileAtomically(path, `${JSON.stringify(sent)}\n`)
      })
    },
  }
}

const LOCK_LOOK_MS = 20
/** Held for one small write; longer only by a process that was killed in it. */
const LOCK_STALE_MS = 5000

/** Works while no other send does. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const since = await stat(lock).catch(() => undefined)
      if (since !== undefined && Date.now() - since.mtimeMs > LOCK_STALE_MS) await rm(lock, { force: true })
      else await sleep(LOCK_LOOK_MS)
    }
  }
  try {
    await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function read(path: string): Promise<Sent> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, servers: {} }
    throw error
  }
  try {
    return stateSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new KanpekiError('bad_state', `What was sent before cannot be read: ${messageOf(error).split('\n')[0]}`, {
      place: { file: path },
      remedy: 'Move the file away: what the server has from the last 24 hours is not stored twice.',
    })
  }
}
