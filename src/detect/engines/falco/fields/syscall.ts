import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { at, type Field, type FieldTable, type Place } from './field.ts'

type Read = (doc: JsonObject) => JsonValue | undefined

/** The kernel keeps 15 characters of a program's name, and Falco's lists are written so. */
const COMM = 15

/** A field worked out from several places of the event. `shown` is the place that people are pointed to. */
function computed(shown: string, read: Read, kind: Partial<Pick<Field, 'type' | 'list'>> = {}): Field {
  const place: Place = { keys: shown.split('.'), convert: (_value, doc) => read(doc) }
  const anywhere: Place = { keys: [], convert: (_value, doc) => read(doc) }
  return { ...kind, places: (argument) => (argument === undefined ? [place, anywhere] : undefined) }
}

function plain(path: string, kind: Partial<Pick<Field, 'type' | 'list'>> = {}): Field {
  return computed(path, (doc) => scalar(doc, path), kind)
}

function scalar(doc: JsonObject, path: string): string | undefined {
  const value = at(doc, path.split('.'))
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
}

function texts(doc: JsonObject, path: string): readonly string[] {
  const value = at(doc, path.split('.'))
  return Array.isArray(value)
    ? (value as readonly JsonValue[]).map(String)
    : value === undefined || value === null
      ? []
      : [String(value)]
}

function comm(name: string | undefined, path: string | undefined): string | undefined {
  const text = name ?? (path === undefined ? undefined : path.slice(path.lastIndexOf('/') + 1))
  return text === undefined || text === '' ? undefined : text.slice(0, COMM)
}

/** Falco's command line: the program's name as the kernel has it, and the arguments behind the first. */
function commandLine(doc: JsonObject, prefix: string): string | undefined {
  const name = comm(scalar(doc, `${prefix}.name`), scalar(doc, `${prefix}.executable`))
  const rest = argumentsOf(doc, prefix)
  return name === undefined || rest === undefined ? undefined : rest === '' ? name : `${name} ${rest}`
}

function argumentsOf(doc: JsonObject, prefix: string): string | undefined {
  const list = texts(doc, `${prefix}.args`)
  if (list.length > 0) return list.slice(1).join(' ')
  const line = scalar(doc, `${prefix}.command_line`)
  return line === undefined ? undefined : /^(?:"[^"]*"|\S+)\s*/.test(line) ? line.replace(/^(?:"[^"]*"|\S+)\s*/, '') : line
}

/** What every event of a process on Linux says, in ECS's names. */
const PROCESS: readonly (readonly [string, Field])[] = [
  ['proc.name', computed('process.name', (doc) => comm(scalar(doc, 'process.name'), scalar(doc, 'process.executable')))],
  ['proc.exepath', plain('process.executable')],
  [
    'proc.exe',
    computed('process.args', (doc) => texts(doc, 'process.args')[0] ?? scalar(doc, 'process.command_line')?.split(' ', 1)[0]),
  ],
  ['proc.cmdline', computed('process.command_line', (doc) => commandLine(doc, 'process'))],
  ['proc.args', computed('process.args', (doc) => argumentsOf(doc, 'process'))],
  ['proc.cwd', computed('process.working_directory', (doc) => scalar(doc, 'process.working_directory')?.replace(/\/?$/, '/'))],
  ['proc.pid', plain('process.pid', { type: 'number' })],
  ['proc.ppid', plain('process.parent.pid', { type: 'number' })],
  [
    'proc.is_exe_from_memfd',
    computed('process.executable', (doc) => flag(scalar(doc, 'process.executable'), (path) => /^(?:\/?memfd:)/.test(path))),
  ],
  ['user.name', computed('user.name', (doc) => scalar(doc, 'user.effective.name') ?? scalar(doc, 'user.name'))],
  ['user.uid', computed('user.id', (doc) => scalar(doc, 'user.effective.id') ?? scalar(doc, 'user.id'), { type: 'number' })],
  ['group.name', plain('user.group.name')],
  ['group.gid', plain('user.group.id', { type: 'number' })],
  ['evt.hostname', plain('host.name')],
]

function flag(value: string | undefined, holds: (value: string) => boolean): string | undefined {
  return value === undefined ? undefined : String(holds(value))
}

const FILE: readonly (readonly [string, Field])[] = [
  ['fd.name', plain('file.path')],
  [
    'fd.directory',
    computed('file.path', (doc) =>
      scalar(doc, 'file.path')
        ?.replace(/\/[^/]*$/, '')
        .replace(/^$/, '/'),
    ),
  ],
  ['fd.filename', computed('file.path', (doc) => scalar(doc, 'file.path')?.replace(/^.*\//s, ''))],
]

const REMOTE: readonly (readonly [string, Field])[] = [
  ['fd.sip', plain('destination.ip', { type: 'address' })],
  ['fd.snet', plain('destination.ip', { type: 'address' })],
  ['fd.sport', plain('destination.port', { type: 'number' })],
  ['fd.cip', plain('source.ip', { type: 'address' })],
  ['fd.cnet', plain('source.ip', { type: 'address' })],
  ['fd.cport', plain('source.port', { type: 'number' })],
  ['fd.ip', computed('destination.ip', addresses, { type: 'address' })],
  ['fd.net', computed('destination.ip', addresses, { type: 'address' })],
]

function addresses(doc: JsonObject): JsonValue | undefined {
  const found = [scalar(doc, 'source.ip'), scalar(doc, 'destination.ip')].filter((ip) => ip !== undefined)
  return found.length === 0 ? undefined : found
}

/** Events of the Linux audit system, as our parser keeps them: the system call and its numbers are there, parents and containers are not. */
export const auditdFields: FieldTable = new Map<string, Field>([
  ...PROCESS,
  ...FILE,
  ...REMOTE,
  ['evt.type', plain('auditd.interpreted.syscall')],
  ['evt.res', computed('auditd.interpreted.exit', resultOf)],
  ['evt.rawres', plain('auditd.data.exit', { type: 'number' })],
  ['evt.failed', computed('event.outcome', (doc) => flag(scalar(doc, 'auditd.data.success'), (value) => value === 'no'))],
  ['evt.is_open_read', computed('auditd.data', (doc) => openedFor(doc, (mode) => mode === 0 || mode === 2))],
  ['evt.is_open_write', computed('auditd.data', (doc) => openedFor(doc, (mode) => mode === 1 || mode === 2))],
  [
    'fd.num',
    computed('auditd.data.exit', (doc) => (OPENING.has(call(doc)) ? scalar(doc, 'auditd.data.exit') : undefined), {
      type: 'number',
    }),
  ],
  ['fd.nameraw', computed('auditd.paths', rawPath)],
  ['fd.typechar', computed('file.type', (doc) => typeOf(doc)?.[0])],
  ['fd.type', computed('file.type', (doc) => typeOf(doc)?.[1])],
  ['fd.sockfamily', computed('auditd.socket.family', (doc) => familyOf(doc))],
  ['proc.tty', computed('auditd.data.tty', terminalOf, { type: 'number' })],
  [
    'user.loginuid',
    computed('auditd.data.auid', (doc) => scalar(doc, 'auditd.data.auid')?.replace(/^4294967295$/, '-1'), { type: 'number' }),
  ],
  ['user.loginname', plain('auditd.interpreted.auid')],
])

/**
 * Events of a process, a connection or a file on Linux in ECS's names (Sysmon for Linux, Elastic's agents, others): what began is the
 * system call that Falco would name, parents are there, the numbers of the call are not.
 */
export const ecsFields: FieldTable = new Map<string, Field>([
  ...PROCESS,
  ...FILE,
  ...REMOTE,
  ['evt.type', computed('event.type', callOf)],
  [
    'proc.pname',
    computed('process.parent.name', (doc) => comm(scalar(doc, 'process.parent.name'), scalar(doc, 'process.parent.executable'))),
  ],
  ['proc.pexepath', plain('process.parent.executable')],
  [
    'proc.pexe',
    computed(
      'process.parent.args',
      (doc) => texts(doc, 'process.parent.args')[0] ?? scalar(doc, 'process.parent.command_line')?.split(' ', 1)[0],
    ),
  ],
  ['proc.pcmdline', computed('process.parent.command_line', (doc) => commandLine(doc, 'process.parent'))],
  ['container.id', plain('container.id')],
  ['container.name', plain('container.name')],
  ['container.image.repository', plain('container.image.name')],
  ['container.image.tag', plain('container.image.tag')],
  ['container.privileged', plain('container.security_context.privileged')],
  [
    'k8s.ns.name',
    computed('orchestrator.namespace', (doc) => scalar(doc, 'orchestrator.namespace') ?? scalar(doc, 'kubernetes.namespace')),
  ],
  [
    'k8s.pod.name',
    computed(
      'orchestrator.resource.name',
      (doc) => scalar(doc, 'kubernetes.pod.name') ?? scalar(doc, 'orchestrator.resource.name'),
    ),
  ],
  ['fd.l4proto', plain('network.transport')],
  // That a file came or was changed is what a call did that succeeded: the rules' own test for that is `fd.num>=0`.
  ['evt.is_open_write', computed('event.type', (doc) => (WRITES.has(fileCall(doc) ?? '') ? 'true' : undefined))],
  ['evt.res', computed('event.outcome', (doc) => (fileCall(doc) === undefined ? undefined : 'SUCCESS'))],
  ['fd.num', computed('event.type', (doc) => (WRITES.has(fileCall(doc) ?? '') ? '3' : undefined), { type: 'number' })],
  ['fd.typechar', computed('file.type', (doc) => kindOf(doc)?.[0])],
  ['fd.type', computed('file.type', (doc) => kindOf(doc)?.[1])],
  ['fd.nameraw', plain('file.path')],
  ['fs.path.name', plain('file.path')],
  ['fs.path.nameraw', plain('file.path')],
])

function call(doc: JsonObject): string {
  return scalar(doc, 'auditd.interpreted.syscall') ?? ''
}

/** Flags stand in the second argument of `open`, in the third of `openat`; those of `openat2` are behind a pointer. */
const OPENING: ReadonlyMap<string, string> = new Map([
  ['open', 'a1'],
  ['openat', 'a2'],
])
const ACCESS_MODE = 3

function openedFor(doc: JsonObject, holds: (mode: number) => boolean): string | undefined {
  const name = call(doc)
  if (name === 'creat') return String(holds(1))
  const argument = OPENING.get(name)
  const flags = argument === undefined ? Number.NaN : Number.parseInt(scalar(doc, `auditd.data.${argument}`) ?? '', 16)
  return Number.isNaN(flags) ? undefined : String(holds(flags & ACCESS_MODE))
}

function resultOf(doc: JsonObject): string | undefined {
  const success = scalar(doc, 'auditd.data.success')
  if (success === 'yes') return 'SUCCESS'
  return success === 'no' ? scalar(doc, 'auditd.interpreted.exit') : undefined
}

function rawPath(doc: JsonObject): JsonValue | undefined {
  const paths = at(doc, ['auditd', 'paths'])
  if (!Array.isArray(paths)) return undefined
  const own = (paths as readonly JsonValue[]).filter((path) => at(path, ['nametype']) !== 'PARENT')
  return at(own.at(-1) ?? null, ['name'])
}

const FILE_TYPES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['file', ['f', 'file']],
  ['dir', ['d', 'directory']],
])
const SOCKET_TYPES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['ipv4', ['4', 'ipv4']],
  ['ipv6', ['6', 'ipv6']],
  ['unix', ['u', 'unix']],
])

function typeOf(doc: JsonObject): readonly [string, string] | undefined {
  return FILE_TYPES.get(scalar(doc, 'file.type') ?? '') ?? SOCKET_TYPES.get(scalar(doc, 'auditd.socket.family') ?? '')
}

function familyOf(doc: JsonObject): string | undefined {
  const family = scalar(doc, 'auditd.socket.family')
  return family === 'ipv4' || family === 'ipv6' ? 'ip' : family === 'unix' ? 'unix' : undefined
}

/** The terminal's device number (linux/Documentation/admin-guide/devices.txt): pseudo terminals from 136:0, consoles from 4:0. */
function terminalOf(doc: JsonObject): string | undefined {
  const tty = scalar(doc, 'auditd.data.tty')
  if (tty === '(none)') return '0'
  const match = /^(pts|tty)\/?(\d{1,3})$/.exec(tty ?? '')
  return match === null ? undefined : String((match[1] === 'pts' ? 136 : 4) * 256 + Number(match[2]))
}

function callOf(doc: JsonObject): string | undefined {
  const categories = texts(doc, 'event.category')
  const types = texts(doc, 'event.type')
  if (categories.includes('process') && types.includes('start')) return 'execve'
  if (categories.includes('network') && (types.includes('start') || types.includes('connection')))
    return scalar(doc, 'network.direction') === 'ingress' ? 'accept' : 'connect'
  return fileCall(doc)
}

const WRITES: ReadonlySet<string> = new Set(['openat'])
/** What of a file changed, as our agent says it, where that is not its content. */
const CALLS: readonly (readonly [changed: string, call: string])[] = [
  ['mode', 'fchmodat'],
  ['owner', 'fchownat'],
  ['group', 'fchownat'],
  ['acl', 'setxattr'],
  ['xattr', 'setxattr'],
]

/** The call that makes, writes, changes or removes a file. */
function fileCall(doc: JsonObject): string | undefined {
  const types = texts(doc, 'event.type')
  if (!texts(doc, 'event.category').includes('file')) return undefined
  if (types.includes('deletion')) return 'unlink'
  if (types.includes('creation')) return kindOf(doc)?.[0] === 'd' ? 'mkdirat' : 'openat'
  if (!types.includes('change')) return undefined
  const changed = texts(doc, 'kanpeki_agent.file.changed')
  if (changed.length === 0 || changed.includes('content')) return 'openat'
  return CALLS.find(([what]) => changed.includes(what))?.[1]
}

function kindOf(doc: JsonObject): readonly [string, string] | undefined {
  const type = scalar(doc, 'file.type')
  if (type === undefined && scalar(doc, 'file.path') !== undefined) return FILE_TYPES.get('file')
  return FILE_TYPES.get(type ?? '')
}
