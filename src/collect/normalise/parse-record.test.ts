import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ParseContext, ParsedEvent, RawRecord } from '../../kernel/event.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { parsers } from '../parsers/registry.ts'
import { unsound } from '../testing/ecs-fields.ts'
import { goldenRecords } from '../testing/golden.ts'
import { parseRecord } from './parse-record.ts'

const context: ParseContext = { received: Date.UTC(2026, 0, 15, 12), zoneMinutes: 540, prefer: [] }

/** What is wrong with what any parser, and all of them together, make of a record. */
function faultsOf(record: RawRecord): readonly string[] {
  const together = parseRecord(record, context)
  const faults = 'unknown' in together ? reasonFaults('all', together.unknown) : eventFaults('all', together.events)
  return faults.concat(
    parsers.flatMap((parser) => {
      parser.accepts(record)
      const result = parser.parse(record, context)
      return 'unknown' in result ? reasonFaults(parser.id, result.unknown) : eventFaults(parser.id, result)
    }),
  )
}

function reasonFaults(parser: string, reason: string): readonly string[] {
  return reason === '' ? [`${parser}: an empty reason`] : []
}

function eventFaults(parser: string, events: readonly ParsedEvent[]): readonly string[] {
  const faults: string[] = []
  for (const { observed, ecs } of events) {
    faults.push(...unsound(ecs).map((fault) => `${parser}${fault}`))
    if (observed !== undefined && !Number.isFinite(observed)) faults.push(`${parser}: observed ${observed}`)
    if (Object.hasOwn(ecs, '@timestamp')) faults.push(`${parser}: sets @timestamp`)
    const event = ecs['event'] as JsonObject | undefined
    for (const name of ['id', 'ingested'])
      if (event !== undefined && Object.hasOwn(event, name)) faults.push(`${parser}: sets event.${name}`)
  }
  if (new Set(events.map(({ ecs }) => ecs)).size !== events.length) faults.push(`${parser}: one document twice`)
  return faults
}

/** JSON as an attacker writes it: known field names with values of any kind, dots and prototype keys in names. */
const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'winlog',
  'event',
  'event_data',
  'EventID',
  'Channel',
  'SourceName',
  'Event',
  'System',
  'EventData',
  'UserData',
  'Data',
  '#attributes',
  '#text',
  'Name',
  'event_id',
  'log_name',
  'host',
  'host.name',
  'user',
  'message',
  '@timestamp',
  'winlog.event_id',
  'winlog.channel',
  'event.code',
  'a.__proto__.b',
  'tags',
  'Keywords',
  'Hashes',
  'Message',
  'dns',
  'question',
  'name',
  'query',
  'qtype_name',
  'SourceModuleType',
  'TimeCreated',
  'SystemTime',
  'Provider',
  'Details',
  'TargetObject',
) // prettier-ignore
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string(),
    fc.constantFrom(
      '1',
      '13',
      '4624',
      'Security',
      'Microsoft-Windows-Sysmon',
      'Microsoft-Windows-Security-Auditing',
      '__proto__',
      '0x8020000000000000',
    ),
    fc.constantFrom(1, 3, 7, 13, 22, 4103, 4624, 4698, 5156, 7045, 0.5, -1, 1e300),
    fc.constant(null),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.oneof(names, fc.string()), tie('value')), { maxLength: 8 }).map(toJson),
  ),
})).value

function toJson(entries: readonly (readonly [string, unknown])[]): unknown {
  // By way of text, for that is how `__proto__` becomes a member.
  return JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`)
}

const documents = fc
  .array(fc.tuple(fc.oneof(names, fc.string()), values), { maxLength: 12 })
  .map((entries) => toJson(entries) as JsonObject)

/** Lines that begin like a format and go wrong anywhere. */
const lines = fc
  .tuple(
    fc.constantFrom(
      '',
      '<34>1 ',
      '<34>',
      'Jan 15 20:59:01 web-03 sshd[8]: ',
      'Jan 15 20:59:01 web-03 sudo: ',
      '203.0.113.9 - - [15/Jan/2026:20:00:00 +0900] "',
      'Jan 15 20:59:01 web-03 sshd[8]: message repeated 5 times: [ ',
      '<34>1 2026-01-15T03:14:15.003Z h a p m [',
      'Jan 15 20:59:01 web-03 CRON[8]: (root) CMD (',
      '<190>Jan 15 20:00:14 web-03 nginx: 1.2.3.4 - - [15/Jan/2026:20:00:14 +0900] "GET ',
    ),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom('', '" 200 5', '" 200 5 "-" "-"', ' from 203.0.113.9 port 22 ssh2', ']', ')', '\0'),
  )
  .map((parts) => parts.join('')) // prettier-ignore

/** Real records of every parser, to be broken. */
const golden: readonly RawRecord[] = parsers.flatMap(({ id }) => {
  const folder = fileURLToPath(new URL(`../parsers/${id}/golden/`, import.meta.url))
  return readdirSync(folder)
    .filter((file) => /\.(?:log|jsonl)$/.test(file))
    .flatMap((file) => goldenRecords(`${folder}${file}`))
})

/** A golden record with a piece cut out, put in twice or replaced; in JSON, one value somewhere is another. */
const broken = fc
  .record({
    record: fc.constantFrom(...golden),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(12),
    put: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('"', '=', ' ', '\t', '\n', '(', '\x1d', '%', '[', '-'),
    ),
    value: values,
  })
  .map(({ record, at, length, put, value }): RawRecord => {
    if (record.json !== undefined) return { id: 'x', json: withOther(record.json, at, value as JsonValue) }
    const text = record.text ?? ''
    const from = Math.floor(at * text.length)
    const changed = `${text.slice(0, from)}${put}${text.slice(from + length)}`
    return { id: 'x', text: changed, ...(record.header === undefined ? {} : { header: record.header }) }
  })

/** The document with one of its leaves replaced. */
function withOther(json: JsonObject, at: number, value: JsonValue): JsonObject {
  const copy = structuredClone(json) as Record<string, JsonValue>
  const places: [holder: Record<string, JsonValue>, key: string][] = []
  const walk = (holder: Record<string, JsonValue>): void => {
    for (const key of Object.keys(holder)) {
      places.push([holder, key])
      if (typeof holder[key] === 'object' && holder[key] !== null) walk(holder[key] as Record<string, JsonValue>)
    }
  }
  walk(copy)
  const place = places[Math.min(Math.floor(at * places.length), places.length - 1)]
  if (place !== undefined) place[0][place[1]] = value
  return copy
}

describe('every parser', () => {
  it('takes real records that are broken anywhere without throwing, and makes sound documents', () => {
    expect(golden.length).toBeGreaterThan(400)
    fc.assert(
      fc.property(broken, (record) => {
        expect(faultsOf(record)).toEqual([])
      }),
      { numRuns: 4_000 },
    )
  })

  it('takes any JSON without throwing, and makes sound documents', () => {
    fc.assert(
      fc.property(documents, (json) => {
        expect(faultsOf({ id: 'x', json })).toEqual([])
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes any text without throwing, and makes sound documents', () => {
    fc.assert(
      fc.property(lines, (text) => {
        expect(faultsOf({ id: 'x', text })).toEqual([])
        // The same line as a shipper's message.
        expect(faultsOf({ id: 'x', json: { message: text, host: 'relay' } })).toEqual([])
      }),
      { numRuns: 3_000 },
    )
  })

  it('changes nothing of the client’s object', () => {
    fc.assert(
      fc.property(documents, (json) => {
        const before = JSON.stringify(json)
        parseRecord({ id: 'x', json }, context)
        expect(JSON.stringify(json)).toBe(before)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps what is nested beyond 32 levels as text', () => {
    const json = JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`) as JsonObject
    const parsed = parseRecord({ id: 'x', json }, context)
    let levels = 0
    let here: unknown = 'events' in parsed ? parsed.events[0]!.ecs['a'] : undefined
    for (; typeof here === 'object'; levels++) here = (here as JsonObject)['a']
    expect(levels).toBe(31)
    expect(here).toBe(`${'{"a":'.repeat(28)}1${'}'.repeat(28)}`)
  })

  it('does not fall over 100,000 levels', () => {
    const json = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`) as JsonObject
    expect('events' in parseRecord({ id: 'x', json }, context)).toBe(true)
  })

  it('refuses a document of too many members, with the reason', () => {
    const json = Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`k${index}`, index]))
    expect(parseRecord({ id: 'x', json }, context)).toEqual({ unknown: 'more than 20000 members' })
  })

  it('does not slow down on long lines made against its patterns', () => {
    const auth = (message: string): string => `Jan 15 20:59:01 h sshd[1]: ${message}`
    const long = [
      auth(`Failed password for ${' from'.repeat(20_000)}`),
      auth(`Failed password for ${' from'.repeat(1_500)}`),
      auth(`Invalid user ${'a'.repeat(8_000)} `),
      auth(`Starting session: ${' for'.repeat(2_000)}`),
      auth(`Disconnecting ${'a '.repeat(4_000)}`),
      auth(`pam_unix(sshd:session): session opened for user ${'(uid=1'.repeat(1_300)}`),
      `Jan 15 20:59:01 h sudo: ${'a : '.repeat(20_000)}`,
      `Jan 15 20:59:01 h sudo: a : ${'b '.repeat(4_000)}`,
      `1.2.3.4 - - [15/Jan/2026:20:00:00 +0900] "${'" 20'.repeat(20_000)}`,
      `1.2.3.4 - - [15/Jan/2026:20:00:00 +0900] "${' HTTP/1.1" 200'.repeat(20_000)}`,
      `${'a '.repeat(50_000)}- - [15/Jan/2026:20:00:00 +0900] "GET / HTTP/1.1" 200 5`,
      `<34>1 2026-01-15T03:14:15Z h a p m ${'[a b="'.repeat(20_000)}`,
      `client 1.2.3.4${'#1: query'.repeat(20_000)}`,
      `client 1.2.3.4#1: query: ${'#1: '.repeat(1_000)}`,
      ' ['.repeat(50_000),
      `type=SYSCALL msg=audit(1.000:1): ${'gid=0 '.repeat(12_000)}`,
      `type=USER_CMD msg=audit(1.000:1): msg='${'a="'.repeat(20_000)}`,
      `2026/01/15 20:00:00 [error] 1#1: *1 x, client: 1.2.3.4${', host: "a'.repeat(1_000)}`,
      `[Thu Jan 15 20:00:00 2026] [error] ${'[client 1.2.3.4] '.repeat(5_000)}`,
      `1.2.3.4:5 [15/Jan/2026:20:00:00.000] a b/c 0/0/0/0/0 200 5 - - ---- 1/1/1/1/1 0/0 ${'{a|} '.repeat(10_000)}`,
      `2026-01-15 20:00:00 UTC [1] ${'a@b '.repeat(20_000)}LOG:  x`,
      `2026-01-15 20:00:00.000 UTC,${'"a""'.repeat(20_000)}`,
      `2026-01-15 20:00:00 1 [Warning] Access denied for user '${"'@'".repeat(10_000)}`,
      `[15/Jan/2026:20:00:00 +0900] a 1.2.3.4 0.1 "${'" 200 1 1 '.repeat(10_000)}`,
      `<Event><System>${'<a b="'.repeat(10_000)}`,
      ' info: 1'.repeat(50_000),
    ]
    for (const text of long) expect(faultsOf({ id: 'x', text })).toEqual([])
  })
})

describe('parseRecord', () => {
  const both: RawRecord = {
    id: 'x',
    text: 'Jan 15 20:59:01 web-03 sshd[8]: Failed password for root from 203.0.113.9 port 2 ssh2',
  }

  it('takes the first parser in the order of the registry', () => {
    expect(parseRecord(both, context)).toMatchObject({ parser: 'linux-auth' })
  })

  it('takes a preferred parser before', () => {
    expect(parseRecord(both, { ...context, prefer: ['nobody', 'syslog'] })).toMatchObject({ parser: 'syslog' })
  })

  it.each([
    ['', 'an empty line'],
    ['something else', 'no parser knows this format'],
    ['<34>', undefined],
  ])('says of %j why nobody reads it: %j', (text, reason) => {
    const result = parseRecord({ id: 'x', text }, context)
    expect('unknown' in result ? result.unknown : undefined).toBe(reason)
  })
})
