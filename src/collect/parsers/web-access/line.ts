import { ipOf, portOf } from '../../normalise/address.ts'
import { integer, known } from '../../normalise/draft.ts'
import { accessTime } from '../../normalise/time.ts'

/** What a line of the common or combined log format says. */
export interface AccessLine {
  readonly observed: number
  readonly virtualHost: string | undefined
  readonly virtualPort: number | undefined
  /** An address, or a name where the server looks names up. */
  readonly client: string | undefined
  readonly user: string | undefined
  readonly method: string | undefined
  /** The request target, or the whole request where it is malformed. */
  readonly target: string | undefined
  readonly version: string | undefined
  readonly malformed: boolean
  readonly status: number | undefined
  readonly bytes: number | undefined
  readonly referrer: string | undefined
  readonly agent: string | undefined
  /** The first address of `X-Forwarded-For`, where the format has it last. */
  readonly forwarded: string | undefined
  readonly requestId: string | undefined
  readonly scheme: string | undefined
  /** How long the request took. */
  readonly seconds: number | undefined
  /** With headers, where `bytes` is the body. */
  readonly totalBytes: number | undefined
  /** As written: `1.52`. */
  readonly gzipRatio: string | undefined
  readonly upstream:
    | { readonly server: string | undefined; readonly status: string | undefined; readonly cache: string | undefined }
    | undefined
}

/** What the combined format has no place for, and most lines of others say nothing of. */
export const NO_EXTRAS = {
  virtualHost: undefined,
  virtualPort: undefined,
  client: undefined,
  user: undefined,
  method: undefined,
  target: undefined,
  version: undefined,
  malformed: false,
  forwarded: undefined,
  requestId: undefined,
  scheme: undefined,
  seconds: undefined,
  totalBytes: undefined,
  gzipRatio: undefined,
  upstream: undefined,
}

const TIME_LENGTH = 26

/**
 * `[vhost[:port] ]client ident user [time] "request" status bytes[ "referrer" "agent"[ …]]`. A user name may hold spaces;
 * a request may hold quotation marks: it ends where a status follows.
 */
export function readAccessLine(text: string): AccessLine | undefined {
  let open = text.indexOf(' [')
  let observed: number | undefined
  while (open >= 0) {
    if (text.charCodeAt(open + 2 + TIME_LENGTH) === 93) observed = accessTime(text.slice(open + 2, open + 2 + TIME_LENGTH))
    if (observed !== undefined) break
    open = text.indexOf(' [', open + 1)
  }
  const start = open + TIME_LENGTH + 3
  if (observed === undefined || text.charCodeAt(start) !== 32 || text.charCodeAt(start + 1) !== 34) return undefined

  const tail = requestEnd(text, start + 2)
  if (tail === undefined) return undefined
  const [referrer, agent, forwarded] = quotedAfter(text, tail.after)
  const status = integer(tail.status)
  return {
    ...NO_EXTRAS,
    observed,
    ...clientOf(text.slice(0, open)),
    ...requestOf(text.slice(start + 2, tail.quote)),
    status,
    bytes: integer(tail.bytes),
    referrer: known(referrer),
    agent: known(agent),
    forwarded: known(forwarded)?.split(',', 1)[0]?.trim(),
  }
}

function clientOf(head: string): Pick<AccessLine, 'virtualHost' | 'virtualPort' | 'client' | 'user' | 'requestId'> {
  const parts = head.split(' ')
  // With four parts and more the first may be a virtual host: then the second is the client.
  const withHost = parts.length > 3 && ipOf(parts[0]) === undefined && (ipOf(parts[1]) !== undefined || /:\d+$/.test(parts[0]!))
  const [first, ...rest] = parts
  const [client, , ...names] = withHost ? rest : parts
  // `vhost client - REQUEST-ID user`: one of the two is mostly absent, and a user's name is not `x -`.
  const withId = withHost && names.length === 2 && names.includes('-')
  const user = withId ? names.slice(1) : names
  const host = withHost ? /^(.*?)(?::(\d{1,5}))?$/.exec(first!) : null
  return {
    virtualHost: known(host?.[1]),
    virtualPort: portOf(integer(host?.[2])),
    client: known(client),
    user: known(user.join(' ')),
    requestId: withId ? known(names[0]) : undefined,
  }
}

interface Tail {
  readonly quote: number
  readonly status: string
  readonly bytes: string
  readonly after: number
}

const TAIL = /^" (\d{3}|-) (\d+|-)(?= |$)/
const VERSION_AND_TAIL = / HTTP\/\d(?:\.\d)?" (?:\d{3}|-) (?:\d+|-)(?= |$)/g

/** The quotation mark after a protocol version is the likelier end: `GET /a" 200 5 c HTTP/1.1` is one request. */
function requestEnd(text: string, from: number): Tail | undefined {
  VERSION_AND_TAIL.lastIndex = from
  const version = VERSION_AND_TAIL.exec(text)
  const first = version === null ? from : version.index
  for (let quote = text.indexOf('"', first); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    const tail = TAIL.exec(text.slice(quote, quote + 40))
    if (tail !== null) return { quote, status: tail[1]!, bytes: tail[2]!, after: quote + tail[0].length }
  }
  return undefined
}

/** Up to three quoted texts; `\"` is a mark inside one (Apache), as `\x22` is (nginx), and stays as written. */
export function quotedAfter(text: string, from: number): readonly string[] {
  const found: string[] = []
  let at = from
  while (found.length < 3) {
    const open = text.indexOf('"', at)
    if (open < 0) return found
    let close = open + 1
    while (close < text.length && text.charCodeAt(close) !== 34) close += text.charCodeAt(close) === 92 ? 2 : 1
    found.push(text.slice(open + 1, Math.min(close, text.length)))
    at = close + 1
  }
  return found
}

const REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) (.*) HTTP\/(\d(?:\.\d)?)$/s

export function requestOf(request: string): Pick<AccessLine, 'method' | 'target' | 'version' | 'malformed'> {
  const match = REQUEST.exec(request)
  if (match !== null) return { method: match[1], target: match[2], version: match[3], malformed: false }
  // HTTP/0.9 names no version.
  const old = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT) (\S+)$/.exec(request)
  if (old !== null) return { method: old[1], target: old[2], version: undefined, malformed: false }
  const target = known(request)
  return { method: undefined, target, version: undefined, malformed: true }
}
