import { expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { parseRecord } from '../normalise/parse-record.ts'
import { GOLDEN_CONTEXT } from '../testing/golden.ts'
import { numbersOf, wholeOf } from './numbers-of.ts'

function told(record: { readonly text: string } | { readonly json: JsonObject }, source = 'syslog:main'): [string, number][] {
  const result = parseRecord({ id: 'x', ...record }, GOLDEN_CONTEXT)
  if ('unknown' in result) throw new Error(result.unknown)
  const numbers: [string, number][] = []
  for (const { ecs } of result.events) numbersOf(ecs, source, (stream, number) => numbers.push([stream, number]))
  return numbers
}

it('are the sequenceId of syslog, for the host and for the program (RFC 5424 §7.3.1)', () => {
  const line =
    '<38>1 2026-01-15T11:59:58.123+09:00 web-03 sshd 4242 - [timeQuality tzKnown="1"][meta sequenceId="29" sysUpTime="5"] Connection closed'
  expect(told({ text: line })).toEqual([
    ['syslog', 29],
    ['syslog:sshd', 29],
  ])
  expect(told({ text: line.replace('[meta sequenceId="29" sysUpTime="5"]', '') })).toEqual([])
  expect(told({ text: line.replace('"29"', '"x"') })).toEqual([])
})

it('are the record ids of a Windows channel, in whatever shape they came', () => {
  expect(
    told({
      json: {
        Channel: 'Security',
        EventID: 4624,
        RecordNumber: 77,
        Hostname: 'dc-01',
        SourceName: 'Microsoft-Windows-Security-Auditing',
        EventTime: '2026-01-15 11:59:58',
      },
    }),
  ).toEqual([['Security', 77]])
  expect(
    told(
      {
        json: {
          '@timestamp': '2026-01-15T11:59:58Z',
          winlog: { channel: 'System', record_id: 5, event_id: 7036, provider_name: 'Service Control Manager' },
        },
      },
      'http:beats',
    ),
  ).toEqual([['System', 5]])
})

it('are an agent’s own numbers, and nobody else’s', () => {
  const json = { '@timestamp': '2026-01-15T11:59:58Z', event: { sequence: 12 }, message: 'x' }
  expect(told({ json }, 'agent:7f')).toEqual([['agent', 12]])
  expect(told({ json }, 'http:a')).toEqual([])
})

it('a program’s numbers are a part of its host’s', () => {
  expect(['syslog:sshd', 'syslog', 'Security'].map(wholeOf)).toEqual(['syslog', undefined, undefined])
})
