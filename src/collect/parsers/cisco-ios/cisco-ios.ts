import type { ParseContext } from '../../../kernel/event.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, integer, put, putObject, related } from '../../normalise/draft.ts'
import { eventOf } from '../../normalise/framed.ts'
import { type FrameContext, frameDocument } from '../../normalise/syslog-frame.ts'
import { isoTime, syslogTime } from '../../normalise/time.ts'
import { zonedTime } from '../../normalise/zone.ts'

/** `%FACILITY-SEVERITY-MNEMONIC: text`, the one part that all of IOS' settings leave as it is. */
const MESSAGE = /%([A-Z][A-Z0-9_]{0,40}(?:-[A-Z0-9_]{1,40}){0,2})-([0-7])-([A-Z0-9_]{1,60}): ?/
/** The device's own time at the end of what precedes; `*` and `.` say that its clock is not synchronised. */
const TIME =
  /[*.]?([A-Z][a-z]{2}) {1,2}(\d{1,2})(?: (\d{4}))? (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: ([A-Z]{1,5}|[+-]\d\d:?\d\d))? ?: *$/
/** Time since start, where no clock is set. */
const UPTIME = /(?:\d{1,4}[ywdh]\d{1,4}[wdhm]|\d{1,4}:\d\d:\d\d) ?: *$/
/** A relay's header before the device's. */
const RELAYED = /^(?:[A-Z][a-z]{2} [ \d]\d(?: \d{4})? \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,16}) +/
const HEAD = 400
const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notification', 'informational', 'debug']
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/**
 * Messages of Cisco's IOS and IOS XE, and whatever else writes its form (NX-OS, ASA): from syslog, a relay's file or a capture that puts
 * the sender's address before them. Format: Cisco IOS System Message Guide, "How This Manual Is Organized".
 */
export const ciscoIos: Parser = {
  id: 'cisco-ios',

  accepts({ text }) {
    return text !== undefined && MESSAGE.test(text.length > HEAD ? text.slice(0, HEAD) : text)
  },

  parse({ text }, context) {
    const match = text === undefined ? null : MESSAGE.exec(text.slice(0, HEAD))
    if (text === undefined || match === null) return { unknown: 'no message of Cisco’s: %FACILITY-SEVERITY-MNEMONIC' }
    const [marked, facility = '', severity = '', mnemonic = ''] = match
    const head = readHead(text.slice(0, match.index), context)
    if (head === undefined) return { unknown: 'something else stands before %FACILITY-SEVERITY-MNEMONIC' }
    const doc = frameDocument({
      priority: head.priority,
      observed: head.observed,
      host: head.host,
      app: undefined,
      process: undefined,
      messageId: undefined,
      version: undefined,
      structured: undefined,
      message: text.slice(match.index),
    })
    const event = eventOf(doc)
    event['module'] = 'cisco'
    event['dataset'] = 'cisco.ios'
    event['provider'] = facility
    event['code'] = mnemonic
    event['severity'] = Number(severity)
    put(event, 'sequence', head.sequence)
    doc['log'] = { ...(doc['log'] as Draft), level: LEVELS[Number(severity)]! }
    doc['observer'] = { vendor: 'Cisco' }
    doc['cisco'] = { ios: { facility } }
    tell(doc, `${facility}-${mnemonic}`, text.slice(match.index + marked.length))
    return [{ observed: head.observed, ecs: doc }]
  },
}

interface Head {
  readonly priority: number | undefined
  readonly observed: number | undefined
  readonly host: string | undefined
  readonly sequence: number | undefined
}

/** What settings put before a message: priority, a relay's header, host, sequence number, time. Undefined where it is something else. */
function readHead(text: string, context: ParseContext): Head | undefined {
  const priority = /^<(\d{1,3})>/.exec(text)
  if (Number(priority?.[1] ?? 0) > 191) return undefined
  let rest = priority === null ? text : text.slice(priority[0].length)
  const time = TIME.exec(rest)
  rest = rest.replace(time === null ? UPTIME : TIME, '')
  const relayed = RELAYED.exec(rest)
  rest = rest.slice(relayed?.[0].length ?? 0)
  const tokens = rest
    .trim()
    .split(/\s+/)
    .map((token) => token.replace(/^:|:$/, ''))
    .filter((token) => token !== '' && token !== '*')
  const sequence = tokens.find((token) => /^\d{1,10}$/.test(token))
  const hosts = tokens.filter((token) => token !== sequence)
  if (hosts.length > 1 || hosts.some((host) => !/^[\w.:-]{1,255}$/.test(host))) return undefined
  return {
    priority: integer(priority?.[1]),
    observed: deviceTime(time, context) ?? relayTime(relayed?.[0].trim(), context),
    host: hosts[0],
    sequence: integer(sequence),
  }
}

function deviceTime(match: RegExpExecArray | null, { received, zoneMinutes }: ParseContext): number | undefined {
  if (match === null) return undefined
  const [, month = '', day = '', year, clock = '', fraction, zone] = match
  return datedTime({ month, day, year, clock, fraction, zone }, { received, zoneMinutes })
}

interface Dated {
  readonly month: string
  readonly day: string
  readonly year: string | undefined
  readonly clock: string
  readonly fraction?: string | undefined
  readonly zone?: string | undefined
}

function datedTime(
  { month, day, year, clock, fraction, zone }: Dated,
  { received, zoneMinutes }: FrameContext,
): number | undefined {
  const plain = syslogTime(`${month} ${day.padStart(2)} ${clock}`, 0, received, zoneMinutes)
  const known = year ?? (plain === undefined ? undefined : String(new Date(plain + zoneMinutes * 60_000).getUTCFullYear()))
  const number = MONTHS.indexOf(month) + 1
  if (known === undefined || number === 0) return undefined
  const date = `${known}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')}`
  return zonedTime(`${date} ${clock}.${fraction ?? '0'}`, zone, zoneMinutes)
}

function relayTime(text: string | undefined, { received, zoneMinutes }: ParseContext): number | undefined {
  if (text === undefined) return undefined
  const withYear = /^([A-Z][a-z]{2}) ([ \d]\d) (\d{4}) (\S{8})$/.exec(text)
  if (withYear !== null) {
    const [, month = '', day = '', year, clock = ''] = withYear
    return datedTime({ month, day: day.trim(), year, clock }, { received, zoneMinutes })
  }
  return isoTime(text, zoneMinutes) ?? syslogTime(text, 0, received, zoneMinutes)
}

interface Meaning {
  readonly action: string
  readonly category: readonly string[]
  readonly type: readonly string[]
  readonly outcome?: 'success' | 'failure'
  /** Named groups user, source, command … of the message's text. */
  readonly reads?: RegExp
}

const LOGIN = /\[user: (?<user>[^\]]{0,256})\] \[Source: (?<source>[^\]]{1,64})\](?: \[localport: (?<port>\d{1,5})\])?/
const PACKET =
  /\b(?<verdict>permitted|denied) (?<transport>\w{1,16}) (?<source>[\d.a-fA-F:]{2,45}?)(?:\((?<sourcePort>\d{1,5})\))?(?: \([^)]{0,60}\))? -> (?<target>[\d.a-fA-F:]{2,45}?)(?:\((?<port>\d{1,5})\))?(?: \([^)]{0,20}\))?,/

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [
    'PARSER-CFGLOG_LOGGEDCMD',
    {
      action: 'command-logged',
      category: ['configuration'],
      type: ['change'],
      outcome: 'success',
      reads: /^User:(?<user>\S{1,256}) {1,4}logged command:(?<command>.*)$/s,
    },
  ],
  [
    'SYS-CONFIG_I',
    {
      action: 'configured',
      category: ['configuration'],
      type: ['change'],
      outcome: 'success',
      reads: /^Configured from \S{1,64} by (?:(?<user>\S{1,256}) on )?\S{1,64}(?: \((?<source>[^)]{1,64})\))?$/,
    },
  ],
  [
    'SEC_LOGIN-LOGIN_SUCCESS',
    { action: 'login', category: ['authentication'], type: ['start'], outcome: 'success', reads: LOGIN },
  ],
  [
    'SEC_LOGIN-LOGIN_FAILED',
    { action: 'login', category: ['authentication'], type: ['start'], outcome: 'failure', reads: LOGIN },
  ],
  [
    'SYS-LOGOUT',
    {
      action: 'logout',
      category: ['session'],
      type: ['end'],
      reads: /^User (?<user>\S{1,256}) has exited tty session \d{1,5}\((?<source>[^)]{0,64})\)/,
    },
  ],
  ['SEC-IPACCESSLOGP', { action: 'flow', category: ['network'], type: ['connection'], reads: PACKET }],
  ['SEC-IPACCESSLOGDP', { action: 'flow', category: ['network'], type: ['connection'], reads: PACKET }],
])

function tell(doc: Draft, kind: string, text: string): void {
  const meaning = MEANINGS.get(kind)
  if (meaning === undefined) return
  const event = eventOf(doc)
  const found = meaning.reads?.exec(text)?.groups ?? {}
  const { user, source, command, verdict, target } = found
  event['action'] = meaning.action
  event['category'] = [...meaning.category]
  event['type'] = [...meaning.type, ...(verdict === undefined ? [] : [verdict === 'denied' ? 'denied' : 'allowed'])]
  put(event, 'outcome', meaning.outcome)
  if (user !== undefined && user !== '') doc['user'] = { name: user }
  if (command !== undefined) doc['process'] = { command_line: command }
  put(doc, 'source', endpoint(source, integer(found['sourcePort'])))
  put(doc, 'destination', endpoint(target, target === undefined ? undefined : integer(found['port'])))
  if (found['transport'] !== undefined) doc['network'] = { transport: found['transport'].toLowerCase() }
  const relation: Draft = {}
  put(relation, 'user', related(user))
  put(relation, 'ip', related(ipOf(source), ipOf(target)))
  putObject(doc, 'related', relation)
}
