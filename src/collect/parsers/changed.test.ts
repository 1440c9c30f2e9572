import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ParseContext, RawRecord } from '../../kernel/event.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { ecsFaults, readEcsFields, unsound } from '../testing/ecs-fields.ts'
import { goldenRecords } from '../testing/golden.ts'
import { parsers } from './registry.ts'

/**
 * Every golden record with one change, at every place: in JSON each member takes each of some values, in text each character gives
 * way to each of some others. Nothing throws, and what is made stays ECS.
 */

const context: ParseContext = { received: Date.UTC(2026, 0, 15, 12), zoneMinutes: 540, prefer: [] }
const fieldsFile = sharedData('ecs/fields.csv')
const fields = fieldsFile === undefined ? undefined : readEcsFields(fieldsFile)
/** Their senders' own fields stay, whatever they are. */
const KEEPS_FOREIGN_FIELDS = new Set(['json-ecs', 'windows-event', 'wazuh'])

const VALUES: readonly JsonValue[] = [0.5, -1, 1e300, null, true, 'x', '-', '', {}, [], { a: 1 }, ['x', 1], '1.2.3.4', 7, '0x10']
const PUTS = ['', 'x', ' ', '"', '-', '9']
/** Longer records are changed at every n-th place. */
const MOST_PLACES = 100

function* changes(record: RawRecord): Generator<RawRecord> {
  if (record.json !== undefined) {
    const places = countMembers(record.json)
    const step = Math.ceil(places / MOST_PLACES)
    for (let place = 0; place < places; place += step) {
      for (const value of VALUES) yield { id: 'x', json: withMember(record.json, place, value) }
    }
    return
  }
  const text = record.text ?? ''
  const step = Math.ceil(text.length / MOST_PLACES)
  for (let at = 0; at < text.length; at += step) {
    for (const put of PUTS) yield { ...record, text: `${text.slice(0, at)}${put}${text.slice(at + 1)}` }
  }
}

function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, member) => sum + 1 + countMembers(member as JsonValue), 0)
}

function withMember(json: JsonObject, place: number, value: JsonValue): JsonObject {
  const copy = structuredClone(json)
  let seen = 0
  const replace = (holder: Record<string, JsonValue>): boolean =>
    Object.keys(holder).some((key) => {
      if (seen++ === place) {
        holder[key] = value
        return true
      }
      const member = holder[key]
      return typeof member === 'object' && member !== null && replace(member as Record<string, JsonValue>)
    })
  replace(copy as Record<string, JsonValue>)
  return copy
}

describe.each(parsers)('$id', (parser) => {
  it('takes its golden records with any one change', () => {
    const folder = fileURLToPath(new URL(`./${parser.id}/golden/`, import.meta.url))
    const records = readdirSync(folder)
      .filter((file) => /\.(?:log|jsonl)$/.test(file))
      .flatMap((file) => goldenRecords(`${folder}${file}`))
    const faults = new Set<string>()
    let tried = 0
    for (const record of records) {
      for (const changed of changes(record)) {
        tried++
        parser.accepts(changed)
        const result = parser.parse(changed, context)
        if ('unknown' in result) continue
        for (const { ecs } of result) {
          for (const fault of unsound(ecs)) faults.add(fault)
          if (fields === undefined || KEEPS_FOREIGN_FIELDS.has(parser.id)) continue
          for (const fault of ecsFaults(ecs, fields)) faults.add(fault)
        }
      }
    }
    expect([...faults]).toEqual([])
    expect(tried).toBeGreaterThan(500)
  })
})
