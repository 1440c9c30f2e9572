import { type Draft, known, put, related } from '../../normalise/draft.ts'
import { type EventClass, eventClass } from './class.ts'
import { userOf, userOfAccount } from './fields.ts'
import { enrichPlain, subjectOf } from './plain.ts'
import type { EventData, WindowsRecord } from './record.ts'

/** A line `label:\tvalue` of the rendered message, for records whose UserData was lost on the way. */
function ofMessage(message: string | undefined, label: string): string | undefined {
  if (message === undefined) return undefined
  const at = message.indexOf(`\t${label}:`)
  if (at < 0) return undefined
  let from = at + label.length + 2
  while (message.charCodeAt(from) === 9 || message.charCodeAt(from) === 32) from++
  let end = from
  while (end < message.length && message.charCodeAt(end) >= 32) end++
  return known(message.slice(from, end).trim())
}

/** 1102 (Security) and 104 (any other log): who cleared it. */
function cleared(doc: Draft, data: EventData, record: WindowsRecord): void {
  const user =
    subjectOf(data) ??
    userOf(
      ofMessage(record.message, 'Account Name'),
      ofMessage(record.message, 'Domain Name'),
      ofMessage(record.message, 'Security ID'),
    )
  put(doc, 'user', user)
  const names = related(user?.['name'] as string | undefined)
  if (names !== undefined) doc['related'] = { user: names }
}

/** Events of the log service itself, in whatever channel. */
export const eventlogClasses: ReadonlyMap<number, EventClass> = new Map([
  [104, eventClass('event-log-cleared', 'iam,configuration:admin,deletion', cleared, 'success')],
  [1100, eventClass('logging-service-shutdown', 'process:end', enrichPlain)],
  [1102, eventClass('audit-log-cleared', 'iam:admin,change', cleared, 'success')],
  [1104, eventClass('logging-full', 'iam:admin', enrichPlain)],
  [1105, eventClass('auditlog-archived', 'iam:admin', enrichPlain)],
  [1108, eventClass('logging-processing-error', 'iam:admin', enrichPlain)],
])

/** 7045: the image path is a command line. */
function serviceInstalled(doc: Draft, data: EventData, record: WindowsRecord): void {
  serviceOf(doc, data['ServiceName'])
  const path = known(data['ImagePath'])
  if (path !== undefined) doc['process'] = { command_line: path }
  const sid = record.writer?.['identifier']
  const name = record.writer?.['name']
  const domain = record.writer?.['domain']
  const user = userOf(asText(name), asText(domain), asText(sid))
  put(doc, 'user', user)
  const names = related(asText(name), userOfAccount(data['AccountName'])?.['name'] as string | undefined)
  if (names !== undefined) doc['related'] = { user: names }
}

/** 7036, 7040: `param1` is the service's display name, `param2` its new state. */
function serviceChanged(doc: Draft, data: EventData): void {
  serviceOf(doc, data['param1'], data['param2'])
}

function serviceOf(doc: Draft, name: string | undefined, state?: string): void {
  const service: Draft = {}
  put(service, 'name', known(name))
  put(service, 'state', known(state))
  for (const _member in service) {
    doc['service'] = service
    return
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The service control manager's. */
export const systemClasses: ReadonlyMap<number, EventClass> = new Map([
  [7000, eventClass('service-start-failed', 'process:error', serviceChanged, 'failure')],
  [7009, eventClass('service-timeout', 'process:error', serviceChanged, 'failure')],
  [7023, eventClass('service-terminated-with-error', 'process:end,error', serviceChanged, 'failure')],
  [7034, eventClass('service-terminated-unexpectedly', 'process:end,error', serviceChanged, 'failure')],
  [7036, eventClass('service-state-changed', 'process:change', serviceChanged, 'success')],
  [7040, eventClass('service-start-type-changed', 'configuration:change', serviceChanged, 'success')],
  [7045, eventClass('service-installed', 'iam,configuration:admin,creation', serviceInstalled, 'success')],
])
