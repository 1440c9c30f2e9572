import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { readPlace } from '../match/read-field.ts'
import { classifier } from './registry.ts'

const classify = classifier()

/** `product category,… service,…`, with `-` for none and `*` for a source that is not known. */
function sourceOf(doc: JsonObject): string {
  const { product, categories, services } = classify(doc)
  return [product ?? '*', categories.join(','), services.join(',')].map((each) => each || '-').join(' ')
}

function read(doc: JsonObject, field: string, category?: string): JsonValue | undefined {
  for (const place of classify(doc).places(field, category)) {
    const value = readPlace(doc, place)
    if (value !== undefined) return value
  }
  return undefined
}

/** The same Windows event in each of the shapes that shippers and exports write. */
const WINDOWS_SHAPES: Readonly<Record<string, (channel: string, id: number, data: JsonObject) => JsonObject>> = {
  flat: (channel, id, data) => ({ Channel: channel, EventID: id, SourceName: 'x', ...data }),
  'flat, id as text': (channel, id, data) => ({ Channel: channel, EventID: String(id), ...data }),
  nested: (channel, id, data) => ({ Event: { System: { Channel: channel, EventID: id }, EventData: data } }),
  'nested, attributes': (channel, id, data) => ({
    Event: {
      System: { Channel: channel, EventID: { '#text': id, '#attributes': { Qualifiers: 0 } } },
      EventData: { Data: Object.entries(data).map(([name, value]) => ({ '#attributes': { Name: name }, '#text': value })) },
    },
  }),
  'Winlogbeat 7': (channel, id, data) => ({ winlog: { channel, event_id: id, event_data: data } }),
  'Winlogbeat 8 and Kanpeki': (channel, id, data) => ({
    event: { code: String(id), kind: 'event', category: ['process'], type: ['start'] },
    winlog: { channel, event_id: String(id), event_data: data },
  }),
  'Winlogbeat, dotted keys': (channel, id, data) => ({
    'winlog.channel': channel,
    'winlog.event_id': id,
    ...Object.fromEntries(Object.entries(data).map(([name, value]) => [`winlog.event_data.${name}`, value])),
  }),
  'Winlogbeat 6': (channel, id, data) => ({ log_name: channel, event_id: id, event_data: data }),
}

const SYSMON = 'Microsoft-Windows-Sysmon/Operational'
const POWERSHELL = 'Microsoft-Windows-PowerShell/Operational'

const WINDOWS: readonly (readonly [channel: string, id: number, data: JsonObject, source: string])[] = [
  [SYSMON, 1, { Image: 'x' }, 'windows process_creation sysmon'],
  [SYSMON, 3, {}, 'windows network_connection sysmon'],
  [SYSMON, 7, {}, 'windows image_load sysmon'],
  [SYSMON, 8, {}, 'windows create_remote_thread sysmon'],
  [SYSMON, 10, {}, 'windows process_access sysmon'],
  [SYSMON, 11, {}, 'windows file_event sysmon'],
  [SYSMON, 13, {}, 'windows registry_set,registry_event sysmon'],
  [SYSMON, 15, {}, 'windows create_stream_hash sysmon'],
  [SYSMON, 22, {}, 'windows dns_query sysmon'],
  [SYSMON, 999, {}, 'windows - sysmon'],
  ['Security', 4688, {}, 'windows process_creation security'],
  ['security', 4624, {}, 'windows - security'],
  ['System', 7045, {}, 'windows - system'],
  ['Application', 1000, {}, 'windows - application'],
  [POWERSHELL, 4104, {}, 'windows ps_script powershell'],
  [POWERSHELL, 4103, {}, 'windows ps_module powershell'],
  ['Windows PowerShell', 400, {}, 'windows ps_classic_start powershell-classic'],
  ['Microsoft-Windows-Windows Defender/Operational', 1116, {}, 'windows antivirus windefend'],
  ['Linux-Sysmon/Operational', 1, {}, 'linux process_creation sysmon'],
  ['Some/Unknown', 1, {}, 'windows - -'],
]

/** Only where the event's own data decides: its text is lost in dotted exports, which leave both open. */
const SPLIT: readonly (readonly [channel: string, id: number, data: JsonObject, source: string])[] = [
  [SYSMON, 12, { EventType: 'CreateKey' }, 'windows registry_add,registry_event sysmon'],
  [SYSMON, 12, { EventType: 'DeleteKey' }, 'windows registry_delete,registry_event sysmon'],
  ['Security', 4657, { OperationType: '%%1905' }, 'windows registry_event,registry_set,registry_add security'],
  ['Security', 4657, { OperationType: '%%1906' }, 'windows registry_event,registry_delete security'],
]

describe('Windows events', () => {
  const table = Object.entries(WINDOWS_SHAPES).flatMap(([shape, write]) =>
    WINDOWS.map(([channel, id, data, source]) => ({ shape, channel, id, source, doc: write(channel, id, data) })),
  )
  test(`have the same source in every shape: ${table.length} cases`, () => {
    for (const { doc, source, shape } of table) expect([shape, sourceOf(doc)]).toEqual([shape, source])
    expect(table.length).toBe(160)
  })

  const split = ['flat', 'nested', 'Winlogbeat 7', 'Winlogbeat 8 and Kanpeki', 'Winlogbeat 6'].flatMap((shape) =>
    SPLIT.map(([channel, id, data, source]) => ({ shape, id, data, source, doc: WINDOWS_SHAPES[shape]!(channel, id, data) })),
  )
  test.each(split)('$id with $data of shape $shape: $source', ({ doc, source }) => expect(sourceOf(doc)).toBe(source))

  test('without a channel go by their provider', () => {
    expect(sourceOf({ EventID: 1, SourceName: 'Microsoft-Windows-Sysmon' })).toBe('windows process_creation sysmon')
    expect(sourceOf({ winlog: { event_id: 7045, provider_name: 'Service Control Manager' } })).toBe('windows - system')
  })

  test('have constant classes: one per shape, channel and id, whatever its case', () => {
    const one = classify({ Channel: 'Security', EventID: 4688 })
    expect(classify({ Channel: 'SECURITY', EventID: 4688, more: 1 })).toBe(one)
    expect(classify({ Channel: 'Security', EventID: 4689 })).not.toBe(one)
    expect(classify({ log_name: 'Security', event_id: 4688 })).not.toBe(one)
    expect(one.constants.get('EventID')).toBe('4688')
  })
})

describe('fields of Windows events', () => {
  const shapes = Object.entries(WINDOWS_SHAPES)
  test.each(shapes)('%s: a process creation of Security is read with the names of Sysmon', (_shape, write) => {
    const doc = write('Security', 4688, {
      NewProcessName: 'C:\\x.exe',
      ParentProcessName: 'C:\\p.exe',
      NewProcessId: '0x10',
      ProcessId: '0x4',
      CommandLine: 'x /c',
      SubjectUserName: 'ann',
      SubjectDomainName: 'CORP',
      MandatoryLabel: 'S-1-16-12288',
    })
    const fields = ['Image', 'ParentImage', 'ProcessId', 'ParentProcessId', 'CommandLine']
    expect(fields.map((field) => read(doc, field, 'process_creation'))).toEqual(['C:\\x.exe', 'C:\\p.exe', '0x10', '0x4', 'x /c'])
    expect(read(doc, 'IntegrityLevel', 'process_creation')).toBe('High')
    // A rule on the channel itself uses the names as they are.
    expect([read(doc, 'ProcessId'), read(doc, 'Image'), read(doc, 'NewProcessName')]).toEqual(['0x4', undefined, 'C:\\x.exe'])
  })

  test.each(shapes.filter(([shape]) => !/attributes|dotted/.test(shape)))(
    '%s: an account comes with its domain',
    (_shape, write) => {
      const doc = write('Security', 4688, { SubjectUserName: 'ann', SubjectDomainName: 'CORP' })
      expect(read(doc, 'User', 'process_creation')).toBe('CORP\\ann')
    },
  )

  test.each(shapes)('%s: a name without its spaces is found', (_shape, write) => {
    const doc = write('Microsoft-Windows-Windows Defender/Operational', 1116, { 'Threat Name': 'EICAR' })
    expect([read(doc, 'ThreatName'), read(doc, 'Signature', 'antivirus')]).toEqual(['EICAR', 'EICAR'])
  })

  test('XML attributes are read as Provider_Name', () => {
    const system = { Channel: 'System', EventID: 7045, Provider: { '#attributes': { Name: 'Service Control Manager' } } }
    expect(read({ Event: { System: system } }, 'Provider_Name')).toBe('Service Control Manager')
    expect(read({ Channel: 'System', EventID: 7045, SourceName: 'SCM' }, 'Provider_Name')).toBe('SCM')
    expect(read({ winlog: { channel: 'System', event_id: 7045, provider_name: 'SCM' } }, 'Provider_Name')).toBe('SCM')
  })

  test('UserData is found below whatever its child is called', () => {
    const doc = { Event: { System: { Channel: 'Application', EventID: 1 }, UserData: { Anything: { Param: 'x' } } } }
    expect(read(doc, 'Param')).toBe('x')
  })
})

const syslog = (appname: string, ecs: JsonObject = {}): JsonObject => ({
  event: { kind: 'event', ...(ecs['event'] as JsonObject | undefined) },
  log: { syslog: { appname } },
})

/** Documents as Kanpeki's parsers and Elastic's shippers store them. */
const OTHERS: readonly (readonly [what: string, doc: JsonObject, source: string])[] = [
  ['sshd', syslog('sshd', { event: { category: ['authentication'], type: ['start'] } }), 'linux - sshd,syslog,auth'],
  ['sshd since OpenSSH 9.8', syslog('sshd-session'), 'linux - sshd,syslog,auth'],
  [
    'a command run by sudo',
    syslog('sudo', { event: { category: ['process'], type: ['start'] } }),
    'linux process_creation sudo,syslog,auth',
  ],
  ['su', syslog('su'), 'linux - su,syslog,auth'],
  ['a job of cron', syslog('CRON', { event: { category: ['process'], type: ['start'] } }), 'linux process_creation cron,syslog'],
  ['a job of crond', syslog('crond'), 'linux - cron,syslog'],
  ['another program', syslog('nginx'), 'linux - nginx,syslog'],
  [
    'a process on Linux',
    { event: { category: ['process'], type: ['start'] }, host: { os: { type: 'linux' } } },
    'linux process_creation -',
  ],
  [
    'a process on Ubuntu',
    { event: { category: 'process', type: 'end' }, host: { os: { platform: 'ubuntu' } } },
    'linux process_termination -',
  ],
  [
    'a process on Windows',
    { event: { category: ['process'], type: ['start'] }, host: { os: { type: 'windows' } } },
    'windows process_creation -',
  ],
  [
    'a process on macOS',
    { event: { category: ['process'], type: ['start'] }, host: { os: { family: 'darwin' } } },
    'macos process_creation -',
  ],
  [
    'a process with a Unix path',
    { event: { category: ['process'], type: ['start'] }, process: { executable: '/bin/sh' } },
    'linux process_creation -',
  ],
  [
    'a process with a path of macOS',
    { event: { category: ['process'], type: ['start'] }, process: { executable: '/System/Library/x' } },
    'macos process_creation -',
  ],
  [
    'a file with a path of Windows',
    { event: { category: ['file'], type: ['deletion'] }, file: { path: 'c:\\x' } },
    'windows file_delete -',
  ],
  ['a process of which nothing is known', { event: { category: ['process'], type: ['start'] } }, '- process_creation -'],
  ['an access log', { event: { category: ['web'], type: ['access'] }, url: { path: '/' } }, '- webserver -'],
  ['an access log of nginx', { event: { module: 'nginx', category: ['web'] }, url: { path: '/' } }, '- webserver nginx'],
  ['a proxy', { event: { module: 'squid', category: ['web'] }, url: { full: 'x' } }, '- proxy -'],
  [
    'a name server',
    { event: { category: ['network'], type: ['protocol'] }, dns: { question: { name: 'x' } } },
    '- dns,dns_query -',
  ],
  ['a firewall', { event: { category: ['network'], type: ['connection', 'denied'] } }, '- network_connection,firewall -'],
  ['a file', { event: { category: ['file'], type: ['creation'] }, host: { os: { type: 'linux' } } }, 'linux file_event -'],
  ['CloudTrail in ECS', { event: { dataset: 'aws.cloudtrail' } }, 'aws - cloudtrail'],
  ['CloudTrail itself', { eventSource: 's3', eventName: 'x', awsRegion: 'r' }, 'aws - cloudtrail'],
  ['Okta', { eventType: 'user.x', actor: {}, published: 't' }, 'okta - okta'],
  ['auditd', { event: { module: 'auditd', category: ['process'], type: ['start'] } }, 'linux process_creation auditd'],
  ['anything else', { a: 1 }, '* - -'],
  ['nothing', {}, '* - -'],
]

describe('other events', () => {
  test.each(OTHERS)('%s', (_what, doc, source) => expect(sourceOf(doc)).toBe(source))

  test('a caller who knows the source of unknown events says so', () => {
    const assumed = classifier({ product: 'linux', service: 'auditd' })({ a: 1 })
    expect([assumed.product, assumed.services]).toEqual(['linux', ['auditd']])
  })
})

const access: JsonObject = {
  event: { category: ['web'] },
  source: { ip: '203.0.113.9' },
  url: { original: '/a.php?x=1', path: '/a.php', query: 'x=1', extension: 'php', domain: 'shop.example.com' },
  http: { request: { method: 'POST', referrer: 'r' }, response: { status_code: 404 }, version: '1.1' },
  user_agent: { original: 'curl/8' },
  user: { name: 'ann' },
}
const sudo: JsonObject = {
  event: { category: ['process'], type: ['start'] },
  log: { syslog: { appname: 'sudo', hostname: 'web-03' } },
  host: { name: 'web-03' },
  process: {
    executable: '/bin/bash',
    command_line: 'bash -c id',
    working_directory: '/tmp',
    parent: { executable: '/usr/bin/sudo' },
  },
  user: { name: 'ann', effective: { name: 'root' } },
}

describe('fields of other events', () => {
  const cases: readonly (readonly [field: string, doc: JsonObject, value: JsonValue])[] = [
    ['cs-method', access, 'POST'],
    ['cs-uri', access, '/a.php?x=1'],
    ['cs-uri-query', access, 'x=1'],
    ['cs-uri-stem', access, '/a.php'],
    ['c-uri', access, '/a.php?x=1'],
    ['c-uri-extension', access, 'php'],
    ['sc-status', access, 404],
    ['c-ip', access, '203.0.113.9'],
    ['cs-user-agent', access, 'curl/8'],
    ['c-useragent', access, 'curl/8'],
    ['cs-referer', access, 'r'],
    ['cs-host', access, 'shop.example.com'],
    ['cs-username', access, 'ann'],
    ['Image', sudo, '/bin/bash'],
    ['CommandLine', sudo, 'bash -c id'],
    ['CurrentDirectory', sudo, '/tmp'],
    ['ParentImage', sudo, '/usr/bin/sudo'],
    ['User', sudo, 'ann'],
    ['USER', sudo, 'root'],
    ['Computer', sudo, 'web-03'],
    ['process.parent.executable', sudo, '/usr/bin/sudo'],
  ]
  test.each(cases)('%s', (field, doc, value) => expect(read(doc, field)).toEqual(value))
})

test('no event, however forged, makes the classifier throw or read what the event does not hold', () => {
  const name = fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty', 'start', 'file', 'network', 'x')
  const some: fc.Arbitrary<JsonValue> = fc.oneof(name, fc.array(name), fc.constant(null), fc.integer(), fc.record({ a: name }))
  const event = fc.record({ category: fc.oneof(fc.constant(['file', 'network']), some), type: some, dataset: some, module: some })
  const header = fc.record({ channel: some, event_id: some, provider_name: some, event_data: some })
  const doc = fc.oneof(
    fc.record({
      event,
      host: fc.record({ os: fc.record({ type: some }) }),
      log: fc.record({ syslog: fc.record({ appname: some }) }),
    }),
    fc.record({ winlog: fc.oneof(header, some), event: fc.oneof(event, some) }),
    fc.record({ Channel: some, EventID: fc.oneof(fc.constant(12), some), EventType: some }),
    fc.record({
      Event: fc.oneof(some, fc.record({ System: fc.oneof(some, fc.record({ EventID: some, Channel: some, Provider: some })) })),
    }),
    fc.record({ log_name: some, event_id: some, event_data: some }),
    fc.record({
      Operation: some,
      Workload: some,
      ActionType: some,
      kind: some,
      apiVersion: some,
      OperationName: some,
      category: some,
      _path: some,
    }),
  )
  fc.assert(
    fc.property(doc, (forged) => {
      const { name: label, categories, services } = classify(forged as JsonObject)
      expect([label, ...categories, ...services].every((each) => typeof each === 'string')).toBe(true)
      expect(read(forged as JsonObject, 'toString')).toBeUndefined()
    }),
    { numRuns: 2000 },
  )
})

test('what one event says of itself changes no other: senders choose every text that classes are kept by', () => {
  const text = fc.constantFrom(
    '',
    '|',
    'a',
    'a|',
    '|a',
    'aws',
    'cloudtrail',
    'aws.cloudtrail',
    'aws|api',
    'api',
    'api|',
    'process',
    'linux',
    'linux|',
  )
  const ecs = fc
    .record({
      dataset: text,
      module: text,
      category: fc.array(text, { maxLength: 2 }),
      type: fc.array(text, { maxLength: 2 }),
      os: text,
      program: text,
    })
    .map(
      ({ os, program, ...event }): JsonObject => ({ event, host: { os: { type: os } }, log: { syslog: { appname: program } } }),
    )
  const windows = fc
    .tuple(fc.constantFrom('12', 12, '12|CreateKey', 'CreateKey|12', '12|'), fc.constantFrom('CreateKey', '', '|', 'SetValue'))
    .map(([EventID, EventType]): JsonObject => ({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID, EventType }))
  const told = ({ product, categories, services, name }: ReturnType<typeof classify>) => [product, categories, services, name]
  let events = 0
  fc.assert(
    fc.property(fc.array(fc.oneof(ecs, windows), { minLength: 20, maxLength: 60 }), (docs) => {
      const shared = classifier()
      for (const doc of docs) expect(told(shared(doc))).toEqual(told(classifier()(doc)))
      events += docs.length
    }),
    { numRuns: 60 },
  )
  expect(events).toBeGreaterThan(500)
})
