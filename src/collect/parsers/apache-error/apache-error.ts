import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, known, put, putObject, related } from '../../normalise/draft.ts'
import { eventOf, readFramed } from '../../normalise/framed.ts'
import { ctime } from '../../normalise/time.ts'

/** `[time] [module:level] [pid n:tid n]`, or 2.2's `[time] [level]`. */
const HEAD =
  /^\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4})\] \[(?:([a-z0-9_-]{0,40}):)?([a-z0-9]{2,9})\] (?:\[pid (\d{1,10})(?::tid (\d{1,20}))?\] )?/
const MARK = /\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/

/** In any order: `[client a:p]`, `[remote a:p]`, `(70014)text:`, `AH00123:`, and `[client …]` again. */
const CLIENT = /^\[(?:client|remote) ([^\]]{1,80})\] ?/
const SYSTEM_ERROR = /^\((-?\d{1,6})\)([^:]{0,200}): /
const CODE = /^(AH\d{5}): /

/** Apache's error log, versions 2.2 and 2.4: module, level, process, client, error code. Refused passwords are sign-ins. */
export const apacheError: Parser = {
  id: 'apache-error',

  accepts({ text }) {
    const at = text?.indexOf('] [') ?? -1
    return at >= 20 && at < 240 && MARK.test(text!.slice(0, at))
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an error log record is text; this is JSON' }
    const framed = readFramed(text, context, (line) => {
      const head = HEAD.exec(line)
      return head === null ? undefined : { head, rest: line.slice(head[0].length) }
    })
    if (framed === undefined) return { unknown: 'not a line of Apache’s error log: [time] [module:level]' }
    const { doc } = framed
    const [, time = '', module, level = '', pid, tid] = framed.line.head
    const parts = partsOf(framed.line.rest)
    const event = eventOf(doc)
    event['module'] = 'apache'
    event['dataset'] = 'apache.error'
    event['category'] = ['web']
    event['type'] = [ERROR_LEVELS.has(level) ? 'error' : 'info']
    put(event, 'code', parts.code)
    event['original'] = text
    doc['message'] = parts.message
    doc['log'] = { ...(doc['log'] as Draft | undefined), level }
    const process: Draft = { ...(doc['process'] as Draft | undefined) }
    put(process, 'pid', integer(pid))
    const thread = integer(tid)
    if (thread !== undefined) process['thread'] = { id: thread }
    putObject(doc, 'process', process)
    const error: Draft = {}
    put(error, 'module', known(module))
    putObject(doc, 'apache', known(module) === undefined ? {} : { error })
    if (parts.error !== undefined) doc['error'] = { code: parts.error.code, message: parts.error.text }
    put(doc, 'source', parts.client)
    if (parts.referrer !== undefined) doc['http'] = { request: { referrer: parts.referrer } }
    addSignIn(doc, parts)
    relate(doc)
    return [{ observed: ctime(time, context.zoneMinutes) ?? framed.observed, ecs: doc }]
  },
}

const ERROR_LEVELS: ReadonlySet<string> = new Set(['error', 'crit', 'alert', 'emerg'])

interface Parts {
  readonly client: Draft | undefined
  readonly error: { readonly code: string; readonly text: string } | undefined
  readonly code: string | undefined
  readonly message: string
  readonly referrer: string | undefined
}

function partsOf(text: string): Parts {
  let rest = text
  let client: Draft | undefined
  let error: Parts['error']
  let code: string | undefined
  for (let round = 0; round < 6; round++) {
    const asClient = CLIENT.exec(rest)
    if (asClient !== null) {
      client ??= clientOf(asClient[1]!)
      rest = rest.slice(asClient[0].length)
      continue
    }
    const asError = error === undefined ? SYSTEM_ERROR.exec(rest) : null
    if (asError !== null) {
      error = { code: asError[1]!, text: asError[2]! }
      rest = rest.slice(asError[0].length)
      continue
    }
    const asCode = code === undefined ? CODE.exec(rest) : null
    if (asCode === null) break
    code = asCode[1]
    rest = rest.slice(asCode[0].length)
  }
  const referer = rest.lastIndexOf(', referer: ')
  return {
    client,
    error,
    code,
    message: referer < 0 ? rest : rest.slice(0, referer),
    referrer: referer < 0 ? undefined : known(rest.slice(referer + 11)),
  }
}

/** `192.0.2.1:40000`, `2001:db8::1:40000` (the last part is the port), or 2.2's address alone. */
function clientOf(text: string): Draft | undefined {
  const colon = text.lastIndexOf(':')
  const port = colon < 0 ? undefined : integer(text.slice(colon + 1))
  const before = text.slice(0, Math.max(colon, 0))
  return port !== undefined && before !== '' && !before.endsWith(':') ? endpoint(before, port) : endpoint(text, undefined)
}

/** mod_auth_basic, mod_auth_digest and mod_authz_core: AH01617, AH01618, AH01790, AH01630 …, or the words of 2.2. */
const SIGN_INS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^user (.{1,256}): authentication failure for "(.*)": Password Mismatch/, 'Password Mismatch'],
  [/^user (.{1,256}) not found: (.*)$/, 'User name does not exist'],
  [/^user (.{1,256}): password mismatch: (.*)$/, 'Password Mismatch'],
  [/^user `(.{1,256})' in realm `.*' not found: (.*)$/, 'User name does not exist'],
]
const DENIED = /^client denied by server configuration: (.*)$/

function addSignIn(doc: Draft, { message }: Parts): void {
  const event = eventOf(doc)
  for (const [pattern, reason] of SIGN_INS) {
    const match = pattern.exec(message)
    if (match === null) continue
    event['action'] = 'http_login'
    event['category'] = ['authentication', 'web']
    event['type'] = ['start']
    event['outcome'] = 'failure'
    event['reason'] = reason
    doc['user'] = { name: match[1]! }
    const path = known(match[2])
    if (path !== undefined) doc['url'] = { original: path, path }
    return
  }
  const denied = DENIED.exec(message)
  if (denied === null) return
  event['action'] = 'access-denied'
  event['type'] = ['access', 'denied']
  event['outcome'] = 'failure'
  const path = known(denied[1])
  if (path?.startsWith('/') === true) doc['file'] = { path }
}

function relate(doc: Draft): void {
  const relation: Draft = {}
  put(relation, 'ip', related((doc['source'] as Draft | undefined)?.['ip'] as string | undefined))
  put(relation, 'user', related((doc['user'] as Draft | undefined)?.['name'] as string | undefined))
  putObject(doc, 'related', relation)
}
