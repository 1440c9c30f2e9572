import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { imbalance, type RecordOutcome } from '../../collect/counts.ts'
import { sumSince } from '../../collect/queries.ts'
import type { Counts } from '../../collect/schema.ts'
import type { CollectTables } from '../../collect/tables.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import type { Submission } from './submission.ts'
import { type PipelineBed, type Run, startPipelineBed, WRITER } from './testing/pipeline-bed.ts'

let bed: PipelineBed
beforeEach(async () => {
  bed = await startPipelineBed()
})
afterEach(() => bed.stop())

const documents = (name: string, count: number): JsonObject[] =>
  Array.from({ length: count }, (_, n) => ({ message: `${name} ${n}`, host: { name } }))

const count = (query = '*'): Promise<number> => bed.lake.count({ scope: DEFAULT_SCOPE, query: parseQuery(query) })

async function accounts(run: Run): Promise<Counts> {
  await run.detector.idle()
  const counts = await sumSince(bed.state.tables<CollectTables>(), DEFAULT_SCOPE, 0)
  expect(imbalance(counts)).toBeUndefined()
  return counts
}

/** The batches' numbers in the lake, which must be 1, 2, 3 … */
async function sequences(): Promise<number[]> {
  const found: number[] = []
  for (;;) {
    const batches = await bed.lake.readFrom(WRITER, found.at(-1) ?? 0, 100_000)
    if (batches.length === 0) return found
    found.push(...batches.map((batch) => batch.sequence))
  }
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1)

test('a lake that retention emptied does not begin its numbers anew', async () => {
  const first = await bed.start()
  await first.send(documents('old', 3))
  await first.send(documents('older', 3))
  await first.detector.idle()
  first.drop()
  for (const { hour } of (await bed.lake.stats()).hours) await bed.lake.dropHour(hour)
  expect(await bed.lake.lastSequence(WRITER)).toBe(0)
  const second = await bed.start()
  await second.send(documents('new', 3))
  await second.detector.idle()
  expect(await bed.lake.lastSequence(WRITER)).toBe(3)
  expect(second.failures).toEqual([])
})

test('a request that comes again is counted and not stored, also after a restart', async () => {
  const first = await bed.start()
  const body = documents('again', 20)
  const statuses = async (run: Run): Promise<unknown[]> => {
    const reply = await run.send(body)
    return [reply.errors, ...new Set(reply.items.map((item) => `${item['create']?.status} ${item['create']?.result}`))]
  }
  expect(await statuses(first)).toEqual([false, '201 created'])
  expect(await statuses(first)).toEqual([false, '200 noop'])
  await first.detector.idle()
  first.drop()
  const second = await bed.start()
  expect(await statuses(second)).toEqual([false, '200 noop'])
  expect(await count()).toBe(20)
  expect(await accounts(second)).toMatchObject({ received: 60, parsed: 20, stored: 20, repeated: 40, unknown: 0, dropped: 0 })
})

test('what is wrong with a document is told each time that its request comes, and it is kept once', async () => {
  const run = await bed.start()
  const deep = Array.from({ length: 70 }).reduce<JsonObject>((inner) => ({ inner }), { message: 'deep' })
  const statuses = async (): Promise<unknown[]> => {
    const { errors, items } = await run.send([...documents('fine', 1), deep, ...documents('fine', 1)])
    return [errors, ...items.map((item) => item['create']?.status)]
  }
  expect(await statuses()).toEqual([true, 201, 400, 201])
  expect(await statuses()).toEqual([true, 200, 400, 200])
  expect(await accounts(run)).toMatchObject({ received: 6, parsed: 2, unknown: 1, stored: 3, repeated: 3 })
})

test('equal requests that wait together are stored once, equal events in one request twice', async () => {
  const run = await bed.start()
  const twins = [...documents('twin', 1), ...documents('twin', 1)]
  await Promise.all([run.send(twins), run.send(twins), run.send(twins)])
  expect(await count('host.name:twin')).toBe(2)
  expect(await accounts(run)).toMatchObject({ received: 6, stored: 2, repeated: 4 })
})

test('an id that the sender chose is stored once, whichever request it comes in', async () => {
  const run = await bed.start()
  const named = (message: string): JsonObject => ({ _id: 'n-1', message, host: { name: 'named' } })
  await run.send([named('first'), named('second')])
  await run.send([named('third'), ...documents('other', 1)])
  expect(await count('host.name:named')).toBe(1)
  expect(await accounts(run)).toMatchObject({ received: 4, stored: 2, repeated: 2 })
})

test('an id that comes again is repeated within its scope only, also where its record became several events', async () => {
  const trail = (name: string) => ({
    eventVersion: '1.08',
    eventSource: 's3.amazonaws.com',
    eventName: name,
    eventTime: '2026-11-22T01:00:00Z',
  })
  const take = async (run: Run, scope: string): Promise<readonly RecordOutcome[]> => {
    const { outcomes } = await run.writer.submit({
      source: 'file:shared',
      scope,
      request: '',
      records: [
        { id: 'file:1', text: 'one line' },
        { id: 'file:2', json: { Records: [trail('GetObject'), trail('PutObject')] } },
      ],
      mayRepeat: () => true,
      zoneMinutes: 0,
      parsers: [],
      bytes: 0,
      gaps: 0,
      refused: 0,
    })
    return outcomes
  }
  const first = await bed.start()
  const [here, there] = await Promise.all([take(first, 'default'), take(first, 'team')])
  expect(here).not.toContain('repeated')
  expect(there).toEqual(here)
  await first.detector.idle()
  first.drop()
  const second = await bed.start()
  for (const scope of ['default', 'team']) expect(await take(second, scope)).toEqual(['repeated', 'repeated'])
  expect(await take(second, 'third')).toEqual(here)
  for (const scope of ['default', 'team', 'third']) expect(await bed.lake.count({ scope, query: parseQuery('*') })).toBe(3)
})

test('what waits together is committed together', async () => {
  const run = await bed.start()
  await Promise.all(Array.from({ length: 40 }, (_, n) => run.send(documents(`small-${n}`, 5))))
  expect(await count()).toBe(200)
  const numbers = await sequences()
  expect(numbers).toEqual(upTo(numbers.length))
  expect(numbers.length).toBeLessThanOrEqual(3)
})

test('while more waits, a batch gathers for a moment and not for all of it', async () => {
  const run = await bed.start()
  const all = 40
  let turns = 0
  /** Its turn takes a while, and is one by itself. */
  const slow = (n: number) => (): Submission => {
    turns += 1
    const until = performance.now() + 25
    while (performance.now() < until);
    const records = [{ id: `slow-${n}`, json: { message: String(n) } }]
    const rest = { scope: DEFAULT_SCOPE, zoneMinutes: 0, parsers: [], bytes: 1, gaps: 0, refused: 0 }
    return { source: 'http:test', request: `request-${n}`, records, mayRepeat: () => false, ...rest }
  }
  const sent = Array.from({ length: all }, (_, n) => run.writer.submit(slow(n), 8 * 1024 * 1024))
  await sent[0]
  expect(turns).toBeLessThan(all)
  await Promise.all(sent)
  expect(await count()).toBe(all)
  const numbers = await sequences()
  expect(numbers).toEqual(upTo(numbers.length))
  expect(numbers.length).toBeLessThan(all / 2)
})

/** Ends the given appends (counted from 1) without an answer: `stored` says whether the lake had done the work. */
function unanswered(lake: Lake, stored: (append: number) => boolean | undefined): Lake {
  let appends = 0
  const append = async (batch: Parameters<Lake['append']>[0]): Promise<void> => {
    const fate = stored(++appends)
    if (fate !== false) await lake.append(batch)
    if (fate !== undefined) throw new KanpekiError('lake_unreachable', 'The connection broke.')
  }
  return new Proxy(lake, {
    get: (target, name) => {
      if (name === 'append') return append
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

test.each([
  ['had been stored', true],
  ['had not been stored', false],
] as const)('an append without an answer that %s is settled before the next number is used', async (_, stored) => {
  const run = await bed.start({ lake: (lake) => unanswered(lake, (append) => (append === 2 ? stored : undefined)) })
  await run.send(documents('before', 3))
  await expect(run.send(documents('doubtful', 3))).rejects.toMatchObject({ code: 'lake_unreachable' })
  await run.send(documents('after', 3))
  const retried = await run.send(documents('doubtful', 3))
  expect(retried.items[0]?.['create']?.status).toBe(stored ? 200 : 201)
  expect(await count()).toBe(9)
  expect(await sequences()).toEqual(upTo(3))
  expect(await accounts(run)).toMatchObject({ stored: 9, repeated: stored ? 3 : 0 })
})

test('kill -9 of the engine again and again: every acknowledged event is there, none twice', async () => {
  const run = await bed.start()
  let killing = true
  const killer = (async () => {
    for (let kills = 0; kills < 4; kills++) {
      await pause(randomInt(20, 300))
      const pid = bed.engine.pid()
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      while (bed.engine.pid() === undefined || bed.engine.restarts() <= kills) await pause(20)
    }
    killing = false
  })()
  let sent = 0
  const sender = async (name: string): Promise<void> => {
    for (let n = 0; killing || n < 10; n++) {
      const body = documents(`${name}-${n}`, 50)
      for (;;) {
        try {
          await run.send(body)
          break
        } catch (error) {
          if (!(error instanceof KanpekiError) || error.code !== 'lake_unreachable') throw error
        }
      }
      sent += body.length
    }
  }
  await Promise.all([sender('a'), sender('b'), sender('c')])
  await killer
  expect(bed.engine.restarts()).toBe(4)
  expect(await count()).toBe(sent)
  const numbers = await sequences()
  expect(numbers).toEqual(upTo(numbers.length))
  expect(await accounts(run)).toMatchObject({ stored: sent })
  console.log(`${sent} events in ${numbers.length} batches over ${bed.engine.restarts()} kills`)
})

test.each([['gopher:a'], ['http:A'], ['http:a/b'], [''], ['constructor']])(
  'the source id %j is refused at the door, and what comes after it is taken',
  async (source) => {
    const run = await bed.start()
    await expect(run.send(documents('odd', 2), source)).rejects.toMatchObject({ code: 'bad_source' })
    await run.send(documents('plain', 3))
    expect(await count()).toBe(3)
    expect(await accounts(run)).toMatchObject({ received: 3, stored: 3 })
    expect(run.failures).toEqual([])
  },
)
