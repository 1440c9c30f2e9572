import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { type Parsed, parseRecord } from './parse-record.ts'

const context = { received: Date.UTC(2026, 0, 15, 12), zoneMinutes: 540, prefer: [] }

function read(json: JsonObject): Parsed {
  const result = parseRecord({ id: 'x', json }, context)
  if ('unknown' in result) throw new Error(result.unknown)
  return result
}

describe('a line of a log inside a JSON document', () => {
  it('of Filebeat is read by its own parser, and the shipper’s words stay', () => {
    const line = 'Jan 15 20:59:02 web-03 sshd[812]: Failed password for root from 203.0.113.9 port 40022 ssh2'
    const { parser, events } = read({
      '@timestamp': '2026-01-15T11:59:05.000Z',
      message: line,
      log: { offset: 120, file: { path: '/var/log/auth.log' } },
      host: { name: 'relay', os: { type: 'linux' } },
      agent: { type: 'filebeat', version: '8.15.0' },
      event: { dataset: 'system.auth' },
    })
    expect(parser).toBe('linux-auth')
    expect(new Date(events[0]!.observed!).toISOString()).toBe('2026-01-15T11:59:02.000Z')
    expect(events[0]!.ecs).toMatchObject({
      message: 'Failed password for root from 203.0.113.9 port 40022 ssh2',
      event: { action: 'ssh_login', outcome: 'failure', dataset: 'system.auth', original: line },
      host: { name: 'web-03', os: { type: 'linux' } },
      log: { file: { path: '/var/log/auth.log' }, offset: 120 },
      agent: { type: 'filebeat' },
      source: { ip: '203.0.113.9' },
    })
  })

  it('of an access log takes its host from the shipper', () => {
    const { parser, events } = read({
      message: '203.0.113.9 - - [15/Jan/2026:20:00:00 +0900] "GET /a HTTP/1.1" 404 5 "-" "curl/8.5"',
      host: { name: 'web-01' },
    })
    expect(parser).toBe('web-access')
    expect(events[0]!.ecs).toMatchObject({ host: { name: 'web-01' }, url: { path: '/a' } })
  })

  it.each([
    [
      'auditd',
      'type=USER_LOGIN msg=audit(1768474804.410:908): pid=1 uid=0 auid=1000 ses=8 msg=\'op=login acct="ann" exe="/usr/sbin/sshd" addr=203.0.113.9 res=success\'',
    ],
    [
      'nginx-error',
      '2026/01/15 20:37:39 [error] 1#1: *1 access forbidden by rule, client: 203.0.113.9, server: x, request: "GET / HTTP/1.1"',
    ],
    [
      'apache-error',
      '[Thu Jan 15 20:37:41.446772 2026] [authz_core:error] [pid 1:tid 1] [client 203.0.113.9:1] AH01630: client denied by server configuration: /x',
    ],
    ['postgresql', '2026-01-15 20:36:30.505 JST [1] app@shop FATAL:  password authentication failed for user "app"'],
    ['mysql', "2026-01-15T11:13:40.861934Z 344 [Note] Access denied for user 'root'@'203.0.113.9' (using password: YES)"],
    ['haproxy', '203.0.113.9:55033 [15/Jan/2026:20:38:51.000] front_https/1: SSL handshake failure'],
    ['fail2ban', '2026-01-15 20:00:32,662 fail2ban.actions        [1]: NOTICE  [sshd] Ban 203.0.113.9'],
  ])('of %s is read by its own parser', (id, message) => {
    const { parser, events } = read({ message, host: { name: 'web-03' }, agent: { type: 'filebeat' } })
    expect(parser).toBe(id)
    expect(events[0]!.ecs).toMatchObject({ host: { name: 'web-03' }, agent: { type: 'filebeat' } })
  })

  it('that is an application’s own, with a time in front, stays a message', () => {
    const { parser } = read({
      message: '2026-01-15T20:00:04Z web-03 service: an application’s own log',
      host: { name: 'web-03' },
    })
    expect(parser).toBe('json-ecs')
  })

  it('of rsyslog with the raw message is read', () => {
    const { parser } = read({
      message: '<86>Jan 15 20:59:02 web-03 sudo:  ann : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id',
      host: { name: 'web-03' },
    })
    expect(parser).toBe('linux-auth')
  })

  it('of journald, whose header is members of their own, is read', () => {
    const { parser, events } = read({
      MESSAGE: 'Accepted publickey for ann from 10.0.0.7 port 50122 ssh2: ED25519 SHA256:x',
      SYSLOG_IDENTIFIER: 'sshd',
      _HOSTNAME: 'web-02',
      _PID: '811',
      __REALTIME_TIMESTAMP: '1768474800123456',
    })
    expect(parser).toBe('linux-auth')
    expect(events[0]!.observed).toBe(1_768_474_800_123)
    expect(events[0]!.ecs).toMatchObject({ host: { name: 'web-02' }, process: { pid: 811 }, user: { name: 'ann' } })
  })

  it('that stands for several events gives each a document of its own', () => {
    const { events } = read({
      message:
        'Jan 15 20:59:05 web-03 sshd[813]: message repeated 3 times: [ Failed password for root from 203.0.113.9 port 2 ssh2]',
      event: { dataset: 'system.auth' },
    })
    expect(events).toHaveLength(3)
    expect(new Set(events.map(({ ecs }) => ecs)).size).toBe(3)
    expect(new Set(events.map(({ ecs }) => ecs['event'])).size).toBe(3)
  })

  it.each([
    ['that was parsed before', { message: '<86>Jan 15 20:59:02 h sshd[1]: x', event: { category: ['process'] } }],
    ['that is only text', { message: 'started', process: { name: 'shop' } }],
    [
      'of a program that says nothing of access',
      { message: 'ready', process: { name: 'sshd' }, '@timestamp': '2026-01-15T11:59:05.000Z' },
    ],
  ])('%s stays as it came', (_name, json) => {
    const { parser, events } = read(json)
    expect(parser).toBe('json-ecs')
    expect(events[0]!.ecs['message']).toBe(json.message)
  })
})
