import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ParseContext, RawRecord } from '../../kernel/event.ts'
import { getPath, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { EvtxReader } from '../../platform/evtx/evtx-reader.ts'
import { parseRecord } from '../normalise/parse-record.ts'

/**
 * The ways that docs/collecting.md gives for Windows hosts, held to each other: what SigmaHQ recorded means the same read from
 * the `.evtx`, sent by Winlogbeat (on the host, or on a collector of forwarded events), as XML (`wevtutil`, NXLog, syslog) and as
 * NXLog's flat JSON. Winlogbeat and NXLog are not run here: their shapes are made by their documentation.
 */

const context: ParseContext = { received: Date.UTC(2026, 7, 1), zoneMinutes: 0, prefer: [] }
const regression = sharedData('sigma/regression')
/** What rules look at. */
const COMPARED = [
  'event.code',
  'event.action',
  'event.category',
  'event.type',
  'event.outcome',
  'host.name',
  'user',
  'process',
  'file',
  'registry',
  'source',
  'destination',
  'dns',
  'winlog.channel',
  'winlog.provider_name',
  'winlog.event_id',
  'winlog.computer_name',
  'winlog.event_data',
  'winlog.user_data',
] as const

interface Meaning {
  readonly [path: string]: JsonValue | undefined
}

function meaningOf(record: Omit<RawRecord, 'id'>): Meaning {
  const result = parseRecord({ id: 'x', ...record }, context)
  if ('unknown' in result) throw new Error(result.unknown)
  expect(result.parser).toBe('windows-event')
  const { ecs, observed } = result.events[0]!
  const meaning: Record<string, JsonValue | undefined> = {
    time: observed === undefined ? undefined : Math.floor(observed / 1000),
  }
  for (const path of COMPARED) meaning[path] = getPath(ecs, path)
  return meaning
}

interface Parts {
  readonly system: JsonObject
  readonly data: readonly (readonly [name: string, value: string])[]
}

function partsOf(json: JsonObject): Parts {
  const event = json['Event'] as JsonObject
  const data = isJsonObject(event['EventData']) ? event['EventData'] : {}
  const texts = Object.entries(data).filter(([name, value]) => !name.startsWith('#') && typeof value !== 'object')
  return { system: event['System'] as JsonObject, data: texts.map(([name, value]) => [name, String(value)] as const) }
}

const text = (system: JsonObject, path: string): string => String(getPath(system, path) ?? '')
const eventId = (system: JsonObject): string => text(system, isJsonObject(system['EventID']) ? 'EventID.#text' : 'EventID')
const timeOf = (system: JsonObject): string => text(system, 'TimeCreated.#attributes.SystemTime')
const providerOf = (system: JsonObject): string => text(system, 'Provider.#attributes.Name')

/** Winlogbeat 8: fields as its reference lists them. A collector's own name stands nowhere: `forwarded` leaves it out. */
function winlogbeat({ system, data }: Parts, forwarded: boolean): JsonObject {
  return {
    '@timestamp': timeOf(system),
    ...(forwarded ? { tags: ['forwarded'] } : {}),
    event: { code: eventId(system), kind: 'event', provider: providerOf(system) },
    host: { name: text(system, 'Computer') },
    agent: { type: 'winlogbeat', version: '8.19.0', name: forwarded ? 'wec-01' : text(system, 'Computer') },
    log: { level: 'information' },
    winlog: {
      channel: text(system, 'Channel'),
      provider_name: providerOf(system),
      event_id: eventId(system),
      computer_name: text(system, 'Computer'),
      record_id: Number(system['EventRecordID']),
      api: 'wineventlog',
      keywords: [],
      ...outcomeWords(system),
      process: {
        pid: Number(text(system, 'Execution.#attributes.ProcessID')),
        thread: { id: Number(text(system, 'Execution.#attributes.ThreadID')) },
      },
      ...(data.length === 0 ? {} : { event_data: Object.fromEntries(data) }),
    },
  }
}

/** Winlogbeat writes the mask of audit events in words. */
function outcomeWords(system: JsonObject): JsonObject {
  const mask = text(system, 'Keywords')
  if (/^0x80[12]0/.test(mask)) return { keywords: [mask.startsWith('0x802') ? 'Audit Success' : 'Audit Failure'] }
  return {}
}

function escaped(value: string): string {
  return value.replace(/[&<>'"\r\n]/g, (one) => `&#${one.charCodeAt(0)};`)
}

function xml({ system, data }: Parts): string {
  const items = data.map(([name, value]) => `<Data Name='${escaped(name)}'>${escaped(value)}</Data>`).join('')
  const pid = text(system, 'Execution.#attributes.ProcessID')
  const thread = text(system, 'Execution.#attributes.ThreadID')
  return (
    `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='${escaped(providerOf(system))}'/>` +
    `<EventID>${eventId(system)}</EventID><Level>4</Level><Keywords>${text(system, 'Keywords')}</Keywords><TimeCreated SystemTime='${timeOf(system)}'/>` +
    `<EventRecordID>${text(system, 'EventRecordID')}</EventRecordID><Execution ProcessID='${pid}' ThreadID='${thread}'/>` +
    `<Channel>${escaped(text(system, 'Channel'))}</Channel><Computer>${escaped(text(system, 'Computer'))}</Computer></System>` +
    `<EventData>${items}</EventData></Event>`
  )
}

/** `im_msvistalog` with `to_json()`, as the recordings of OTRF have it. */
function nxlog({ system, data }: Parts): JsonObject {
  return {
    EventTime: timeOf(system),
    Hostname: text(system, 'Computer'),
    Channel: text(system, 'Channel'),
    SourceName: providerOf(system),
    EventID: Number(eventId(system)),
    RecordNumber: Number(system['EventRecordID']),
    ExecutionProcessID: Number(text(system, 'Execution.#attributes.ProcessID')),
    ThreadID: Number(text(system, 'Execution.#attributes.ThreadID')),
    SourceModuleType: 'im_msvistalog',
    ...(/^0x80[12]0/.test(text(system, 'Keywords'))
      ? { EventType: text(system, 'Keywords').startsWith('0x802') ? 'AUDIT_SUCCESS' : 'AUDIT_FAILURE' }
      : {}),
    ...Object.fromEntries(data),
  }
}

function recordings(): readonly JsonObject[] {
  const found: JsonObject[] = []
  const files = readdirSync(regression!, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.evtx'))
  for (const file of files) {
    const reader = new EvtxReader({ record: (json) => found.push(json), fault: ({ reason }) => expect.fail(reason) })
    reader.push(readFileSync(join(regression!, file)))
    reader.end()
  }
  return found
}

describe.skipIf(regression === undefined)('a Windows event means the same (skipped without ../shared/data)', () => {
  const events = regression === undefined ? [] : recordings()

  it.each<readonly [way: string, shape: (parts: Parts) => Omit<RawRecord, 'id'>]>([
    ['by Winlogbeat on the host', (parts) => ({ json: winlogbeat(parts, false) })],
    ['by Winlogbeat on a collector of forwarded events', (parts) => ({ json: winlogbeat(parts, true) })],
    ['as XML', (parts) => ({ text: xml(parts) })],
    ['as NXLog’s JSON', (parts) => ({ json: nxlog(parts) })],
  ])('%s', (_way, shape) => {
    let compared = 0
    for (const json of events) {
      const parts = partsOf(json)
      // Data of user-defined XML, and nameless data, are what each tool tells in its own way.
      if (parts.data.length === 0) continue
      compared++
      expect(meaningOf(shape(parts))).toEqual(meaningOf({ json }))
    }
    expect(compared).toBeGreaterThan(100)
  })
})
