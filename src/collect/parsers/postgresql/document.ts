import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, known, put, putObject, related } from '../../normalise/draft.ts'
import { sqlKind } from '../../normalise/sql.ts'
import type { PostgresRecord } from './record.ts'

const FAULTS: ReadonlySet<string> = new Set(['ERROR', 'FATAL', 'PANIC'])

/** @param header the document of a syslog header, or an empty one. @param message the record as it came. */
export function postgresDocument(record: PostgresRecord, header: Draft, message: string): Draft {
  const event: Draft = {
    kind: 'event',
    module: 'postgresql',
    dataset: 'postgresql.log',
    category: ['database'],
    type: [FAULTS.has(record.level) ? 'error' : 'info'],
  }
  put(event, 'code', record.state)
  const doc: Draft = { ...header, message, event }
  doc['log'] = { ...(header['log'] as Draft | undefined), level: record.level }
  const process: Draft = { ...(header['process'] as Draft | undefined), name: 'postgres' }
  put(process, 'pid', record.pid)
  doc['process'] = process
  const log: Draft = {}
  put(log, 'database', record.database)
  put(log, 'application_name', record.application)
  put(log, 'backend_type', record.backend)
  put(log, 'session_id', record.session)
  put(log, 'session_line_number', record.line)
  put(log, 'command_tag', record.tag)
  put(log, 'sql_state_code', record.state)
  put(log, 'detail', record.detail)
  put(log, 'hint', record.hint)
  put(log, 'context', record.context)
  put(log, 'query', record.statement)
  put(log, 'virtual_transaction_id', record.transaction)
  const facts: Facts = { user: record.user, host: record.host, port: record.port, log, doc, event }
  tell(record, facts)
  if (FAULTS.has(record.level)) {
    const error: Draft = { message: record.message }
    put(error, 'code', record.state)
    doc['error'] = error
  }
  putObject(doc, 'postgresql', Object.keys(log).length === 0 ? {} : { log })
  const host = facts.host === '[local]' ? undefined : facts.host
  const source = endpoint(host, facts.port)
  put(doc, 'source', source)
  if (facts.user !== undefined) doc['user'] = { name: facts.user }
  const relation: Draft = {}
  put(relation, 'user', related(facts.user))
  put(relation, 'ip', related(source?.['ip'] as string | undefined))
  putObject(doc, 'related', relation)
  return doc
}

interface Facts {
  user: string | undefined
  host: string | undefined
  port: number | undefined
  readonly log: Draft
  readonly doc: Draft
  readonly event: Draft
}

function classify(event: Draft, action: string, categories: readonly string[], types: readonly string[], outcome?: string): void {
  event['action'] = action
  event['category'] = [...categories]
  event['type'] = [...types]
  put(event, 'outcome', outcome)
}

const RECEIVED = /^connection received: host=(\S{1,255})(?: port=(\d{1,5}))?/
const AUTHENTICATED = /^connection authenticated: (?:identity="(.{0,256})" method=(\S{1,40})|user="(.{0,64})" method=(\S{1,40}))/
const AUTHORIZED =
  /^(?:replication )?connection authorized: user=(\S{1,64})(?: database=(\S{1,64}))?(?: application_name=(.{1,256}?))?(?: SSL enabled \(protocol=([^,]{1,20}), cipher=([^,)]{1,80})| GSS |$)/
const DISCONNECTED =
  /^disconnection: session time: (\d{1,6}):(\d\d):(\d\d\.\d{3}) user=(\S{1,64}) database=(\S{1,64}) host=(\S{1,255})(?: port=(\d{1,5}))?/
const REFUSED = /^(\S{1,20}) authentication failed for user "(.{1,256}?)"/
const UNKNOWN_ROLE = /^role "(.{1,256}?)" (?:does not exist|is not permitted to log in)/
const NO_ENTRY =
  /^(?:no pg_hba\.conf entry|pg_hba\.conf rejects (?:replication )?connection) for (?:replication connection from )?host "([^"]{1,64})", user "([^"]{1,256})"(?:, database "([^"]{1,64})")?/
const STATEMENT = /^(?:duration: (\d{1,12}\.\d{3}) ms {2})?(?:statement|execute [^:]{1,256}|parse [^:]{1,256}|bind [^:]{1,256}): /
const DURATION = /^duration: (\d{1,12}\.\d{3}) ms$/

/** What the message says beyond its level; messages in other languages than English stay plain. */
function tell(record: PostgresRecord, facts: Facts): void {
  const { message, level } = record
  const { event, log } = facts
  if (level === 'FATAL') {
    tellRefusal(message, facts)
    return
  }
  if (level === 'ERROR' || level === 'PANIC') {
    event['outcome'] = 'failure'
    return
  }
  const received = RECEIVED.exec(message)
  if (received !== null) {
    classify(event, 'connection-received', ['network', 'database'], ['connection', 'start'])
    facts.host ??= received[1]
    facts.port ??= integer(received[2])
    return
  }
  const authenticated = AUTHENTICATED.exec(message)
  if (authenticated !== null) {
    classify(event, 'authenticated', ['authentication', 'database'], ['info'], 'success')
    facts.user ??= authenticated[1] ?? authenticated[3]
    put(log, 'auth_method', authenticated[2] ?? authenticated[4])
    return
  }
  const authorized = AUTHORIZED.exec(message)
  if (authorized !== null) {
    classify(event, 'database_login', ['authentication', 'database'], ['start'], 'success')
    facts.user ??= authorized[1]
    log['database'] ??= authorized[2] ?? 'replication'
    if (authorized[3] !== undefined) log['application_name'] ??= authorized[3]
    if (authorized[4] !== undefined) facts.doc['tls'] = { version: authorized[4].replace(/^TLSv/, ''), cipher: authorized[5]! }
    return
  }
  const gone = DISCONNECTED.exec(message)
  if (gone !== null) {
    classify(event, 'disconnected', ['session', 'database'], ['end'])
    event['duration'] = Math.round((Number(gone[1]) * 3600 + Number(gone[2]) * 60 + Number(gone[3])) * 1e9)
    facts.user ??= gone[4]
    log['database'] ??= gone[5]!
    facts.host ??= gone[6]
    facts.port ??= integer(gone[7])
    return
  }
  const statement = STATEMENT.exec(message)
  if (statement !== null) {
    const query = message.slice(statement[0].length)
    const kind = sqlKind(query)
    classify(event, kind.action, kind.category, kind.type)
    log['query'] ??= query
    if (statement[1] !== undefined) event['duration'] = Math.round(Number(statement[1]) * 1e6)
    return
  }
  const took = DURATION.exec(message)
  if (took !== null) event['duration'] = Math.round(Number(took[1]) * 1e6)
}

function tellRefusal(message: string, facts: Facts): void {
  const { event, log } = facts
  event['outcome'] = 'failure'
  const refused = REFUSED.exec(message)
  const role = refused === null ? UNKNOWN_ROLE.exec(message) : null
  const entry = refused === null && role === null ? NO_ENTRY.exec(message) : null
  if (refused === null && role === null && entry === null) return
  classify(event, 'database_login', ['authentication', 'database'], ['start'], 'failure')
  event['reason'] = message.split('\n', 1)[0]!
  facts.user ??= known(refused?.[2] ?? role?.[1] ?? entry?.[2])
  facts.host ??= entry?.[1]
  if (refused !== null) log['auth_method'] = refused[1]!
  if (entry?.[3] !== undefined) log['database'] ??= entry[3]
}
