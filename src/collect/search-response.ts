import { isJsonObject, type JsonValue } from '../kernel/json.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d

/** What stands before the hits is small; a document of which this much does not show that it is a response is none. */
const MAX_HEAD = 65_536
/** A response itself, and one inside the Inspect panel's copy of Kibana. */
const PATHS: ReadonlySet<string> = new Set(['hits/hits', 'rawResponse/hits/hits', 'body/hits/hits'])
/** What these begin with: all else is told apart by its first bytes. */
const FIRST =
  /^\{\s{0,64}"(?:took|timed_out|_scroll_id|pit_id|terminated_early|num_reduce_phases|_shards|_clusters|hits|rawResponse|body|id|isPartial|isRunning)"/

export interface Head {
  /** Index of the first byte inside the list of hits. */
  readonly inside: number
  /** Objects that are open there. */
  readonly depth: number
  /** Why the response says of itself that it is not the whole answer. */
  readonly partial: string | undefined
}

/**
 * Whether a document that begins at `begin` is the response of a `_search` (or of one page of a scroll) of Elasticsearch
 * or OpenSearch, as scripts around `curl` keep it: `{"took": 3, …, "hits": {…, "hits": [ …`. `more` asks for more bytes.
 */
export function responseHead(bytes: Buffer, begin: number): Head | 'none' | 'more' {
  const start = bytes.toString('latin1', begin, begin + 128)
  if (start.length === 128 ? !FIRST.test(start) : start.includes(':') && !FIRST.test(start)) return 'none'
  const keys: string[] = []
  const until = Math.min(bytes.length, begin + MAX_HEAD)
  let key: string | undefined
  for (let at = begin; at < until; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      const end = endOfString(bytes, at, until)
      if (end === undefined) break
      if (end - at <= 64 && bytes[skipSpace(bytes, end + 1, until)] === COLON) key = bytes.toString('latin1', at + 1, end)
      at = end
    } else if (byte === OPEN || byte === OPEN_LIST) {
      if (byte === OPEN_LIST && PATHS.has([...keys, key].slice(1).join('/'))) return headOf(bytes, begin, at + 1, keys.length)
      keys.push(key ?? '')
      key = undefined
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      keys.pop()
      if (keys.length === 0) return 'none'
    }
  }
  return bytes.length - begin >= MAX_HEAD ? 'none' : 'more'
}

function headOf(bytes: Buffer, begin: number, inside: number, depth: number): Head | 'none' {
  try {
    const text = `${bytes.toString('utf8', begin, inside)}]${'}'.repeat(depth)}`
    return { inside, depth, partial: partialOf(JSON.parse(text) as JsonValue) }
  } catch {
    return 'none'
  }
}

/** `timed_out`, and shards that failed, stand before the hits. */
function partialOf(response: JsonValue): string | undefined {
  if (!isJsonObject(response)) return undefined
  for (const name of ['rawResponse', 'body']) if (isJsonObject(response[name])) return partialOf(response[name])
  const shards = isJsonObject(response['_shards']) ? response['_shards'] : {}
  const failed = Number(shards['failed'] ?? 0)
  if (failed > 0) return `${failed} of ${Number(shards['total'])} shards failed: what they hold is not in this response`
  return response['timed_out'] === true ? 'the search timed out: not all hits are in this response' : undefined
}

/** Index of the closing quote; undefined where it is not there yet. */
function endOfString(bytes: Buffer, quote: number, until: number): number | undefined {
  for (let at = quote + 1; at < until; at++) {
    if (bytes[at] === QUOTE) return at
    if (bytes[at] === BACKSLASH) at++
  }
  return undefined
}

function skipSpace(bytes: Buffer, from: number, until: number): number {
  let at = from
  while (at < until && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) at++
  return at
}
