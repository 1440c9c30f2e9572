/** What HAProxy says of a connection or a request (Configuration Manual, section 8.2). Times are milliseconds. */
export interface ProxyLine {
  readonly client: string
  readonly clientPort: number
  /** As written; the zone is HAProxy's. */
  readonly accepted: string
  readonly frontend: string
  readonly backend: string
  readonly server: string | undefined
  /** HTTP: TR/Tw/Tc/Tr/Ta. TCP: Tw/Tc/Tt. -1 where a phase was never reached. */
  readonly timers: readonly number[]
  readonly status: number | undefined
  readonly bytes: number
  readonly requestCookie: string | undefined
  readonly responseCookie: string | undefined
  readonly termination: string
  /** actconn, feconn, beconn, srvconn, retries. */
  readonly connections: readonly number[]
  /** srv_queue, backend_queue. */
  readonly queues: readonly number[]
  readonly requestHeaders: readonly string[] | undefined
  readonly responseHeaders: readonly string[] | undefined
  readonly request: string | undefined
}

const COMMON =
  /^([0-9A-Za-z.:_-]{1,64}):(\d{1,5}) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] (\S{1,256}) ([^\s/]{1,256})\/(\S{1,256}) /
const HTTP =
  /^([+-]?\d{1,10}(?:\/[+-]?\d{1,10}){4}) (-1|\d{3}) \+?(\d{1,19}) (\S{1,512}) (\S{1,512}) ([A-Za-z-]{4}) (\+?\d{1,10}(?:\/\+?\d{1,10}){4}) (\d{1,10})\/(\d{1,10})(?= |$)/
const TCP =
  /^([+-]?\d{1,10}(?:\/[+-]?\d{1,10}){2}) \+?(\d{1,19}) ([A-Za-z-]{2}) (\+?\d{1,10}(?:\/\+?\d{1,10}){4}) (\d{1,10})\/(\d{1,10})(?= |$)/

/** Reads a line of `option httplog` or `option tcplog`; undefined for all else that HAProxy logs. */
export function readProxyLine(text: string): ProxyLine | undefined {
  const head = COMMON.exec(text)
  if (head === null) return undefined
  const [whole, client = '', port, accepted = '', frontend = '', backend = '', server = ''] = head
  const common = {
    client,
    clientPort: Number(port),
    accepted,
    frontend,
    backend,
    server: server.startsWith('<') ? undefined : server,
  }
  const rest = text.slice(whole.length)
  const http = HTTP.exec(rest)
  if (http !== null) {
    const [matched, timers, status, bytes, requestCookie, responseCookie, termination = '', connections, srv, queue] = http
    return {
      ...common,
      timers: numbers(timers),
      status: status === '-1' ? undefined : Number(status),
      bytes: Number(bytes),
      requestCookie,
      responseCookie,
      termination,
      connections: numbers(connections),
      queues: [Number(srv), Number(queue)],
      ...afterNumbers(rest.slice(matched.length)),
    }
  }
  const tcp = TCP.exec(rest)
  if (tcp === null) return undefined
  const [, timers, bytes, termination = '', connections, srv, queue] = tcp
  return {
    ...common,
    timers: numbers(timers),
    status: undefined,
    bytes: Number(bytes),
    requestCookie: undefined,
    responseCookie: undefined,
    termination,
    connections: numbers(connections),
    queues: [Number(srv), Number(queue)],
    requestHeaders: undefined,
    responseHeaders: undefined,
    request: undefined,
  }
}

function numbers(text: string | undefined): readonly number[] {
  return (text ?? '').split('/').map(Number)
}

/** ` {captured|request headers} {captured|response headers} "request"`; one group alone is the request's. */
function afterNumbers(text: string): Pick<ProxyLine, 'requestHeaders' | 'responseHeaders' | 'request'> {
  let at = 0
  const groups: (readonly string[])[] = []
  while (groups.length < 2 && text.startsWith(' {', at)) {
    const close = closeOf(text, at + 2)
    if (close < 0) break
    groups.push(text.slice(at + 2, close).split('|'))
    at = close + 1
  }
  const open = text.startsWith(' "', at) ? at + 2 : -1
  const end = text.lastIndexOf('"')
  const request = open < 0 ? undefined : text.slice(open, end > open ? end : text.length)
  return { requestHeaders: groups[0], responseHeaders: groups[1], request }
}

/** A captured header may hold a brace: the group ends where another one or the request follows. */
function closeOf(text: string, from: number): number {
  for (let at = text.indexOf('}', from); at >= 0; at = text.indexOf('}', at + 1)) {
    if (at === text.length - 1 || text.startsWith('} "', at) || text.startsWith('} {', at)) return at
  }
  return -1
}
