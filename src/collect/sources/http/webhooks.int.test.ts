import 'reflect-metadata'
import { createSign, generateKeyPairSync, KeyObject, randomUUID, webcrypto } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { X509CertificateGenerator } from '@peculiar/x509'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import { getPath, type JsonObject } from '../../../kernel/json.ts'
import { testCaller } from '../../../platform/testing/caller.ts'
import { imbalance } from '../../counts.ts'
import { parseRecord } from '../../normalise/parse-record.ts'
import { Recorder } from '../../testing/recorder.ts'
import { createIngestHandler } from './handler.ts'
import { memoryBudget } from './read-body.ts'
import type { WebhookMapping } from './schema.ts'
import { compatTarget } from './target.ts'
import { createSnsGuard, type SnsGuardDeps } from './webhook/sns-guard.ts'

let recorder: Recorder
let server: Server
let url: string
let gate: Promise<void> | undefined
let mapping: WebhookMapping | undefined
let fetched: string[]
let answerFetch: NonNullable<SnsGuardDeps['fetch']>

beforeEach(async () => {
  recorder = new Recorder()
  gate = undefined
  mapping = undefined
  fetched = []
  answerFetch = () => Promise.reject(new KanpekiError('outgoing_failed', 'no way out'))
  const handler = createIngestHandler({
    targetOf: compatTarget,
    authenticate: async ({ headers }) =>
      /^(Basic a3A6Z29vZA==|(Bearer|Splunk|ApiKey) good)$/.test(headers.authorization ?? '')
        ? testCaller({ kind: 'token', id: 't', name: 'hooks', permissions: new Set(['ingest'] as const) })
        : undefined,
    commit: async (body) => {
      await gate
      return recorder.commitBody(body)
    },
    mappingOf: async (_scope, source) => (source === 'http:mapped' ? mapping : undefined),
    sns: createSnsGuard({
      fetch: (target, init) => {
        fetched.push(target.href)
        return answerFetch(target, init)
      },
      clock: systemClock,
      log: () => {},
    }),
    clock: systemClock,
    log: () => {},
    maxBodyBytes: 2_000_000,
    budget: memoryBudget(8_000_000),
  })
  server = createServer((request, response) => {
    if (!handler(request, response)) response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  expect(imbalance(recorder.counts)).toBeUndefined()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function post(path: string, body: string | object, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(url + path, { method: 'POST', body: text, headers: { authorization: 'Bearer good', ...headers } })
}

/** The documents as the writer would store them. */
function documents(): JsonObject[] {
  return [...recorder.stored.values()].map((record) => {
    const parsed = parseRecord(record, { received: Date.now(), zoneMinutes: 0, prefer: [] })
    if ('unknown' in parsed) throw new Error(parsed.unknown)
    const [event] = parsed.events
    return { ...event!.ecs, ...(event!.observed === undefined ? {} : { '@timestamp': new Date(event!.observed).toISOString() }) }
  })
}

function expectFields(doc: JsonObject | undefined, fields: JsonObject): void {
  expect(Object.fromEntries(Object.keys(fields).map((name) => [name, getPath(doc!, name)]))).toEqual(fields)
}

const FALCO = {
  uuid: '9a1c',
  hostname: 'node1',
  output: '23:15:42.0 Warning Sensitive file opened (file=/etc/shadow)',
  priority: 'Warning',
  rule: 'Read sensitive file untrusted',
  source: 'syscall',
  tags: ['T1555', 'container', 'filesystem'],
  time: '2026-01-02T03:04:05.678901234Z',
  output_fields: {
    'container.id': 'abc123',
    'container.image.repository': 'nginx',
    'evt.type': 'openat',
    'fd.name': '/etc/shadow',
    'proc.cmdline': 'cat /etc/shadow',
    'proc.name': 'cat',
    'proc.pid': 4242,
    'proc.pname': 'bash',
    'user.name': 'root',
    'user.uid': 0,
    'k8s.ns.name': null,
  },
}

const ALERTS = {
  version: '4',
  groupKey: '{}:{alertname="HighLoad"}',
  truncatedAlerts: 3,
  status: 'firing',
  receiver: 'kanpeki',
  groupLabels: { alertname: 'HighLoad' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://am:9093',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HighLoad', instance: 'web1:9100', severity: 'critical' },
      annotations: { summary: 'Load is high' },
      startsAt: '2026-01-02T03:04:05.678Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prom/graph',
      fingerprint: 'f1',
    },
    {
      status: 'resolved',
      labels: { alertname: 'HighLoad', instance: 'web2' },
      annotations: {},
      startsAt: '2026-01-02T03:00:00Z',
      endsAt: '2026-01-02T03:05:00Z',
      fingerprint: 'f2',
    },
  ],
}

const AUDIT = {
  kind: 'EventList',
  apiVersion: 'audit.k8s.io/v1',
  metadata: {},
  items: ['a1', 'a2'].map((auditID) => ({
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: '/api/v1/namespaces/default/secrets/s1',
    verb: 'get',
    user: { username: 'alice', groups: ['system:authenticated'] },
    sourceIPs: ['192.0.2.7'],
    objectRef: { resource: 'secrets', namespace: 'default', name: 's1', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-01-02T03:04:05.678901Z',
    stageTimestamp: '2026-01-02T03:04:05.679901Z',
  })),
}

describe('webhooks', () => {
  test('Falco', async () => {
    expect((await post('/api/v1/ingest/webhook/falco', FALCO)).status).toBe(200)
    expect(recorder.bodies[0]?.source).toBe('http:hooks')
    const [doc] = documents()
    expectFields(doc, {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      message: FALCO.output,
      'event.kind': 'alert',
      'event.action': 'openat',
      'event.dataset': 'falco.syscall',
      'rule.name': FALCO.rule,
      'log.level': 'warning',
      'host.name': 'node1',
      'process.name': 'cat',
      'process.pid': 4242,
      'process.command_line': 'cat /etc/shadow',
      'process.parent.name': 'bash',
      'user.name': 'root',
      'user.id': '0',
      'file.path': '/etc/shadow',
      'container.id': 'abc123',
      'threat.technique.id': ['T1555'],
      'falco.priority': 'Warning',
    })
  })

  test('Alertmanager: an event an alert, and what it left out is a gap', async () => {
    expect((await post('/api/v1/ingest/webhook/alertmanager?source=prom', ALERTS)).status).toBe(200)
    expect(recorder.bodies[0]?.source).toBe('http:prom')
    expect(recorder.counts).toMatchObject({ received: 2, parsed: 2, gaps: 3 })
    const [firing, resolved] = documents()
    expectFields(firing, {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      message: 'Load is high',
      'event.action': 'alert-firing',
      'event.end': undefined as never,
      'rule.name': 'HighLoad',
      'host.name': 'web1',
      'log.level': 'critical',
      'labels.severity': 'critical',
      'alertmanager.fingerprint': 'f1',
    })
    expectFields(resolved, {
      '@timestamp': '2026-01-02T03:05:00.000Z',
      message: 'HighLoad',
      'event.action': 'alert-resolved',
      'host.name': 'web2',
    })
  })

  test('Kubernetes audit: each item by itself', async () => {
    expect((await post('/api/v1/ingest/webhook/k8s-audit', AUDIT)).status).toBe(200)
    expect([...recorder.stored.values()].map((record) => [record.json?.['kind'], record.json?.['auditID']])).toEqual([
      ['Event', 'a1'],
      ['Event', 'a2'],
    ])
    expect(recorder.counts).toMatchObject({ received: 2, parsed: 2 })
    expectFields(documents()[0], { '@timestamp': '2026-01-02T03:04:05.679Z' })
  })

  test('generic JSON, read as its source says', async () => {
    mapping = {
      records: 'data.events',
      fields: { '@timestamp': 'at', message: 'text', 'user.name': 'actor.login', 'source.ip': 'ips.0', 'event.action': 'kind' },
      constants: { 'event.dataset': 'acme.audit' },
    }
    const event = {
      at: '2026-01-02T03:04:05.678Z',
      text: 'hi',
      actor: { login: 'alice' },
      ips: ['192.0.2.9'],
      kind: 'login',
      event: 'x',
    }
    expect((await post('/api/v1/ingest/webhook/generic?source=mapped', { data: { events: [event, event] } })).status).toBe(200)
    expect((await post('/api/v1/ingest/webhook/generic?source=plain', '{"a":1}\n{"a":2}')).status).toBe(200)
    expect((await post('/api/v1/ingest/webhook/generic?source=mapped', { data: {} })).status).toBe(400)
    const docs = [...recorder.stored.values()].filter((record) => record.unreadable === undefined)
    expect(docs).toHaveLength(4)
    recorder.stored.delete([...recorder.stored.keys()].at(-1)!)
    const [mapped] = documents()
    expectFields(mapped, {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      message: 'hi',
      'user.name': 'alice',
      'source.ip': '192.0.2.9',
      'event.action': 'login',
      'event.dataset': 'acme.audit',
      event_original: 'x',
      text: 'hi',
    })
    expect(recorder.counts).toMatchObject({ received: 5, parsed: 4, unknown: 1 })
  })

  test('Firehose: lines, documents and CloudWatch’s bundles; its key, its reply', async () => {
    const bundle = {
      messageType: 'DATA_MESSAGE',
      owner: '123',
      logGroup: 'g',
      logStream: 's',
      logEvents: [{ id: 'e1', timestamp: 1_767_323_045_678, message: 'from cloudwatch' }],
    }
    const data = [
      'a line\nanother',
      '{"message":"doc"}{"message":"doc2"}',
      gzipSync(JSON.stringify(bundle)),
      gzipSync('x').subarray(0, 9),
    ]
    const body = { requestId: 'r1', timestamp: 1, records: data.map((one) => ({ data: Buffer.from(one).toString('base64') })) }
    const headers = {
      authorization: '',
      'x-amz-firehose-access-key': 'good',
      'x-amz-firehose-request-id': 'r1',
      'x-amz-firehose-source-arn': 'arn:aws:firehose:eu-west-1:123:deliverystream/d',
      'x-amz-firehose-common-attributes': '{"commonAttributes":{"stage":"prod"}}',
    }
    const send = (more: Record<string, string> = {}): Promise<Response> =>
      fetch(`${url}/api/v1/ingest/webhook/firehose`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: Object.fromEntries(Object.entries({ ...headers, ...more }).filter(([, value]) => value !== '')),
      })
    const reply = await send()
    expect([reply.status, await reply.json()]).toEqual([200, { requestId: 'r1', timestamp: expect.any(Number) }])
    expect(recorder.counts).toMatchObject({ received: 6, parsed: 5, unknown: 1 })
    for (const [id, record] of recorder.stored) if (record.unreadable !== undefined) recorder.stored.delete(id)
    const docs = documents()
    expect(docs.map((doc) => doc['message'])).toEqual(['a line', 'another', 'doc', 'doc2', 'from cloudwatch'])
    expectFields(docs[4], {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      'cloud.region': 'eu-west-1',
      'aws.cloudwatch.log_group': 'g',
      'labels.stage': 'prod',
    })
    const refused = await send({ 'x-amz-firehose-access-key': 'bad' })
    expect([refused.status, await refused.json()]).toEqual([
      401,
      { requestId: 'r1', timestamp: expect.any(Number), errorMessage: expect.stringContaining('token') },
    ])
  })

  test('what is none of its kind is a 400 and an unknown; an unknown kind is not there', async () => {
    for (const kind of ['falco', 'alertmanager', 'k8s-audit', 'generic', 'firehose']) {
      expect([kind, (await post(`/api/v1/ingest/webhook/${kind}`, '[1]')).status]).toEqual([kind, 400])
      expect([kind, (await post(`/api/v1/ingest/webhook/${kind}`, '{"broken')).status]).toEqual([kind, 400])
    }
    expect(recorder.counts).toMatchObject({ received: 10, unknown: 10 })
    expect((await post('/api/v1/ingest/webhook/nobody', '{}')).status).toBe(404)
    expect((await post('/api/v1/ingest/webhook/falco', FALCO, { authorization: '' })).headers.get('www-authenticate')).toContain(
      'Basic',
    )
  })
})

describe('SNS', () => {
  const CERTIFICATE = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem'
  let privateKey: KeyObject
  let certificate: string
  beforeAll(async () => {
    ;({ privateKey, certificate } = await selfSigned())
  })

  const signed = (type: string, more: Record<string, string>, key: KeyObject = privateKey): Record<string, string> => {
    const message: Record<string, string> = {
      Type: type,
      MessageId: randomUUID(),
      TopicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms',
      Message: 'hello from SNS',
      Timestamp: '2026-01-02T03:04:05.678Z',
      SignatureVersion: '2',
      SigningCertURL: CERTIFICATE,
      ...more,
    }
    const names =
      type === 'Notification'
        ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
        : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
    const text = names.map((name) => (message[name] === undefined ? '' : `${name}\n${message[name]}\n`)).join('')
    const hash = message['SignatureVersion'] === '1' ? 'RSA-SHA1' : 'RSA-SHA256'
    return { ...message, Signature: createSign(hash).update(text).sign(key, 'base64') }
  }
  const serveCertificate = (): void => {
    answerFetch = async (target) => (target.pathname.endsWith('.pem') ? new Response(certificate) : new Response('<ok/>'))
  }
  const send = (body: object): Promise<Response> => post('/api/v1/ingest/webhook/sns', body)

  test('a signed notification is one event, however often it is delivered', async () => {
    serveCertificate()
    const alarm = signed('Notification', { Subject: 'ALARM', Message: '{"AlarmName":"cpu","message":"cpu high"}' })
    expect((await send(alarm)).status).toBe(200)
    expect((await send({ ...alarm, UnsubscribeURL: 'https://example.com' })).status).toBe(200)
    expect((await send(signed('Notification', { SignatureVersion: '1' }))).status).toBe(200)
    expect(recorder.counts).toMatchObject({ received: 3, stored: 2, repeated: 1 })
    const [doc, plain] = documents()
    expectFields(doc, {
      '@timestamp': '2026-01-02T03:04:05.678Z',
      message: 'cpu high',
      AlarmName: 'cpu',
      'aws.sns.signature': 'verified',
      'aws.sns.subject': 'ALARM',
      'cloud.region': 'eu-west-1',
      'cloud.account.id': '123456789012',
    })
    expectFields(plain, { message: 'hello from SNS' })
    expect(fetched).toEqual([CERTIFICATE])
  })

  test('a subscription is confirmed only after it is stored', async () => {
    serveCertificate()
    let open = (): void => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    const SubscribeURL = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t'
    const reply = send(signed('SubscriptionConfirmation', { SubscribeURL, Token: 't' }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(fetched).toEqual([CERTIFICATE])
    open()
    expect((await reply).status).toBe(200)
    expect(fetched).toEqual([CERTIFICATE, SubscribeURL])
  })

  test('nobody makes us call another host, or confirm what SNS did not sign', async () => {
    serveCertificate()
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const confirm = (url: string, more: Record<string, string> = {}, key = privateKey): Record<string, string> =>
      signed('SubscriptionConfirmation', { SubscribeURL: url, Token: 't', ...more }, key)
    const good = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription'
    const cases: readonly (readonly [string, object])[] = [
      ['a SubscribeURL elsewhere', confirm('https://evil.example/')],
      ['a host that only ends like one', confirm('https://sns.eu-west-1.amazonaws.com.evil.example/')],
      ['a bucket at amazonaws.com', confirm('https://evil.s3.amazonaws.com/')],
      ['plain http', confirm('http://sns.eu-west-1.amazonaws.com/')],
      ['a port', confirm('https://sns.eu-west-1.amazonaws.com:8443/')],
      ['a user in the URL', confirm('https://u:p@sns.eu-west-1.amazonaws.com/')],
      ['a region other than the certificate’s', confirm('https://sns.us-east-1.amazonaws.com/')],
      ['another key', confirm(good, {}, other)],
      ['a changed message', { ...confirm(good), Message: 'changed' }],
      ['a certificate elsewhere', confirm(good, { SigningCertURL: 'https://evil.example/SimpleNotificationService-1.pem' })],
      [
        'a certificate in a bucket',
        confirm(good, { SigningCertURL: 'https://s3.amazonaws.com/SimpleNotificationService-1.pem' }),
      ],
      ['a path that is no certificate', confirm(good, { SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/x.pem' })],
      ['an unknown version', confirm(good, { SignatureVersion: '9' })],
      ['no certificate', { ...confirm(good), SigningCertURL: undefined }],
    ]
    for (const [name, body] of cases) expect([name, (await send(body)).status]).toEqual([name, 403])
    expect(fetched.filter((href) => href !== CERTIFICATE)).toEqual([])
    expect(recorder.counts.received).toBe(0)
    expect(cases).toHaveLength(14)
  })

  test('without a way out a message is taken as not checked, and nothing is confirmed', async () => {
    expect(
      (await send(signed('SubscriptionConfirmation', { SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/', Token: 't' })))
        .status,
    ).toBe(200)
    expect(fetched).toEqual([CERTIFICATE])
    expectFields(documents()[0], {
      'aws.sns.signature': 'not-checked',
      'event.action': 'SubscriptionConfirmation',
      'aws.sns.subscribe_url': 'https://sns.eu-west-1.amazonaws.com/',
    })
  })

  test('a confirmation that fails is asked for again', async () => {
    answerFetch = async (target) =>
      target.pathname.endsWith('.pem') ? new Response(certificate) : new Response('no', { status: 500 })
    const body = signed('SubscriptionConfirmation', { SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/', Token: 't' })
    expect((await send(body)).status).toBe(503)
    serveCertificate()
    expect((await send(body)).status).toBe(200)
    expect(recorder.counts).toMatchObject({ stored: 1, repeated: 1 })
  })

  test('raw delivery is read as it is', async () => {
    expect((await post('/api/v1/ingest/webhook/sns', 'just a line')).status).toBe(200)
    expect((await post('/api/v1/ingest/webhook/sns', { message: 'raw' })).status).toBe(200)
    expect(documents().map((doc) => doc['message'])).toEqual(['just a line', 'raw'])
    expect(fetched).toEqual([])
  })
})

async function selfSigned(): Promise<{ privateKey: KeyObject; certificate: string }> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=sns.amazonaws.com',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys,
  })
  return { privateKey: KeyObject.from(keys.privateKey), certificate: certificate.toString('pem') }
}

const REQUESTS: readonly (readonly [path: string, body: string | Buffer, status: number])[] = [
  ['/_bulk', '{"create":{}}\n{"message":"x"}\n', 200],
  ['/logs/_bulk', '{"create":{}}\n{"message":"x"}\n', 200],
  ['/services/collector/event', '{"event":"x"}', 200],
  ['/services/collector/event/1.0', '{"event":"x"}', 200],
  ['/services/collector/raw', 'x', 200],
  ['/v1/logs', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}', 200],
  ['/loki/api/v1/push', '{"streams":[{"stream":{},"values":[["1767323045678000000","x"]]}]}', 204],
  ['/api/v1/ingest/web1', 'x', 200],
  ['/api/v1/ingest/webhook/falco', JSON.stringify(FALCO), 200],
  ['/api/v1/ingest/webhook/alertmanager', JSON.stringify(ALERTS), 200],
  ['/api/v1/ingest/webhook/k8s-audit', JSON.stringify(AUDIT), 200],
  ['/api/v1/ingest/webhook/generic', '{"a":1}', 200],
  ['/api/v1/ingest/webhook/firehose', '{"requestId":"r","records":[{"data":"eA=="}]}', 200],
]

describe.each(REQUESTS)('%s', (path, body, status) => {
  const send = (headers: Record<string, string> = {}): Promise<Response> => post(path, String(body), headers)

  test('nothing is said before it is stored; a retry is stored once', async () => {
    let open = (): void => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    let answered = false
    const reply = send().finally(() => {
      answered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect([answered, recorder.stored.size]).toEqual([false, 0])
    open()
    expect((await reply).status).toBe(status)
    const { stored } = recorder.counts
    expect(stored).toBeGreaterThan(0)
    expect((await send({ 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(status)
    expect(recorder.counts).toMatchObject({ stored, repeated: stored })
  })

  test('a full queue, a wrong token, a bomb: told in its own words, nothing stored', async () => {
    recorder.fault = () => new KanpekiError('queue_full', 'busy')
    const busy = await send()
    expect([busy.status === 429 || busy.status === 503, busy.headers.get('retry-after')]).toEqual([true, '1'])
    expect([401, 403]).toContain((await send({ authorization: 'Bearer bad' })).status)
    const bomb = await fetch(url + path, {
      method: 'POST',
      body: gzipSync(Buffer.alloc(20_000_000)),
      headers: { authorization: 'Bearer good', 'content-encoding': 'gzip' },
    })
    expect(bomb.status).toBe(413)
    expect(recorder.counts.received).toBe(0)
  })
})

test('a push to Loki whose header names its snappy block is one as well; other formats have no such encoding', async () => {
  // One literal: {} as labels, and one entry with the line x and no time.
  const push = Buffer.from([0x0a, 0x09, 0x0a, 0x02, 0x7b, 0x7d, 0x12, 0x03, 0x12, 0x01, 0x78])
  const block = Buffer.concat([Buffer.from([push.length, (push.length - 1) << 2]), push])
  const send = (path: string): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      body: block,
      headers: { authorization: 'Bearer good', 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
    })
  expect((await send('/loki/api/v1/push')).status).toBe(204)
  expect([...recorder.stored.values()].map(({ json }) => json?.['message'])).toEqual(['x'])
  expect((await send('/v1/logs')).status).toBe(415)
})
