import type { ParsedEvent } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject } from '../../../kernel/json.ts'
import { type Draft, fillMissing } from '../../normalise/draft.ts'
import type { EventClass } from './class.ts'
import { iisClasses } from './iis.ts'
import { enrichPlain } from './plain.ts'
import { powershellClasses } from './powershell.ts'
import type { WindowsRecord } from './record.ts'
import { securityClasses } from './security.ts'
import { sysmonClasses } from './sysmon.ts'
import { eventlogClasses, systemClasses } from './system.ts'

interface Provider {
  readonly module: string
  readonly classes: ReadonlyMap<number, EventClass>
}

const security: Provider = { module: 'security', classes: securityClasses }
const sysmon: Provider = { module: 'sysmon', classes: sysmonClasses }
const powershell: Provider = { module: 'powershell', classes: powershellClasses }
const eventlog: Provider = { module: 'security', classes: eventlogClasses }
const system: Provider = { module: 'system', classes: systemClasses }
const iis: Provider = { module: 'iis', classes: iisClasses }

const PROVIDERS: ReadonlyMap<string, Provider> = new Map([
  ['Microsoft-Windows-Security-Auditing', security],
  ['Microsoft-Windows-Sysmon', sysmon],
  ['Linux-Sysmon', sysmon],
  ['Microsoft-Windows-IIS-Logging', iis],
  ['Microsoft-Windows-PowerShell', powershell],
  ['PowerShellCore', powershell],
  ['PowerShell', powershell],
  ['Microsoft-Windows-Eventlog', eventlog],
  ['Service Control Manager', system],
])

/** For records without a provider. */
const CHANNELS: ReadonlyMap<string, Provider> = new Map([
  ['security', security],
  ['microsoft-windows-sysmon/operational', sysmon],
  ['microsoft-windows-powershell/operational', powershell],
  ['windows powershell', powershell],
])

const LEVEL_NAMES = ['information', 'critical', 'error', 'warning', 'information', 'verbose']

/** The ECS document of a record, in the names of Winlogbeat 8. */
export function buildEvent(record: WindowsRecord): ParsedEvent {
  const provider = providerOf(record)
  const known = provider?.classes.get(record.eventId)
  const code = String(record.eventId)
  const event: Draft = { kind: 'event', code }
  if (record.provider !== undefined) event['provider'] = record.provider
  if (provider !== undefined) event['module'] = provider.module
  if (known !== undefined) {
    event['action'] = known.action
    if (known.category.length > 0) event['category'] = known.category
    if (known.type.length > 0) event['type'] = known.type
  }
  const outcome = record.audit ?? known?.outcome
  if (outcome !== undefined) event['outcome'] = outcome
  const doc: Draft = record.extra ?? {}
  if (record.message !== undefined) doc['message'] = record.message
  doc['event'] = event
  const level = record.level === undefined ? undefined : LEVEL_NAMES[record.level]
  if (level !== undefined) doc['log'] = { level }
  if (record.computer !== undefined) doc['host'] = { name: record.computer }
  doc['winlog'] = winlogOf(record, code)
  if (known?.enrich !== undefined) known.enrich(doc, record.data, record)
  else enrichPlain(doc, record.data)
  return { observed: record.observed, ecs: doc }
}

function providerOf(record: WindowsRecord): Provider | undefined {
  const { provider, channel } = record
  if (provider !== undefined) return PROVIDERS.get(provider)
  return channel === undefined ? undefined : CHANNELS.get(channel.toLowerCase())
}

/** Named stores, not `put`: each stays monomorphic, and this runs for every event. */
function winlogOf(record: WindowsRecord, code: string): Draft {
  const winlog: Draft = {}
  if (record.channel !== undefined) winlog['channel'] = record.channel
  if (record.provider !== undefined) winlog['provider_name'] = record.provider
  if (record.providerGuid !== undefined) winlog['provider_guid'] = record.providerGuid
  winlog['event_id'] = code
  if (record.computer !== undefined) winlog['computer_name'] = record.computer
  winlog['event_data'] = record.data
  if (record.recordId !== undefined) winlog['record_id'] = record.recordId
  if (record.task !== undefined) winlog['task'] = record.task
  if (record.opcode !== undefined) winlog['opcode'] = record.opcode
  if (record.keywords !== undefined) winlog['keywords'] = record.keywords
  if (record.version !== undefined) winlog['version'] = record.version
  if (record.activityId !== undefined) winlog['activity_id'] = record.activityId
  if (record.processId !== undefined || record.threadId !== undefined) {
    const process: Draft = {}
    if (record.processId !== undefined) process['pid'] = record.processId
    if (record.threadId !== undefined) process['thread'] = { id: record.threadId }
    winlog['process'] = process
  }
  if (record.writer !== undefined) winlog['user'] = record.writer
  if (record.userData !== undefined) winlog['user_data'] = { xml_name: record.userData }
  return winlog
}

/**
 * What Winlogbeat sent, completed by what we make of it: its own values win, except that the host is the computer that
 * wrote the event (a forwarded event names the collector as host; that one becomes the observer).
 */
export function complete(sent: Draft, built: ParsedEvent, computer: string | undefined): ParsedEvent {
  const made = built.ecs
  const host = sent['host']
  const sentName = isJsonObject(host) ? host['name'] : undefined
  fillMissing(sent, made, 2)
  sent['winlog'] = { ...(sent['winlog'] as JsonObject), ...(made['winlog'] as JsonObject) }
  const event = sent['event'] as Draft
  event['code'] = (made['event'] as Draft)['code']!
  if (computer !== undefined && sentName !== computer) {
    sent['host'] = { name: computer }
    if (isJsonObject(host)) sent['observer'] ??= { ...host, hostname: host['hostname'] ?? host['name'] ?? computer }
  }
  return { observed: built.observed, ecs: sent }
}
