import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseRecord } from '../collect/normalise/parse-record.ts'
import { goldenRecords } from '../collect/testing/golden.ts'
import { loadRuleFiles } from '../detect/engines/sigma/load/read-files.ts'
import { compileSigma, type SigmaProgram } from '../detect/engines/sigma/match/program.ts'
import { sharedData } from '../kernel/testing/shared-data.ts'

/** What a parser makes of a record is what rules written for that product look for: SigmaHQ's rules over golden records. */

const rules = sharedData('sigma/rules/rules')
const parsers = fileURLToPath(new URL('../collect/parsers/', import.meta.url))

const CASES: readonly (readonly [file: string, record: number, title: string])[] = [
  ['auditd/golden/audit.log', 36, 'Loading of Kernel Module via Insmod'],
  ['cloudtrail/golden/records.jsonl', 1, 'AWS ConsoleLogin Failed Authentication'],
  ['cloudtrail/golden/records.jsonl', 2, 'AWS Root Credentials'],
  ['cloudtrail/golden/records.jsonl', 3, 'AWS IAM Backdoor Users Keys'],
  ['cloudtrail/golden/records.jsonl', 4, 'Ingress/Egress Security Group Modification'],
  ['azure/golden/records.jsonl', 2, "User Added to an Administrator's Azure AD Role"],
  ['azure/golden/records.jsonl', 5, 'Granting Of Permissions To An Account'],
  ['gcp-audit/golden/entries.jsonl', 4, 'Google Cloud Firewall Modified or Deleted'],
  ['kubernetes-audit/golden/events.jsonl', 2, 'Kubernetes Unauthorized or Unauthenticated Access'],
  ['kubernetes-audit/golden/events.jsonl', 3, 'Kubernetes Rolebinding Modification'],
  ['zeek/golden/json.jsonl', 6, 'Kerberos Network Traffic RC4 Ticket Encryption'],
  ['zeek/golden/json.jsonl', 9, 'MITRE BZAR Indicators for Execution'],
  ['windows-event/golden/sysmon-linux.log', 1, 'Curl Usage on Linux'],
  ['windows-event/golden/sysmon-linux.log', 3, 'New Cron File Created'],
  ['windows-event/golden/xml.log', 2, 'Failed Logon From Public IP'],
  ['mysql/golden/general.log', 25, 'Suspicious SQL Query'],
]

describe.skipIf(rules === undefined)('rules over what parsers make', () => {
  let program: SigmaProgram
  beforeAll(() => {
    program = compileSigma(
      loadRuleFiles(
        ['cloud', 'linux', 'network', 'application', 'category', 'windows/builtin/security'].map(
          (folder) => `${rules}/${folder}`,
        ),
      ).rules,
    )
  })

  it.each(CASES)('%s, record %i: %s', (file, number, title) => {
    const record = goldenRecords(`${parsers}${file}`).find(({ id }) => id.endsWith(`:${number}`))!
    const result = parseRecord(record, { received: Date.UTC(2026, 0, 15, 12), zoneMinutes: 540, prefer: [] })
    if ('unknown' in result) throw new Error(result.unknown)
    expect(result.events.flatMap(({ ecs }) => program.match(ecs)).map(({ info }) => info.title)).toContain(title)
  })
})
