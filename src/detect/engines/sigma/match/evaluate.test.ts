import { describe, expect, it } from 'vitest'
import { loadRuleTexts } from '../load/load.ts'
import { compileSigma } from './program.ts'

const RULE = (channel: string) => `title: Started from a share
id: 6b1f2c54-5d0e-4c39-9a43-0b9a8f1f7e11
status: test
logsource: { product: windows, service: sysmon }
detection:
  selection:
    Channel${channel}
    EventID: 1
    Image|startswith: '\\\\'
  condition: selection
level: high
`
const why = (rule: string, doc: Parameters<ReturnType<typeof compileSigma>['match']>[0]) =>
  compileSigma(loadRuleTexts([{ file: 'a.yml', text: rule }]).rules).match(doc)[0]

describe('a match by what only the class of the event tells', () => {
  const sysmon = { winlog: { provider_name: 'Microsoft-Windows-Sysmon', event_id: 1, event_data: { Image: '\\\\x\\a.exe' } } }

  it.each([': Microsoft-Windows-Sysmon/Operational', "|endswith: '/operational'", '|exists: true'])(
    'says all of why, where the rule asks for Channel%s',
    (asked) => {
      const match = why(RULE(asked), sysmon)
      expect(match?.conditions.map(({ field, place, value }) => [field, place, value])).toEqual([
        ['Channel', 'winlog.channel', 'Microsoft-Windows-Sysmon/Operational'],
        ['EventID', 'winlog.event_id', 1],
        ['Image', 'winlog.event_data.Image', '\\\\x\\a.exe'],
      ])
    },
  )

  it('says what the event says itself, where it does', () => {
    const doc = { winlog: { ...sysmon.winlog, channel: 'microsoft-windows-sysmon/OPERATIONAL' } }
    expect(why(RULE(': Microsoft-Windows-Sysmon/Operational'), doc)?.fields['winlog.channel']).toBe(doc.winlog.channel)
  })
})
