import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import type { EventShape } from './event-class.ts'
import type { ShapeTables } from './tables.ts'
import { WindowsClasses } from './windows-classes.ts'
import { elementText, windowsLayout } from './windows-layout.ts'

/** `Event.System` and `Event.EventData`, as evtx dumpers print them. */
export function windowsNested(tables: ShapeTables): EventShape {
  const shape = 'windows-nested'
  const classes = new WindowsClasses(windowsLayout(shape, 'nested', tables), tables)
  return {
    id: shape,
    classify(doc: JsonObject) {
      const event = doc['Event']
      if (!isJsonObject(event)) return undefined
      const header = event['System']
      if (!isJsonObject(header)) return undefined
      const id = elementText(header['EventID'] ?? null)
      if (typeof id !== 'number' && typeof id !== 'string') return undefined
      const named = elementText(header['Channel'] ?? null)
      const provider = isJsonObject(header['Provider']) ? header['Provider'] : {}
      const attributes = isJsonObject(provider['#attributes']) ? provider['#attributes'] : provider
      const channel = typeof named === 'string' ? named : classes.channelOfProvider(attributes['Name'] ?? provider['@Name'])
      const split = classes.detailField(channel, id)
      const data = event['EventData']
      return classes.of(channel, id, split !== undefined && isJsonObject(data) ? data[split] : undefined)
    },
  }
}
