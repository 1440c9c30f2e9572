import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import type { EventShape } from './event-class.ts'
import type { ShapeTables } from './tables.ts'
import { WindowsClasses } from './windows-classes.ts'
import { windowsLayout } from './windows-layout.ts'

/**
 * Winlogbeat 7 and later, and how Kanpeki itself stores a Windows event: `winlog.*` with the original data under
 * `winlog.event_data`, ECS beside it. Ingest pipelines that move data into ECS fields are followed there.
 */
export function winlogbeat(tables: ShapeTables): EventShape {
  const shape = 'winlogbeat'
  const classes = new WindowsClasses(windowsLayout(shape, shape, tables), tables)
  return {
    id: shape,
    classify(doc: JsonObject) {
      const header = doc['winlog']
      if (!isJsonObject(header)) return classifyFlattened(doc, classes)
      const id = header['event_id'] ?? (isJsonObject(doc['event']) ? doc['event']['code'] : undefined)
      if (typeof id !== 'number' && typeof id !== 'string') return undefined
      const channel =
        typeof header['channel'] === 'string' ? header['channel'] : classes.channelOfProvider(header['provider_name'])
      const split = classes.detailField(channel, id)
      const data = header['event_data']
      return classes.of(channel, id, split !== undefined && isJsonObject(data) ? data[split] : undefined)
    },
  }
}

/** Exports that write each field as one dotted key. */
function classifyFlattened(doc: JsonObject, classes: WindowsClasses) {
  const id = doc['winlog.event_id']
  const channel = doc['winlog.channel']
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof channel !== 'string') return undefined
  return classes.of(channel, id)
}

/** Winlogbeat 5 and 6: header at top level (`log_name`, `event_id`), data under `event_data`. */
export function winlogbeat6(tables: ShapeTables): EventShape {
  const shape = 'winlogbeat-6'
  const classes = new WindowsClasses(windowsLayout(shape, shape, tables), tables)
  return {
    id: shape,
    classify(doc: JsonObject) {
      const id = doc['event_id']
      const channel = doc['log_name']
      if ((typeof id !== 'number' && typeof id !== 'string') || typeof channel !== 'string') return undefined
      const split = classes.detailField(channel, id)
      const data = doc['event_data']
      return classes.of(channel, id, split !== undefined && isJsonObject(data) ? data[split] : undefined)
    },
  }
}
