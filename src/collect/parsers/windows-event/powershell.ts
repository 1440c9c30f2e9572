import { type Draft, known, put, related } from '../../normalise/draft.ts'
import { baseName } from '../../normalise/path.ts'
import { type EventClass, eventClass } from './class.ts'
import { userOf, userOfAccount } from './fields.ts'
import type { EventData, WindowsRecord } from './record.ts'

/** Values beyond this are kept in the event's own fields only. */
const MAX_LINE = 32_768

/** `key<separator>value` on a line of its own; keys stand after white space. */
function lineOf(text: string | undefined, key: string, separator: string): string | undefined {
  if (text === undefined) return undefined
  const wanted = `${key}${separator}`
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (at > 0 && text.charCodeAt(at - 1) > 32) continue
    const from = at + wanted.length
    let end = from
    while (end < text.length && text.charCodeAt(end) !== 10 && text.charCodeAt(end) !== 13) end++
    return end - from > MAX_LINE ? undefined : known(text.slice(from, end).trim())
  }
  return undefined
}

function finish(doc: Draft, application: string | undefined, file: string | undefined, user: Draft | undefined): void {
  if (application !== undefined) doc['process'] = hostProcess(application)
  if (file !== undefined) doc['file'] = { path: file, name: baseName(file) }
  put(doc, 'user', user)
  const names = related(user?.['name'] as string | undefined)
  if (names !== undefined) doc['related'] = { user: names }
}

/** The program that hosts the engine, as it was started. */
function hostProcess(application: string): Draft {
  const process: Draft = { command_line: application }
  const program = /^(?:"([^"]+)"|(\S+\.exe)|(.+?\.exe)(?=\s|$))/i.exec(application)
  const path = program?.[1] ?? program?.[2] ?? program?.[3]
  if (path?.includes('\\')) {
    process['executable'] = path
    process['name'] = baseName(path)
  } else if (path !== undefined) process['name'] = path
  return process
}

/** The account that wrote the event is the one that runs the script. */
function writerOf(record: WindowsRecord): Draft | undefined {
  const { name, domain, identifier } = record.writer ?? {}
  return userOf(asText(name), asText(domain), asText(identifier))
}

/** 4103: ContextInfo holds `Host Application = …`, `User = …`, `Script Name = …`. */
function module(doc: Draft, data: EventData, record: WindowsRecord): void {
  const context = data['ContextInfo']
  finish(
    doc,
    lineOf(context, 'Host Application', ' = '),
    lineOf(context, 'Script Name', ' = '),
    userOfAccount(lineOf(context, 'User', ' = ')) ?? writerOf(record),
  )
}

/** 4104: the script itself; its path where it came from a file. */
function scriptBlock(doc: Draft, data: EventData, record: WindowsRecord): void {
  finish(doc, undefined, known(data['Path']), writerOf(record))
}

function writerOnly(doc: Draft, _data: EventData, record: WindowsRecord): void {
  finish(doc, undefined, undefined, writerOf(record))
}

/** The classic log has three unnamed texts; the details are in the message, or the last ones. */
function classic(doc: Draft, data: EventData, record: WindowsRecord): void {
  const text = record.message ?? [data['param1'], data['param2'], data['param3']].filter((part) => part !== undefined).join('\n')
  finish(
    doc,
    lineOf(text, 'HostApplication', '='),
    lineOf(text, 'ScriptName', '='),
    userOfAccount(lineOf(text, 'UserId', '=')) ?? writerOf(record),
  )
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Both logs of PowerShell, with Winlogbeat's categories. */
export const powershellClasses: ReadonlyMap<number, EventClass> = new Map([
  [400, eventClass('engine-started', 'process:start', classic)],
  [403, eventClass('engine-stopped', 'process:end', classic)],
  [600, eventClass('provider-started', 'process:info', classic)],
  [800, eventClass('pipeline-executed', 'process:info', classic)],
  [4103, eventClass('module-logged', 'process:info', module)],
  [4104, eventClass('script-block-logged', 'process:info', scriptBlock)],
  [4105, eventClass('script-started', 'process:start', writerOnly)],
  [4106, eventClass('script-stopped', 'process:end', writerOnly)],
])
