import type { ParsedEvent } from '../../../kernel/event.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, integer, put, putObject, related } from '../../normalise/draft.ts'
import { baseName } from '../../normalise/path.ts'
import { errorName } from './errno.ts'
import { type AuditRecord, said, saidFields } from './fields.ts'
import { addFile, pathsOf } from './files.ts'
import { CALLS, type Kind, kindOfType } from './kinds.ts'
import { addProcess, argumentsOf } from './process.ts'
import { readSocketAddress } from './sockaddr.ts'
import { architectureOf, syscallName } from './syscalls.ts'

/** Which record of an event the event is about, the most telling first; those not named come behind SYSCALL. */
const COMPANIONS: ReadonlySet<string> = new Set(
  'PATH CWD EXECVE SOCKADDR PROCTITLE EOE BPRM_FCAPS CAPSET OBJ_PID MMAP IPC IPC_SET_PERM FD_PAIR MQ_OPEN MQ_SENDRECV OPENAT2 BPF'.split(
    ' ',
  ),
)

/** An ECS document of all the records of one audit event. */
export function auditEvent(records: readonly AuditRecord[], message: string): ParsedEvent {
  const syscall = records.find(({ type }) => type === 'SYSCALL')
  const telling = records.find(({ type }) => !COMPANIONS.has(type) && type !== 'SYSCALL')
  const main = telling ?? syscall ?? records[0]!
  const fields = { ...main.fields, ...syscall?.fields }
  const words = Object.assign({}, ...records.map(({ words }) => words), syscall?.words, main.words) as Record<string, string>
  const paths = pathsOf(records)
  const doc: Draft = { message }

  const arch = fields['arch']
  const call = said(words['SYSCALL']) ?? syscallName(arch, integer(fields['syscall'])) ?? undefined
  const program = baseName(said(fields['exe']) ?? said(fields['comm']) ?? '')
  const kind = kindOfType(main.type, program) ?? kindOfCall(call)
  doc['event'] = eventOf(main, kind, fields)
  if (main.node !== undefined) doc['host'] = { name: main.node, hostname: main.node }

  addProcess(doc, records, fields)
  addUsers(doc, main.type, fields, words)
  addFile(doc, paths, kind, cwdOf(records), fields)
  const socket = addSocket(doc, records, call, fields)
  if (paths.length > 0 && (doc['event'] as Draft)['category'] === undefined) classifyByPath(doc)

  const interpreted = saidFields(words)
  const named: Draft = {}
  for (const name in interpreted) named[name.toLowerCase()] = interpreted[name]!
  put(named, 'arch', architectureOf(arch))
  put(named, 'syscall', call)
  put(named, 'exit', errorName(fields['exit']))

  const auditd: Draft = { types: [...new Set(records.map(({ type }) => type))], message_type: main.type.toLowerCase() }
  put(auditd, 'session', said(fields['ses']))
  const keys = keysOf(records)
  if (keys.length > 0) auditd['keys'] = keys
  if (keys.length > 0) doc['tags'] = keys
  const data = main.type === 'EXECVE' ? {} : saidFields(fields)
  for (const name of SECOND_HOMES) delete data[name]
  putObject(auditd, 'data', data)
  putObject(auditd, 'execve', argumentsOf(records).named)
  if (paths.length > 0) auditd['paths'] = paths.map(({ record }) => saidFields({ ...record.fields, ...lower(record.words) }))
  put(auditd, 'socket', socket)
  putObject(auditd, 'interpreted', named)
  doc['auditd'] = auditd
  relate(doc, words)
  return { observed: main.at, ecs: doc }
}

/** Data fields that the document has in another place in full. */
const SECOND_HOMES = ['ses', 'key', 'proctitle', 'argc'] as const

function lower(words: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(words).map(([name, value]) => [`${name.toLowerCase()}_name`, value]))
}

function kindOfCall(call: string | undefined): Kind | undefined {
  if (call === undefined) return undefined
  return CALLS.get(call) ?? { action: call, category: ['process'], type: ['info'] }
}

/** EINPROGRESS: a connection that is still being made. */
const IN_PROGRESS = '-115'

function eventOf(main: AuditRecord, kind: Kind | undefined, fields: Readonly<Record<string, string>>): Draft {
  const event: Draft = { kind: 'event', module: 'auditd', dataset: 'auditd.log', code: main.type, sequence: main.serial }
  event['action'] = kind?.action ?? main.type.toLowerCase().replaceAll('_', '-')
  if (kind !== undefined && kind.category.length > 0) {
    event['category'] = kind.category
    event['type'] = kind.type
  }
  const result = fields['success'] ?? fields['res'] ?? fields['seresult']
  if (result === 'yes' || result === 'success' || result === '1' || result === 'granted') event['outcome'] = 'success'
  else if (fields['exit'] === IN_PROGRESS) event['outcome'] = 'unknown'
  else if (result === 'no' || result === 'failed' || result === 'failure' || result === '0' || result === 'denied') {
    event['outcome'] = 'failure'
  }
  const operation = said(fields['op'])
  if (operation !== undefined) event['reason'] = operation
  return event
}

/** A watch that fired on a file, whatever the system call was. */
function classifyByPath(doc: Draft): void {
  const event = doc['event'] as Draft
  event['category'] = ['file']
  event['type'] = ['info']
}

function cwdOf(records: readonly AuditRecord[]): string | undefined {
  const record = records.find(({ type }) => type === 'CWD')
  return said(record?.fields['cwd'])
}

/** `key=` of any record; several keys are one text with \x01 between them. */
function keysOf(records: readonly AuditRecord[]): string[] {
  const keys = new Set<string>()
  for (const { fields } of records) for (const key of said(fields['key'])?.split('\x01') ?? []) if (key !== '') keys.add(key)
  return [...keys]
}

/** Records whose `acct` is the account that something was done to. */
const ABOUT_AN_ACCOUNT = /^(?:ADD|DEL|USER_MGMT|GRP_MGMT|USER_CHAUTHTOK|ACCT|ROLE|USER_ROLE)/

/** Who: the record's own account if it names one, else the process's ids; with whose rights; and who had signed in. */
function addUsers(
  doc: Draft,
  type: string,
  fields: Readonly<Record<string, string>>,
  words: Readonly<Record<string, string>>,
): void {
  const account = said(fields['acct']) ?? (ABOUT_AN_ACCOUNT.test(type) ? undefined : said(words['ID']))
  const actor: Draft = {}
  put(actor, 'id', said(fields['uid']))
  put(actor, 'name', said(words['UID']))
  const effective = said(fields['euid'])
  if (effective !== undefined && effective !== fields['uid']) {
    const user: Draft = { id: effective }
    put(user, 'name', said(words['EUID']))
    actor['effective'] = user
  }
  const group: Draft = {}
  put(group, 'id', said(fields['gid']))
  put(group, 'name', said(words['GID']))
  putObject(actor, 'group', group)
  const login: Draft = {}
  put(login, 'id', said(fields['auid']))
  put(login, 'name', said(words['AUID']))
  if (ABOUT_AN_ACCOUNT.test(type)) {
    const target: Draft = {}
    put(target, 'name', account ?? said(words['ID']))
    put(target, 'id', said(fields['id']))
    // The one who signed in did it; the process's user is root.
    const who: Draft = { ...(login['id'] === undefined ? actor : login) }
    if (/GROUP|GRP/.test(type) && said(fields['grp']) !== undefined) doc['group'] = { name: fields['grp']! }
    putObject(who, 'target', target)
    putObject(doc, 'user', who)
  } else if (account !== undefined) {
    const user: Draft = { name: account }
    // A sudo's own user id is root's; the account is who was asked.
    if (actor['name'] === account) put(user, 'id', actor['id'])
    putObject(doc, 'user', user)
  } else if (type === 'USER_CMD' && login['id'] !== undefined) {
    doc['user'] = { ...login, effective: { id: '0', name: 'root' } }
  } else putObject(doc, 'user', actor)
}

function addSocket(
  doc: Draft,
  records: readonly AuditRecord[],
  call: string | undefined,
  fields: Readonly<Record<string, string>>,
): Draft | undefined {
  const host = said(fields['hostname'])
  // Without an address the name is that of this host.
  const from = said(fields['addr']) ?? ipOf(host)
  if (from !== undefined) put(doc, 'source', endpoint(from, integer(fields['rport']), host === from ? undefined : host))
  const local = said(fields['laddr'])
  if (local !== undefined) put(doc, 'destination', endpoint(local, integer(fields['lport'])))
  const hex = records.find(({ type }) => type === 'SOCKADDR')?.fields['saddr']
  const read = hex === undefined ? undefined : readSocketAddress(hex)
  if (read === undefined) return undefined
  const socket: Draft = { family: read.family }
  put(socket, 'address', read.address)
  put(socket, 'port', read.port)
  put(socket, 'path', read.path)
  if (read.address !== undefined) {
    const side = call?.startsWith('accept') === true || call?.startsWith('recv') === true ? 'source' : 'destination'
    if (call !== 'bind') put(doc, side, endpoint(read.address, read.port))
    const network: Draft = { type: read.family }
    if (call === 'connect') network['direction'] = 'egress'
    else if (side === 'source') network['direction'] = 'ingress'
    doc['network'] = network
  }
  return socket
}

function relate(doc: Draft, words: Readonly<Record<string, string>>): void {
  const user = doc['user'] as Draft | undefined
  const names = related(
    nameOf(user),
    nameOf(user?.['effective']),
    nameOf(user?.['target']),
    said(words['AUID']),
    said(words['UID']),
  )
  const ips = related(ipIn(doc['source']), ipIn(doc['destination']))
  const draft: Draft = {}
  put(draft, 'user', names)
  put(draft, 'ip', ips)
  putObject(doc, 'related', draft)
}

function nameOf(user: JsonValue | undefined): string | undefined {
  const name = (user as Draft | undefined)?.['name']
  return typeof name === 'string' ? name : undefined
}

function ipIn(side: JsonValue | undefined): string | undefined {
  const ip = (side as Draft | undefined)?.['ip']
  return typeof ip === 'string' ? ip : undefined
}
