import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { documentsOf, type Listed } from './csaf-listing.ts'
import { placeDocument } from './csaf-place.ts'
import type { FeedFetch } from './fetch-feed.ts'

const DOCUMENT_BYTES = 128 * 2 ** 20
const TIMEOUT_MS = 60_000
/** Documents that are asked for at once. */
const AT_ONCE = 6
/** So many that are not had one after another are the provider's fault, not the documents'. */
const GIVE_UP = 20
/** What was fetched is written down this often, for a run that is cut off. */
const NOTE_EVERY = 50

const note = z.record(z.string(), z.string())

export interface ProviderRun {
  readonly fresh: number
  readonly unchanged: number
  /** Taken although their provider gives no hash of them. */
  readonly unhashed: number
  readonly failures: readonly KanpekiError[]
}

/**
 * Brings the documents of a CSAF provider up to date below `folder/<host>`: only what its lists call new or changed since, each held to its
 * published hash (SHA-512, else SHA-256) and read before it takes the place of the one before. A run that was cut off goes on.
 * @param url of the provider's `provider-metadata.json`.
 * @throws KanpekiError `feed_unreachable`, `feed_invalid` where the provider's own lists cannot be had or read; what is wrong with a single
 * document stands in `failures`, and its former state stays.
 */
export async function fetchProvider(call: FeedFetch, url: string, folder: string): Promise<ProviderRun> {
  const listed = await documentsOf((address) => textOf(call, address), url)
  const own = join(folder, new URL(url).host.replaceAll(/[^\w.-]+/g, '-'))
  await mkdir(own, { recursive: true })
  const notes = join(own, '.csaf-documents')
  const known = new Map(Object.entries(await readNote(notes)))
  const failures: KanpekiError[] = []
  let [fresh, unchanged, unhashed, inARow] = [0, 0, 0, 0]
  const write = async (): Promise<void> => await writeFileAtomically(notes, JSON.stringify(Object.fromEntries(known)))
  const waiting = listed.values()
  const work = async (): Promise<void> => {
    for (const one of waiting) {
      if (inARow >= GIVE_UP) return
      // Without a time nobody says that it changed.
      if (known.get(one.url) === (one.changed ?? '')) {
        unchanged += 1
        continue
      }
      try {
        const hashed = await take(call, one, join(own, one.path))
        known.set(one.url, one.changed ?? '')
        fresh += 1
        inARow = 0
        if (!hashed) unhashed += 1
        if (fresh % NOTE_EVERY === 0) await write()
      } catch (error) {
        if (!(error instanceof KanpekiError)) throw error
        failures.push(error)
        inARow += 1
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work)).finally(write)
  return { fresh, unchanged, unhashed, failures }
}

/** @returns whether a hash of it was published. */
async function take(call: FeedFetch, { url, hashes }: Listed, file: string): Promise<boolean> {
  const reply = await ask(call, url)
  if (reply.status !== 200) throw unreachable(url, `it answered ${reply.status}`)
  const bytes = Buffer.from(await reply.arrayBuffer())
  const hashed = await checkHash(call, url, hashes, bytes)
  await placeDocument(bytes, url, file)
  return hashed
}

async function checkHash(call: FeedFetch, url: string, hashes: readonly string[], bytes: Buffer): Promise<boolean> {
  for (const address of hashes.length > 0 ? hashes : [`${url}.sha512`, `${url}.sha256`]) {
    const algorithm = /\.(sha256|sha512)$/.exec(URL.parse(address)?.pathname ?? '')?.[1]
    if (algorithm === undefined) continue
    const reply = await ask(call, address)
    // Only what is not there is passed over: who cannot be asked proves nothing.
    if (reply.status === 404 || reply.status === 410) continue
    if (reply.status !== 200) throw unreachable(address, `it answered ${reply.status}`)
    const published = /^\s*\\?([0-9a-f]+)\b/i.exec(await reply.text())?.[1]?.toLowerCase()
    const found = createHash(algorithm).update(bytes).digest('hex')
    if (published === found) return true
    throw new KanpekiError(
      'feed_invalid',
      `${url} is not what its provider published: its ${algorithm} is ${found}, not ${published ?? 'readable'}.`,
      {
        place: { file: address },
        remedy:
          'The one before stays. Run it again; if it goes on, ask the provider: the file was changed on its way, or its hash is old.',
      },
    )
  }
  return false
}

async function ask(call: FeedFetch, url: string): Promise<Response> {
  try {
    return await call(url, { headers: {}, maxBytes: DOCUMENT_BYTES, timeoutMs: TIMEOUT_MS })
  } catch (error) {
    throw unreachable(url, error instanceof Error ? error.message : String(error), error)
  }
}

async function textOf(call: FeedFetch, url: string): Promise<string | undefined> {
  const reply = await ask(call, url)
  if (reply.status === 404 || reply.status === 410) return undefined
  if (reply.status !== 200) throw unreachable(url, `it answered ${reply.status}`)
  return await reply.text()
}

function unreachable(url: string, reason: string, cause?: unknown): KanpekiError {
  return new KanpekiError('feed_unreachable', `${url} could not be fetched: ${reason}.`, {
    remedy: 'Run it again: what came is kept.',
    ...(cause === undefined ? {} : { cause }),
  })
}

async function readNote(file: string): Promise<z.infer<typeof note>> {
  try {
    return note.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return {}
  }
}
