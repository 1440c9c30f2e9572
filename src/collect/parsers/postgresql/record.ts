import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { integer, known } from '../../normalise/draft.ts'
import { zonedTime } from '../../normalise/zone.ts'

/** A message of the server's in whichever of its three formats. */
export interface PostgresRecord {
  readonly observed: number | undefined
  readonly user: string | undefined
  readonly database: string | undefined
  readonly pid: number | undefined
  readonly host: string | undefined
  readonly port: number | undefined
  readonly session: string | undefined
  readonly line: number | undefined
  readonly tag: string | undefined
  readonly level: string
  readonly state: string | undefined
  readonly message: string
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly context: string | undefined
  readonly statement: string | undefined
  readonly application: string | undefined
  readonly backend: string | undefined
  readonly transaction: string | undefined
}

const LEVEL =
  /(?:^|[\s\]:,)])(DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE): {2}/
/** `log_line_prefix` is anybody's, and short. */
const PREFIX = 600

const TIME = /(?:^|[\s=[(])(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?([A-Z]{1,5}|[+-]\d{2}(?::?\d\d)?))?(?=[\s,\]:)]|$)/
const PID = /(?:\[|\bpid=|p=)(\d{1,10})(?:-\d{1,10})?(?:\]|,|\s|$)/
const USER_AT_DATABASE = /(?:^|[\s\]])([^\s@[\]]{1,64})@([^\s@[\]:]{1,64})(?=[\s:]|$)/
const NAMED = /\b(user|db|database|app|application|client|host)=([^\s,]*)/g
const CLIENT = /(?:^|[\s=,\]])((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}:[0-9a-f:.]{2,45}|\[local\])(?:\((\d{1,5})\))?(?=[\s,:]|$)/

/** A line of the stderr format; undefined where no level with its two spaces stands behind a prefix. */
export function readStderr(text: string, zoneMinutes: number): PostgresRecord | undefined {
  const head = text.slice(0, PREFIX)
  const level = LEVEL.exec(head)
  if (level === null) return undefined
  const prefix = head.slice(0, level.index + (level[0].length - level[1]!.length - 3))
  const time = TIME.exec(prefix)
  const pid = PID.exec(prefix)
  if (time === null && pid === null) return undefined
  const named = new Map<string, string>()
  for (const [, name = '', value = ''] of prefix.matchAll(NAMED)) if (!named.has(name)) named.set(name, value)
  const withoutTime = time === null ? prefix : prefix.replace(time[1]!, '')
  const at = named.has('user') ? null : USER_AT_DATABASE.exec(prefix)
  const client = CLIENT.exec(withoutTime)
  const rest = text.slice(level.index + level[0].length)
  return {
    ...NOTHING,
    observed: time === null ? undefined : zonedTime(time[1]!, time[2], zoneMinutes),
    user: account(named.get('user') ?? at?.[1]),
    database: account(named.get('db') ?? named.get('database') ?? at?.[2]),
    application: account(named.get('app') ?? named.get('application')),
    pid: integer(pid?.[1]),
    host: known(named.get('client')) ?? known(named.get('host')) ?? client?.[1],
    port: integer(client?.[2]),
    level: level[1]!,
    message: rest.replaceAll('\n\t', '\n'),
  }
}

const NOTHING = {
  session: undefined,
  line: undefined,
  tag: undefined,
  state: undefined,
  detail: undefined,
  hint: undefined,
  context: undefined,
  statement: undefined,
  backend: undefined,
  transaction: undefined,
}

/** Before the client has said who it is. */
function account(name: string | undefined): string | undefined {
  return name === '[unknown]' ? undefined : known(name)
}

/** Columns of csvlog up to version 15; older servers write fewer. */
const COLUMNS =
  'time user database pid from session line tag started virtual transaction level state message detail hint internal internalPosition context statement position location application backend leader query'.split(
    ' ',
  )
const LEAST_COLUMNS = 23

/** A record of csvlog, whose texts may hold line feeds. */
export function readCsv(text: string, zoneMinutes: number): PostgresRecord | undefined {
  const values = splitCsv(text)
  if (values === undefined || values.length < LEAST_COLUMNS || values.length > COLUMNS.length + 4) return undefined
  const of = (name: string): string | undefined => known(values[COLUMNS.indexOf(name)])
  const time = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (\S+)$/.exec(of('time') ?? '')
  const level = of('level')
  if (time === null || level === undefined) return undefined
  const from = /^(.*?)(?::(\d{1,5}))?$/.exec(of('from') ?? '')
  return {
    observed: zonedTime(time[1]!, time[2], zoneMinutes),
    user: of('user'),
    database: of('database'),
    pid: integer(of('pid')),
    host: known(from?.[1]),
    port: integer(from?.[2]),
    session: of('session'),
    line: integer(of('line')),
    tag: of('tag'),
    level,
    state: of('state'),
    message: of('message') ?? '',
    detail: of('detail'),
    hint: of('hint'),
    context: of('context'),
    statement: of('statement'),
    application: of('application'),
    backend: of('backend'),
    transaction: of('virtual'),
  }
}

/** One record of RFC 4180: doubled quotation marks inside quoted values. Undefined where the marks do not fit. */
function splitCsv(text: string): readonly string[] | undefined {
  const values: string[] = []
  let at = 0
  for (;;) {
    if (text[at] === '"') {
      let value = ''
      for (;;) {
        const quote = text.indexOf('"', at + 1)
        if (quote < 0) return undefined
        value += text.slice(at + 1, quote)
        at = quote + 1
        if (text[at] !== '"') break
        value += '"'
      }
      values.push(value)
    } else {
      const comma = text.indexOf(',', at)
      const end = comma < 0 ? text.length : comma
      values.push(text.slice(at, end))
      at = end
    }
    if (at >= text.length) return values
    if (text[at] !== ',') return undefined
    at++
  }
}

/** An object of jsonlog (version 15 on). */
export function readJsonLog(json: JsonObject, zoneMinutes: number): PostgresRecord | undefined {
  const level = textOf(json['error_severity'])
  const stamp = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (\S+)$/.exec(textOf(json['timestamp']) ?? '')
  if (level === undefined || stamp === null) return undefined
  return {
    observed: zonedTime(stamp[1]!, stamp[2], zoneMinutes),
    user: textOf(json['user']),
    database: textOf(json['dbname']),
    pid: numberOf(json['pid']),
    host: textOf(json['remote_host']),
    port: numberOf(json['remote_port']),
    session: textOf(json['session_id']),
    line: numberOf(json['line_num']),
    tag: textOf(json['ps']),
    level,
    state: textOf(json['state_code']),
    message: textOf(json['message']) ?? '',
    detail: textOf(json['detail']),
    hint: textOf(json['hint']),
    context: textOf(json['context']),
    statement: textOf(json['statement']),
    application: textOf(json['application_name']),
    backend: textOf(json['backend_type']),
    transaction: textOf(json['vxid']),
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? known(value) : undefined
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
