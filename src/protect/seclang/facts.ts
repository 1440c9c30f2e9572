import type { ParsedBody } from '../body/body.ts'
import { decodeEscapes, readArguments } from '../body/urlencoded.ts'
import type { RequestHead, ResponseHead } from '../transaction.ts'
import { type Item, itemOf } from './item.ts'
import type { Settings } from './settings.ts'
import type { ValueCache } from './value-cache.ts'

/** The parts of a request's target. */
export interface TargetParts {
  /** Without scheme and host. */
  readonly uri: string
  /** Before the query, its escapes decoded once, as servers hand it to what they run. */
  readonly path: string
  readonly query: string
}

/** An absolute form loses its scheme and host; what follows `#` is no part of the query. */
export function splitTarget(target: string): TargetParts {
  const absolute = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(target)
  const uri = absolute === null ? target : target.slice(absolute[0].length) || '/'
  const hash = uri.indexOf('#')
  const whole = hash < 0 ? uri : uri.slice(0, hash)
  const mark = whole.indexOf('?')
  return { uri, path: decodeEscapes(mark < 0 ? whole : whole.slice(0, mark)), query: mark < 0 ? '' : whole.slice(mark + 1) }
}

/** `Cookie` headers as they were sent: names and values are not decoded. */
export function readCookies(headers: RequestHead['headers'], values: ValueCache): Item[] {
  const cookies: Item[] = []
  for (const [name, line] of headers) {
    if (name.length !== 6 || name.toLowerCase() !== 'cookie') continue
    for (const part of line.split(';')) {
      const cookie = part.trimStart()
      if (cookie === '') continue
      const equals = cookie.indexOf('=')
      const name = equals < 0 ? cookie : cookie.slice(0, equals)
      const text = equals < 0 ? '' : cookie.slice(equals + 1)
      cookies.push(itemOf('REQUEST_COOKIES', name, text, values.of(text)))
    }
  }
  return cookies
}

/** What is known of one request and its response. Filled in as they arrive; rules read it through `variables`. */
export class Facts {
  readonly settings: Settings
  /** Values over all transactions of the rule set. */
  readonly values: ValueCache
  readonly began: number
  head: RequestHead = EMPTY_HEAD
  target: TargetParts = { uri: '', path: '', query: '' }
  headers: readonly Item[] = []
  cookies: readonly Item[] = []
  queryArgs: readonly Item[] = []
  urlencodedError = false
  tooManyArguments = false
  /** `URLENCODED`, `MULTIPART`, `JSON`, `XML`, or nothing. */
  processor = ''
  /** Set by `ctl:forceRequestBodyVariable`. */
  bodyForced = false
  bodyAccess: boolean
  bodyLimit: number
  /** The raw body; empty before phase 2 and where rules may not look at it. */
  body = ''
  bodyLength = 0
  bodyTruncated = false
  parsed: ParsedBody = { args: [] }
  bodyArgs: readonly Item[] = []
  response: ResponseHead | undefined
  responseHeaders: readonly Item[] = []
  responseAccess: boolean
  responseBody = ''
  responseTruncated = false

  constructor(settings: Settings, values: ValueCache, began: number) {
    this.values = values
    this.settings = settings
    this.began = began
    this.bodyAccess = settings.requestBodyAccess
    this.bodyLimit = settings.requestBodyLimit
    this.responseAccess = settings.responseBodyAccess
  }

  takeHead(head: RequestHead): void {
    this.head = head
    this.target = splitTarget(head.target)
    this.headers = this.#items('REQUEST_HEADERS', head.headers)
    this.cookies = readCookies(head.headers, this.values)
    const { args, broken, more } = readArguments(this.target.query, this.settings.argumentSeparator, this.settings.argumentsLimit)
    this.queryArgs = this.#items('ARGS', args)
    this.urlencodedError = broken
    this.tooManyArguments = more
    this.processor = processorFor(this.header('content-type'))
  }

  takeBody(parsed: ParsedBody): void {
    this.parsed = parsed
    // What people write in bodies hardly comes twice; to keep it would only burden the memory.
    this.bodyArgs = parsed.args.map(([name, value]) => itemOf('ARGS', name, value))
    if (parsed.flags?.has('URLENCODED_ERROR')) this.urlencodedError = true
  }

  takeResponse(response: ResponseHead): void {
    this.response = response
    this.responseHeaders = response.headers.map(([name, value]) => itemOf('RESPONSE_HEADERS', name, value))
  }

  #items(variable: string, pairs: readonly (readonly [string, string])[]): Item[] {
    return pairs.map(([name, text]) => itemOf(variable, name, text, this.values.of(text)))
  }

  /** Why arguments could not all be read, of the body or the query: what `REQBODY_ERROR_MSG` says. */
  get argumentsFault(): string | undefined {
    if (this.parsed.error !== undefined) return this.parsed.error
    return this.tooManyArguments ? `the query has more than ${this.settings.argumentsLimit} arguments` : undefined
  }

  /** The first header of that name (in lower case), or an empty text. */
  header(lower: string): string {
    for (const item of this.headers) if (item.lower === lower) return item.value.text
    return ''
  }
}

const EMPTY_HEAD: RequestHead = {
  uniqueId: '',
  remoteAddress: '',
  remotePort: 0,
  serverAddress: '',
  serverPort: 0,
  method: '',
  target: '',
  protocol: '',
  headers: [],
}

function processorFor(contentType: string): string {
  if (/^\s*application\/x-www-form-urlencoded/i.test(contentType)) return 'URLENCODED'
  if (/^\s*multipart\/form-data/i.test(contentType)) return 'MULTIPART'
  return ''
}
