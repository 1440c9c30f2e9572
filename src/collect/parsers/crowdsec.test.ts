import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ParseContext, ParsedEvent, RawRecord } from '../../kernel/event.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { joinLines } from '../join/lines.ts'
import { parseRecord } from '../normalise/parse-record.ts'
import { bindTime, ctime, haproxyTime, shortTime, slashTime, syslogTime } from '../normalise/time.ts'
import { zonedTime } from '../normalise/zone.ts'

/**
 * What others expect of the same lines: crowdsec's parser tests that have an assertion, for the products that we name. Every
 * field of theirs is compared with ours by meaning; `MEANINGS` says where that stands in ECS. Skipped, and said so, where
 * `../shared/data` is absent.
 */

const hub = sharedData('logs/crowdsec-hub')
const context: ParseContext = { received: Date.UTC(2026, 7, 1), zoneMinutes: 0, prefer: [] }

/** At least this share of the lines, and of the fields, of each product. */
const FLOOR = 0.95

/** Theirs → the product. A case belongs to the product whose parser its assertion names. */
const PRODUCTS: Readonly<Record<string, string>> = {
  'crowdsecurity/sshd-logs': 'sshd',
  'crowdsecurity/sshd-success-logs': 'sshd',
  'crowdsecurity/apache2-logs': 'Apache',
  'crowdsecurity/nginx-logs': 'nginx',
  'crowdsecurity/nginx-proxy-manager-logs': 'nginx',
  'bunkerity/bunkerweb-logs': 'nginx',
  'crowdsecurity/haproxy-logs': 'HAProxy',
  'crowdsecurity/iis-logs': 'IIS',
  'crowdsecurity/supabase-docker-pgsql': 'PostgreSQL',
  'crowdsecurity/mysql-logs': 'MySQL',
  'crowdsecurity/mariadb-logs': 'MariaDB',
  'mstilkerich/bind9': 'BIND',
}

/** Products that the issue does not name; their cases are counted and left. */
const OTHERS =
  /apereo|cloudfront|caddy|dovecot|endlessh|modsec|sonarr|sshesame|suricata|traefik|vsftpd|zoraxy|postfix|asterisk|jellyfin|iptables/

type Compare = (event: ParsedEvent, value: string) => boolean

/** Where one of the paths holds the value; `-` of theirs is nothing of ours. */
function at(...paths: readonly string[]): Compare {
  return ({ ecs }, value) => {
    const found = paths.map((path) => getPath(ecs, path)).filter((one) => one !== undefined)
    if (value === '-') return found.length === 0 || found.every((one) => one === '-' || isEmpty(one))
    return found.some((one) => (Array.isArray(one) ? one.map(String).includes(value) : String(one) === value))
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** The time of the event, read by one of these readers. */
function when(...readers: readonly ((text: string) => number | undefined)[]): Compare {
  return ({ observed }, value) => readers.some((read) => read(value) !== undefined && read(value) === observed)
}

/** A piece of the event's own time, in UTC, the zone of these tests. */
function piece(of: (date: Date) => string | number): Compare {
  return ({ observed }, value) => observed !== undefined && Number(of(new Date(observed))) === Number(value)
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function month(): Compare {
  return ({ observed }, value) => {
    const index = observed === undefined ? -1 : new Date(observed).getUTCMonth()
    return MONTHS[index] === value || Number(value) === index + 1
  }
}

/** A clock time `hh:mm:ss`, with or without a fraction, maybe cut. */
const clock: Compare = ({ observed }, value) => {
  if (observed === undefined) return false
  const iso = new Date(observed).toISOString()
  return (
    iso.slice(11, 23).startsWith(value.trim().padStart(8, '0')) ||
    when((text) => zonedTime(text, undefined, 0))({ observed, ecs: {} }, value)
  )
}

const isoOrOther = when(
  (text) => zonedTime(text, undefined, 0),
  (text) => slashTime(text, 0),
  (text) => bindTime(text, 0),
  (text) => ctime(text, 0),
  (text) => haproxyTime(text, 0),
  (text) => shortTime(text, 0),
  (text) => syslogTime(text, 0, context.received, 0),
  (text) => accessTimeOf(text),
)

/** `08/Jun/2020:06:49:01 +0000` by way of Date, so that it is not our own reader that is compared with itself. */
function accessTimeOf(text: string): number | undefined {
  const match = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text)
  return match === null ? undefined : Date.parse(`${match[1]} ${match[2]} ${match[3]} ${match[4]} GMT${match[5]}${match[6]}`)
}

function all(...compares: readonly Compare[]): Compare {
  return (event, value) => compares.every((compare) => compare(event, value))
}

function is(path: string, expected: string): Compare {
  return (event) => at(path)(event, expected)
}

const refused = all(is('event.category', 'authentication'), is('event.outcome', 'failure'))

/** `log_type` is what crowdsec calls the kind of an event. */
const KINDS: Readonly<Record<string, Compare>> = {
  'ssh_failed-auth': (event) =>
    ['ssh_login', 'ssh_invalid_user', 'ssh_disconnect', 'ssh_max_attempts'].includes(String(getPath(event.ecs, 'event.action'))),
  auth_success: all(is('event.category', 'authentication'), is('event.outcome', 'success')),
  'http_access-log': all(is('event.category', 'web'), is('event.type', 'access')),
  'http_error-log': is('event.category', 'web'),
  mysql_failed_auth: refused,
  mariadb_failed_auth: refused,
  pgsql_failed_auth: refused,
  bind9_denied: all(is('event.type', 'denied'), is('event.outcome', 'failure')),
}

const SERVICES: Readonly<Record<string, Compare>> = {
  http: is('event.category', 'web'),
  ssh: (event) => String(getPath(event.ecs, 'process.name')).startsWith('sshd'),
  bind9: is('dns.type', 'query'),
}

const SUB_TYPES: Readonly<Record<string, Compare>> = {
  auth_fail: refused,
  ssl_handshake_stopped: (event) => String(event.ecs['message']).startsWith('SSL handshake stopped'),
}

const ADDRESS = at('source.ip', 'source.address')
const TARGET = at('url.original', 'url.path')
const AGENT = at('user_agent.original')
const STATUS = at('http.response.status_code')
const BODY = at('http.response.body.bytes', 'http.response.bytes')
const METHOD = at('http.request.method')
const REFERRER = at('http.request.referrer')
const USER = at('user.name')
const VERSION = at('http.version')

const MEANINGS: Readonly<Record<string, Compare>> = {
  source_ip: ADDRESS,
  client_ip: ADDRESS,
  clientip: ADDRESS,
  client: ADDRESS,
  remote_addr: ADDRESS,
  src_ip: ADDRESS,
  sshd_client_ip: ADDRESS,
  client_port: at('source.port'),
  clientport: at('source.port'),
  remote_port: at('source.port'),
  sshd_client_port: at('source.port'),
  machine: at('host.name'),
  logsource: (event) => getPath(event.ecs, 'log.syslog') !== undefined,
  program: programIs,
  pid: at('process.pid', 'log.syslog.procid'),
  PID: at('process.pid'),
  tid: at('process.thread.id'),
  seq_id: at('log.syslog.structured_data.meta.sequenceId'),
  syslog_priority: at('log.syslog.priority'),
  syslog_version: at('log.syslog.version'),
  message: messageIs,
  loglevel: at('log.level'),
  user: USER,
  username: USER,
  target_user: USER,
  remote_user: USER,
  auth: USER,
  sshd_auth_user: USER,
  sshd_invalid_user: USER,
  pgsql_user: USER,
  pgsql_target_user: USER,
  sshd_trail: (event, value) => at('system.auth.ssh.signature')(event, value.replace(/^: /, '')),
  db: at('postgresql.log.database'),
  pgsql_dbname: at('postgresql.log.database'),
  auth_method: at('postgresql.log.auth_method'),
  using_password: (event, value) => at('mysql.using_password')(event, String(value === 'YES')),
  thread_id: at('mysql.thread_id'),
  err_code: at('event.code'),
  errorcode: at('event.code'),
  subsystem: at('mysql.error.subsystem'),
  module: at('apache.error.module'),
  proxy_errorcode: at('error.code'),
  proxy_errormessage: at('error.message'),
  target_uri: TARGET,
  target_fqdn: at('url.domain', 'winlog.event_data.s-sitename'),
  http_path: targetIs,
  http_request: TARGET,
  request: targetIs,
  rawrequest: targetIs,
  path: targetIs,
  http_args: at('url.query'),
  scheme: at('url.scheme'),
  port: at('url.port'),
  http_verb: METHOD,
  verb: METHOD,
  http_version: VERSION,
  httpversion: VERSION,
  http_status: STATUS,
  http_status_code: STATUS,
  status: STATUS,
  response: STATUS,
  body_bytes_sent: BODY,
  bytes: BODY,
  size: BODY,
  bytes_read: at('http.response.bytes', 'haproxy.bytes_read'),
  bytes_sent: at('http.response.bytes'),
  http_user_agent: AGENT,
  agent: AGENT,
  http_referer: REFERRER,
  referrer: REFERRER,
  referer: REFERRER,
  request_id: at('http.request.id'),
  request_time: ({ ecs }, value) => Number(getPath(ecs, 'event.duration')) === Math.round(Number(value) * 1e9),
  gzip_ratio: at('nginx.access.gzip_ratio'),
  upstream_status: at('nginx.access.upstream_status'),
  upstream_cache_status: at('nginx.access.upstream_cache_status'),
  target_server: serverIs,
  cid: at('nginx.error.connection_id'),
  frontend_name: at('haproxy.frontend_name'),
  backend_name: at('haproxy.backend_name'),
  server_name: at('haproxy.server_name'),
  termination_state: at('haproxy.termination_state'),
  captured_request_cookie: at('haproxy.http.request.captured_cookie'),
  captured_response_cookie: at('haproxy.http.response.captured_cookie'),
  actconn: at('haproxy.connections.active'),
  feconn: at('haproxy.connections.frontend'),
  beconn: at('haproxy.connections.backend'),
  srvconn: at('haproxy.connections.server'),
  retries: at('haproxy.connections.retries'),
  srv_queue: at('haproxy.server_queue'),
  backend_queue: at('haproxy.backend_queue'),
  time_request: at('haproxy.timers.request'),
  time_queue: at('haproxy.timers.queue'),
  time_backend_connect: at('haproxy.timers.connect'),
  time_backend_response: at('haproxy.timers.response'),
  time_duration: at('haproxy.timers.total'),
  Channel: at('winlog.channel'),
  Computer: at('winlog.computer_name'),
  EventID: at('winlog.event_id'),
  Source: at('winlog.provider_name'),
  UserSID: at('winlog.user.identifier'),
  log_type: (event, value) => KINDS[value]?.(event, value) ?? false,
  service: (event, value) => SERVICES[value]?.(event, value) ?? false,
  sub_type: (event, value) => SUB_TYPES[value]?.(event, value) ?? false,
  accept_date: isoOrOther,
  timestamp: isoOrOther,
  timestamp8601: isoOrOther,
  time_local: isoOrOther,
  time: (event, value) => isoOrOther(event, value) || clock(event, value),
  ts_t: clock,
  haproxy_time: clock,
  date: ({ observed }, value) => observed !== undefined && new Date(observed).toISOString().startsWith(value),
  year: (event, value) => piece((date) => date.getUTCFullYear() % (value.length === 2 ? 100 : 10_000))(event, value),
  ts_y: piece((date) => date.getUTCFullYear()),
  haproxy_year: piece((date) => date.getUTCFullYear()),
  month: month(),
  ts_m: month(),
  haproxy_month: month(),
  day: piece((date) => date.getUTCDate()),
  ts_d: piece((date) => date.getUTCDate()),
  haproxy_monthday: piece((date) => date.getUTCDate()),
  haproxy_hour: piece((date) => date.getUTCHours()),
  haproxy_minute: piece((date) => date.getUTCMinutes()),
  ts_ms: piece((date) => date.getUTCMilliseconds()),
}

/** What says nothing of the line: where crowdsec read it, and pieces that are cut from a time in the middle of its digits. */
const NOT_OF_THE_LINE: ReadonlySet<string> = new Set([
  'datasource_path',
  'datasource_type',
  'haproxy_second',
  'haproxy_milliseconds',
  'zone',
  // RFC 1413, which nobody asks and no schema keeps; it is `-` in every line.
  'ident',
])

/** The label that crowdsec's own configuration gives to a file; ours is the module, or the program in the header. */
function programIs({ ecs }: ParsedEvent, value: string): boolean {
  const ours = [getPath(ecs, 'process.name'), getPath(ecs, 'event.module'), getPath(ecs, 'log.syslog.appname')]
  const kind: Readonly<Record<string, Compare>> = {
    apache2: SERVICES['http']!,
    nginx: SERVICES['http']!,
    'nginx-proxy-manager': SERVICES['http']!,
    bunkerweb: SERVICES['http']!,
    mariadb: is('event.module', 'mysql'),
    named: SERVICES['bind9']!,
  }
  return ours.map(String).includes(value) || (kind[value]?.({ observed: undefined, ecs }, value) ?? false)
}

/** The line, or what is left of it behind its header. */
function messageIs({ ecs }: ParsedEvent, value: string): boolean {
  const message = String(ecs['message'])
  return (
    message === value || String(getPath(ecs, 'event.original')) === value || message.endsWith(value) || value.endsWith(message)
  )
}

/** A malformed request is all target; theirs is cut at a space or at a question mark. */
function targetIs(event: ParsedEvent, value: string): boolean {
  if (TARGET(event, value)) return true
  const original = String(getPath(event.ecs, 'url.original'))
  return original === value || (getPath(event.ecs, 'event.reason') === 'malformed request line' && original.startsWith(value))
}

/** `10.0.0.15:8080`, or a name. */
function serverIs({ ecs }: ParsedEvent, value: string): boolean {
  const address = String(getPath(ecs, 'destination.address'))
  return value === address || value === `${address}:${getPath(ecs, 'destination.port')}`
}

interface Expected {
  readonly parser: string
  readonly index: number
  readonly fields: [name: string, value: string][]
}

/** `results["s01-parse"]["crowdsecurity/…"][3].Evt.Meta["source_ip"] == "1.2.3.4"` → the events of a case that parsed. */
function expectedOf(file: string): readonly Expected[] {
  const events = new Map<string, Expected>()
  const success = new Set<string>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const head = /^(?:basename\()?results\["s01-parse"\]\["([^"]*)"\]\[(\d+)\]\.(.*)$/.exec(line)
    if (head === null) continue
    const key = `${head[1]} ${head[2]}`
    if (head[3] === 'Success == true') success.add(key)
    const field = /^Evt\.(?:Parsed|Meta)\["([^"]*)"\]\)? == ("(?:[^"\\]|\\.)*")$/.exec(head[3]!)
    if (field === null) continue
    const event = events.get(key) ?? { parser: head[1]!, index: Number(head[2]), fields: [] }
    events.set(key, event)
    event.fields.push([field[1]!, goText(field[2]!)])
  }
  return [...events].filter(([key]) => success.has(key)).map(([, event]) => event)
}

/** A quoted text of Go, whose `\x16` JSON has not. */
function goText(quoted: string): string {
  const json = quoted.replace(/\\(?:x([0-9a-f]{2})|[\s\S])/gi, (sequence, hex: string | undefined) =>
    hex === undefined ? sequence : `\\u00${hex}`,
  )
  return JSON.parse(json.replaceAll('\t', '\\t')) as string
}

interface Score {
  readonly cases: string[]
  lines: number
  parsed: number
  fields: number
  agreed: number
  readonly faults: string[]
}

function recordsOf(folder: string): readonly RawRecord[] {
  const log = readdirSync(folder).find((file) => file.endsWith('.log'))!
  const lines = readFileSync(join(folder, log), 'utf8').split('\n')
  const records = lines.filter((line) => line.trim() !== '').map((text, index) => ({ id: String(index), text }))
  return joinLines(records, {}, true).records
}

function compareCase(name: string, folder: string, expected: readonly Expected[], scores: Map<string, Score>): void {
  const records = recordsOf(folder)
  const results = records.map((record) => parseRecord(record, context))
  for (const { parser, index, fields } of expected) {
    const product = PRODUCTS[parser]!
    const score = scores.get(product) ?? { cases: [], lines: 0, parsed: 0, fields: 0, agreed: 0, faults: [] }
    scores.set(product, score)
    if (!score.cases.includes(name)) score.cases.push(name)
    score.lines++
    const result = results[index]
    const read = result === undefined || 'unknown' in result || result.parser === 'syslog' ? undefined : result.events[0]!
    if (read === undefined) score.faults.push(`${name} line ${index + 1} is not read: ${records[index]?.text}`)
    else score.parsed++
    for (const [field, value] of fields) {
      if (NOT_OF_THE_LINE.has(field)) continue
      score.fields++
      const compare = MEANINGS[field]
      if (compare === undefined) score.faults.push(`${name}: no meaning for ${field}`)
      else if (read !== undefined && compare(read, value)) score.agreed++
      else if (read !== undefined) score.faults.push(`${name} line ${index + 1}: ${field} is ${value} there; ${shown(read.ecs)}`)
    }
  }
}

function shown(ecs: JsonObject): string {
  const { message: _message, ...rest } = ecs
  return JSON.stringify(rest).slice(0, 400)
}

describe.skipIf(hub === undefined)('crowdsec’s cases for the products that we name', () => {
  const scores = new Map<string, Score>()
  const left: string[] = []
  for (const name of hub === undefined ? [] : readdirSync(hub)) {
    const file = join(hub!, name, 'parser.assert')
    const expected = readdirSync(join(hub!, name)).includes('parser.assert') ? expectedOf(file) : []
    const ours = expected.filter(({ parser }) => PRODUCTS[parser] !== undefined)
    if (ours.length > 0) compareCase(name, join(hub!, name), ours, scores)
    else if (expected.length > 0) left.push(name)
  }

  it('are all counted: each is a named product’s or another’s', () => {
    expect(left.filter((name) => !OTHERS.test(name))).toEqual([])
    expect([...scores.values()].flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(16)
  })

  it.each(['sshd', 'Apache', 'nginx', 'HAProxy', 'IIS', 'PostgreSQL', 'MySQL', 'MariaDB', 'BIND'])(
    '%s: its lines are read, and mean the same',
    (product) => {
      const score = scores.get(product)!
      const { cases, lines, parsed, fields, agreed, faults } = score
      const text = `${product}: ${parsed} of ${lines} lines read, ${agreed} of ${fields} fields agreed (${((agreed / fields) * 100).toFixed(1)} %) in ${cases.join(', ')}`
      console.info(text)
      expect(lines).toBeGreaterThan(0)
      expect(parsed / lines, faults.join('\n')).toBeGreaterThanOrEqual(FLOOR)
      expect(agreed / fields, faults.join('\n')).toBeGreaterThanOrEqual(FLOOR)
    },
  )
})
