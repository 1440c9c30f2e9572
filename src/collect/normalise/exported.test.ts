import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Parser } from '../../kernel/plugin.ts'
import { unsound } from '../testing/ecs-fields.ts'
import { GOLDEN_CONTEXT, goldenCases, goldenRecords } from '../testing/golden.ts'
import { hitOf } from './elastic-hit.ts'
import { parseRecord } from './parse-record.ts'

/** What all parsers together make of a record, and which of them read it. */
const together: Parser = {
  id: 'together',
  accepts: () => true,
  parse: (record, context) => {
    const parsed = parseRecord(record, context)
    if ('unknown' in parsed) return parsed
    return parsed.events.map(({ observed, ecs }) => ({ observed, ecs: { ...ecs, 'read by': parsed.parser } }))
  },
}
const folder = fileURLToPath(new URL('./golden', import.meta.url))
const alerts = fileURLToPath(new URL('../parsers/wazuh/golden/alerts.jsonl', import.meta.url))

describe.each(goldenCases(folder, together))('$name', ({ made, expectedFile, documents, lines }) => {
  it(`is read as expected, ${lines} records`, async () => {
    expect(documents.length).toBe(lines)
    await expect(made).toMatchFileSnapshot(expectedFile)
  })

  it('makes sound documents', () => expect(documents.flatMap((ecs) => unsound(ecs))).toEqual([]))
})

describe('the event behind an alert of Wazuh’s', () => {
  const read = goldenRecords(alerts).map((record) => parseRecord(record, GOLDEN_CONTEXT))
  const [sshd, counted, windows, , , , , archived] = read.map((one) => ('unknown' in one ? undefined : one.events[0]))

  it('is what its own parser reads, at the time that Wazuh tells with its zone', () => {
    expect(sshd?.observed).toBe(Date.UTC(2026, 0, 15, 8, 15, 30, 412))
    expect(sshd?.ecs).toMatchObject({
      event: { kind: 'alert', action: 'ssh_login', outcome: 'failure', severity: 5 },
      rule: { id: '5716' },
      source: { ip: '203.0.113.5', port: 51514 },
      process: { name: 'sshd', pid: 2211 },
    })
  })

  it('is not told again by a rule that counted several', () => {
    expect(counted?.ecs).toMatchObject({ event: { kind: 'alert', type: ['info'] }, rule: { id: '5712' } })
    expect(counted?.ecs['process']).toBeUndefined()
  })

  it('is an event where no rule was interested in it (archives.json)', () => {
    expect(archived?.observed).toBe(Date.UTC(2026, 0, 15, 8, 15, 31, 20))
    expect(archived?.ecs).toMatchObject({
      event: { kind: 'event', action: 'ssh_login', outcome: 'success', dataset: 'wazuh.archives' },
      user: { name: 'deploy' },
      wazuh: { id: '1768464931.120377' },
    })
    expect(archived?.ecs['rule']).toBeUndefined()
  })

  it('has Windows’ own names, so that rules for Windows see it', () => {
    expect(windows?.observed).toBe(Date.UTC(2026, 0, 15, 8, 19, 59, 876))
    expect(windows?.ecs).toMatchObject({
      event: { kind: 'alert', code: '4625', outcome: 'failure' },
      host: { name: 'dc-01.example.test' },
      winlog: {
        channel: 'Security',
        provider_name: 'Microsoft-Windows-Security-Auditing',
        event_id: '4625',
        record_id: '229977',
        event_data: { TargetUserName: 'sato', LogonType: '3', IpAddress: '198.51.100.9' },
      },
      wazuh: { id: '1768465200.90001' },
    })
  })
})

it.each([
  {},
  { _source: 'text' },
  { _source: {}, _index: 'a' },
  { _source: {}, _index: '', _id: 'b' },
  { _source: {}, _index: 'a', _id: 7 },
  { _source: [], _index: 'a', _id: 'b' },
])('%j is no hit', (json) => expect(hitOf(json)).toBeUndefined())
