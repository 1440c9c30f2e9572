import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, known, put } from '../../normalise/draft.ts'
import { baseName, fileOf } from '../../normalise/path.ts'
import { processOf, userOf } from './fields.ts'
import { enrichPlain, relate, subjectOf, targetOf } from './plain.ts'
import type { EventData } from './record.ts'
import { registryOf } from './registry.ts'
import { groupOf } from './security-account.ts'

/** 4688: the user is who started it; where a token of another was used, that one is effective. */
export function processStart(doc: Draft, data: EventData): void {
  const process = processOf(data['NewProcessName'], data['NewProcessId']) ?? {}
  put(process, 'command_line', known(data['CommandLine'] ?? data['ProcessCommandLine']))
  put(process, 'parent', processOf(data['ParentProcessName'], data['ProcessId']))
  doc['process'] = process
  const user = subjectOf(data)
  const target = targetOf(data)
  if (user !== undefined && target !== undefined) user['effective'] = target
  put(doc, 'user', user ?? target)
  relate(doc, data['SubjectUserName'], data['TargetUserName'])
}

/** 4689: Status is the exit code. */
export function processEnd(doc: Draft, data: EventData): void {
  enrichPlain(doc, data)
  const process = doc['process'] as Draft | undefined
  if (process !== undefined) put(process, 'exit_code', integer(data['Status']))
}

const FILE = ['file']
const REGISTRY = ['registry']
const PROCESS = ['process']

/** 4656–4663, 4670, 4690: what the object is decides the category. */
export function object(doc: Draft, data: EventData): void {
  enrichPlain(doc, data)
  const name = known(data['ObjectName'])
  const event = doc['event'] as Draft
  switch (data['ObjectType']) {
    case 'File':
      event['category'] = FILE
      if (name !== undefined) doc['file'] = fileOf(name)
      break
    case 'Key':
      event['category'] = REGISTRY
      put(doc, 'registry', registryOf(name, undefined))
      break
    case 'Process':
      event['category'] = PROCESS
      break
  }
}

/** 4657: a registry value, with what it held. */
export function registryValue(doc: Draft, data: EventData): void {
  enrichPlain(doc, data)
  const key = known(data['ObjectName'])
  const value = known(data['ObjectValueName'])
  put(doc, 'registry', registryOf(value === undefined || key === undefined ? key : `${key}\\${value}`, data['NewValue']))
}

/** 4697: ServiceFileName is a command line. */
export function service(doc: Draft, data: EventData): void {
  put(doc, 'user', subjectOf(data))
  const name = known(data['ServiceName'])
  if (name !== undefined) doc['service'] = { name }
  const command = known(data['ServiceFileName'])
  if (command !== undefined) doc['process'] = { command_line: command }
  relate(doc, data['SubjectUserName'])
}

/** 4698–4702: the task's definition is XML; its first command is what it runs. */
export function task(doc: Draft, data: EventData): void {
  enrichPlain(doc, data)
  const content = data['TaskContent'] ?? data['TaskContentNew']
  const command = element(content, 'Command')
  if (command === undefined) return
  const options = element(content, 'Arguments')
  doc['process'] = { command_line: options === undefined ? command : `${command} ${options}` }
}

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' }

function element(xml: string | undefined, name: string): string | undefined {
  if (xml === undefined) return undefined
  const open = xml.indexOf(`<${name}>`)
  const close = open < 0 ? -1 : xml.indexOf(`</${name}>`, open)
  if (close < 0) return undefined
  return known(xml.slice(open + name.length + 2, close).replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity]!))
}

/** 5140, 5145: a share, seen from the server: the source is the client. */
export function share(doc: Draft, data: EventData): void {
  put(doc, 'user', subjectOf(data))
  put(doc, 'source', endpoint(data['IpAddress'], integer(data['IpPort'])))
  const relative = known(data['RelativeTargetName'])
  const name = known(data['ShareName'])
  const local = known(data['ShareLocalPath'])?.replace(/^\\\?\?\\/, '')
  const file: Draft = {}
  if (local !== undefined) file['path'] = relative === undefined ? local : `${local.replace(/\\$/, '')}\\${relative}`
  if (relative !== undefined && relative !== '\\') file['name'] = baseName(relative)
  if (name !== undefined) file['target_path'] = relative === undefined ? name : `${name}\\${relative}`
  for (const _member in file) {
    doc['file'] = file
    break
  }
  relate(doc, data['SubjectUserName'])
}

const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['58', 'ipv6-icmp'],
])

/** 5152–5159, the filtering platform. For an inbound connection Windows still writes the local side as source. */
export function firewall(doc: Draft, data: EventData): void {
  const application = known(data['Application'])
  const process = processOf(application, data['ProcessId'] ?? data['ProcessID'])
  put(doc, 'process', process)
  const inbound = data['Direction'] === '%%14592'
  const local = endpoint(data['SourceAddress'], integer(data['SourcePort']))
  const remote = endpoint(data['DestAddress'], integer(data['DestPort']))
  put(doc, 'source', inbound ? remote : local)
  put(doc, 'destination', inbound ? local : remote)
  const network: Draft = {}
  const protocol = known(data['Protocol'])
  put(network, 'iana_number', protocol)
  put(network, 'transport', protocol === undefined ? undefined : PROTOCOLS.get(protocol))
  if (inbound) network['direction'] = 'ingress'
  else if (data['Direction'] === '%%14593') network['direction'] = 'egress'
  for (const _member in network) {
    doc['network'] = network
    break
  }
  relate(doc)
}

/** 4798, 4799: who looked through groups or a user's memberships, with what. */
export function enumeration(doc: Draft, data: EventData): void {
  const user = subjectOf(data) ?? {}
  put(doc, 'process', processOf(data['CallerProcessName'], data['CallerProcessId']))
  doc['user'] = user
  doc['group'] = groupOf(data)
  relate(doc, data['SubjectUserName'])
}

/** 4798: here the target is a user. */
export function membership(doc: Draft, data: EventData): void {
  const user = subjectOf(data) ?? {}
  put(user, 'target', userOf(data['TargetUserName'], data['TargetDomainName'], data['TargetSid']))
  put(doc, 'process', processOf(data['CallerProcessName'], data['CallerProcessId']))
  doc['user'] = user
  relate(doc, data['SubjectUserName'], data['TargetUserName'])
}
