import type { JsonObject } from '../../../../kernel/json.ts'
import type { EventShape, FieldPlace } from './event-class.ts'
import { channelOfProvider, detailField, KNOWN_DETAILS, WindowsClasses, type WindowsLayout } from './windows-classes.ts'

const at = (...names: string[]): readonly FieldPlace[] => names.map((name) => ({ keys: [name] }))

const HEADER: ReadonlyMap<string, readonly FieldPlace[]> = new Map([
  ['Provider_Name', at('Provider_Name', 'SourceName', 'EventSourceName')],
  ['Provider_Guid', at('Provider_Guid', 'ProviderGuid')],
  ['Computer', at('Computer', 'Hostname', 'ComputerName')],
  ['EventRecordID', at('EventRecordID', 'RecordNumber')],
  ['Execution_ProcessID', at('Execution_ProcessID', 'ExecutionProcessID')],
])

const LAYOUT: WindowsLayout = {
  id: 'windows-flat',
  header: (field) => HEADER.get(field),
  data: (name) => at(name),
  other: () => [],
}

/** Header and data at top level with their Windows names (`Channel`, `EventID`, `SourceName`): nxlog, Azure's SecurityEvent. */
export function windowsFlat(): EventShape {
  const classes = new WindowsClasses(LAYOUT)
  return {
    id: LAYOUT.id,
    classify(doc: JsonObject) {
      const id = doc['EventID']
      if (typeof id !== 'number' && typeof id !== 'string') return undefined
      let channel = doc['Channel']
      if (typeof channel !== 'string') {
        channel = channelOfProvider(doc['SourceName'] ?? doc['Provider_Name'])
        if (channel === '' && doc['SourceName'] === undefined && doc['Provider_Name'] === undefined) return undefined
      }
      const split = (id === 12 || id === 4657 || typeof id === 'string') && detailField(channel, id)
      const detail = split ? doc[split] : undefined
      return classes.of(channel, id, KNOWN_DETAILS.has(detail) ? String(detail) : '')
    },
  }
}
