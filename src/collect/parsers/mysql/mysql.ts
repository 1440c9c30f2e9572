import type { Parser } from '../../../kernel/plugin.ts'
import { MYSQL_GENERAL } from '../../join/continuation.ts'
import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, known, put, putObject, related } from '../../normalise/draft.ts'
import { eventOf, type Framed, readFramed } from '../../normalise/framed.ts'
import { sqlKind } from '../../normalise/sql.ts'
import { isoTime, shortTime } from '../../normalise/time.ts'

/** MySQL 5.7 and 8, MariaDB, and what came before 5.6: time, thread (none in the oldest), level, code and subsystem of 8. */
const ERROR =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)|\d{4}-\d\d-\d\d [ \d]\d:\d\d:\d\d|\d{6} [ \d]\d:\d\d:\d\d) (?:(\d{1,20}) )?\[(System|Note|Warning|Warn|ERROR|Error)\] (?:\[(MY-\d{6})\] )?(?:\[([A-Za-z_-]{1,40})\] )?/
const LEVELS: ReadonlySet<string> = new Set(['System', 'Note', 'Warning', 'Warn', 'ERROR', 'Error'])
const BANNER =
  /, Version: .{1,200}started with:$|^Tcp port: \d{1,5} {1,3}Unix socket: |^Time {1,20}Id Command|^Time\t+ *Id Command/
const HEAD = 200
const MAX_TEXT = 1_048_576

type Line =
  | { readonly log: 'error'; readonly head: RegExpExecArray; readonly message: string }
  | { readonly log: 'general'; readonly head: RegExpExecArray; readonly argument: string }
  | { readonly log: 'banner' }

/** The error log and the general query log of MySQL and MariaDB. */
export const mysql: Parser = {
  id: 'mysql',

  accepts({ text }) {
    if (text === undefined || text.length > MAX_TEXT) return false
    const first = text.charCodeAt(0)
    if (first === 9 || (first >= 48 && first <= 57)) {
      if (MYSQL_GENERAL.test(text.length > HEAD ? text.slice(0, HEAD) : text)) return true
    }
    // The level in its brackets; a process id in a header is followed by a colon.
    const close = text.indexOf('] ')
    if (close >= 0 && close < HEAD) return LEVELS.has(text.slice(text.lastIndexOf('[', close) + 1, close))
    return text.length < 400 && BANNER.test(text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'a MySQL log record is text; this is JSON' }
    if (text.length > MAX_TEXT) return { unknown: `longer than ${MAX_TEXT} characters` }
    const framed = readFramed(text, context, readLine)
    if (framed === undefined) return { unknown: 'not a line of MySQL’s error log or general query log' }
    const { doc, line } = framed
    const event = eventOf(doc)
    event['module'] = 'mysql'
    event['dataset'] = line.log === 'error' ? 'mysql.error' : 'mysql.general'
    event['category'] = ['database']
    event['type'] = ['info']
    if (line.log === 'banner') return [{ observed: framed.observed, ecs: doc }]
    if (line.log === 'error') readError(doc, line)
    else readGeneral(doc, line)
    const relation: Draft = {}
    put(relation, 'user', related((doc['user'] as Draft | undefined)?.['name'] as string | undefined))
    put(relation, 'ip', related((doc['source'] as Draft | undefined)?.['ip'] as string | undefined))
    putObject(doc, 'related', relation)
    return [{ observed: timeOf(line, framed, context.zoneMinutes), ecs: doc }]
  },
}

function readLine(text: string): Line | undefined {
  const error = ERROR.exec(text.slice(0, HEAD))
  if (error !== null) return { log: 'error', head: error, message: text.slice(error[0].length) }
  const general = MYSQL_GENERAL.exec(text)
  if (general !== null) return { log: 'general', head: general, argument: text.slice(general[0].length) }
  return BANNER.test(text.slice(0, 400)) ? { log: 'banner' } : undefined
}

/** The general log names the time only where it is another than that of the line before. */
function timeOf(line: Line, { observed }: Framed<Line>, zoneMinutes: number): number | undefined {
  if (line.log === 'banner') return observed
  const written = line.log === 'error' ? line.head[1]! : line.head[0].trimStart()
  const text = written.startsWith('2') && written[10] === 'T' ? written.split(/[\t ]/, 1)[0]! : written
  if (/^\d{4}-/.test(text))
    return isoTime(text[10] === ' ' ? text.slice(0, 19).replace('  ', ' 0') : text, zoneMinutes) ?? observed
  return shortTime(text.slice(0, 15), zoneMinutes) ?? observed
}

/** MySQL counts threads; a connection's is its id. */
function setThread(doc: Draft, thread: string | undefined): void {
  const id = integer(thread)
  if (id !== undefined) doc['mysql'] = { ...(doc['mysql'] as Draft | undefined), thread_id: id }
}

const DENIED =
  /^Access denied for user '(.{0,128}?)'@'([^']{0,255})'(?: \(using password: (YES|NO)\)| to database '(.{1,128}?)')?/
const ABORTED =
  /^Aborted connection \d{1,20} to db: '(.{0,128}?)' user: '(.{0,128}?)' host: '([^']{0,255})'(?: real ip: '[^']{0,64}')? \((.{1,200})\)/
const BLOCKED = /^Host '([^']{1,255})' is blocked because of many connection errors/

function readError(doc: Draft, { head, message }: Extract<Line, { log: 'error' }>): void {
  const [, , thread, level = '', code, subsystem] = head
  const event = eventOf(doc)
  doc['log'] = { ...(doc['log'] as Draft | undefined), level }
  if (level === 'ERROR' || level === 'Error') event['type'] = ['error']
  setThread(doc, thread)
  put(event, 'code', code)
  if (subsystem !== undefined) doc['mysql'] = { ...(doc['mysql'] as Draft | undefined), error: { subsystem } }
  if (level === 'ERROR' || level === 'Error') doc['error'] = { message, ...(code === undefined ? {} : { code }) }
  if (tellDenied(doc, message)) return
  const aborted = ABORTED.exec(message)
  if (aborted !== null) {
    const [, database, user, host, reason = ''] = aborted
    event['action'] = 'aborted-connection'
    event['category'] = ['database', 'session']
    event['type'] = ['end']
    event['reason'] = reason
    setUser(doc, user === 'unauthenticated' ? undefined : user)
    put(doc, 'source', endpoint(host, undefined))
    const name = database === 'unconnected' ? undefined : known(database)
    if (name !== undefined) doc['mysql'] = { ...(doc['mysql'] as Draft | undefined), database: name }
    return
  }
  const blocked = BLOCKED.exec(message)
  if (blocked === null) return
  event['action'] = 'host-blocked'
  event['category'] = ['database', 'network']
  event['type'] = ['denied']
  event['outcome'] = 'failure'
  put(doc, 'source', endpoint(blocked[1], undefined))
}

/** A refused password, or a refused database after a good one. */
function tellDenied(doc: Draft, message: string): boolean {
  const denied = DENIED.exec(message)
  if (denied === null) return false
  const [, user, host, password, database] = denied
  const event = eventOf(doc)
  event['action'] = database === undefined ? 'database_login' : 'database-denied'
  event['category'] = database === undefined ? ['authentication', 'database'] : ['database']
  event['type'] = database === undefined ? ['start'] : ['access', 'denied']
  event['outcome'] = 'failure'
  setUser(doc, user)
  put(doc, 'source', endpoint(host === 'localhost' ? undefined : host, undefined))
  const facts: Draft = { ...(doc['mysql'] as Draft | undefined) }
  if (password !== undefined) facts['using_password'] = password === 'YES'
  put(facts, 'database', database)
  putObject(doc, 'mysql', facts)
  return true
}

function setUser(doc: Draft, name: string | undefined): void {
  const user = known(name)
  if (user !== undefined) doc['user'] = { name: user }
}

const STATEMENTS: ReadonlySet<string> = new Set(['Query', 'Execute', 'Prepare'])
const CONNECTED = /^(.{0,128}?)@(\S{1,255}) (?:as (.{0,128}?) )?on (\S{0,128})(?: ?using (.{1,40}))?$/

function readGeneral(doc: Draft, { head, argument }: Extract<Line, { log: 'general' }>): void {
  const [, thread, command = ''] = head
  const event = eventOf(doc)
  setThread(doc, thread)
  doc['mysql'] = { ...(doc['mysql'] as Draft | undefined), command }
  if (STATEMENTS.has(command)) {
    const kind = sqlKind(argument)
    event['action'] = kind.action
    event['category'] = [...kind.category]
    event['type'] = [...kind.type]
    doc['mysql'] = { ...(doc['mysql'] as Draft), query: argument }
    return
  }
  if (command === 'Quit') {
    event['action'] = 'disconnected'
    event['category'] = ['database', 'session']
    event['type'] = ['end']
    return
  }
  if (command !== 'Connect' && command !== 'Change user') return
  if (tellDenied(doc, argument)) return
  const connected = CONNECTED.exec(argument)
  if (connected === null) return
  const [, user, host, as, database, transport] = connected
  // Whether it was let in, only a refusal after it says.
  event['action'] = 'connection-received'
  event['category'] = ['database', 'session']
  event['type'] = ['start']
  setUser(doc, user)
  put(doc, 'source', endpoint(host === 'localhost' ? undefined : host, undefined))
  const facts: Draft = { ...(doc['mysql'] as Draft) }
  put(facts, 'database', known(database))
  put(facts, 'transport', known(transport))
  put(facts, 'as', known(as))
  doc['mysql'] = facts
}
