import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, integer, known, put, putObject, related } from '../../normalise/draft.ts'
import { eventOf, type Framed, readFramed } from '../../normalise/framed.ts'
import { haproxyTime } from '../../normalise/time.ts'
import { urlOf } from '../../normalise/url.ts'
import { type ProxyLine, readProxyLine } from './line.ts'

/** Requests are at most as long as HAProxy's buffer and `len` of its log target allow. */
const MAX_LINE = 65_536

const PROGRAM = /[\s/]haproxy(?:\[\d{1,10}\]|: | \d+ \S)/
const HEAD = 300

const CONNECT = /^Connect from (\S{1,64}):(\d{1,5}) to (\S{1,64}):(\d{1,5}) \((\S{1,256})\/(HTTP|TCP)\)$/
const SERVER =
  /^(?:Backup )?[Ss]erver (\S{1,256})\/(\S{1,256}) is (UP|DOWN|going DOWN for maintenance|stopping)(?:, reason: ([^,]{1,200}))?/
const FAILED = /^(\S{1,64}):(\d{1,5}) \[([^\]]{24})\] ([^\s/]{1,256})\/(\S{1,256}): (.{1,300})$/

type Read =
  | { readonly kind: 'proxy'; readonly line: ProxyLine }
  | { readonly kind: 'words'; readonly text: string; readonly match: RegExpExecArray | null }

/** HAProxy's logs: `option httplog`, `option tcplog`, the default format, handshake errors, and servers that go up and down. */
export const haproxy: Parser = {
  id: 'haproxy',

  accepts({ text }) {
    if (text === undefined || text.length > MAX_LINE) return false
    // `[04/Apr/2024:14:30:18.885] ` with milliseconds is HAProxy's alone.
    const close = text.indexOf('] ')
    if (close >= 25 && close < HEAD && text.charCodeAt(close - 4) === 46 && text.charCodeAt(close - 25) === 91) return true
    const named = text.indexOf('haproxy')
    return named >= 0 && named < HEAD && PROGRAM.test(text.slice(0, HEAD))
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an HAProxy record is text; this is JSON' }
    if (text.length > MAX_LINE) return { unknown: 'longer than a line of HAProxy’s can be' }
    const plain = readFramed<Read>(text, context, (line) => {
      const proxy = readProxyLine(line)
      if (proxy !== undefined) return { kind: 'proxy', line: proxy }
      const failed = FAILED.exec(line)
      return failed === null ? undefined : { kind: 'words', text: line, match: failed }
    })
    const framed = plain ?? readFramed<Read>(text, context, (line) => ({ kind: 'words', text: line, match: null }))
    if (framed === undefined || (plain === undefined && framed.program !== 'haproxy')) {
      return { unknown: 'not a line of HAProxy’s: neither its http or tcp format nor its program in the header' }
    }
    const { doc } = framed
    const event = eventOf(doc)
    event['module'] = 'haproxy'
    event['dataset'] = 'haproxy.log'
    const read = framed.line
    if (read.kind === 'proxy') return [{ observed: timeOf(read.line.accepted, framed, context), ecs: proxied(doc, read.line) }]
    const accepted = read.match?.[3]
    return [{ observed: timeOf(accepted, framed, context), ecs: told(doc, read.text, read.match) }]
  },
}

function timeOf(accepted: string | undefined, { observed }: Framed<Read>, { zoneMinutes }: { readonly zoneMinutes: number }) {
  return (accepted === undefined ? undefined : haproxyTime(accepted, zoneMinutes)) ?? observed
}

function proxied(doc: Draft, line: ProxyLine): Draft {
  const event = eventOf(doc)
  const http = line.termination.length === 4
  event['category'] = http ? ['web', 'network'] : ['network']
  event['type'] = http ? ['access', 'connection'] : ['connection', 'end']
  // The first letter says who ended the session early; `-` and `L` (answered by HAProxy itself) are no faults.
  const early = line.termination[0] ?? '-'
  const served = line.status === undefined ? !http && early === '-' : line.status < 400
  event['outcome'] = served ? 'success' : 'failure'
  const total = line.timers.at(-1)!
  if (total >= 0) event['duration'] = total * 1_000_000
  const source = endpoint(line.client, line.clientPort)
  put(doc, 'source', source)

  const proxy: Draft = {
    frontend_name: line.frontend,
    backend_name: line.backend,
    bytes_read: line.bytes,
    termination_state: line.termination,
    connections: named(['active', 'frontend', 'backend', 'server', 'retries'], line.connections),
    server_queue: line.queues[0]!,
    backend_queue: line.queues[1]!,
    timers: named(http ? ['request', 'queue', 'connect', 'response', 'total'] : ['queue', 'connect', 'total'], line.timers),
  }
  put(proxy, 'server_name', line.server)
  const request: Draft = {}
  put(request, 'captured_cookie', known(line.requestCookie))
  if (line.requestHeaders !== undefined) request['captured_headers'] = [...line.requestHeaders]
  const response: Draft = {}
  put(response, 'captured_cookie', known(line.responseCookie))
  if (line.responseHeaders !== undefined) response['captured_headers'] = [...line.responseHeaders]
  const captured: Draft = {}
  putObject(captured, 'request', request)
  putObject(captured, 'response', response)
  putObject(proxy, 'http', captured)
  doc['haproxy'] = proxy

  const match = line.request === undefined ? null : /^([A-Z]{1,32}) (.*?)(?: HTTP\/(\d(?:\.\d)?))?$/s.exec(line.request)
  const web: Draft = {}
  if (match !== null) {
    doc['url'] = urlOf(match[2]!)
    web['request'] = { method: match[1]! }
    put(web, 'version', match[3])
  } else if (line.request !== undefined) {
    doc['url'] = { original: line.request }
    event['reason'] = 'malformed request line'
  }
  if (http) {
    const answer: Draft = { bytes: line.bytes }
    put(answer, 'status_code', line.status)
    web['response'] = answer
  }
  putObject(doc, 'http', web)
  const relation: Draft = {}
  put(relation, 'ip', related(ipOf(line.client)))
  putObject(doc, 'related', relation)
  return doc
}

function named(names: readonly string[], values: readonly number[]): Draft {
  return Object.fromEntries(names.map((name, at) => [name, values[at]!]))
}

/** Lines in words: a default log line, a handshake that failed, a server's new state. */
function told(doc: Draft, text: string, failed: RegExpExecArray | null): Draft {
  const event = eventOf(doc)
  const connect = CONNECT.exec(text)
  if (connect !== null) {
    const [, client, clientPort, local, localPort, frontend = '', mode] = connect
    event['category'] = mode === 'HTTP' ? ['web', 'network'] : ['network']
    event['type'] = ['connection', 'start']
    put(doc, 'source', endpoint(client, integer(clientPort)))
    put(doc, 'destination', endpoint(local, integer(localPort)))
    doc['haproxy'] = { frontend_name: frontend, mode: mode! }
  } else if (failed !== null) {
    const [, client, clientPort, , frontend = '', bind = '', why = ''] = failed
    event['category'] = ['network']
    event['type'] = ['connection', 'error']
    event['outcome'] = 'failure'
    event['reason'] = why
    put(doc, 'source', endpoint(client, integer(clientPort)))
    doc['haproxy'] = { frontend_name: frontend, bind_name: bind }
  } else {
    const server = SERVER.exec(text)
    if (server === null) return doc
    const [, backend = '', name = '', state = '', reason] = server
    event['action'] = state === 'UP' ? 'server-up' : 'server-down'
    event['category'] = ['network']
    event['type'] = ['change']
    put(event, 'reason', reason)
    doc['haproxy'] = { backend_name: backend, server_name: name }
  }
  const ip = (doc['source'] as Draft | undefined)?.['ip']
  if (typeof ip === 'string') doc['related'] = { ip: [ip] }
  return doc
}
