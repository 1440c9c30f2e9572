import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, integer, known, put, putObject, related } from '../../normalise/draft.ts'
import { eventOf, readFramed } from '../../normalise/framed.ts'
import { slashTime } from '../../normalise/time.ts'
import { urlOf } from '../../normalise/url.ts'

const HEAD = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) \[([a-z]{2,7})\] (\d{1,10})#(\d{1,10}): (?:\*(\d{1,20}) )?/

/** What stands before a line of nginx's own; through syslog there is a header in front. */
const MARK = /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]{2,7}\] \d{1,10}#\d{1,10}: /
const MARK_WITHIN = 200

/**
 * nginx's error log: what went wrong, then `client`, `server`, `request`, `upstream`, `host` and `referrer` of the request that it
 * happened to. Refused passwords of `auth_basic` are sign-ins.
 */
export const nginxError: Parser = {
  id: 'nginx-error',

  accepts({ text }) {
    return text?.includes('#') === true && MARK.test(text.length > MARK_WITHIN ? text.slice(0, MARK_WITHIN) : text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an error log record is text; this is JSON' }
    const framed = readFramed(text, context, (line) => {
      const head = HEAD.exec(line)
      return head === null ? undefined : { head, rest: line.slice(head[0].length) }
    })
    if (framed === undefined) return { unknown: 'not a line of nginx’s error log: time [level] pid#tid: message' }
    const { doc } = framed
    const [, time = '', level = '', pid, tid, connection] = framed.line.head
    const { message, context: about } = splitContext(framed.line.rest)
    const event = eventOf(doc)
    event['module'] = 'nginx'
    event['dataset'] = 'nginx.error'
    event['category'] = ['web']
    event['type'] = [ERROR_LEVELS.has(level) ? 'error' : 'info']
    doc['log'] = { ...(doc['log'] as Draft | undefined), level }
    const process: Draft = { ...(doc['process'] as Draft | undefined), name: 'nginx' }
    put(process, 'pid', integer(pid))
    const thread = integer(tid)
    if (thread !== undefined) process['thread'] = { id: thread }
    doc['process'] = process
    doc['message'] = message
    if (message !== framed.line.rest) event['original'] = text
    const error: Draft = {}
    put(error, 'connection_id', integer(connection))
    putObject(doc, 'nginx', { error })
    if (connection === undefined) delete doc['nginx']
    addRequest(doc, about)
    addSignIn(doc, message)
    relate(doc)
    return [{ observed: slashTime(time, context.zoneMinutes), ecs: doc }]
  },
}

const ERROR_LEVELS: ReadonlySet<string> = new Set(['error', 'crit', 'alert', 'emerg'])

/** The members in the order in which nginx writes them (ngx_http_log_error_handler). */
const MEMBER =
  /, (client|server|request|subrequest|upstream|host|referrer|login): (?:"((?:[^"\\]|\\.)*)"|([^,]*))(?=, (?:server|request|subrequest|upstream|host|referrer|login): |$)/y

/** Longer than any line that nginx writes (2 kB) and than a request in it. */
const MAX_LINE = 16_384

/** The message ends where `, client: ` begins a list that goes on to the end of the line. */
function splitContext(rest: string): { readonly message: string; readonly context: ReadonlyMap<string, string> } {
  const context = new Map<string, string>()
  if (rest.length > MAX_LINE) return { message: rest, context }
  const start = rest.indexOf(', client: ')
  if (start < 0) return { message: rest, context }
  let at = start
  while (at < rest.length) {
    MEMBER.lastIndex = at
    const match = MEMBER.exec(rest)
    if (match === null) break
    context.set(match[1]!, match[2] ?? match[3] ?? '')
    at = MEMBER.lastIndex
  }
  return { message: rest.slice(0, start), context }
}

function addRequest(doc: Draft, about: ReadonlyMap<string, string>): void {
  put(doc, 'source', endpoint(about.get('client'), undefined))
  const server = known(about.get('server'))
  const hostHeader = known(about.get('host'))
  const request = about.get('request')
  const http: Draft = {}
  if (request !== undefined) {
    const match = /^([A-Z]{1,32}) (.*) HTTP\/(\d(?:\.\d)?)$/s.exec(request)
    const port = /^(.*):(\d{1,5})$/.exec(hostHeader ?? '')
    if (match !== null) {
      doc['url'] = urlOf(match[2]!, port?.[1] ?? hostHeader ?? server, integer(port?.[2]))
      http['request'] = { method: match[1]! }
      http['version'] = match[3]!
    } else if (request !== '') doc['url'] = { original: request }
  }
  const referrer = known(about.get('referrer'))
  if (referrer !== undefined) http['request'] = { ...(http['request'] as Draft | undefined), referrer }
  putObject(doc, 'http', http)
  const upstream = known(about.get('upstream'))
  const target = upstream === undefined ? null : /^[a-z]+:\/\/(\[[^\]]*\]|[^:/]*)(?::(\d{1,5}))?/.exec(upstream)
  if (target !== null) put(doc, 'destination', endpoint(target[1]?.replace(/^\[|\]$/g, ''), integer(target[2])))
}

const SIGN_IN = /^user "((?:[^"\\]|\\.)*)"(?:: (password mismatch)| (was not found in) )/

/** `auth_basic`: the request is refused with 401. */
function addSignIn(doc: Draft, message: string): void {
  const match = SIGN_IN.exec(message)
  if (match === null) {
    if (message.startsWith('access forbidden by rule') || message.startsWith('directory index of')) {
      const event = eventOf(doc)
      event['action'] = 'access-denied'
      event['type'] = ['access', 'denied']
      event['outcome'] = 'failure'
    }
    return
  }
  const event = eventOf(doc)
  event['action'] = 'http_login'
  event['category'] = ['authentication', 'web']
  event['type'] = ['start']
  event['outcome'] = 'failure'
  event['reason'] = match[2] === undefined ? 'User name does not exist' : 'password mismatch'
  const name = known(match[1])
  if (name !== undefined) doc['user'] = { name }
}

function relate(doc: Draft): void {
  const relation: Draft = {}
  const source = doc['source'] as Draft | undefined
  const destination = doc['destination'] as Draft | undefined
  put(relation, 'ip', related(ipOf(source?.['ip'] as string | undefined), destination?.['ip'] as string | undefined))
  put(relation, 'user', related((doc['user'] as Draft | undefined)?.['name'] as string | undefined))
  put(relation, 'hosts', related((doc['url'] as Draft | undefined)?.['domain'] as string | undefined))
  putObject(doc, 'related', relation)
}
