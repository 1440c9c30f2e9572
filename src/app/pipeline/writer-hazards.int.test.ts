import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import { takeBody } from './take-body.ts'
import { type PipelineBed, startPipelineBed } from './testing/pipeline-bed.ts'

let bed: PipelineBed
beforeEach(async () => {
  bed = await startPipelineBed()
})
afterEach(() => bed.stop())

const count = (query = '*'): Promise<number> => bed.lake.count({ scope: DEFAULT_SCOPE, query: parseQuery(query) })

test('a line whose text is deeply nested JSON takes nothing else of its request with it', async () => {
  const run = await bed.start()
  const deep = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  const values = [
    ['1700000000000000000', 'innocent'],
    ['1700000000000000001', deep],
  ]
  const body = Buffer.from(JSON.stringify({ streams: [{ stream: { app: 'web' }, values }] }))
  const reply = await takeBody(run.writer, {
    source: 'http:test',
    scope: DEFAULT_SCOPE,
    tokenId: 't',
    format: 'loki',
    index: undefined,
    body,
    digest: createHash('sha256').update(body).digest('hex'),
    origin: '192.0.2.1',
    received: 0,
  })
  expect(reply.status).toBe(204)
  expect(await count()).toBe(2)
})

test.each([200, 500])(
  'a thousand chosen ids of %d characters are looked up, and known again',
  async (length) => {
    const run = await bed.start()
    const many = Array.from({ length: 1000 }, (_, n) => ({ _id: `${n}-`.padEnd(length, '\\'), message: `line ${n}` }))
    await run.send(many)
    await run.send([...many, { _id: 'another', message: 'another' }])
    expect(await count()).toBe(1001)
  },
  60_000,
)

test('an id of a batch that ends in doubt is not stored again by what is being taken in meanwhile', async () => {
  let appends = 0
  let lookUps = 0
  const leaving = Promise.withResolvers<void>()
  const lookedUp = Promise.withResolvers<void>()
  const faulty = (lake: Lake): Lake =>
    but(lake, {
      append: async (batch) => {
        appends += 1
        if (appends > 1) return lake.append(batch)
        leaving.resolve()
        await lookedUp.promise
        await lake.append(batch)
        throw new KanpekiError('lake_unreachable', 'The connection broke.')
      },
      knownIds: async (...asked) => {
        const known = await lake.knownIds(...asked)
        lookUps += 1
        // The other request is taken in step by step while the first batch fails.
        if (lookUps === 2) setImmediate(lookedUp.resolve)
        return known
      },
    })
  const run = await bed.start({ lake: faulty })
  const named = { _id: 'n-1', message: 'once', host: { name: 'named' } }
  const outcome = (sent: Promise<unknown>): Promise<string> =>
    sent.then(
      () => 'acknowledged',
      (error: unknown) => (error as KanpekiError).code,
    )
  const first = outcome(run.send([named]))
  await leaving.promise
  const filler = Array.from({ length: 12_000 }, (_, n) => ({ message: `filler ${n}` }))
  const second = outcome(run.send([...filler, named]))
  expect([await first, await second]).toEqual(['lake_unreachable', 'lake_unreachable'])
  await run.send([...filler, named])
  expect([await count('host.name:named'), await count()]).toEqual([1, 12_001])
}, 60_000)

/** The lake with some of its methods replaced. */
function but(lake: Lake, own: Partial<Lake>): Lake {
  return new Proxy(lake, {
    get: (target, name) => {
      const member: unknown = Reflect.get(own, name) ?? Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
