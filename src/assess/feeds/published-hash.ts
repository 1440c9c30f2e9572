import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { FeedFetch } from './fetch-feed.ts'

/** Where a publisher says what a feed's SHA-256 is. */
export interface PublishedHash {
  readonly url: string
  /** Below a mirror. */
  readonly path: string
  /** NVD's `.meta`: of the unpacked file. JVN iPedia's list: of the files as they are. */
  readonly form: 'nvd' | 'jvn'
}

const jvnList = z.array(z.object({ url: z.string(), sha256: z.string() }))

/**
 * Holds a file to the hash that its publisher gives of it.
 * @param hash with the URL to ask at. @param feed the feed's URL.
 * @returns whether there is one: a mirror need not have it.
 * @throws KanpekiError `feed_invalid` where it is another, `feed_unreachable` where it cannot be asked.
 */
export async function checkPublishedHash(
  call: FeedFetch,
  { url, form }: Pick<PublishedHash, 'url' | 'form'>,
  feed: string,
  file: string,
): Promise<boolean> {
  const reply = await call(url, { headers: {}, maxBytes: 2 ** 20, timeoutMs: 60_000 })
  if (reply.status === 404) return false
  if (reply.status !== 200)
    throw new KanpekiError('feed_unreachable', `${url} could not be fetched: it answered ${reply.status}.`, {
      remedy: 'Run it again: the one before stays.',
    })
  const text = (await reply.text()).replace(/^\uFEFF/, '')
  const published = form === 'nvd' ? /^sha256:\s*([0-9a-f]{64})\s*$/im.exec(text)?.[1] : fromJvn(text, feed)
  if (published === undefined) return false
  const hash = createHash('sha256')
  try {
    if (form === 'nvd') await pipeline(createReadStream(file), createGunzip(), hash)
    else await pipeline(createReadStream(file), hash)
  } catch (error) {
    throw new KanpekiError('feed_invalid', `${feed} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      remedy: 'The one before stays.',
      cause: error,
    })
  }
  const found = hash.digest('hex')
  if (found === published.toLowerCase()) return true
  throw new KanpekiError(
    'feed_invalid',
    `${feed} is not what its publisher says: its SHA-256 is ${found}, not ${published.toLowerCase()}.`,
    {
      place: { file: url },
      remedy: 'The one before stays. Run it again: it may have been changed in between.',
    },
  )
}

/** By the name of the file: a mirror stands elsewhere. */
function fromJvn(text: string, feed: string): string | undefined {
  const name = feed.slice(feed.lastIndexOf('/'))
  try {
    return jvnList.parse(JSON.parse(text)).find(({ url }) => url.endsWith(name))?.sha256
  } catch {
    return undefined
  }
}
