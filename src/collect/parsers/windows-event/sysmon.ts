import { endpoint, ipOf } from '../../normalise/address.ts'
import { questionOf } from '../../normalise/domain.ts'
import { type Draft, integer, known, put, related } from '../../normalise/draft.ts'
import { baseName, fileOf } from '../../normalise/path.ts'
import { type EventClass, eventClass } from './class.ts'
import { hashesOf, peOf, processOf, signatureOf, userOfAccount } from './fields.ts'
import type { EventData } from './record.ts'
import { registryOf } from './registry.ts'

/** The process that an event is about, with its GUID as entity id. */
function actor(data: EventData): Draft {
  const process = processOf(data['Image'], data['ProcessId']) ?? {}
  put(process, 'entity_id', known(data['ProcessGuid']))
  return process
}

function finish(doc: Draft, data: EventData, process: Draft, hashes: readonly string[]): void {
  doc['process'] = process
  const user = userOfAccount(data['User'])
  put(doc, 'user', user)
  const source = doc['source'] as Draft | undefined
  const destination = doc['destination'] as Draft | undefined
  const draft: Draft = {}
  put(draft, 'user', related(user?.['name'] as string | undefined))
  if (source !== undefined || destination !== undefined) {
    put(draft, 'ip', related(source?.['ip'] as string | undefined, destination?.['ip'] as string | undefined))
  }
  if (hashes.length > 0) draft['hash'] = hashes
  for (const _member in draft) {
    doc['related'] = draft
    break
  }
  const rule = known(data['RuleName'])
  if (rule !== undefined) doc['rule'] = { name: rule }
}

function plain(doc: Draft, data: EventData): void {
  finish(doc, data, actor(data), [])
}

/** 1: hashes and version fields are those of the new process's image. */
function processCreation(doc: Draft, data: EventData): void {
  const process = actor(data)
  const { hash, imphash, all } = hashesOf(data['Hashes'])
  put(process, 'command_line', known(data['CommandLine']))
  put(process, 'working_directory', known(data['CurrentDirectory']))
  put(process, 'hash', hash)
  put(process, 'pe', peOf(data, imphash))
  const parent = processOf(data['ParentImage'], data['ParentProcessId'])
  if (parent !== undefined) {
    put(parent, 'command_line', known(data['ParentCommandLine']))
    put(parent, 'entity_id', known(data['ParentProcessGuid']))
    const name = known(data['ParentUser'])?.split('\\').at(-1)
    if (name !== undefined) parent['user'] = { name }
    process['parent'] = parent
  }
  finish(doc, data, process, all)
}

/** 3. Initiated says whether this host opened the connection. */
function connection(doc: Draft, data: EventData): void {
  put(doc, 'source', endpoint(data['SourceIp'], integer(data['SourcePort']), data['SourceHostname']))
  put(doc, 'destination', endpoint(data['DestinationIp'], integer(data['DestinationPort']), data['DestinationHostname']))
  const network: Draft = { type: (data['SourceIsIpv6'] ?? 'false') === 'true' ? 'ipv6' : 'ipv4' }
  put(network, 'transport', known(data['Protocol'])?.toLowerCase())
  const initiated = data['Initiated']
  if (initiated !== undefined) network['direction'] = initiated === 'true' ? 'egress' : 'ingress'
  doc['network'] = network
  finish(doc, data, actor(data), [])
}

/** 6: a driver has no process of its own that loads it. */
function driver(doc: Draft, data: EventData): void {
  fileEvent(doc, data, data['ImageLoaded'])
  const file = doc['file'] as Draft | undefined
  if (file !== undefined) put(file, 'code_signature', signatureOf(data))
}

function image(doc: Draft, data: EventData): void {
  const path = data['ImageLoaded']
  if (path === undefined) {
    plain(doc, data)
    return
  }
  const { hash, imphash, all } = hashesOf(data['Hashes'])
  const dll: Draft = { path, name: baseName(path) }
  put(dll, 'hash', hash)
  put(dll, 'pe', peOf(data, imphash))
  put(dll, 'code_signature', signatureOf(data))
  doc['dll'] = dll
  finish(doc, data, actor(data), all)
}

/** 8 and 10: the source is the process; the target stands in `winlog.event_data`, as with Winlogbeat. */
function betweenProcesses(doc: Draft, data: EventData): void {
  const process = processOf(data['SourceImage'], data['SourceProcessId']) ?? {}
  put(process, 'entity_id', known(data['SourceProcessGUID'] ?? data['SourceProcessGuid']))
  const thread = integer(data['SourceThreadId'])
  if (thread !== undefined) process['thread'] = { id: thread }
  doc['process'] = process
  const user = userOfAccount(data['SourceUser'])
  put(doc, 'user', user)
  const names = related(user?.['name'] as string | undefined, userOfAccount(data['TargetUser'])?.['name'] as string | undefined)
  if (names !== undefined) doc['related'] = { user: names }
  const rule = known(data['RuleName'])
  if (rule !== undefined) doc['rule'] = { name: rule }
}

function fileEvent(doc: Draft, data: EventData, path: string | undefined): void {
  const { hash, imphash, all } = hashesOf(data['Hashes'] ?? data['Hash'])
  if (path !== undefined && path !== '') {
    const file = fileOf(path)
    put(file, 'hash', hash)
    put(file, 'pe', imphash === undefined ? undefined : { imphash })
    doc['file'] = file
  }
  finish(doc, data, actor(data), all)
}

function targetFile(doc: Draft, data: EventData): void {
  fileEvent(doc, data, data['TargetFilename'])
}

function rawRead(doc: Draft, data: EventData): void {
  fileEvent(doc, data, data['Device'])
}

function registry(doc: Draft, data: EventData, record: { readonly message: string | undefined }): void {
  restoreEventType(data, record.message)
  put(doc, 'registry', registryOf(data['TargetObject'], data['Details']))
  finish(doc, data, actor(data), [])
}

/** Pipes are files by ECS. */
function pipe(doc: Draft, data: EventData, record: { readonly message: string | undefined }): void {
  restoreEventType(data, record.message)
  const name = data['PipeName']
  if (name !== undefined && name !== '') doc['file'] = { name }
  finish(doc, data, actor(data), [])
}

/**
 * NXLog's own field EventType hides Sysmon's in some converters' output, where only the message still tells it
 * (`EventType: SetValue`); registry rules ask for it.
 */
function restoreEventType(data: EventData, message: string | undefined): void {
  if (data['EventType'] !== undefined || message === undefined) return
  const at = message.indexOf('\nEventType: ')
  if (at < 0 || at > 400) return
  let end = at + 12
  while (end < message.length && message.charCodeAt(end) > 32) end++
  if (end > at + 12) data['EventType'] = message.slice(at + 12, end)
}

/** 22. QueryResults: `type:  5 name;::ffff:10.0.0.1;` – record types by number, addresses bare. */
function dnsQuery(doc: Draft, data: EventData): void {
  const name = known(data['QueryName'])
  const dns: Draft = { type: 'answer' }
  if (name !== undefined) dns['question'] = questionOf(name)
  const answers: Draft[] = []
  const ips: string[] = []
  for (const part of (known(data['QueryResults']) ?? '').split(';', 64)) {
    const item = part.trim()
    if (item === '') continue
    const ip = ipOf(item)
    if (ip !== undefined) {
      ips.push(ip)
      answers.push({ type: ip.includes(':') ? 'AAAA' : 'A', data: ip })
    } else if (item.startsWith('type:')) {
      const fields = item.slice(5).trim()
      const space = fields.indexOf(' ')
      const number = space < 0 ? fields : fields.slice(0, space)
      answers.push({ type: RECORD_TYPES.get(number) ?? number, data: space < 0 ? '' : fields.slice(space).trim() })
    }
  }
  if (answers.length > 0) dns['answers'] = answers
  if (ips.length > 0) dns['resolved_ip'] = ips
  put(dns, 'response_code', responseCode(data['QueryStatus']))
  doc['dns'] = dns
  doc['network'] = { protocol: 'dns' }
  finish(doc, data, actor(data), [])
  const relation = (doc['related'] ?? {}) as Draft
  put(relation, 'ip', related(...ips))
  put(relation, 'hosts', related(name))
  doc['related'] = relation
}

/** DNS parameters (IANA): the types that Windows' resolver reports. */
const RECORD_TYPES: ReadonlyMap<string, string> = new Map([
  ['1', 'A'],
  ['2', 'NS'],
  ['5', 'CNAME'],
  ['6', 'SOA'],
  ['12', 'PTR'],
  ['15', 'MX'],
  ['16', 'TXT'],
  ['28', 'AAAA'],
  ['33', 'SRV'],
  ['65', 'HTTPS'],
])

/** Windows' DNS error codes (winerror.h, 9001…) as the names of RFC 1035 and 2136. */
const RESPONSE_CODES: ReadonlyMap<string, string> = new Map([
  ['0', 'NOERROR'],
  ['9001', 'FORMERR'],
  ['9002', 'SERVFAIL'],
  ['9003', 'NXDOMAIN'],
  ['9004', 'NOTIMP'],
  ['9005', 'REFUSED'],
  ['9501', 'NOERROR'],
])

function responseCode(status: string | undefined): string | undefined {
  return status === undefined ? undefined : (RESPONSE_CODES.get(status) ?? known(status))
}

/** 255: Sysmon's own errors. */
function sysmonError(doc: Draft, data: EventData): void {
  const error: Draft = {}
  put(error, 'code', known(data['ID']))
  put(error, 'message', known(data['Description']))
  doc['error'] = error
}

/** Sysmon event ids with Winlogbeat's actions, categories and types. */
export const sysmonClasses: ReadonlyMap<number, EventClass> = new Map([
  [1, eventClass('Process creation', 'process:start', processCreation)],
  [2, eventClass('A process changed a file creation time', 'file:change', targetFile)],
  [3, eventClass('Network connection', 'network:start,connection,protocol', connection)],
  [4, eventClass('Sysmon service state changed', 'process:change', plain)],
  [5, eventClass('Process terminated', 'process:end', plain)],
  [6, eventClass('Driver loaded', 'driver:start', driver)],
  [7, eventClass('Image loaded', 'process:change', image)],
  [8, eventClass('CreateRemoteThread', 'process:change', betweenProcesses)],
  [9, eventClass('RawAccessRead', 'process:access', rawRead)],
  [10, eventClass('ProcessAccess', 'process:access', betweenProcesses)],
  [11, eventClass('FileCreate', 'file:creation', targetFile)],
  [12, eventClass('RegistryEvent (Object create and delete)', 'configuration,registry:change', registry)],
  [13, eventClass('RegistryEvent (Value Set)', 'configuration,registry:change', registry)],
  [14, eventClass('RegistryEvent (Key and Value Rename)', 'configuration,registry:change', registry)],
  [15, eventClass('FileCreateStreamHash', 'file:access', targetFile)],
  [16, eventClass('ServiceConfigurationChange', 'configuration:change', plain)],
  [17, eventClass('PipeEvent (Pipe Created)', 'file:creation', pipe)],
  [18, eventClass('PipeEvent (Pipe Connected)', 'file:access', pipe)],
  [19, eventClass('WmiEvent (WmiEventFilter activity detected)', 'process:info', plain)],
  [20, eventClass('WmiEvent (WmiEventConsumer activity detected)', 'process:change', plain)],
  [21, eventClass('WmiEvent (WmiEventConsumerToFilter activity detected)', 'process:access', plain)],
  [22, eventClass('DNSEvent (DNS query)', 'network:connection,protocol,info', dnsQuery)],
  [23, eventClass('FileDelete (File Delete archived)', 'file:deletion', targetFile)],
  [24, eventClass('ClipboardChange (New content in the clipboard)', ':change', plain)],
  [25, eventClass('ProcessTampering (Process image change)', 'process:change', plain)],
  [26, eventClass('FileDeleteDetected (File Delete logged)', 'file:deletion', targetFile)],
  [27, eventClass('FileBlockExecutable', 'file:creation', targetFile, 'failure')],
  [28, eventClass('FileBlockShredding', 'file:deletion', targetFile, 'failure')],
  [29, eventClass('FileExecutableDetected', 'file:creation', targetFile)],
  [255, eventClass('Error', 'process:error', sysmonError, 'failure')],
])
