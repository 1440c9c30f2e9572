import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { load } from 'js-yaml'
import { afterEach, describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { sharedData } from '../../../../kernel/testing/shared-data.ts'
import { loadRuleFiles } from '../load/read-files.ts'
import { readPlace } from '../match/read-field.ts'
import type { LogSource } from '../rule.ts'
import { classifier } from '../shapes/registry.ts'
import type { Pipelines } from './pipelines.ts'
import { ownPipelines, readPipelines } from './read.ts'
import { pipelineJsonSchema } from './schema.ts'

/** File of content/pipelines → an event of that product and shipper, its source, and what rules read in it (`field@category`). */
const SAMPLES: readonly (readonly [
  file: string,
  doc: JsonObject,
  source: string,
  fields: Readonly<Record<string, JsonValue>>,
])[] = [
  ['auditd', { type: 'EXECVE', a0: 'insmod', data: {} }, 'linux - auditd', { a0: 'insmod', type: 'EXECVE' }],
  ['applications', { event: { module: 'spring', kind: 'event' }, message: 'x' }, 'spring application -', { message: 'x' }],
  [
    'bitbucket-audit',
    { auditType: { category: 'Security', action: 'x' } },
    'bitbucket - audit',
    { 'auditType.category': 'Security' },
  ],
  [
    'bitbucket-audit-ecs',
    { event: { dataset: 'atlassian_bitbucket.audit', action: 'x' }, bitbucket: { audit: { type: { category: 'Security' } } } },
    'bitbucket - audit',
    { 'auditType.category': 'Security', 'auditType.action': 'x' },
  ],
  ['cisco-duo', { event_type: 'authentication', reason: 'bypass_user', txid: 't' }, 'cisco - duo', { reason: 'bypass_user' }],
  [
    'cisco-duo-ecs',
    { event: { dataset: 'cisco_duo.auth', reason: 'bypass_user' }, cisco_duo: { auth: { event_type: 'authentication' } } },
    'cisco - duo',
    { reason: 'bypass_user', event_type: 'authentication' },
  ],
  ['fortigate', { logid: '0100044547', devname: 'fw', type: 'event', action: 'Add' }, 'fortigate - event', { action: 'Add' }],
  [
    'fortigate-ecs',
    { event: { dataset: 'fortinet_fortigate.log', action: 'Add' }, fortinet: { firewall: { cfgpath: 'user.local' } } },
    'fortigate - event',
    { action: 'Add', cfgpath: 'user.local' },
  ],
  [
    'google-workspace',
    { kind: 'admin#reports#activity', id: { applicationName: 'admin' }, events: [{ name: 'REMOVE_APPLICATION' }] },
    'gcp - google_workspace.admin,google_workspace.login',
    { eventService: 'admin.googleapis.com', eventName: ['REMOVE_APPLICATION'] },
  ],
  [
    'google-workspace-ecs',
    { event: { dataset: 'google_workspace.login', action: 'x', provider: 'login' } },
    'gcp - google_workspace.login',
    { eventService: 'login.googleapis.com', eventName: 'x' },
  ],
  ['onelogin', { event_type_id: 3, account_id: 1 }, 'onelogin - onelogin.events', { event_type_id: 3 }],
  [
    'rpc-firewall',
    { Channel: 'RPCFW', EventID: 3, InterfaceUuid: 'u' },
    'rpc_firewall application -',
    { EventLog: 'RPCFW', InterfaceUuid: 'u' },
  ],
  [
    'auditd-ecs',
    {
      event: { module: 'auditd', kind: 'event' },
      auditd: { types: ['SYSCALL', 'EXECVE'], keys: ['k'], execve: { a0: 'insmod' }, data: { a0: '0x7f', exe: '/bin/kmod' } },
    },
    'linux - auditd',
    { type: ['SYSCALL', 'EXECVE'], a0: 'insmod', exe: '/bin/kmod', key: ['k'] },
  ],
  [
    'aws-cloudtrail',
    { eventSource: 'iam.amazonaws.com', eventName: 'CreateUser', awsRegion: 'x' },
    'aws - cloudtrail',
    { eventName: 'CreateUser' },
  ],
  [
    'aws-cloudtrail-ecs',
    {
      event: { dataset: 'aws.cloudtrail', action: 'CreateUser', provider: 'iam.amazonaws.com' },
      aws: { cloudtrail: { error_code: 'x' } },
    },
    'aws - cloudtrail',
    { eventName: 'CreateUser', eventSource: 'iam.amazonaws.com', errorCode: 'x' },
  ],
  [
    'azure',
    { operationName: 'Add user', category: 'AuditLogs', resultType: 0 },
    'azure - auditlogs',
    { OperationName: 'Add user', ResultType: 0 },
  ],
  [
    'azure-ecs',
    { event: { dataset: 'azure.signinlogs' }, azure: { signinlogs: { ResultType: '50053', properties: { x: 1 } } } },
    'azure - signinlogs',
    { resultType: '50053', 'properties.x': 1 },
  ],
  [
    'cisco-ecs',
    { event: { dataset: 'cisco.ios', module: 'cisco' }, message: 'x' },
    'cisco - aaa,bgp,ldp,syslog',
    { message: 'x' },
  ],
  [
    'ecs',
    {
      event: { category: ['process'], type: ['start'] },
      host: { os: { type: 'windows' } },
      user: { name: 'ann', domain: 'D' },
      process: { executable: 'C:\\x.exe', hash: { md5: '1' }, pe: { imphash: '2' } },
      network: { direction: 'egress' },
    },
    'windows process_creation -',
    { Image: 'C:\\x.exe', User: 'D\\ann', Hashes: 'MD5=1,IMPHASH=2', Initiated: 'true' },
  ],
  [
    'gcp-audit',
    { protoPayload: { methodName: 'm' }, logName: 'l' },
    'gcp - gcp.audit,google_workspace.admin,google_workspace.login',
    { 'gcp.audit.method_name': 'm', 'data.protoPayload.logName': 'l' },
  ],
  [
    'gcp-audit-ecs',
    { event: { dataset: 'gcp.audit', action: 'm' }, gcp: { audit: { logName: 'l' } } },
    'gcp - gcp.audit,google_workspace.admin,google_workspace.login',
    { 'gcp.audit.method_name': 'm', 'data.protoPayload.logName': 'l' },
  ],
  ['github-audit', { action: 'org.remove', org: 'o', actor: 'a' }, 'github - audit', { action: 'org.remove' }],
  ['github-audit-ecs', { event: { dataset: 'github.audit', action: 'org.remove' } }, 'github - audit', { action: 'org.remove' }],
  [
    'kubernetes-audit',
    { kind: 'Event', apiVersion: 'audit.k8s.io/v1', verb: 'get' },
    'kubernetes application audit',
    { verb: 'get' },
  ],
  [
    'kubernetes-audit-ecs',
    { event: { dataset: 'kubernetes.audit' }, kubernetes: { audit: { verb: 'get' } } },
    'kubernetes application audit',
    { verb: 'get' },
  ],
  [
    'kubernetes-objects-ecs',
    { event: { dataset: 'kubernetes.object', action: 'kubernetes-object-created' } },
    'kubernetes - object',
    { 'event.action': 'kubernetes-object-created' },
  ],
  [
    'm365-audit',
    { Operation: 'New-InboxRule', Workload: 'Exchange' },
    'm365 - audit,exchange,threat_management,threat_detection',
    { Operation: 'New-InboxRule' },
  ],
  [
    'm365-audit-ecs',
    { event: { dataset: 'o365.audit', action: 'New-InboxRule', provider: 'Exchange' } },
    'm365 - audit',
    { Operation: 'New-InboxRule', Workload: 'Exchange' },
  ],
  [
    'microsoft-defender-xdr',
    {
      ActionType: 'ProcessCreated',
      DeviceId: 'd',
      FolderPath: 'C:\\w',
      FileName: 'x.exe',
      InitiatingProcessFolderPath: 'C:\\p.exe',
      InitiatingProcessFileName: 'P.exe',
    },
    'windows process_creation -',
    { Image: 'C:\\w\\x.exe', ParentImage: 'C:\\p.exe' },
  ],
  ['okta', { eventType: 'user.lock', actor: {}, published: 't' }, 'okta - okta', { eventType: 'user.lock' }],
  [
    'okta-ecs',
    { event: { dataset: 'okta.system', module: 'okta', action: 'user.lock' } },
    'okta - okta',
    { eventType: 'user.lock' },
  ],
  ['opencanary', { logtype: 4002, node_id: 'n' }, 'opencanary application -', { logtype: 4002 }],
  ['syslog', { event: { kind: 'event' }, log: { syslog: { appname: 'sshd-session' } } }, 'linux - sshd,syslog,auth', {}],
  [
    'sysmon',
    { Channel: 'Linux-Sysmon/Operational', EventID: 11, TargetFilename: '/x' },
    'linux file_event sysmon',
    { TargetFilename: '/x' },
  ],
  [
    'windows-channels',
    { Channel: 'Microsoft-Windows-TaskScheduler/Operational', EventID: 140 },
    'windows - taskscheduler',
    { EventID: 140 },
  ],
  [
    'windows-defender-antivirus',
    { Channel: 'Microsoft-Windows-Windows Defender/Operational', EventID: 1116, 'Threat Name': 'EICAR', Path: 'p' },
    'windows antivirus windefend',
    { 'Signature@antivirus': 'EICAR', 'Filename@antivirus': 'p' },
  ],
  [
    'windows-evtx',
    {
      Event: {
        System: { EventID: { '#text': 7045 }, Channel: 'System', Provider: { '#attributes': { Name: 'SCM' } } },
        EventData: { ServiceName: 's' },
      },
    },
    'windows - system',
    { EventID: 7045, Provider_Name: 'SCM', ServiceName: 's' },
  ],
  [
    'windows-flat',
    { Channel: 'System', EventID: 7045, SourceName: 'SCM', Hostname: 'h' },
    'windows - system',
    { Provider_Name: 'SCM', Computer: 'h' },
  ],
  [
    'windows-security',
    {
      Channel: 'Security',
      EventID: 4657,
      ObjectName: '\\REGISTRY\\MACHINE\\SOFTWARE\\Run',
      ObjectValueName: 'x',
      NewValue: 'calc',
      OperationType: '%%1905',
    },
    'windows registry_event,registry_set,registry_add security',
    {
      'TargetObject@registry_set': 'HKLM\\SOFTWARE\\Run\\x',
      'Details@registry_set': 'calc',
      ObjectName: '\\REGISTRY\\MACHINE\\SOFTWARE\\Run',
    },
  ],
  [
    'winlogbeat',
    { winlog: { channel: 'Security', event_id: '4624', event_data: { LogonType: '3' }, computer_name: 'c' } },
    'windows - security',
    { LogonType: '3', Computer: 'c', EventID: '4624' },
  ],
  [
    'winlogbeat-6',
    { log_name: 'Security', event_id: 4624, event_data: { LogonType: '3' }, computer_name: 'c' },
    'windows - security',
    { LogonType: '3', Computer: 'c', EventID: 4624 },
  ],
  [
    'zeek',
    { uid: 'u', 'id.orig_h': '10.0.0.1', qtype_name: 'A', query: 'x' },
    'zeek dns dns',
    { src_ip: '10.0.0.1', record_type: 'A', query: 'x' },
  ],
  [
    'zeek-ecs',
    { event: { dataset: 'zeek.kerberos', module: 'zeek' }, zeek: { kerberos: { cipher: 'rc4-hmac' } } },
    'zeek - kerberos',
    { cipher: 'rc4-hmac' },
  ],
]

function sourceOf(doc: JsonObject, pipelines?: Pipelines): string {
  const { product, categories, services } = classifier(undefined, pipelines)(doc)
  return [product ?? '*', categories.join(','), services.join(',')].map((each) => each || '-').join(' ')
}

function read(doc: JsonObject, name: string, pipelines?: Pipelines): JsonValue | undefined {
  const [field = '', category] = name.split('@')
  for (const place of classifier(undefined, pipelines)(doc).places(field, category)) {
    const value = readPlace(doc, place)
    if (value !== undefined) return value
  }
  return undefined
}

describe('the pipelines that ship', () => {
  it.each(SAMPLES)('%s', (_file, doc, source, fields) => {
    expect(sourceOf(doc)).toBe(source)
    for (const [field, value] of Object.entries(fields)) expect([field, read(doc, field)]).toEqual([field, value])
  })

  it('have an event each', () => {
    const files = readdirSync(fileURLToPath(new URL('../../../../../content/pipelines', import.meta.url)))
    expect(SAMPLES.map(([file]) => `${file}.yml`).sort()).toEqual(files.filter((name) => name.endsWith('.yml')).sort())
  })
})

describe('the published schema', () => {
  it('is the one the code has (write pipelineJsonSchema() there anew), and what ships fits it', () => {
    const schema = pipelineJsonSchema()
    const published = readFileSync(new URL('../../../../../docs/schemas/pipeline.json', import.meta.url), 'utf8')
    expect(JSON.parse(published)).toEqual(schema)
    const validate = new Ajv2020({ strict: false }).compile(schema)
    const folder = new URL('../../../../../content/pipelines/', import.meta.url)
    for (const name of readdirSync(folder))
      expect([name, validate(load(readFileSync(new URL(name, folder), 'utf8')))]).toEqual([name, true])
    expect(validate({ title: 'x', kind: 'magic' })).toBe(false)
  })
})

describe('the user’s pipelines', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-test-'))
  afterEach(() => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
  })
  const written = (text: string) => {
    writeFileSync(join(folder, 'own.yml'), text)
    return readPipelines([folder])
  }

  it('describe a product that we do not know', () => {
    const { pipelines, refused } = written(`title: Our door
kind: json
id: door
product: door
services: [badge]
when: [{badge: text, gate: {matches: '^[A-Z][0-9]+$'}}]
fields:
  user: [badge]
  where: [{from: gate, values: {A1: main}, after: {field: site, with: '@'}}]
`)
    expect(refused).toEqual([])
    const doc = { badge: 'ann', gate: 'A1', site: 'tokyo' }
    expect([sourceOf(doc, pipelines), read(doc, 'user', pipelines), read(doc, 'where', pipelines)]).toEqual([
      'door - badge',
      'ann',
      'main@tokyo',
    ])
    expect(sourceOf({ ...doc, gate: 'a1' }, pipelines)).toBe('* - -')
  })

  it('add to ours and override them, field by field', () => {
    const { pipelines } = written(`title: Our shipper
kind: windows-layout
layout: winlogbeat-6
header: {Computer: [beat.hostname]}
data: ['event_data.{field}']
---
title: Our channel
kind: windows-channels
channels: {Our/Audit: {services: [security], events: {1: [process_creation]}}}
---
title: Our fields
kind: windows-fields
events: {Our/Audit/1: {Image: [Exe]}}
---
title: Users
kind: placeholders
placeholders: {Administrators: [ann, 'adm_*']}
`)
    const doc = { log_name: 'Our/Audit', event_id: 1, event_data: { Exe: 'x' }, beat: { hostname: 'h' }, computer_name: 'c' }
    expect(sourceOf(doc, pipelines)).toBe('windows process_creation security')
    expect([read(doc, 'Computer', pipelines), read(doc, 'Image@process_creation', pipelines)]).toEqual(['h', 'x'])
    expect(read({ ...doc, source_name: 's' }, 'Provider_Name', pipelines)).toBe('s')
    expect(pipelines.placeholders).toEqual({ Administrators: ['ann', 'adm_*'] })
  })

  it.each([
    ['kind: json\ntitle: x\nid: y\nproduct: p\nwhen: [{a: text}]\nfeilds: {}\n', 1, /feilds/],
    ['title: x\nkind: magic\n', 2, /kind/],
    ['title: x\nkind: json\nid: y\nproduct: p\nwhen: [{a: {matches: "("}}]\n', 5, /\(/],
    ['title: x\nkind: json\nid: y\nproduct: p\nwhen: []\n', 5, /when/],
    ['title: [\n', 2, /YAML/],
  ])('are refused by line and reason, and ours stay: %j', (text, line, reason) => {
    const { pipelines, refused } = written(text)
    expect(refused).toMatchObject([{ file: join(folder, 'own.yml'), line, reason: expect.stringMatching(reason) }])
    expect(sourceOf({ Channel: 'Security', EventID: 4688 }, pipelines)).toBe('windows process_creation security')
  })

  it('that are not there are none', () => {
    expect(readPipelines([join(folder, 'nowhere')]).refused).toEqual([])
  })
})

const rulesFolder = sharedData('sigma/rules')

/** Rules that load and can match nothing are worse than refused ones: these log sources are all that no pipeline knows. */
describe.skipIf(rulesFolder === undefined)('SigmaHQ’s log sources', () => {
  it('are all told by some pipeline but a few', () => {
    const known = knownSources(ownPipelines())
    const unknown = new Map<string, number>()
    const { rules } = loadRuleFiles([rulesFolder!])
    for (const { logsource } of rules) {
      if (known.some((source) => meets(logsource, source))) continue
      const name = [logsource.product, logsource.category, logsource.service].map((part) => part ?? '-').join(' ')
      unknown.set(name, (unknown.get(name) ?? 0) + 1)
    }
    console.log(
      `${rules.length} rules, ${[...unknown.values()].reduce((sum, count) => sum + count, 0)} of log sources that no pipeline knows`,
    )
    expect(Object.fromEntries([...unknown].sort())).toEqual({
      'fortios - sslvpnd': 1,
      'huawei - bgp': 1,
      'juniper - bgp': 1,
      'paloalto appliance globalprotect': 1,
      'paloalto file_event globalprotect': 1,
      'qualys - -': 2,
    })
  })
})

type Known = { readonly product: string; readonly services: readonly string[]; readonly categories: readonly string[] }

/** What events of the pipelines' products can be; what ECS tells by category and program is not listed anywhere, so any of it is believed. */
function knownSources({ shapes, channels, ecsSources }: Pipelines): Known[] {
  return [
    ...shapes.flatMap(({ product, services = [], categories = [], classes = [], split }) => [
      { product, services, categories },
      ...classes.map((one) => ({ product, services: one.services ?? services, categories: one.categories ?? categories })),
      ...Object.entries(split?.kinds ?? {}).map(([kind, one]) => ({
        product,
        services: split?.['as-service'] === true ? [kind] : (one.services ?? services),
        categories: one.categories ?? categories,
      })),
      ...(split?.telltale ?? []).map(([kind]) => ({ product, services: [kind], categories: [] })),
    ]),
    ...[...channels.values()].map(({ product, services, events }) => ({
      product,
      services,
      categories: [...events.values()].flat(),
    })),
    ...ecsSources.values(),
  ]
}

function meets({ product, category, service }: LogSource, known: Known): boolean {
  // Programs, web servers and the schema's own categories stand in every ECS document that says them.
  if (product === undefined || ['linux', 'macos'].includes(product)) return true
  return (
    product === known.product &&
    (category === undefined || known.categories.includes(category)) &&
    (service === undefined || known.services.includes(service))
  )
}
