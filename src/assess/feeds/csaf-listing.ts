import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'

/** A document that a provider lists. */
export interface Listed {
  readonly url: string
  /** Below the folder of its provider: safe names only. */
  readonly path: string
  /** When it last changed, as written; null where the list does not say. */
  readonly changed: string | null
  /** Where hashes of it lie, where the list says so. */
  readonly hashes: readonly string[]
}

/** `tlp_label` of CSAF 2.0 and 2.1: what is for everyone; anything else asks for a login. */
const OPEN = new Set(['WHITE', 'CLEAR', 'UNLABELED'])

const metadata = z.object({
  distributions: z
    .array(
      z.object({
        directory_url: z.string().optional(),
        // 2.1.
        directory: z.object({ url: z.string(), tlp_label: z.string().default('CLEAR') }).optional(),
        rolie: z
          .object({ feeds: z.array(z.object({ url: z.string(), tlp_label: z.string().default('WHITE') })).default([]) })
          .optional(),
      }),
    )
    .default([]),
})
const rolie = z.object({
  feed: z.object({
    entry: z
      .array(
        z.object({
          updated: z.string().optional(),
          content: z.object({ src: z.string().optional() }).optional(),
          link: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
        }),
      )
      .default([]),
  }),
})

/**
 * What a provider lists for everyone (OASIS CSAF 2.0 and 2.1, section 7.1): its ROLIE feeds and its directories (`changes.csv`, `index.txt`).
 * Each document once, by its URL; whoever lists it with a time says more than who does not.
 * @param read gives the text at a URL, undefined where there is none.
 * @throws KanpekiError `feed_invalid` where something is no such list, or nothing is listed.
 */
export async function documentsOf(
  read: (url: string) => Promise<string | undefined>,
  provider: string,
): Promise<readonly Listed[]> {
  const found = new Map<string, Listed>()
  const add = (address: URL | null, changed: string | null, hashes: readonly string[]): void => {
    const path = address === null ? undefined : pathOf(address)
    if (address === null || path === undefined) return
    const before = found.get(address.href)
    if (before === undefined || before.changed === null || (changed !== null && changed > before.changed))
      found.set(address.href, { url: address.href, path, changed, hashes: hashes.length > 0 ? hashes : (before?.hashes ?? []) })
  }
  const { distributions } = parse(metadata, await read(provider), provider)
  for (const { directory_url: old, directory, rolie: feeds } of distributions) {
    const base = old ?? (directory !== undefined && OPEN.has(directory.tlp_label) ? directory.url : undefined)
    if (base !== undefined) await fromDirectory(read, base.endsWith('/') ? base : `${base}/`, add)
    for (const { url, tlp_label: label } of feeds?.feeds ?? []) {
      if (!OPEN.has(label)) continue
      for (const { updated, content, link } of parse(rolie, await read(url), url).feed.entry) {
        const self = link.find(({ rel }) => rel === 'self')?.href ?? content?.src
        const hashes = link.filter(({ rel }) => rel === 'hash').flatMap(({ href }) => URL.parse(href, url)?.href ?? [])
        if (self !== undefined) add(URL.parse(self, url), updated ?? null, hashes.toSorted().toReversed())
      }
    }
  }
  if (found.size === 0) throw invalid(provider, 'it lists no document that is for everyone')
  return [...found.values()]
}

async function fromDirectory(
  read: (url: string) => Promise<string | undefined>,
  base: string,
  add: (address: URL | null, changed: string | null, hashes: readonly string[]) => void,
): Promise<void> {
  const [changes, index] = [await read(`${base}changes.csv`), await read(`${base}index.txt`)]
  if (changes === undefined && index === undefined) throw invalid(base, 'it has neither changes.csv nor index.txt')
  const below = (path: string): URL | null => {
    const address = URL.parse(path.trim(), base)
    return address?.href.startsWith(base) === true ? address : null
  }
  for (const line of (index ?? '').split('\n')) if (line.trim() !== '') add(below(line), null, [])
  for (const line of (changes ?? '').split('\n')) {
    const [, path, changed] = /^\s*"?([^",]+)"?\s*,\s*"?([^",]+?)"?\s*$/.exec(line) ?? []
    if (path !== undefined && changed !== undefined) add(below(path), changed, [])
  }
}

/** Of web addresses of JSON only; `.well-known` must not hide, nor anything climb. */
function pathOf({ protocol, pathname, host, search }: URL): string | undefined {
  if (!/^https?:$/.test(protocol) || search !== '' || !pathname.endsWith('.json')) return undefined
  const parts = [host, ...pathname.split('/').filter((part) => part !== '')].map((part) => part.replaceAll(/[^\w.-]+/g, '_'))
  return parts.map((part) => part.replace(/^\.+/, '_')).join('/')
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined, url: string): T {
  if (text === undefined) throw invalid(url, 'there is none')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(url, 'it is no JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw invalid(url, `${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`)
  return parsed.data
}

function invalid(url: string, reason: string): KanpekiError {
  return new KanpekiError('feed_invalid', `${url} is no list of a CSAF provider: ${reason}.`, {
    remedy: 'Name the address of its provider-metadata.json.',
  })
}
