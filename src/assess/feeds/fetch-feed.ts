import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'

/** The door for calls, as far as feeds need it. */
export type FeedFetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly maxBytes: number; readonly timeoutMs: number },
) => Promise<Response>

export interface FeedPlace {
  readonly url: string
  /** Where the whole file stands in the end. */
  readonly file: string
  /** Throws where what came is no such feed: it never takes the place of the one before. */
  readonly check: (half: string) => Promise<void>
  readonly chunkBytes?: number
  readonly mostBytes?: number
}

export type Fetched = 'new' | 'unchanged'

const CHUNK = 16 * 2 ** 20
const MOST = 2 * 2 ** 30
const PART_MS = 10 * 60_000
/** A connection that breaks in between is taken up again this often. */
const TRIES = 4

const note = z.object({ etag: z.string().nullable(), modified: z.string().nullable() })
type Note = z.infer<typeof note>

/**
 * Brings a feed up to date: asks whether it changed (ETag, Last-Modified), takes it in parts, goes on where the last run was
 * cut off as long as it is the same file still (If-Range), checks the whole, and only then puts it in place.
 * @throws KanpekiError `feed_unreachable`, `feed_invalid`, `too_large`; what came so far is kept for the next run.
 */
export async function fetchFeed(
  call: FeedFetch,
  { url, file, check, chunkBytes = CHUNK, mostBytes = MOST }: FeedPlace,
): Promise<Fetched> {
  const name = file.slice(dirname(file).length + 1)
  const half = join(dirname(file), `.part-${name}`)
  const halfNote = `${half}.note`
  const ownNote = join(dirname(file), `.${name}.note`)
  await mkdir(dirname(file), { recursive: true })
  const here = (await sizeOf(file)) === undefined ? undefined : await readNote(ownNote)
  let begun = await readNote(halfNote)
  if (begun === undefined) await rm(half, { force: true })
  let failures = 0
  for (;;) {
    const have = begun === undefined ? 0 : ((await sizeOf(half)) ?? 0)
    if (have > mostBytes) throw new KanpekiError('too_large', `${url} is larger than ${mostBytes} bytes.`)
    const validator = begun?.etag?.startsWith('W/') === false ? begun.etag : (begun?.modified ?? null)
    const headers: Record<string, string> = { range: `bytes=${have}-${have + chunkBytes - 1}` }
    if (have > 0 && validator !== null) headers['if-range'] = validator
    if (have === 0 && here !== undefined) {
      if (here.etag !== null) headers['if-none-match'] = here.etag
      if (here.modified !== null) headers['if-modified-since'] = here.modified
    }
    let reply: Response
    try {
      // Who knows no ranges sends all of it at once.
      reply = await call(url, { headers, maxBytes: Math.min(mostBytes, 512 * 2 ** 20), timeoutMs: PART_MS })
    } catch (error) {
      failures += 1
      if (
        failures < TRIES &&
        error instanceof KanpekiError &&
        error.code !== 'outgoing_refused' &&
        error.code !== 'outgoing_too_large'
      )
        continue
      throw unreachable(url, error instanceof Error ? error.message : String(error), have, error)
    }
    const { status } = reply
    const said: Note = { etag: reply.headers.get('etag'), modified: reply.headers.get('last-modified') }
    if (status === 304) return 'unchanged'
    if (status === 200) {
      await writeFile(half, Buffer.from(await reply.arrayBuffer()))
      return await finish(said)
    }
    if (status === 416 && have > 0) {
      // It is whole already, or another one: what is here decides by the check.
      if (Number(/\/(\d+)$/.exec(reply.headers.get('content-range') ?? '')?.[1]) === have) return await finish(begun!)
      await rm(half, { force: true })
      await rm(halfNote, { force: true })
      begun = undefined
      continue
    }
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(reply.headers.get('content-range') ?? '')
    if (status !== 206 || range === null || Number(range[1]) !== have) {
      failures += 1
      if (failures < TRIES && status >= 500) continue
      throw unreachable(url, `it answered ${status}`, have)
    }
    if (have === 0) {
      begun = said
      await writeFile(half, '')
      await writeFile(halfNote, JSON.stringify(said))
    }
    await appendFile(half, Buffer.from(await reply.arrayBuffer()))
    failures = 0
    if (((await sizeOf(half)) ?? 0) >= Number(range[3])) return await finish(begun!)
  }

  async function finish(said: Note): Promise<Fetched> {
    // Told by its name, it must end as the file does.
    try {
      await check(half)
    } catch (error) {
      await rm(half, { force: true })
      await rm(halfNote, { force: true })
      throw error
    }
    await rename(half, file)
    await writeFile(ownNote, JSON.stringify(said))
    await rm(halfNote, { force: true })
    return 'new'
  }
}

function unreachable(url: string, reason: string, have: number, cause?: unknown): KanpekiError {
  return new KanpekiError('feed_unreachable', `${url} could not be fetched: ${reason}.`, {
    remedy: have > 0 ? `Run it again: ${have} bytes are kept.` : 'Run it again, or take it over from a folder with --from.',
    ...(cause === undefined ? {} : { cause }),
  })
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size
}

async function readNote(file: string): Promise<Note | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return note.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
