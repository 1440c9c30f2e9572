import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import { ecsOf, ecsPlaces } from './ecs-fields.ts'
import type { EventShape, FieldPlace } from './event-class.ts'
import { channelOfProvider, detailField, KNOWN_DETAILS, WindowsClasses, type WindowsLayout } from './windows-classes.ts'

const winlog = (...names: string[]) => names.flatMap((name) => ecsPlaces(name))

const HEADER_7: ReadonlyMap<string, readonly FieldPlace[]> = new Map([
  ['EventID', winlog('winlog.event_id', 'event.code')],
  ['Channel', winlog('winlog.channel')],
  ['Provider_Name', winlog('winlog.provider_name', 'event.provider')],
  ['Provider_Guid', winlog('winlog.provider_guid')],
  ['Computer', winlog('winlog.computer_name', 'host.name')],
  ['EventRecordID', winlog('winlog.record_id')],
  ['Level', winlog('winlog.level', 'log.level')],
  ['Task', winlog('winlog.task')],
  ['Opcode', winlog('winlog.opcode')],
  ['Keywords', winlog('winlog.keywords')],
  ['Version', winlog('winlog.version')],
  ['Execution_ProcessID', winlog('winlog.process.pid')],
  ['Execution_ThreadID', winlog('winlog.process.thread.id')],
  ['Security_UserID', winlog('winlog.user.identifier')],
  ['Message', winlog('message')],
])

const LAYOUT_7: WindowsLayout = {
  id: 'winlogbeat',
  header: (field) => HEADER_7.get(field),
  data: (name) => [
    { keys: ['winlog', 'event_data', name] },
    { keys: ['winlog', 'user_data', name] },
    { keys: [`winlog.event_data.${name}`] },
  ],
  other: (field) => [...ecsOf(field), ...ecsPlaces(field)],
}

/**
 * Winlogbeat 7 and later, and how Kanpeki itself stores a Windows event: `winlog.*` with the original data under
 * `winlog.event_data`, ECS beside it. Ingest pipelines that move data into ECS fields are followed there.
 */
export function winlogbeat(): EventShape {
  const classes = new WindowsClasses(LAYOUT_7)
  return {
    id: LAYOUT_7.id,
    classify(doc: JsonObject) {
      const header = doc['winlog']
      if (!isJsonObject(header)) return classifyFlattened(doc, classes)
      const id = header['event_id'] ?? (isJsonObject(doc['event']) ? doc['event']['code'] : undefined)
      if (typeof id !== 'number' && typeof id !== 'string') return undefined
      const channel = typeof header['channel'] === 'string' ? header['channel'] : channelOfProvider(header['provider_name'])
      const split = detailField(channel, id)
      const data = header['event_data']
      const detail = split !== undefined && isJsonObject(data) ? data[split] : undefined
      return classes.of(channel, id, KNOWN_DETAILS.has(detail) ? String(detail) : '')
    },
  }
}

/** Exports that write each field as one dotted key. */
function classifyFlattened(doc: JsonObject, classes: WindowsClasses) {
  const id = doc['winlog.event_id']
  const channel = doc['winlog.channel']
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof channel !== 'string') return undefined
  return classes.of(channel, id, '')
}

const HEADER_6: ReadonlyMap<string, readonly FieldPlace[]> = new Map(
  Object.entries({
    EventID: ['event_id'],
    Channel: ['log_name'],
    Provider_Name: ['source_name'],
    Provider_Guid: ['provider_guid'],
    Computer: ['computer_name'],
    EventRecordID: ['record_number'],
    Level: ['level'],
    Task: ['task'],
    Opcode: ['opcode'],
    Keywords: ['keywords'],
    Version: ['version'],
    Execution_ProcessID: ['process_id'],
    Execution_ThreadID: ['thread_id'],
    Message: ['message'],
  }).map(([field, names]) => [field, names.map((name) => ({ keys: [name] }))] as const),
)

const LAYOUT_6: WindowsLayout = {
  id: 'winlogbeat-6',
  header: (field) => HEADER_6.get(field),
  data: (name) => [{ keys: ['event_data', name] }, { keys: ['user_data', name] }],
  other: () => [],
}

/** Winlogbeat 5 and 6: header at top level (`log_name`, `event_id`), data under `event_data`. */
export function winlogbeat6(): EventShape {
  const classes = new WindowsClasses(LAYOUT_6)
  return {
    id: LAYOUT_6.id,
    classify(doc: JsonObject) {
      const id = doc['event_id']
      const channel = doc['log_name']
      if ((typeof id !== 'number' && typeof id !== 'string') || typeof channel !== 'string') return undefined
      const split = detailField(channel, id)
      const data = doc['event_data']
      const detail = split !== undefined && isJsonObject(data) ? data[split] : undefined
      return classes.of(channel, id, KNOWN_DETAILS.has(detail) ? String(detail) : '')
    },
  }
}
