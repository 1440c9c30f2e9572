import { expect, it } from 'vitest'
import { insertAsset } from '../access/assets/queries.ts'
import type { AccessTables } from '../access/tables.ts'
import type { CollectTables } from '../collect/tables.ts'
import { describeStates } from '../platform/testing/states.ts'
import { assetMeasures } from './asset-coverage.ts'
import { migrations } from './migrations.ts'

const NOW = Date.UTC(2026, 10, 22)
const DAY = 86_400_000

describeStates('assets that send events', (bed) => {
  it('are those heard under any of their names, of those that carry the labels', async () => {
    const state = await bed.open(migrations)
    const [measure] = assetMeasures(state)
    const ask = (params = {}, scope = 'default') => measure!.measure(params, NOW - DAY, NOW, scope)
    expect(await ask()).toMatchObject({ value: null, missing: { ja: expect.any(String) } })
    const asset = (id: string, names: readonly string[], labels: object) =>
      insertAsset(state.scoped<AccessTables>('default'), {
        ...{ id, names: JSON.stringify(names), labels: JSON.stringify(labels), name: names[0]!, search: names.join(' ') },
        ...{ criticality: 'high', owner: null, created: NOW, updated: NOW },
      })
    await asset('1', ['WEB-01', '10.0.0.5'], { service: 'shop' })
    await asset('2', ['db-01'], { service: 'shop' })
    await asset('3', ['mail-01'], {})
    const heard = (host: string, last_seen: number, scope = 'default') =>
      state
        .tables<CollectTables>()
        .insertInto('collect_hosts')
        .values({
          ...{ scope, source: 'syslog', host, home: scope, first_seen: 0, last_seen, events: 1, minutes: 1, silence_1: 0 },
          ...{ silence_2: 0, silence_3: 0, usual: 0, period: 0, skew_since: 0, skew_growing: null, skew_delay: null },
          ...{ ahead: 0, behind: 0, kinds: 0, sequence: 1 },
        })
        .execute()
    await heard('web-01', NOW - 1000)
    await heard('mail-01', NOW - 2 * DAY)
    await heard('db-01', NOW, 'other')
    expect(await ask()).toMatchObject({ value: 33.33, good: 1, bad: 2, evidence: { notHeard: ['db-01', 'mail-01'] } })
    expect(await ask({ labels: { service: 'shop' } })).toMatchObject({ value: 50, good: 1, bad: 1 })
    expect((await ask({ labels: { service: 'none' } })).value).toBeNull()
    expect(measure!.check?.({ labels: { a: 'b' } })).toBeUndefined()
    expect(measure!.check?.({ labels: { a: 1 } })).toBeDefined()
    expect(measure!.check?.({ hosts: 1 })).toBeDefined()
  })
})
