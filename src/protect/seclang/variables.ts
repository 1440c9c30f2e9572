import type { Facts } from './facts.ts'
import { type Item, itemOf, plainItem } from './item.ts'
import { makeValue } from './value.ts'

/** From when on a variable stays the same. `live` ones may change with every rule and are read anew each time. */
export type Stage = 'head' | 'body' | 'response' | 'live'

export interface Variable {
  readonly stage: Stage
  readonly items: (facts: Facts) => readonly Item[]
}

function plain(stage: Stage, name: string, text: (facts: Facts) => string): [string, Variable] {
  return [name, { stage, items: (facts) => [plainItem(name, text(facts))] }]
}

function list(stage: Stage, name: string, items: (facts: Facts) => readonly Item[]): [string, Variable] {
  return [name, { stage, items }]
}

/** A collection `name` of what `items` gives, under a name of its own. */
function renamed(stage: Stage, name: string, items: (facts: Facts) => readonly Item[]): [string, Variable] {
  return list(stage, name, (facts) => items(facts).map((item) => ({ ...item, variable: name })))
}

/**
 * The keys of a collection, as its values. What a response says shares no value with requests: a value holds what one prefilter found,
 * and responses have one of their own.
 */
function keys(stage: Stage, name: string, items: (facts: Facts) => readonly Item[]): [string, Variable] {
  return list(stage, name, (facts) =>
    items(facts).map(({ key = '', lower }) => {
      const value = stage === 'response' ? makeValue(key) : facts.values.of(key)
      return { variable: name, key, lower, value }
    }),
  )
}

function flag(name: string): [string, Variable] {
  return plain('body', name, (facts) => (facts.parsed.flags?.has(name) ? '1' : '0'))
}

function time(name: string, text: (date: Date) => string | number): [string, Variable] {
  return plain('head', name, (facts) => String(text(new Date(facts.began))))
}

const args = (facts: Facts): readonly Item[] =>
  facts.bodyArgs.length === 0 ? facts.queryArgs : [...facts.queryArgs, ...facts.bodyArgs]
const files = (facts: Facts) => facts.parsed.files ?? []
const two = (value: number) => String(value).padStart(2, '0')

/** `REQUEST_BODY` holds what is read as a form, or what was asked for where nothing reads it. */
function bodyText(facts: Facts): string {
  return facts.processor === 'URLENCODED' || (facts.bodyForced && facts.processor !== 'MULTIPART') ? facts.body : ''
}

function requestLine({ head }: Facts): string {
  return `${head.method} ${head.target}${head.protocol === '' ? '' : ` ${head.protocol}`}`
}

function basename({ target: { path } }: Facts): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

function basicUser(facts: Facts): string {
  const match = /^basic\s+([A-Za-z0-9+/=]+)/i.exec(facts.header('authorization'))
  if (match === null) return ''
  const pair = Buffer.from(match[1]!, 'base64').toString('latin1')
  const colon = pair.indexOf(':')
  return colon < 0 ? pair : pair.slice(0, colon)
}

function responseHeader(facts: Facts, lower: string): string {
  return facts.responseHeaders.find((item) => item.lower === lower)?.value.text ?? ''
}

function fullRequest(facts: Facts): string {
  const head = facts.head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `${requestLine(facts)}\r\n${head}\r\n${facts.body}`
}

/** Variables that a request and its response give. Those of a transaction's own state are in `state-variables.ts`. */
export const variables: Readonly<Record<string, Variable>> = Object.fromEntries([
  list('body', 'ARGS', args),
  keys('body', 'ARGS_NAMES', args),
  renamed('head', 'ARGS_GET', (facts) => facts.queryArgs),
  keys('head', 'ARGS_GET_NAMES', (facts) => facts.queryArgs),
  renamed('body', 'ARGS_POST', (facts) => facts.bodyArgs),
  keys('body', 'ARGS_POST_NAMES', (facts) => facts.bodyArgs),
  plain('body', 'ARGS_COMBINED_SIZE', (facts) =>
    String(args(facts).reduce((size, item) => size + item.value.text.length + (item.key?.length ?? 0), 0)),
  ),
  plain('head', 'AUTH_TYPE', (facts) => /^\S*/.exec(facts.header('authorization'))![0]),
  list('body', 'FILES', (facts) => files(facts).map((file) => itemOf('FILES', file.name, file.filename))),
  list('body', 'FILES_NAMES', (facts) => files(facts).map((file) => itemOf('FILES_NAMES', file.name, file.name))),
  list('body', 'FILES_SIZES', (facts) => files(facts).map((file) => itemOf('FILES_SIZES', file.name, String(file.size)))),
  list('body', 'FILES_TMPNAMES', (facts) => files(facts).map((file) => itemOf('FILES_TMPNAMES', file.name, file.filename))),
  list('body', 'FILES_TMP_CONTENT', (facts) => files(facts).map((file) => itemOf('FILES_TMP_CONTENT', file.name, file.content))),
  plain('body', 'FILES_COMBINED_SIZE', (facts) => String(files(facts).reduce((size, file) => size + file.size, 0))),
  plain('body', 'FULL_REQUEST', fullRequest),
  plain('body', 'FULL_REQUEST_LENGTH', (facts) => String(fullRequest(facts).length)),
  plain('body', 'INBOUND_DATA_ERROR', (facts) => (facts.bodyTruncated ? '1' : '0')),
  flag('MULTIPART_STRICT_ERROR'),
  flag('MULTIPART_UNMATCHED_BOUNDARY'),
  flag('MULTIPART_BOUNDARY_QUOTED'),
  flag('MULTIPART_BOUNDARY_WHITESPACE'),
  flag('MULTIPART_DATA_BEFORE'),
  flag('MULTIPART_DATA_AFTER'),
  flag('MULTIPART_HEADER_FOLDING'),
  flag('MULTIPART_LF_LINE'),
  flag('MULTIPART_CRLF_LF_LINES'),
  flag('MULTIPART_MISSING_SEMICOLON'),
  flag('MULTIPART_INVALID_QUOTING'),
  flag('MULTIPART_INVALID_PART'),
  flag('MULTIPART_INVALID_HEADER_FOLDING'),
  flag('MULTIPART_FILE_LIMIT_EXCEEDED'),
  list('body', 'MULTIPART_FILENAME', (facts) => files(facts).map((file) => plainItem('MULTIPART_FILENAME', file.filename))),
  list('body', 'MULTIPART_NAME', (facts) => files(facts).map((file) => plainItem('MULTIPART_NAME', file.name))),
  list('body', 'MULTIPART_PART_HEADERS', (facts) =>
    (facts.parsed.partHeaders ?? []).map(([part, line]) => itemOf('MULTIPART_PART_HEADERS', part, line)),
  ),
  plain('response', 'OUTBOUND_DATA_ERROR', (facts) => (facts.responseTruncated ? '1' : '0')),
  plain('head', 'PATH_INFO', (facts) => facts.target.path),
  plain('head', 'QUERY_STRING', (facts) => facts.target.query),
  plain('head', 'REMOTE_ADDR', (facts) => facts.head.remoteAddress),
  plain('head', 'REMOTE_HOST', (facts) => facts.head.remoteAddress),
  plain('head', 'REMOTE_PORT', (facts) => String(facts.head.remotePort)),
  plain('head', 'REMOTE_USER', basicUser),
  plain('body', 'REQBODY_ERROR', (facts) => (facts.argumentsFault === undefined ? '0' : '1')),
  plain('body', 'REQBODY_ERROR_MSG', (facts) => facts.argumentsFault ?? ''),
  plain('body', 'REQBODY_PROCESSOR_ERROR', (facts) => (facts.argumentsFault === undefined ? '0' : '1')),
  plain('body', 'REQBODY_PROCESSOR_ERROR_MSG', (facts) => facts.argumentsFault ?? ''),
  plain('live', 'REQBODY_PROCESSOR', (facts) => facts.processor),
  plain('head', 'REQUEST_BASENAME', basename),
  plain('body', 'REQUEST_BODY', bodyText),
  plain('body', 'REQUEST_BODY_LENGTH', (facts) => String(facts.bodyLength)),
  list('head', 'REQUEST_COOKIES', (facts) => facts.cookies),
  keys('head', 'REQUEST_COOKIES_NAMES', (facts) => facts.cookies),
  plain('head', 'REQUEST_FILENAME', (facts) => facts.target.path),
  list('head', 'REQUEST_HEADERS', (facts) => facts.headers),
  keys('head', 'REQUEST_HEADERS_NAMES', (facts) => facts.headers),
  plain('head', 'REQUEST_LINE', requestLine),
  plain('head', 'REQUEST_METHOD', (facts) => facts.head.method),
  plain('head', 'REQUEST_PROTOCOL', (facts) => facts.head.protocol),
  plain('head', 'REQUEST_URI', (facts) => facts.target.uri),
  plain('head', 'REQUEST_URI_RAW', (facts) => facts.head.target),
  plain('response', 'RESPONSE_BODY', (facts) => facts.responseBody),
  plain(
    'response',
    'RESPONSE_CONTENT_LENGTH',
    (facts) => responseHeader(facts, 'content-length') || String(facts.responseBody.length),
  ),
  plain('response', 'RESPONSE_CONTENT_TYPE', (facts) => responseHeader(facts, 'content-type')),
  list('response', 'RESPONSE_HEADERS', (facts) => facts.responseHeaders),
  keys('response', 'RESPONSE_HEADERS_NAMES', (facts) => facts.responseHeaders),
  plain('response', 'RESPONSE_PROTOCOL', (facts) => facts.response?.protocol ?? ''),
  plain('response', 'RESPONSE_STATUS', (facts) => (facts.response === undefined ? '' : String(facts.response.status))),
  plain('response', 'STATUS_LINE', (facts) =>
    facts.response === undefined ? '' : `${facts.response.protocol} ${facts.response.status}`,
  ),
  plain('head', 'SCRIPT_FILENAME', (facts) => facts.target.path),
  plain('head', 'SCRIPT_BASENAME', basename),
  plain('head', 'SERVER_ADDR', (facts) => facts.head.serverAddress),
  plain('head', 'SERVER_NAME', (facts) => facts.header('host').replace(/:\d+$/, '') || facts.head.serverAddress),
  plain('head', 'SERVER_PORT', (facts) => String(facts.head.serverPort)),
  time('TIME', (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`),
  time('TIME_DAY', (date) => date.getDate()),
  time('TIME_EPOCH', (date) => Math.floor(date.getTime() / 1000)),
  time('TIME_HOUR', (date) => date.getHours()),
  time('TIME_MIN', (date) => date.getMinutes()),
  time('TIME_MON', (date) => date.getMonth()),
  time('TIME_SEC', (date) => date.getSeconds()),
  time('TIME_WDAY', (date) => date.getDay()),
  time('TIME_YEAR', (date) => date.getFullYear()),
  plain('head', 'UNIQUE_ID', (facts) => facts.head.uniqueId),
  plain('body', 'URLENCODED_ERROR', (facts) => (facts.urlencodedError ? '1' : '0')),
  plain('head', 'USERAGENT_IP', (facts) => facts.head.remoteAddress),
])
