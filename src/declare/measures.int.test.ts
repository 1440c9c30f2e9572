import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startTestLake, type TestLake, testBatch, testEvent } from '../platform/testing/lakes.ts'
import { forbiddenCountMeasure } from './measures.ts'
import { card } from './schema.ts'

const HOUR = 3_600_000
const T0 = Date.UTC(2026, 10, 22)

describe('the count of forbidden events', () => {
  let lake: TestLake
  beforeAll(async () => {
    lake = await startTestLake()
    const cleared = { event: { code: '1102' }, winlog: { channel: 'Security' }, host: { name: 'web-03' } }
    const login = { event: { code: '4624' }, winlog: { channel: 'Security' }, host: { name: 'web-03' } }
    await lake.lake.append(testBatch(1, T0, [testEvent('a', login), testEvent('b', login)]))
    await lake.lake.append(testBatch(2, T0 + HOUR, [testEvent('c', login, { scope: 'other' })]))
    // Its own clock claims another year: received time decides.
    await lake.lake.append(testBatch(3, T0 + 2 * HOUR, [testEvent('d', cleared, { observed: Date.UTC(2020, 0, 1) })]))
  })
  afterAll(() => lake.stop())

  const shipped = new URL('../../content/declarations/detection-and-evidence.yml', import.meta.url)
  const query = card.parse(parse(readFileSync(shipped, 'utf8'))).forbidden[0]!.query
  const read = (from: number, to: number, scope = 'default') =>
    forbiddenCountMeasure(lake.lake).measure({ query }, from, to, scope)

  it('is zero only where events arrive, and as old as the newest of them', async () => {
    expect(await read(T0 - HOUR, T0 + 2 * HOUR)).toMatchObject({ value: 0, good: expect.any(Number), asOf: expect.any(Number) })
    expect((await read(T0 - HOUR, T0 + 3 * HOUR, 'other')).asOf).toBe(T0 + HOUR)
  })

  it('is unknown where nothing arrives', async () => {
    expect(await read(T0 - HOUR, T0 + 9 * HOUR, 'silent')).toMatchObject({ value: null, missing: { ja: expect.any(String) } })
    expect(await read(T0 + 3 * HOUR, T0 + 9 * HOUR)).toMatchObject({ value: null })
  })

  it('names the events that happened, by the time they arrived', async () => {
    const reading = await read(T0, T0 + 3 * HOUR)
    expect(reading).toMatchObject({ value: 1, bad: 1, evidence: { events: ['d'] } })
    expect(reading.asOf).toBeUndefined()
  })

  it('finds in what came since the last look what a whole count would find', async () => {
    const { measure } = forbiddenCountMeasure(lake.lake)
    const ask = (to: number) => measure({ query }, to - 24 * HOUR, to, 'late')
    const append = (sequence: number, at: number, id: string, code: string) =>
      lake.lake.append(
        testBatch(sequence, at, [testEvent(id, { event: { code }, winlog: { channel: 'Security' } }, { scope: 'late' })]),
      )
    await append(4, T0, 'e', '4624')
    expect(await ask(T0 + HOUR)).toMatchObject({ value: 0, good: 1, asOf: T0 })
    await append(5, T0 + HOUR - 60_000, 'f', '4624')
    expect(await ask(T0 + HOUR + 1000)).toMatchObject({ value: 0, asOf: T0 + HOUR - 60_000 })
    await append(6, T0 + HOUR - 30_000, 'g', '1102')
    expect(await ask(T0 + HOUR + 2000)).toMatchObject({ value: 1, evidence: { events: ['g'] } })
    // So late that no look at what is new sees it: the next whole count does.
    await append(7, T0 + 60_000, 'h', '1102')
    expect(await ask(T0 + HOUR + 3000)).toMatchObject({ value: 1, evidence: { events: ['g'] } })
    expect(await ask(T0 + HOUR + 601_000)).toMatchObject({ value: 2, evidence: { events: ['g', 'h'] } })
  })

  it('reads again only what is newer than the newest batch that it saw', async () => {
    const ranges: number[] = []
    const { measure } = forbiddenCountMeasure({
      count: (request) => {
        ranges.push(to - request.range!.from)
        return lake.lake.count(request)
      },
      search: (request) => lake.lake.search(request),
      sources: (since) => lake.lake.sources(since),
      settledUpTo: (range) => lake.lake.settledUpTo(range),
    })
    const start = T0 + 30 * HOUR
    const seconds = (count: number) => start + count * 1000
    const append = (sequence: number, at: number, code: string) =>
      lake.lake.append(
        testBatch(sequence, at, [
          testEvent(`s${sequence}`, { event: { code }, winlog: { channel: 'Security' } }, { scope: 'steady' }),
        ]),
      )
    let to = 0
    const ask = (at: number) => {
      to = at
      return measure({ query }, at - HOUR, at, 'steady')
    }
    await append(11, seconds(0), '4624')
    await ask(seconds(1))
    await append(12, seconds(2), '4624')
    expect(await ask(seconds(3))).toMatchObject({ value: 0, asOf: seconds(2) })
    // Found once, it stays found, and what is settled is not counted again.
    await append(13, seconds(4), '1102')
    expect(await ask(seconds(5))).toMatchObject({ value: 1, evidence: { events: ['s13'] } })
    await append(14, seconds(6), '4624')
    expect(await ask(seconds(7))).toMatchObject({ value: 1 })
    expect(await ask(seconds(8))).toMatchObject({ value: 1, evidence: { events: ['s13'] } })
    await append(16, seconds(9), '1102')
    expect(await ask(seconds(10))).toMatchObject({ value: 2, bad: 2, evidence: { events: ['s13', 's16'] } })
    expect(await ask(seconds(11))).toMatchObject({ value: 2, evidence: { events: ['s13', 's16'] } })
    // A writer that was heard of and is behind may still have something under way.
    await lake.lake.append({ ...testBatch(1, seconds(7), [testEvent('z', {}, { scope: 'steady' })]), writer: 'second' })
    await append(15, seconds(200), '4624')
    await ask(seconds(201))
    await ask(seconds(202))
    expect(ranges.map((ms) => ms / 1000)).toEqual([3600, 3, 3, 1, 3, 1, 2, 4, 1, 2, 192, 120, 121, 120])
  })

  it('forgets what has left a short window while more goes on', async () => {
    const { measure } = forbiddenCountMeasure(lake.lake)
    const start = T0 + 40 * HOUR
    const minute = (count: number) => start + count * 60_000
    for (let n = 0; n < 12; n++) {
      const event = testEvent(`m${n}`, { event: { code: '1102' }, winlog: { channel: 'Security' } }, { scope: 'short' })
      await lake.lake.append(testBatch(20 + n, minute(n), [event]))
      const to = minute(n) + 1
      expect(await measure({ query }, to - 300_000, to, 'short')).toMatchObject({ value: Math.min(n + 1, 5) })
    }
  })

  it('checks its parameters', () => {
    const { check } = forbiddenCountMeasure(lake.lake)
    expect(check?.({ query: 'a' })).toBeUndefined()
    expect(check?.({ query: '' })).toContain('query')
    expect(check?.({ query: 'a', since: 1 })).toContain('since')
  })
})
