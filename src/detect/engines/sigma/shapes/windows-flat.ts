import type { JsonObject } from '../../../../kernel/json.ts'
import type { EventShape } from './event-class.ts'
import type { ShapeTables } from './tables.ts'
import { WindowsClasses } from './windows-classes.ts'
import { windowsLayout } from './windows-layout.ts'

/** Header and data at top level with their Windows names (`Channel`, `EventID`, `SourceName`): nxlog, Azure's SecurityEvent. */
export function windowsFlat(tables: ShapeTables): EventShape {
  const id = 'windows-flat'
  const classes = new WindowsClasses(windowsLayout(id, 'flat', tables), tables)
  return {
    id,
    decidedBy: ['EventID', 'Channel', 'SourceName', 'Provider_Name', ...classes.detailFields].map((name) => [name]),
    classify(doc: JsonObject) {
      const event = doc['EventID']
      if (typeof event !== 'number' && typeof event !== 'string') return undefined
      let channel = doc['Channel']
      if (typeof channel !== 'string') {
        channel = classes.channelOfProvider(doc['SourceName'] ?? doc['Provider_Name'])
        if (channel === '' && doc['SourceName'] === undefined && doc['Provider_Name'] === undefined) return undefined
      }
      const split = classes.detailField(channel, event)
      return classes.of(channel, event, split === undefined ? undefined : doc[split])
    },
  }
}
