import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { FieldPlace } from './event-class.ts'

/** A place under a dotted ECS name, nested or as one flat key. */
export function ecsPlaces(name: string, convert?: FieldPlace['convert']): readonly FieldPlace[] {
  const extra = convert === undefined ? {} : { convert }
  const keys = name.split('.')
  return keys.length === 1
    ? [{ keys, ...extra }]
    : [
        { keys, ...extra },
        { keys: [name], ...extra },
      ]
}

function member(doc: JsonObject, ...keys: readonly string[]): JsonValue | undefined {
  let here: JsonValue | undefined = doc
  for (const key of keys) here = isJsonObject(here) ? here[key] : undefined
  return here
}

function account(value: JsonValue, doc: JsonObject): JsonValue {
  const domain = member(doc, 'user', 'domain')
  return typeof value === 'string' && typeof domain === 'string' && domain !== '' ? `${domain}\\${value}` : value
}

function initiated(value: JsonValue): JsonValue {
  return value === 'outbound' || value === 'egress' ? 'true' : value === 'inbound' || value === 'ingress' ? 'false' : value
}

/** ECS keeps each hash by itself; Sysmon and the rules write `MD5=…,SHA256=…,IMPHASH=…`. */
function hashes(value: JsonValue, doc: JsonObject): JsonValue {
  if (!isJsonObject(value)) return value
  const imphash =
    member(doc, 'process', 'pe', 'imphash') ?? member(doc, 'file', 'pe', 'imphash') ?? member(doc, 'dll', 'pe', 'imphash')
  const all = typeof imphash === 'string' ? { ...value, imphash } : value
  return Object.entries(all)
    .map(([name, hash]) => `${name.toUpperCase()}=${String(hash)}`)
    .join(',')
}

/** Sigma's field names in ECS 8, first what is most specific. */
export const ECS_OF_FIELD: ReadonlyMap<string, readonly FieldPlace[]> = new Map(
  Object.entries({
    Image: ['process.executable'],
    CommandLine: ['process.command_line'],
    CurrentDirectory: ['process.working_directory'],
    ProcessId: ['process.pid'],
    ProcessGuid: ['process.entity_id'],
    OriginalFileName: ['process.pe.original_file_name', 'dll.pe.original_file_name', 'file.pe.original_file_name'],
    Company: ['process.pe.company', 'dll.pe.company', 'file.pe.company'],
    Description: ['process.pe.description', 'dll.pe.description', 'file.pe.description'],
    Product: ['process.pe.product', 'dll.pe.product', 'file.pe.product'],
    FileVersion: ['process.pe.file_version', 'dll.pe.file_version', 'file.pe.file_version'],
    ParentImage: ['process.parent.executable'],
    ParentCommandLine: ['process.parent.command_line'],
    ParentProcessId: ['process.parent.pid'],
    ParentUser: ['process.parent.user.name'],
    ImageLoaded: ['dll.path', 'file.path'],
    TargetFilename: ['file.path'],
    FileName: ['file.path'],
    SourceFilename: ['file.origin_path'],
    PipeName: ['file.name'],
    TargetObject: ['registry.path'],
    Details: ['registry.data.strings', 'registry.data.string'],
    QueryName: ['dns.question.name'],
    QueryResults: ['dns.answers.data'],
    record_type: ['dns.question.type'],
    query: ['dns.question.name'],
    answer: ['dns.answers.data', 'dns.resolved_ip'],
    DestinationIp: ['destination.ip'],
    DestinationPort: ['destination.port'],
    DestinationHostname: ['destination.domain'],
    SourceIp: ['source.ip'],
    SourcePort: ['source.port'],
    SourceHostname: ['source.domain'],
    Protocol: ['network.transport'],
    IpAddress: ['source.ip'],
    IpPort: ['source.port'],
    TargetUserName: ['user.target.name', 'user.name'],
    SubjectUserName: ['user.name'],
    USER: ['user.effective.name', 'user.target.name'],
    Computer: ['host.name', 'host.hostname'],
    EventID: ['event.code'],
    Channel: ['winlog.channel'],
    Provider_Name: ['event.provider'],
    ScriptBlockText: ['powershell.file.script_block_text'],
    dst_ip: ['destination.ip'],
    src_ip: ['source.ip'],
    dst_port: ['destination.port'],
    src_port: ['source.port'],
    action: ['event.action'],
    'c-ip': ['source.ip', 'client.ip'],
    'c-uri': ['url.original', 'url.full', 'url.path'],
    'c-uri-query': ['url.query'],
    'c-uri-extension': ['url.extension'],
    'c-uri-stem': ['url.path'],
    'c-useragent': ['user_agent.original'],
    'cs-bytes': ['http.request.bytes', 'http.request.body.bytes'],
    'cs-cookie': ['http.request.cookies', 'http.request.headers.cookie'],
    'cs-host': ['url.domain', 'destination.domain'],
    'cs-method': ['http.request.method'],
    'cs-referer': ['http.request.referrer'],
    'cs-referrer': ['http.request.referrer'],
    'cs-uri': ['url.original', 'url.full', 'url.path'],
    'cs-uri-query': ['url.query'],
    'cs-uri-stem': ['url.path'],
    'cs-user-agent': ['user_agent.original'],
    'cs-username': ['user.name'],
    'cs-version': ['http.version'],
    'cs-content-type': ['http.request.mime_type', 'http.request.headers.content-type'],
    'r-dns': ['destination.domain', 'url.domain'],
    'sc-bytes': ['http.response.bytes', 'http.response.body.bytes'],
    'sc-status': ['http.response.status_code'],
    's-ip': ['destination.ip', 'server.ip'],
    's-port': ['destination.port', 'server.port', 'url.port'],
    method: ['http.request.method'],
    user_agent: ['user_agent.original'],
    uri: ['url.original'],
    status_code: ['http.response.status_code'],
  }).map(([field, names]) => [field, names.flatMap((name) => ecsPlaces(name))] as const),
)

const CONVERTED: ReadonlyMap<string, readonly FieldPlace[]> = new Map([
  ['User', ecsPlaces('user.name', account)],
  ['Initiated', ecsPlaces('network.direction', initiated)],
  ['Hashes', [...ecsPlaces('process.hash', hashes), ...ecsPlaces('dll.hash', hashes), ...ecsPlaces('file.hash', hashes)]],
])

/** Where ECS keeps what Sigma calls `field`, or nowhere. */
export function ecsOf(field: string): readonly FieldPlace[] {
  return ECS_OF_FIELD.get(field) ?? CONVERTED.get(field) ?? []
}
