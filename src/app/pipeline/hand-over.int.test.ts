import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { insertAsset } from '../../access/assets/queries.ts'
import type { AccessTables } from '../../access/tables.ts'
import { imbalance } from '../../collect/counts.ts'
import { sumSince } from '../../collect/queries.ts'
import type { CollectTables } from '../../collect/tables.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import type { State } from '../../platform/state/state.ts'
import { type PipelineBed, startPipelineBed } from './testing/pipeline-bed.ts'

let bed: PipelineBed
beforeEach(async () => {
  bed = await startPipelineBed()
  const row = { labels: '{}', criticality: 'low', owner: null, created: 0, updated: 0 } as const
  await insertAsset(bed.state.tables<AccessTables>(), { id: 'a1', scope: 'north', home: 'default', names: '["Web-01"]', ...row })
})
afterEach(() => bed.stop())

const DOCUMENTS = [
  { message: 'a', host: { name: 'web-01' } },
  { message: 'b', host: { name: 'web-02' } },
  { message: 'c', host: { name: 'WEB-01' }, kanpeki: { from: 'south' } },
]
const count = (scope: string): Promise<number> => bed.lake.count({ scope, query: parseQuery('*') })

async function accounts(): Promise<unknown> {
  const db = bed.state.tables<CollectTables>()
  const rows = await db.selectFrom('collect_sources').select(['scope', 'id', 'received', 'stored']).execute()
  for (const { scope } of rows) expect(imbalance(await sumSince(db, scope, 0))).toBeUndefined()
  return rows
}

test("an event goes to the scope of its host, its source's accounts stay with the source", async () => {
  const run = await bed.start()
  await run.send(DOCUMENTS)
  await run.detector.idle()
  expect([await count('north'), await count('default')]).toEqual([2, 1])
  expect(await accounts()).toEqual([{ scope: 'default', id: 'http:test', received: 3, stored: 3 }])
  const { events } = await bed.lake.search({ scope: 'north', query: parseQuery('c'), limit: 1 })
  expect(events[0]?.doc).toMatchObject({ kanpeki: { from: 'default' }, sent_kanpeki: { from: 'south' } })
})

test('what a crash left uncounted is counted for the source that brought it', async () => {
  const broken = (state: State): State =>
    new Proxy(state, {
      get: (target, name) => {
        if (name === 'transaction') return () => Promise.reject(new Error('crashed'))
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  const first = await bed.start({ state: broken })
  await first.send(DOCUMENTS)
  while (first.failures.length === 0) await pause(5)
  first.drop()
  // Meanwhile the asset left the scope: where its events are stored stays as it was.
  await bed.state.tables<AccessTables>().deleteFrom('assets').execute()
  const second = await bed.start()
  await second.detector.idle()
  expect(await accounts()).toEqual([{ scope: 'default', id: 'http:test', received: 3, stored: 3 }])
  expect([await count('north'), await count('default')]).toEqual([2, 1])
})
