import { type Draft, integer, put, putObject } from '../../normalise/draft.ts'
import { baseName } from '../../normalise/path.ts'
import { type AuditRecord, said } from './fields.ts'

/** A longer command line is kept to this many arguments. */
const MAX_ARGUMENTS = 512

export interface Arguments {
  /** `a0`, `a1` …, decoded. */
  readonly named: Draft
  readonly list: readonly string[]
}

const PIECE = /^a(\d{1,6})(?:\[(\d{1,6})\])?$/

/**
 * The arguments of EXECVE records: `a0="ls"`, hexadecimal where they hold anything but plain text, and in pieces
 * (`a2_len=9000 a2[0]=… a2[1]=…`) where they are long. Several EXECVE records of one event go on counting.
 */
export function argumentsOf(records: readonly AuditRecord[]): Arguments {
  const pieces = new Map<number, string[]>()
  for (const { type, fields } of records) {
    if (type !== 'EXECVE') continue
    for (const name in fields) {
      const match = PIECE.exec(name)
      if (match === null) continue
      const index = Number(match[1])
      if (index >= MAX_ARGUMENTS) continue
      const parts = pieces.get(index) ?? []
      parts[Math.min(Number(match[2] ?? 0), MAX_ARGUMENTS)] = fields[name]!
      pieces.set(index, parts)
    }
  }
  const named: Draft = {}
  const list: string[] = []
  for (const [index, parts] of [...pieces].toSorted(([a], [b]) => a - b)) {
    const text = parts.join('')
    named[`a${index}`] = text
    list.push(text)
  }
  return { named, list }
}

/** ECS `process`: of the system call, the record that a program wrote, or the arguments alone. */
export function addProcess(doc: Draft, records: readonly AuditRecord[], fields: Readonly<Record<string, string>>): void {
  const process: Draft = {}
  const executable = said(fields['exe'])
  put(process, 'pid', integer(fields['pid']))
  put(process, 'executable', executable)
  const name = said(fields['comm']) ?? (executable === undefined ? undefined : baseName(executable))
  put(process, 'name', name)
  const parent = integer(fields['ppid'])
  if (parent !== undefined) process['parent'] = { pid: parent }
  put(process, 'working_directory', said(cwd(records, fields)))
  const title = titleOf(records)
  put(process, 'title', title)
  const { list } = argumentsOf(records)
  if (list.length > 0) {
    process['args'] = [...list]
    process['args_count'] = integer(records.find(({ type }) => type === 'EXECVE')?.fields['argc']) ?? list.length
    process['command_line'] = list.join(' ')
  } else if (fields['cmd'] !== undefined) {
    // What sudo ran, and not sudo itself.
    const command = fields['cmd']
    const program = command.split(' ', 1)[0]!
    process['parent'] = { ...(process['pid'] === undefined ? {} : { pid: process['pid'] }), name: name ?? 'sudo' }
    delete process['pid']
    process['command_line'] = command
    process['name'] = baseName(program)
    process['executable'] = program
  } else if (title !== undefined) process['command_line'] = title
  putObject(doc, 'process', process)
  const unit = said(fields['unit'])
  if (unit !== undefined) doc['service'] = { name: unit }
}

function cwd(records: readonly AuditRecord[], fields: Readonly<Record<string, string>>): string | undefined {
  return records.find(({ type }) => type === 'CWD')?.fields['cwd'] ?? fields['cwd']
}

/** PROCTITLE is the command line with NULs between the arguments, cut at 128 bytes. */
function titleOf(records: readonly AuditRecord[]): string | undefined {
  const title = records.find(({ type }) => type === 'PROCTITLE')?.fields['proctitle']
  if (title === undefined) return undefined
  return said(title.replace(/\0+$/, '').replaceAll('\0', ' '))
}
