import { setFlagsFromString } from 'node:v8'
import { describe, expect, it } from 'vitest'
import type { ParsedEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { parseRecord } from './parse-record.ts'

const SENT = '2026-01-15T03:04:05.000Z'
const AT = Date.parse(SENT)

function read(json: JsonObject): ParsedEvent {
  const parsed = parseRecord({ id: 'a', json }, { received: 0, zoneMinutes: 0, prefer: [] })
  if ('unknown' in parsed) throw new Error(parsed.unknown)
  return parsed.events[0]!
}

const BEAT = { winlog: { channel: 'System', event_id: 7036, event_data: {} }, event: { code: '7036' } }
const ALERT = { rule: { level: 3, id: '5715' }, agent: { id: '001' }, manager: { name: 'm' } }

describe('the time that a client gave', () => {
  it.each([
    ['a logger', { message: 'x' }],
    ['Winlogbeat', BEAT],
    ['Wazuh', ALERT],
  ] as const)('of %s is read, and kept only where it is none', (_, json) => {
    const right = read({ ...json, '@timestamp': SENT })
    expect(right.observed).toBe(AT)
    expect(right.ecs).not.toHaveProperty('timestamp_original')
    const wrong = read({ ...json, '@timestamp': 'yesterday' })
    expect(wrong.observed).toBeUndefined()
    expect(JSON.stringify(wrong.ecs)).toContain('"timestamp_original":"yesterday"')
  })

  it('leaves alone what a document kept aside the last time', () => {
    const again = read({ message: 'x', '@timestamp': SENT, timestamp_original: 'yesterday' })
    expect(again).toMatchObject({ observed: AT, ecs: { timestamp_original: 'yesterday' } })
  })
})

it('documents keep the shape in which the runtime reads and writes them fastest', () => {
  setFlagsFromString('--allow-natives-syntax')
  const isFast = new Function('object', 'return %HasFastProperties(object)') as (object: object) => boolean
  const ecs = { '@timestamp': SENT, event: { action: 'create' }, host: { name: 'h' }, source: { ip: '192.0.2.1' }, message: 'x' }
  const documents = [ecs, { ...BEAT, '@timestamp': SENT }]
  expect(documents.filter((json) => !isFast(read(json).ecs))).toEqual([])
})
