import fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'

/**
 * Rules and events over one small vocabulary, so that matches are common. The words hold what is hard to compare: letters whose case
 * changes length or plane, halves of paths, wildcards, quotes, and prefixes of one another.
 */
const WORDS = [
  'cmd',
  'cmd.exe',
  '\\cmd.exe',
  'PowerShell',
  'powershell.exe',
  'C:\\Windows\\',
  'whoami',
  'who',
  '-enc',
  '/c',
  ' ',
  'a',
  '"',
  '\u0001',
  'Σίσυφος',
  'ΣΊΣΥΦΟΣ',
  'İi',
  '\u212a',
  'k',
  'ſs',
  '😀',
  '𐐀',
  '𐐨',
  '日本',
  '10.0.0.5',
  '4688',
  '1',
] as const

const FIELDS = ['Image', 'CommandLine', 'ParentImage', 'User', 'Details', 'IpAddress', 'constructor', '__proto__'] as const
const CATEGORIES = ['process_creation', 'registry_set', 'ps_script'] as const

const word = fc.constantFrom(...WORDS)
const cased = fc
  .tuple(word, fc.constantFrom('as-is', 'upper', 'lower'))
  .map(([text, how]) => (how === 'upper' ? text.toUpperCase() : how === 'lower' ? text.toLowerCase() : text))
const text = fc.array(cased, { minLength: 0, maxLength: 4 }).map((words) => words.join(''))
const longText = fc.array(cased, { minLength: 60, maxLength: 120 }).map((words) => words.join(''))

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 12, arbitrary: text },
  { weight: 1, arbitrary: longText },
  { weight: 1, arbitrary: fc.constantFrom(1, 4688, 0, true, false, null, '') },
  { weight: 1, arbitrary: fc.array(fc.oneof(text, fc.constant(null), fc.constant(1)), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ inner: text }) },
  { weight: 1, arbitrary: fc.array(fc.record({ inner: text }), { minLength: 1, maxLength: 2 }) },
)

const eventData: fc.Arbitrary<JsonObject> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...FIELDS), value), { maxLength: 6, selector: ([field]) => field })
  .map((entries) => Object.fromEntries(entries))

const CHANNELS = [
  ['Microsoft-Windows-Sysmon/Operational', '1'],
  ['Microsoft-Windows-Sysmon/Operational', '13'],
  ['Security', '4688'],
  ['Microsoft-Windows-PowerShell/Operational', '4104'],
] as const

/** Events of every shape, most of them of few classes. */
export const randomEvent: fc.Arbitrary<JsonObject> = fc
  .tuple(
    eventData,
    fc.constantFrom(...CHANNELS),
    fc.constantFrom('flat', 'nested', 'winlogbeat', 'winlogbeat6', 'linux', 'other'),
  )
  .map(([data, [channel, id], shape]): JsonObject => {
    switch (shape) {
      case 'flat':
        return { ...data, Channel: channel, EventID: Number(id) }
      case 'nested':
        return { Event: { System: { Channel: channel, EventID: Number(id) }, EventData: data } }
      case 'winlogbeat':
        return { winlog: { channel, event_id: id, event_data: data }, message: 'whoami' }
      case 'winlogbeat6':
        return { log_name: channel, event_id: Number(id), event_data: data }
      case 'linux':
        return {
          ...data,
          event: { category: ['process'], type: ['start'] },
          host: { os: { type: 'linux' } },
          process: { executable: '/bin/cmd', command_line: 'who -enc' },
        }
      default:
        return data
    }
  })

/** As a rule writes it: wildcards between words, and now and then a backslash before one. */
const pattern = fc
  .array(fc.oneof({ weight: 5, arbitrary: cased }, { weight: 1, arbitrary: fc.constantFrom('*', '?', '\\*', '\\?', '\\\\') }), {
    maxLength: 3,
  })
  .map((parts) => parts.join(''))

const regex = fc
  .array(
    fc.oneof(
      cased.map((each) => each.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')),
      fc.constantFrom('.*', '\\w+', '(?:a|k)', '^', '$', '[a-z]', '\\.', '(cmd|who)+', '(?i)cmd'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''))

const plain = fc.oneof({ weight: 8, arbitrary: pattern }, { weight: 1, arbitrary: fc.constantFrom(1, 4688, true, null, '') })
const list = <T extends JsonValue>(of: fc.Arbitrary<T>): fc.Arbitrary<JsonValue> =>
  fc.oneof(of, fc.array(of, { minLength: 1, maxLength: 8 }))

const item: fc.Arbitrary<readonly [string, JsonValue]> = fc
  .tuple(fc.constantFrom(...FIELDS, 'Details.inner', 'Image.inner', 'EventID', 'Missing'), fc.integer({ min: 0, max: 11 }))
  .chain(([field, kind]): fc.Arbitrary<readonly [string, JsonValue]> => {
    const modified = (modifiers: readonly string[], of: fc.Arbitrary<JsonValue>) =>
      fc
        .tuple(fc.constantFrom(...modifiers), fc.constantFrom('', '', '', '|all', '|cased', '|neq'), of)
        .map(([how, more, each]) => [`${field}${how}${more}`, each] as const)
    if (kind < 2) return modified([''], list(plain))
    if (kind < 7) return modified(['|contains', '|startswith', '|endswith', '|contains|windash'], list(pattern))
    if (kind === 7) return modified(['|re', '|re|i', '|re|s'], list(regex))
    if (kind === 8) return modified(['|exists'], fc.boolean()).map(([key, each]) => [key.replace('|neq', ''), each] as const)
    if (kind === 9) return modified(['|fieldref', '|fieldref|contains', '|fieldref|startswith'], fc.constantFrom(...FIELDS))
    if (kind === 10) return modified(['|cidr'], fc.constantFrom('10.0.0.0/8', '192.168.0.0/16'))
    return modified(['|gt', '|lte', '|base64offset|contains', '|utf16le|base64'], fc.constantFrom('1', '4688', '100'))
  })

const map = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => Object.fromEntries(items) as JsonObject)
const keyword = fc.constantFrom(...WORDS.filter((each) => each !== ' '), 'who*mi', 'cm?')

const selection: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: map },
  { weight: 2, arbitrary: fc.array(map, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(keyword, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(keyword, { minLength: 1, maxLength: 2 }).map((words) => ({ '|all': words })) },
)

const CONDITIONS = [
  'a1',
  'a1',
  'a1 and b1',
  'a1 or b1',
  'a1 and not b1',
  'not a1',
  'a1 and (b1 or not a2)',
  'a1 or b1 and a2',
  '1 of a*',
  'all of a*',
  '1 of them',
  '2 of them',
  'all of them',
  'a1 and not 1 of b*',
  'not (a1 and b1)',
] as const

const logsource = fc.oneof(
  fc.constantFrom<JsonObject>(
    { product: 'windows' },
    { product: 'windows', service: 'security' },
    { product: 'windows', service: 'sysmon' },
    { product: 'linux' },
    { product: 'linux', category: 'process_creation' },
  ),
  fc.constantFrom(...CATEGORIES).map((category): JsonObject => ({ product: 'windows', category })),
  fc.constantFrom(...CATEGORIES).map((category): JsonObject => ({ category })),
)

const rule = fc.record({
  logsource,
  detection: fc.record({
    a1: selection,
    a2: selection,
    b1: selection,
    condition: fc.oneof(fc.constantFrom(...CONDITIONS), fc.constant(['a1 and b1', 'a2'])),
  }),
})

/** A rule file as text, one document a rule. Some are refused, e.g. a keyword without any letter. */
export const randomRuleFile: fc.Arbitrary<string> = fc
  .array(rule, { minLength: 10, maxLength: 40 })
  .map((rules) => rules.map((each, at) => JSON.stringify({ title: `rule ${at}`, id: `r${at}`, ...each })).join('\n---\n'))
