import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../kernel/event.ts'
import type { SearchRequest, SourceStats } from '../platform/lake/lake.ts'
import { forbiddenCountMeasure } from './measures.ts'

const NOW = Date.UTC(2026, 10, 22)
const DAY = 86_400_000

/** The lake's own answers are tested in the lake; here only what is made of them matters. */
function lakeThatAnswers(count: number, sources: readonly SourceStats[]) {
  const asked: SearchRequest[] = []
  const event = { id: 'e1' } as StoredEvent
  return {
    asked,
    count: async (request: SearchRequest) => {
      asked.push(request)
      return count
    },
    search: async () => ({ events: count === 0 ? [] : [event] }),
    sources: async () => sources,
  }
}

const source = (change: Partial<SourceStats> = {}): SourceStats => ({
  source: 'http',
  scope: 'default',
  events: 10,
  unknown: 0,
  lastReceived: NOW - 5000,
  ...change,
})

const read = (lake: ReturnType<typeof lakeThatAnswers>) =>
  forbiddenCountMeasure(lake).measure({ query: 'event.code:1102' }, NOW - DAY, NOW, 'default')

describe('the count of forbidden events', () => {
  it('is zero only where events arrive, and as old as the newest of them', async () => {
    const lake = lakeThatAnswers(0, [source(), source({ source: 'syslog', lastReceived: NOW - 9000 })])
    expect(await read(lake)).toMatchObject({ value: 0, good: 20, asOf: NOW - 5000 })
    expect(lake.asked[0]).toMatchObject({ scope: 'default', range: { from: NOW - DAY, to: NOW, by: 'received' } })
  })

  it('is unknown where nothing arrives, or only in other scopes', async () => {
    for (const sources of [[], [source({ scope: 'other' })], [source({ events: 0 })]]) {
      expect(await read(lakeThatAnswers(0, sources))).toMatchObject({ value: null, missing: { ja: expect.any(String) } })
    }
  })

  it('names the events that happened', async () => {
    const reading = await read(lakeThatAnswers(3, []))
    expect(reading).toMatchObject({ value: 3, bad: 3, evidence: { events: ['e1'] } })
    expect(reading.asOf).toBeUndefined()
  })
})
