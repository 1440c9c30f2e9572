import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ParseContext, RawRecord } from '../../kernel/event.ts'
import { getPath, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { type Parsed, parseRecord } from '../normalise/parse-record.ts'
import { ecsFaults, readEcsFields } from '../testing/ecs-fields.ts'
import { goldenRecords } from '../testing/golden.ts'

/** Real logs that nobody here wrote (`../shared/data`); skipped, and said so, where they are absent. */

const context: ParseContext = { received: Date.UTC(2026, 7, 1), zoneMinutes: 0, prefer: [] }
const fieldsFile = sharedData('ecs/fields.csv')
const windows = sharedData('events/windows')
const mixed = sharedData('events/mixed-20k.jsonl.gz')
const examples = sharedData('logs/elastic-examples')
const crowdsec = sharedData('logs/crowdsec-hub')
const regression = sharedData('sigma/regression')

function linesOf(path: string): readonly string[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}

function textRecords(path: string): readonly RawRecord[] {
  return linesOf(path).map((text, index) => ({ id: `${index}`, text }))
}

function jsonRecords(path: string): readonly RawRecord[] {
  return linesOf(path).map((line, index) => ({ id: `${index}`, json: JSON.parse(line) as JsonObject }))
}

function windowsFiles(): readonly string[] {
  if (windows === undefined) return []
  return readdirSync(windows)
    .filter((file) => file.endsWith('.gz'))
    .map((file) => join(windows, file))
}

function parsed(record: RawRecord): Parsed {
  const result = parseRecord(record, context)
  if ('unknown' in result) throw new Error(`${result.unknown}: ${record.text ?? JSON.stringify(record.json)}`)
  return result
}

function tally(records: readonly RawRecord[], of: (result: ReturnType<typeof parseRecord>) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const record of records) {
    const key = of(parseRecord(record, context))
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

const parserOf = (result: ReturnType<typeof parseRecord>): string => ('unknown' in result ? 'unknown' : result.parser)

function actionOf(result: ReturnType<typeof parseRecord>): string {
  if ('unknown' in result) return 'unknown'
  const { event } = result.events[0]!.ecs as { readonly event: JsonObject }
  return event['action'] === undefined ? 'header only' : [event['action'], event['outcome'] ?? ''].join(' ').trim()
}

describe.skipIf(examples === undefined)('elastic’s example logs', () => {
  it('auth.log: every line is read, and what each is', ({ annotate }) => {
    const records = textRecords(join(examples!, 'auth.log'))
    const actions = tally(records, actionOf)
    void annotate(`${records.length} lines: ${JSON.stringify(actions)}`)
    expect(records).toHaveLength(7_121)
    expect(actions['unknown']).toBeUndefined()
    expect(actions).toMatchObject({ 'ssh_login success': 226, 'sudo_command success': 186, 'added-user-account success': 10 })
    // Lines that say nothing of access: sshd's start and stop, seats, PAM's retries.
    expect(actions['header only']! / records.length).toBeLessThan(0.03)
  })

  it('apache_access.log: every line is read', () => {
    const records = textRecords(join(examples!, 'apache_access.log'))
    expect(tally(records, parserOf)).toEqual({ 'web-access': 10_000 })
    const withoutStatus = records.filter(
      (record) => getPath(parsed(record).events[0]!.ecs, 'http.response.status_code') === undefined,
    )
    expect(withoutStatus).toEqual([])
  })
})

describe.skipIf(crowdsec === undefined)('crowdsec’s other cases, without an assertion', () => {
  it('every line of the products that we read is read by a parser of its own', () => {
    const folders = readdirSync(crowdsec!).filter((name) =>
      /^(?:ssh-|sshd|nginx|http-(?:admin|bf|dos|tech|word)|apache|litespeed|auditd|mysql|mariadb|modsec)/.test(name),
    )
    const unread: string[] = []
    let lines = 0
    for (const folder of folders) {
      for (const file of readdirSync(join(crowdsec!, folder)).filter((name) => name.endsWith('.log'))) {
        for (const record of textRecords(join(crowdsec!, folder, file))) {
          lines++
          if (['unknown', 'syslog'].includes(parserOf(parseRecord(record, context))))
            unread.push(`${folder}: ${record.text!.slice(0, 60)}`)
        }
      }
    }
    expect(lines).toBeGreaterThan(300)
    // sshesame and apereo are neither sshd nor Apache; one mail server's lines are nginx's.
    expect(unread.filter((line) => !/^(?:sshesame|apereo)/.test(line))).toEqual([])
  })
})

describe.skipIf(windows === undefined || mixed === undefined)('recorded Windows events', () => {
  it('are all read by the Windows parser but for cloud audit records', () => {
    const counts = tally(windowsFiles().flatMap(jsonRecords), parserOf)
    expect(counts['unknown']).toBeUndefined()
    expect(counts['json-ecs']).toBe(12)
    expect(counts['azure']).toBe(4)
    expect(counts['windows-event']).toBeGreaterThan(22_000)
  })

  it('keep every data field by name and value, and carry a time', () => {
    const records = jsonRecords(mixed!)
    const lost = new Set<string>()
    let compared = 0
    for (const { id, json } of records) {
      const { ecs, observed } = parsed({ id, json: json! }).events[0]!
      if (observed === undefined) lost.add(`${id}: no time`)
      const kept = new Set<JsonValue>(leaves(ecs).map((value) => String(value)))
      for (const [key, value] of Object.entries(json!)) {
        if (value === null || typeof value === 'object' || TIMES.has(key) || REWRITTEN.has(key)) continue
        compared++
        if (!kept.has(String(value))) lost.add(`${key}: ${String(value).slice(0, 60)}`)
      }
    }
    expect([...lost]).toEqual([])
    expect(records).toHaveLength(20_000)
    expect(compared).toBeGreaterThan(400_000)
  })
})

/** Times that `@timestamp` stands for. */
const TIMES = new Set(['@timestamp', 'EventTime', 'TimeCreated', 'TimeGenerated', 'UtcTime'])
/** Written in Winlogbeat's words: masks by name, levels by name, `EventType` by outcome, a task's number by its name. */
const REWRITTEN = new Set(['Keywords', 'Level', 'EventType', 'Task', 'OpcodeValue', 'SeverityValue'])

function leaves(value: JsonValue): readonly JsonValue[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value]
}

describe.skipIf(regression === undefined)('SigmaHQ’s recorded positives, nested as evtx dumpers print them', () => {
  it('are all read, with every data field', () => {
    const files = readdirSync(regression!, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
    let events = 0
    for (const file of files) {
      for (const json of documentsOf(readFileSync(join(regression!, file), 'utf8'))) {
        const result = parsed({ id: file, json })
        expect(result.parser, file).toBe('windows-event')
        const { ecs, observed } = result.events[0]!
        expect(observed, file).toBeTypeOf('number')
        const data = getPath(ecs, 'winlog.event_data') as JsonObject
        const original = (json['Event'] as JsonObject)['EventData']
        if (isJsonObject(original)) {
          for (const [name, value] of Object.entries(original)) {
            if (typeof value !== 'object') expect(data[name], `${name} in ${file}`).toBe(String(value))
          }
        }
        events++
      }
    }
    expect(files.length).toBeGreaterThan(100)
    expect(events).toBeGreaterThanOrEqual(files.length)
  })
})

/** Several pretty-printed documents may stand in one file: each begins with a brace in the first column. */
function documentsOf(text: string): readonly JsonObject[] {
  return text
    .split(/^(?=\{)/m)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part) as JsonObject)
}

describe.skipIf(fieldsFile === undefined)('what we emit is ECS', () => {
  const fields = fieldsFile === undefined ? new Map<string, string>() : readEcsFields(fieldsFile)

  it('reads the field list', () => {
    expect(fields.size).toBeGreaterThan(2_000)
    expect(fields.get('source.ip')).toBe('ip')
  })

  it('in every golden record and every real one', () => {
    const here = fileURLToPath(new URL('./', import.meta.url))
    const golden = ['dns-log', 'linux-auth', 'syslog', 'web-access', 'windows-event'].flatMap((id) =>
      readdirSync(join(here, id, 'golden'))
        .filter((file) => /\.(?:log|jsonl)$/.test(file) && file !== 'winlogbeat.jsonl')
        .flatMap((file) => goldenRecords(join(here, id, 'golden', file))),
    )
    const real = [
      ...(mixed === undefined ? [] : jsonRecords(mixed).slice(0, 8_000)),
      ...(examples === undefined ? [] : textRecords(join(examples, 'auth.log'))),
      ...(examples === undefined ? [] : textRecords(join(examples, 'apache_access.log')).slice(0, 2_000)),
    ]
    const faults = new Set<string>()
    let documents = 0
    for (const record of [...golden, ...real]) {
      const result = parseRecord(record, context)
      // What its own parser refuses is anybody's JSON, with foreign fields.
      if ('unknown' in result || result.parser === 'json-ecs') continue
      for (const { ecs } of result.events) {
        documents++
        for (const fault of ecsFaults(ecs, fields)) faults.add(`${result.parser}: ${fault}`)
      }
    }
    expect([...faults]).toEqual([])
    expect(documents).toBeGreaterThan(15_000)
  })
})
