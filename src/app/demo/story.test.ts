import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseRecord } from '../../collect/normalise/parse-record.ts'
import { loadRuleSet } from '../../detect/rule-set.ts'
import type { RawRecord, StoredEvent } from '../../kernel/event.ts'
import { finishDocument } from '../pipeline/build-event.ts'
import { readStoryTexts } from './acts.ts'
import { type StoryItem, type StoryOptions, story, storyLength } from './story.ts'

const content = fileURLToPath(new URL('../../../content/', import.meta.url))
const texts = readStoryTexts(`${content}demo/story.yml`)
const startMs = Date.UTC(2026, 10, 22, 2)

interface Told {
  readonly items: readonly StoryItem[]
  readonly unknown: readonly string[]
  readonly parsers: Readonly<Record<string, number>>
  readonly events: readonly StoredEvent[]
  /** `act rule level` of every detection. */
  readonly fired: ReadonlyMap<string, number>
}

/** The story through the real parsers and the real engines with the whole of our own pack. */
function tell(seed: number, options: StoryOptions): Told {
  const items = [...story(seed, options)]
  const unknown: string[] = []
  const parsers: Record<string, number> = {}
  const events: StoredEvent[] = []
  const acts = new Map<string, number>()
  for (const [index, item] of items.entries()) {
    const received = options.startMs + item.atMs + 200
    const id = String(index)
    const record: RawRecord = typeof item.record === 'string' ? { id, text: item.record } : { id, json: item.record }
    const result = parseRecord(record, { received, zoneMinutes: 540, prefer: [] })
    if ('unknown' in result) {
      unknown.push(`${result.unknown}: ${JSON.stringify(item.record)}`)
      continue
    }
    parsers[result.parser] = (parsers[result.parser] ?? 0) + 1
    for (const parsed of result.events) {
      const { doc, observed } = finishDocument(parsed, id, new Date(received).toISOString(), received)
      events.push({
        id,
        scope: 'default',
        source: 'demo',
        parser: result.parser,
        observed,
        received,
        writer: 'w',
        sequence: index,
        index: 0,
        doc,
      })
      acts.set(id, item.act)
    }
  }
  // Windows of one telling must not be open in the next.
  const ruleSet = loadRuleSet([`${content}detections`])
  const fired = new Map<string, number>()
  for (const detection of ruleSet.run(events, true)) {
    const act = Math.max(...detection.eventIds.map((id) => acts.get(id)!))
    const key = `${act} ${basename(detection.rule.file, '.yml')} ${detection.rule.level}`
    fired.set(key, (fired.get(key) ?? 0) + 1)
  }
  return { items, unknown, parsers, events, fired }
}

const human = tell(7, { startMs })

describe('the story', () => {
  it('is the same for the same seed, and another for another', () => {
    expect([...story(7, { startMs })]).toEqual(human.items)
    expect([...story(8, { startMs })]).not.toEqual(human.items)
  })

  it('comes in order, within its length, at any speed', () => {
    for (const speed of [1, 60]) {
      const times = [...story(7, { startMs, speed })].map(({ atMs }) => atMs)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(times.at(-1)!).toBeLessThanOrEqual(storyLength(speed) + 10_000 / speed)
    }
    expect(storyLength(60)).toBe(9_000)
  })

  it('is read by the parsers that people’s own logs meet, all of it', () => {
    expect(human.unknown).toEqual([])
    expect(Object.keys(human.parsers).toSorted()).toEqual(['json-ecs', 'linux-auth', 'web-access', 'windows-event'])
    expect(human.items.length).toBeGreaterThan(1_000)
  })

  it('carries the time of its telling in every record', () => {
    for (const [index, event] of human.events.entries()) {
      const told = startMs + human.items[index]!.atMs
      // An access log has seconds only.
      expect(Math.abs(event.observed - told)).toBeLessThan(1_000)
    }
  })

  it('has a text in both languages for each act', () => {
    expect(texts.acts.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5])
    for (const { title, text } of texts.acts) for (const both of [title, text]) expect(both.ja).toMatch(/[ぁ-ん]/)
  })
})

describe.each([
  ['human speed', human],
  ['sixty times as fast', tell(7, { startMs, speed: 60 })],
  ['another seed', tell(2_026, { startMs })],
])('our own pack over the story, %s', (_name, told) => {
  it.each(texts.acts.filter(({ rules }) => rules.length > 0))('act $id: $title.en', ({ id, rules }) => {
    const here = [...told.fired.keys()].filter((key) => key.startsWith(`${id} `)).map((key) => key.split(' ')[1]!)
    expect(here).toEqual(expect.arrayContaining(rules))
  })

  it('is silent over ordinary work', () => {
    expect([...told.fired.keys()].filter((key) => key.startsWith('0 '))).toEqual([])
  })
})
