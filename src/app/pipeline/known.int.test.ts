import { afterEach, beforeEach, expect, test } from 'vitest'
import { insertAsset } from '../../access/assets/queries.ts'
import { insertAccount } from '../../access/queries.ts'
import type { AccessTables } from '../../access/tables.ts'
import { newRow } from '../../collect/accounting.ts'
import { writeSource } from '../../collect/queries.ts'
import type { CollectTables } from '../../collect/tables.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { parseQuery } from '../../platform/lake/query/parse.ts'
import { type PipelineBed, startPipelineBed } from './testing/pipeline-bed.ts'

let bed: PipelineBed
beforeEach(async () => {
  bed = await startPipelineBed()
})
afterEach(() => bed.stop())

test('lines without a zone are of their source’s zone, else of the installation’s', async () => {
  const db = bed.state.tables<CollectTables>()
  const now = Date.now()
  await writeSource(db, { ...newRow(DEFAULT_SCOPE, 'file:tokyo', now), zone: 'Asia/Tokyo' })
  await writeSource(db, { ...newRow(DEFAULT_SCOPE, 'file:fixed', now), zone_minutes: -60 })
  const run = await bed.start({}, { zoneMinutes: 60 })
  const take = (source: string, zoneMinutes: number): Promise<unknown> =>
    run.writer.submit({
      source,
      scope: DEFAULT_SCOPE,
      request: '',
      records: [{ id: source, text: `<13>Jan  5 12:00:00 ${source.replace(':', '-')} app: x` }],
      mayRepeat: () => true,
      zoneMinutes,
      parsers: [],
      bytes: 0,
      gaps: 0,
      refused: 0,
    })
  await take('file:tokyo', 0)
  await take('file:fixed', -60)
  await take('file:plain', 0)
  const { events } = await bed.lake.search({ scope: DEFAULT_SCOPE, query: parseQuery('*'), limit: 9 })
  expect(
    Object.fromEntries(events.map(({ source, observed }) => [source, new Date(observed).toISOString().slice(11, 16)])),
  ).toEqual({
    'file:tokyo': '03:00',
    'file:fixed': '13:00',
    'file:plain': '11:00',
  })
})

test('hosts and people of the inventory are known in events, and rules see it', async () => {
  const access = bed.state.tables<AccessTables>()
  const row = { scope: 'default', home: 'default', created: 0, updated: 0 } as const
  await insertAsset(access, {
    id: 'a1',
    names: '["Web-01"]',
    labels: '{"team":"shop"}',
    criticality: 'critical',
    owner: 'Sato',
    ...row,
  })
  await insertAccount(access, {
    id: 'u1',
    scope: 'default',
    name: 'sato',
    display: '佐藤 花子',
    email: 'sato@example.com',
    subject: null,
    password: '',
    created: 0,
    last_seen: null,
  })
  const run = await bed.start()
  await run.send([{ message: 'x', host: { name: 'web-01' }, user: { name: 'SATO@example.com' } }])
  const { events } = await bed.lake.search({
    scope: DEFAULT_SCOPE,
    query: parseQuery('labels.asset_criticality:critical'),
    limit: 9,
  })
  expect(events.map(({ doc }) => doc)).toMatchObject([
    {
      host: { name: 'web-01' },
      labels: { team: 'shop', asset_id: 'a1', asset_owner: 'Sato' },
      user: { full_name: '佐藤 花子', email: 'sato@example.com' },
    },
  ])
})
