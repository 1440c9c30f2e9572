import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { readPlace } from '../match/read-field.ts'
import { classifier } from './registry.ts'

const data = { Image: 'C:\\x.exe', CommandLine: 'x -y' }

interface Expected {
  readonly name: string
  readonly product?: string | undefined
  readonly categories?: readonly string[]
  readonly services?: readonly string[]
}

/** Event → its class, and rule fields (of a rule with this category) → values. */
const cases: readonly (readonly [
  what: string,
  doc: JsonObject,
  expected: Expected,
  category: string | undefined,
  fields: Readonly<Record<string, JsonValue>>,
])[] = [
  [
    'Sysmon, flat',
    {
      EventID: 1,
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      SourceName: 'Microsoft-Windows-Sysmon',
      Hostname: 'h',
      ...data,
    },
    {
      name: 'windows-flat/Microsoft-Windows-Sysmon/Operational/1',
      product: 'windows',
      categories: ['process_creation'],
      services: ['sysmon'],
    },
    'process_creation',
    { ...data, Provider_Name: 'Microsoft-Windows-Sysmon', Computer: 'h', EventID: 1 },
  ],
  [
    'flat without a channel, by its provider',
    { EventID: '4688', SourceName: 'Microsoft-Windows-Security-Auditing' },
    { name: 'windows-flat/Security/4688', product: 'windows', categories: ['process_creation'], services: ['security'] },
    undefined,
    {},
  ],
  [
    'Security 4688 for a process_creation rule',
    {
      EventID: 4688,
      Channel: 'Security',
      NewProcessName: 'C:\\a.exe',
      ParentProcessName: 'C:\\b.exe',
      ProcessId: '0x1',
      NewProcessId: '0x2',
      SubjectUserName: 'u',
      SubjectDomainName: 'D',
      MandatoryLabel: 'S-1-16-12288',
    },
    { name: 'windows-flat/Security/4688', product: 'windows', categories: ['process_creation'], services: ['security'] },
    'process_creation',
    {
      Image: 'C:\\a.exe',
      ParentImage: 'C:\\b.exe',
      ProcessId: '0x2',
      ParentProcessId: '0x1',
      User: 'D\\u',
      IntegrityLevel: 'High',
    },
  ],
  [
    'Security 4688 for a rule on the channel',
    { EventID: 4688, Channel: 'Security', NewProcessName: 'C:\\a.exe', ProcessId: '0x1' },
    { name: 'windows-flat/Security/4688', product: 'windows' },
    undefined,
    { NewProcessName: 'C:\\a.exe', ProcessId: '0x1' },
  ],
  [
    'Security 4657 for a registry rule',
    {
      EventID: 4657,
      Channel: 'Security',
      ObjectName: '\\REGISTRY\\MACHINE\\SOFTWARE\\X',
      ObjectValueName: 'Run',
      NewValue: 'evil',
      OperationType: '%%1905',
    },
    {
      name: 'windows-flat/Security/4657/%%1905',
      product: 'windows',
      categories: ['registry_event', 'registry_set', 'registry_add'],
      services: ['security'],
    },
    'registry_set',
    { TargetObject: 'HKLM\\SOFTWARE\\X\\Run', Details: 'evil' },
  ],
  [
    'Sysmon 12, a deletion',
    { EventID: 12, Channel: 'Microsoft-Windows-Sysmon/Operational', EventType: 'DeleteKey' },
    { name: 'windows-flat/Microsoft-Windows-Sysmon/Operational/12/DeleteKey', categories: ['registry_delete', 'registry_event'] },
    undefined,
    {},
  ],
  [
    'Sysmon 12 whose type was lost',
    { EventID: 12, Channel: 'Microsoft-Windows-Sysmon/Operational', EventType: 'INFO' },
    {
      name: 'windows-flat/Microsoft-Windows-Sysmon/Operational/12',
      categories: ['registry_add', 'registry_delete', 'registry_event'],
    },
    undefined,
    {},
  ],
  [
    'nested, attributes and user data',
    {
      Event: {
        System: {
          Provider: { '#attributes': { Name: 'P', Guid: 'G' } },
          EventID: { '#attributes': { Qualifiers: 1 }, '#text': 1102 },
          Channel: 'Security',
          Computer: 'c',
          Execution: { '#attributes': { ProcessID: 7 } },
        },
        UserData: { LogFileCleared: { SubjectUserName: 'u' } },
      },
    },
    { name: 'windows-nested/Security/1102', product: 'windows', services: ['security'] },
    undefined,
    { Provider_Name: 'P', EventID: 1102, Computer: 'c', Execution_ProcessID: 7, SubjectUserName: 'u' },
  ],
  [
    'nested, data as named elements',
    {
      Event: {
        System: { EventID: '1', Channel: 'Microsoft-Windows-Sysmon/Operational' },
        EventData: {
          Data: [
            { '@Name': 'Image', '#text': 'i' },
            { '@Name': 'User', '#text': 'u' },
          ],
        },
      },
    },
    { name: 'windows-nested/Microsoft-Windows-Sysmon/Operational/1', categories: ['process_creation'] },
    'process_creation',
    { Image: 'i', User: 'u' },
  ],
  [
    'nested, unnamed data',
    { Event: { System: { EventID: 400, Channel: 'Windows PowerShell' }, EventData: { Data: { '#text': ['a', 'b'] } } } },
    { name: 'windows-nested/Windows PowerShell/400', categories: ['ps_classic_start'], services: ['powershell-classic'] },
    'ps_classic_start',
    { Data: ['a', 'b'] },
  ],
  [
    'Winlogbeat 7, as the server keeps it',
    {
      winlog: {
        channel: 'Security',
        event_id: '4625',
        provider_name: 'P',
        computer_name: 'c',
        record_id: 5,
        event_data: { TargetUserName: 'u' },
      },
      event: { code: '4625' },
      message: 'm',
    },
    { name: 'winlogbeat/Security/4625', product: 'windows', services: ['security'] },
    undefined,
    { EventID: '4625', Provider_Name: 'P', Computer: 'c', TargetUserName: 'u', Message: 'm', EventRecordID: 5 },
  ],
  [
    'Winlogbeat 8, data moved into ECS',
    {
      winlog: { channel: 'Microsoft-Windows-Sysmon/Operational', event_id: '1' },
      process: { executable: 'i', command_line: 'c', hash: { md5: 'M', sha256: 'S' }, pe: { imphash: 'I' } },
      user: { name: 'u', domain: 'D' },
    },
    { name: 'winlogbeat/Microsoft-Windows-Sysmon/Operational/1', categories: ['process_creation'] },
    'process_creation',
    { Image: 'i', CommandLine: 'c', User: 'D\\u', Hashes: 'MD5=M,SHA256=S,IMPHASH=I' },
  ],
  [
    'Winlogbeat, flattened',
    { 'winlog.channel': 'System', 'winlog.event_id': 7045, 'winlog.event_data.ServiceName': 's' },
    { name: 'winlogbeat/System/7045', services: ['system'] },
    undefined,
    { ServiceName: 's' },
  ],
  [
    'Winlogbeat 6',
    { log_name: 'Security', event_id: 4624, source_name: 'P', computer_name: 'c', event_data: { LogonType: '3' } },
    { name: 'winlogbeat-6/Security/4624', services: ['security'] },
    undefined,
    { EventID: 4624, Provider_Name: 'P', Computer: 'c', LogonType: '3' },
  ],
  [
    'Defender antivirus for the product-free category',
    { EventID: 1116, Channel: 'Microsoft-Windows-Windows Defender/Operational', 'Threat Name': 't', Path: 'p', 'New Value': 'n' },
    {
      name: 'windows-flat/Microsoft-Windows-Windows Defender/Operational/1116',
      categories: ['antivirus'],
      services: ['windefend'],
    },
    'antivirus',
    { Signature: 't', Filename: 'p', NewValue: 'n' },
  ],
  [
    'ECS: web access',
    {
      event: { category: ['web'], type: ['access'], module: 'nginx' },
      url: { original: '/a?b', path: '/a', query: 'b' },
      http: { request: { method: 'GET', referrer: 'r' }, response: { status_code: 404 } },
      user_agent: { original: 'ua' },
      source: { ip: '1.2.3.4' },
    },
    { name: 'ecs//nginx/web/access/', product: '', categories: ['webserver'], services: ['nginx'] },
    'webserver',
    {
      'cs-uri-query': 'b',
      'cs-uri-stem': '/a',
      'c-uri': '/a?b',
      'cs-method': 'GET',
      'sc-status': 404,
      'cs-user-agent': 'ua',
      'c-useragent': 'ua',
      'c-ip': '1.2.3.4',
      'cs-referer': 'r',
    },
  ],
  [
    'ECS: sshd through syslog',
    {
      event: { category: ['authentication'], type: ['start'], outcome: 'failure' },
      log: { syslog: { appname: 'sshd' } },
      message: 'Failed password',
    },
    { name: 'ecs/linux//authentication/start/sshd', product: 'linux', services: ['sshd', 'syslog', 'auth'] },
    undefined,
    { message: 'Failed password' },
  ],
  [
    'ECS: a Linux process',
    {
      event: { category: ['process'], type: ['start'], kind: 'event' },
      host: { os: { type: 'linux' } },
      process: { executable: '/bin/x', command_line: 'x', parent: { executable: '/bin/sh' } },
    },
    { name: 'ecs/linux//process/start/', product: 'linux', categories: ['process_creation'] },
    'process_creation',
    { Image: '/bin/x', CommandLine: 'x', ParentImage: '/bin/sh' },
  ],
  [
    'ECS: DNS',
    { event: { category: ['network'], type: ['protocol'] }, dns: { question: { name: 'q', type: 'TXT' } } },
    { name: 'ecs///network/protocol/', categories: ['dns', 'dns_query'] },
    'dns',
    { query: 'q', QueryName: 'q', record_type: 'TXT' },
  ],
  [
    'ECS: CloudTrail',
    { event: { dataset: 'aws.cloudtrail', action: 'StopLogging', provider: 'cloudtrail.amazonaws.com' } },
    { name: 'ecs/aws/aws.cloudtrail///', product: 'aws', services: ['cloudtrail'] },
    undefined,
    { eventName: 'StopLogging', eventSource: 'cloudtrail.amazonaws.com' },
  ],
  [
    'CloudTrail itself',
    { eventSource: 's', eventName: 'n', awsRegion: 'r', userIdentity: { type: 'Root' } },
    { name: 'aws-cloudtrail', product: 'aws', services: ['cloudtrail'] },
    undefined,
    { eventName: 'n', 'userIdentity.type': 'Root' },
  ],
  [
    'Azure AD audit',
    { SourceSystem: 'Azure AD', OperationName: 'Add member', Category: 'GroupManagement' },
    { name: 'azure/auditlogs', product: 'azure', services: ['auditlogs'] },
    undefined,
    { 'properties.message': 'Add member', operationName: 'Add member', category: 'GroupManagement' },
  ],
  [
    'Azure sign-in',
    { category: 'SignInLogs', operationName: 'Sign-in activity', resultType: '50126' },
    { name: 'azure/signinlogs', services: ['signinlogs'] },
    undefined,
    { ResultType: '50126' },
  ],
  [
    'Defender advanced hunting',
    {
      ActionType: 'ProcessCreated',
      DeviceId: 'd',
      FolderPath: 'C:\\W\\a.exe',
      FileName: 'a.exe',
      ProcessCommandLine: 'a -b',
      InitiatingProcessFolderPath: 'c:\\w',
      InitiatingProcessFileName: 'p.exe',
    },
    { name: 'defender/ProcessCreated', product: 'windows', categories: ['process_creation'] },
    'process_creation',
    { Image: 'C:\\W\\a.exe', CommandLine: 'a -b', ParentImage: 'c:\\w\\p.exe' },
  ],
  [
    'Defender, a registry value',
    {
      ActionType: 'RegistryValueSet',
      DeviceId: 'd',
      RegistryKey: 'HKEY_LOCAL_MACHINE\\S',
      RegistryValueName: 'v',
      RegistryValueData: 'x',
    },
    { name: 'defender/RegistryValueSet', categories: ['registry_set', 'registry_event'] },
    'registry_set',
    { TargetObject: 'HKLM\\S\\v', Details: 'x' },
  ],
  [
    'Okta',
    { eventType: 'user.session.start', actor: { alternateId: 'a' }, published: 't' },
    { name: 'okta', product: 'okta', services: ['okta'] },
    undefined,
    { 'actor.alternateId': 'a' },
  ],
  [
    'Kubernetes audit',
    { kind: 'Event', apiVersion: 'audit.k8s.io/v1', verb: 'create', objectRef: { resource: 'pods' } },
    { name: 'kubernetes-audit', product: 'kubernetes', services: ['audit'], categories: ['application'] },
    undefined,
    { 'objectRef.resource': 'pods' },
  ],
  [
    'Google Cloud audit',
    { logName: 'l', protoPayload: { methodName: 'm' } },
    { name: 'gcp-audit', product: 'gcp', services: ['gcp.audit', 'google_workspace.admin', 'google_workspace.login'] },
    undefined,
    { 'gcp.audit.method_name': 'm', 'data.protoPayload.methodName': 'm' },
  ],
  [
    'GitHub audit',
    { action: 'repo.create', actor: 'a', org: 'o' },
    { name: 'github-audit', product: 'github', services: ['audit'] },
    undefined,
    { action: 'repo.create' },
  ],
  [
    'Microsoft 365 audit',
    { Operation: 'New-InboxRule', Workload: 'Exchange' },
    { name: 'm365-audit', product: 'm365' },
    undefined,
    { Operation: 'New-InboxRule' },
  ],
  [
    'OpenCanary',
    { logtype: 4000, node_id: 'n' },
    { name: 'opencanary', product: 'opencanary', categories: ['application'] },
    undefined,
    { logtype: 4000 },
  ],
  [
    'auditd',
    { type: 'EXECVE', a0: 'cat', a1: '/etc/shadow' },
    { name: 'auditd', product: 'linux', services: ['auditd'] },
    undefined,
    { a0: 'cat' },
  ],
  [
    'Zeek HTTP',
    { uid: 'C1', 'id.orig_h': '1.1.1.1', uri: '/x', method: 'GET', user_agent: 'ua' },
    { name: 'zeek/http', product: 'zeek', services: ['http'], categories: ['proxy', 'webserver'] },
    'proxy',
    { 'c-uri': '/x', 'cs-method': 'GET', 'c-useragent': 'ua', src_ip: '1.1.1.1' },
  ],
  [
    'Zeek DNS',
    { _path: 'dns', 'id.orig_h': '1.1.1.1', query: 'q', qtype_name: 'A' },
    { name: 'zeek/dns', services: ['dns'], categories: ['dns'] },
    'dns',
    { query: 'q', record_type: 'A' },
  ],
  ['anything else', { a: { b: 1 } }, { name: 'generic', product: undefined }, undefined, { 'a.b': 1 }],
]

describe('shapes', () => {
  const classify = classifier()
  test(`has ${cases.length} cases`, () => expect(cases.length).toBeGreaterThan(30))
  test.each(cases)('%s', (_what, doc, expected, category, fields) => {
    const eventClass = classify(doc)
    expect(eventClass).toMatchObject(expected)
    const read = Object.fromEntries(
      Object.keys(fields).map((field) => {
        const value = eventClass
          .places(field, category)
          .map((place) => readPlace(doc, place))
          .find((each) => each !== undefined)
        return [field, value]
      }),
    )
    expect(read).toEqual(fields)
  })

  test('what the caller assumes counts where the shape tells nothing', () => {
    expect(classifier({ product: 'linux', service: 'auditd' })({ x: 1 })).toMatchObject({
      product: 'linux',
      services: ['auditd'],
    })
    expect(classifier({ product: 'linux' })({ EventID: 1, Channel: 'System' }).product).toBe('windows')
  })

  test('forged channels and ids do not fill the memory', () => {
    const many = classifier()
    for (let at = 0; at < 20_000; at += 1) many({ EventID: at, Channel: `channel ${at % 7000}` })
    expect(many({ EventID: 1, Channel: 'Security' }).services).toEqual(['security'])
  })
})
