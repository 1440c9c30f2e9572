import type { JsonValue } from '../../kernel/json.ts'
import { type Draft, integer, known, put, safeKey } from './draft.ts'
import { isoTime, syslogTime } from './time.ts'

/** A syslog record taken apart; what the sender left out is undefined. */
export interface SyslogFrame {
  /** 0–191: facility × 8 + severity. */
  readonly priority: number | undefined
  /** Milliseconds UTC. */
  readonly observed: number | undefined
  readonly host: string | undefined
  /** APP-NAME, or the tag without its brackets. */
  readonly app: string | undefined
  /** PROCID: mostly a pid. */
  readonly process: string | undefined
  readonly messageId: string | undefined
  /** 1 for RFC 5424. */
  readonly version: number | undefined
  readonly structured: Draft | undefined
  readonly message: string
}

export interface FrameContext {
  readonly received: number
  readonly zoneMinutes: number
}

const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  )
const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'informational', 'debug']

/**
 * Reads RFC 5424 (section 6), RFC 3164 (section 4.1) with or without its priority, as files keep it, and the mixture that
 * rsyslog writes (an ISO 8601 time, then host and tag). Undefined where there is neither priority nor time.
 */
export function readSyslog(text: string, context: FrameContext): SyslogFrame | undefined {
  const at = priorityEnd(text)
  const priority = at === 0 ? undefined : integer(text.slice(1, at - 1))
  if (at > 0 && text.charCodeAt(at) === 49 && text.charCodeAt(at + 1) === 32) return readNew(text, at + 2, priority, context)
  return readOld(text, at, priority, context)
}

/** Index after `<PRI>`, or 0 where there is none. */
function priorityEnd(text: string): number {
  if (text.charCodeAt(0) !== 60) return 0
  const close = text.indexOf('>')
  if (close < 2 || close > 4) return 0
  const priority = integer(text.slice(1, close))
  return priority === undefined || priority > 191 ? 0 : close + 1
}

/** RFC 5424: `VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`, `-` for nothing. */
function readNew(text: string, from: number, priority: number | undefined, context: FrameContext): SyslogFrame {
  let at = from
  const next = (): string | undefined => {
    const space = text.indexOf(' ', at)
    const end = space < 0 ? text.length : space
    const token = known(text.slice(at, end))
    at = Math.min(end + 1, text.length)
    return token
  }
  const time = next()
  const host = next()
  const app = next()
  const process = next()
  const messageId = next()
  const { structured, end } = structuredAt(text, at)
  let message = text.slice(text.charCodeAt(end) === 32 ? end + 1 : end)
  if (message.charCodeAt(0) === 0xfeff) message = message.slice(1)
  const observed = time === undefined ? undefined : isoTime(time, context.zoneMinutes)
  return { priority, observed, host, app, process, messageId, version: 1, structured, message }
}

/** `[id name="value" …][…]` or `-`; what is malformed is left in the message. */
function structuredAt(text: string, from: number): { readonly structured: Draft | undefined; readonly end: number } {
  if (text.charCodeAt(from) === 45) return { structured: undefined, end: from + 1 }
  const structured: Draft = {}
  let at = from
  while (text.charCodeAt(at) === 91) {
    const element: Draft = {}
    let end = at + 1
    while (end < text.length && text[end] !== ' ' && text[end] !== ']') end++
    const id = text.slice(at + 1, end)
    while (text[end] === ' ') {
      const equals = text.indexOf('="', end)
      if (equals < 0) return { structured: undefined, end: from }
      const name = text.slice(end + 1, equals)
      let value = ''
      end = equals + 2
      while (end < text.length && text[end] !== '"') {
        if (text[end] === '\\' && (text[end + 1] === '"' || text[end + 1] === '\\' || text[end + 1] === ']')) end++
        value += text[end]
        end++
      }
      if (end >= text.length) return { structured: undefined, end: from }
      addValue(element, safeKey(name), value)
      end++
    }
    if (text[end] !== ']' || id === '') return { structured: undefined, end: from }
    addValue(structured, safeKey(id), element)
    at = end + 1
  }
  return at === from ? { structured: undefined, end: from } : { structured, end: at }
}

/** A parameter may come more than once (RFC 5424 section 6.3.3); an element must not, but some senders write one for each item. */
function addValue(draft: Draft, key: string, value: JsonValue): void {
  const there = Object.hasOwn(draft, key) ? draft[key] : undefined
  if (there === undefined) draft[key] = value
  else if (Array.isArray(there)) (there as JsonValue[]).push(value)
  else draft[key] = [there, value]
}

const TAG = /^([^\s:[\]]{1,64})(?:\[([^\]\s]{0,32})\])?(?::(?= |$)|: ?)/

const LEVEL_WORD = /^\W?(?:trace|debug|info|notice|warn|warning|error|err|fatal|critical|severe)\W?:?$/i

/** What devices write behind a time: a fraction, the year, an offset. */
const LONGER_TIME = /^(?:[.,]\d| (?:19|20)\d\d | [+-]\d\d:?\d\d(?: |$))/
const DEVICE_TIME =
  /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:((?:19|20)\d\d) )?(\d\d:\d\d:\d\d)([.,]\d{1,9})?(?: ((?:19|20)\d\d)(?= ))?(?: ?([+-]\d\d:?\d\d))?(?= |:)/

/** RFC 3164's time as devices change it: a day of one digit, the year before or behind the clock, a fraction, an offset. */
function deviceTime(
  text: string,
  from: number,
  { received, zoneMinutes }: FrameContext,
): { readonly observed: number; readonly at: number } | undefined {
  const match = DEVICE_TIME.exec(text.slice(from, from + 64))
  if (match === null) return undefined
  const [all, month = '', day = '', before, clock = '', fraction = '', behind, zone] = match
  const at = from + all.length
  const plain = `${month} ${day.padStart(2)} ${clock}`
  const year = before ?? behind
  // With the year said, the moment only has to be no later than what that year can hold.
  const around = year === undefined ? received : Date.UTC(Number(year), 11, 31)
  const whole = syslogTime(plain, 0, around, 0)
  if (whole === undefined || (year !== undefined && new Date(whole).getUTCFullYear() !== Number(year))) return undefined
  const observed = isoTime(`${new Date(whole).toISOString().slice(0, 19)}${fraction}${zone ?? ''}`, zoneMinutes)
  return observed === undefined ? undefined : { observed, at }
}

/** `TIME [HOST] TAG[PID]: MSG`. */
function readOld(text: string, from: number, priority: number | undefined, context: FrameContext): SyslogFrame | undefined {
  let observed = syslogTime(text, from, context.received, context.zoneMinutes)
  let at = from + 15
  if (observed === undefined || LONGER_TIME.test(text.slice(at, at + 8))) {
    const device = deviceTime(text, from, context)
    if (device !== undefined) ({ observed, at } = device)
  }
  if (observed === undefined) {
    const space = text.indexOf(' ', from)
    observed = space < 0 || space - from > 40 ? undefined : isoTime(text.slice(from, space), context.zoneMinutes)
    at = space
    // Behind a priority the two may stand apart; without one it is an application's own log.
    if (observed === undefined && priority !== undefined && space - from === 10) {
      const second = text.indexOf(' ', space + 1)
      observed = second < 0 || second - from > 40 ? undefined : isoTime(text.slice(from, second), context.zoneMinutes)
      at = second
    }
  }
  if (observed === undefined) {
    if (priority === undefined) return undefined
    return withTag({ priority, observed, host: undefined }, text.slice(from))
  }
  if (text.charCodeAt(at) !== 32) return undefined
  while (text.charCodeAt(at) === 32) at++
  const space = text.indexOf(' ', at)
  const token = space < 0 ? text.slice(at) : text.slice(at, space)
  // An application's own log with a time in front is none of ours.
  if (priority === undefined && LEVEL_WORD.test(token)) return undefined
  // `kernel: …` straight after the time: the sender named no host.
  if (token.endsWith(':') || token.endsWith(']:')) return withTag({ priority, observed, host: undefined }, text.slice(at))
  let rest = space < 0 ? text.length : space
  while (text.charCodeAt(rest) === 32) rest++
  return withTag({ priority, observed, host: known(token) }, text.slice(rest))
}

function withTag(head: Pick<SyslogFrame, 'priority' | 'observed' | 'host'>, rest: string): SyslogFrame {
  const tag = TAG.exec(rest)
  const missing = { messageId: undefined, version: undefined, structured: undefined }
  if (tag === null) return { ...head, ...missing, app: undefined, process: undefined, message: rest }
  return { ...head, ...missing, app: tag[1], process: known(tag[2]), message: rest.slice(tag[0].length).trimStart() }
}

/** The ECS document of a frame: header fields, host, process and message. */
export function frameDocument(frame: SyslogFrame): Draft {
  const { priority } = frame
  const syslog: Draft = {}
  const log: Draft = {}
  if (priority !== undefined) {
    const facility = priority >> 3
    const severity = priority & 7
    syslog['priority'] = priority
    syslog['facility'] = { code: facility, name: FACILITIES[facility]! }
    syslog['severity'] = { code: severity, name: SEVERITIES[severity]! }
    log['level'] = SEVERITIES[severity]!
  }
  put(syslog, 'appname', frame.app)
  put(syslog, 'hostname', frame.host)
  put(syslog, 'procid', frame.process)
  put(syslog, 'msgid', frame.messageId)
  put(syslog, 'version', frame.version === undefined ? undefined : String(frame.version))
  put(syslog, 'structured_data', frame.structured as JsonValue | undefined)
  log['syslog'] = syslog
  const doc: Draft = { message: frame.message, event: { kind: 'event' }, log }
  if (frame.host !== undefined) doc['host'] = { name: frame.host, hostname: frame.host }
  if (frame.app !== undefined) {
    const process: Draft = { name: frame.app }
    put(process, 'pid', integer(frame.process))
    doc['process'] = process
  }
  return doc
}
