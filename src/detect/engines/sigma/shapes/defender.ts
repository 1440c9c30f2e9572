import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import type { EventClass, EventShape, FieldPlace } from './event-class.ts'
import { plainClass } from './plain-class.ts'

const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  ProcessCreated: ['process_creation'],
  ProcessCreatedUsingWmiQuery: ['process_creation'],
  ImageLoaded: ['image_load'],
  DriverLoad: ['driver_load'],
  FileCreated: ['file_event'],
  FileModified: ['file_event', 'file_change'],
  FileRenamed: ['file_rename', 'file_event'],
  FileDeleted: ['file_delete'],
  RegistryValueSet: ['registry_set', 'registry_event'],
  RegistryKeyCreated: ['registry_add', 'registry_event'],
  RegistryKeyDeleted: ['registry_delete', 'registry_event'],
  RegistryValueDeleted: ['registry_delete', 'registry_event'],
  ConnectionSuccess: ['network_connection'],
  ConnectionFailed: ['network_connection'],
  ConnectionRequest: ['network_connection'],
  DnsQueryResponse: ['dns_query'],
  CreateRemoteThreadApiCall: ['create_remote_thread'],
  NamedPipeEvent: ['pipe_created'],
  PowerShellCommand: ['ps_script'],
}

const at = (name: string, convert?: FieldPlace['convert']): readonly FieldPlace[] => [
  { keys: [name], ...(convert === undefined ? {} : { convert }) },
]

/** The folder path holds the file's name too, except where it was cut. */
function withFileName(nameField: string) {
  return (value: JsonValue, doc: JsonObject): JsonValue => {
    const name = doc[nameField]
    if (typeof value !== 'string' || typeof name !== 'string' || name === '') return value
    return value.toLowerCase().endsWith(name.toLowerCase()) ? value : `${value}\\${name}`
  }
}

function registryValue(value: JsonValue, doc: JsonObject): JsonValue {
  const name = doc['RegistryValueName']
  const short = typeof value === 'string' ? value.replace(/^HKEY_LOCAL_MACHINE/i, 'HKLM').replace(/^HKEY_USERS/i, 'HKU') : value
  return typeof name === 'string' && name !== '' ? `${String(short)}\\${name}` : short
}

const target = at('FolderPath', withFileName('FileName'))
const actor = at('InitiatingProcessFolderPath', withFileName('InitiatingProcessFileName'))

const COMMON: readonly (readonly [string, readonly FieldPlace[]])[] = [
  ['Computer', at('DeviceName')],
  ['TargetFilename', target],
  ['ImageLoaded', target],
  ['TargetObject', at('RegistryKey', registryValue)],
  ['Details', at('RegistryValueData')],
  ['DestinationIp', at('RemoteIP')],
  ['DestinationPort', at('RemotePort')],
  ['DestinationHostname', at('RemoteUrl')],
  ['SourceIp', at('LocalIP')],
  ['SourcePort', at('LocalPort')],
  ['QueryName', at('RemoteUrl')],
  ['OriginalFileName', at('ProcessVersionInfoOriginalFileName')],
  ['Company', at('ProcessVersionInfoCompanyName')],
  ['Description', at('ProcessVersionInfoFileDescription')],
  ['Product', at('ProcessVersionInfoProductName')],
  ['IntegrityLevel', at('ProcessIntegrityLevel')],
]

/** The process is the subject where it was created, and the actor everywhere else. */
const CREATED = new Map<string, readonly FieldPlace[]>([
  ...COMMON,
  ['Image', target],
  ['CommandLine', at('ProcessCommandLine')],
  ['ProcessId', at('ProcessId')],
  ['User', at('AccountName')],
  ['ParentImage', actor],
  ['ParentCommandLine', at('InitiatingProcessCommandLine')],
  ['ParentProcessId', at('InitiatingProcessId')],
])

const ACTED = new Map<string, readonly FieldPlace[]>([
  ...COMMON,
  ['Image', actor],
  ['SourceImage', actor],
  ['CommandLine', at('InitiatingProcessCommandLine')],
  ['ProcessId', at('InitiatingProcessId')],
  ['User', at('InitiatingProcessAccountName')],
  ['ParentImage', at('InitiatingProcessParentFileName')],
])

/** Microsoft 365 Defender's advanced hunting tables. */
export function defender(): EventShape {
  const classes = new Map<string, EventClass>()
  const other = plainClass('defender', { product: 'windows', aliases: ACTED })
  for (const [action, categories] of Object.entries(CATEGORIES)) {
    const aliases = categories.includes('process_creation') ? CREATED : ACTED
    classes.set(action, plainClass(`defender/${action}`, { product: 'windows', categories, aliases }))
  }
  return {
    id: 'defender',
    classify(doc) {
      const action = doc['ActionType']
      if (typeof action !== 'string' || doc['DeviceId'] === undefined) return undefined
      return classes.get(action) ?? other
    },
  }
}
