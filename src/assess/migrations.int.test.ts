import { expect, it } from 'vitest'
import { openState } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { assetMark } from './inventory/asset-mark.ts'
import { type Db, findingsOf, writeFindings } from './inventory/queries.ts'
import type { AssessTables, FindingsTable } from './inventory/tables.ts'
import { migrations } from './migrations.ts'

const finding = (asset: string, id: string): FindingsTable => ({
  ...{ scope: 'default', asset, source: 'ci', id, package: 'pkg:npm/a', name: 'a', version: '1.0', purl: 'pkg:npm/a@1.0' },
  ...{ ids: `["${id}"]`, aliases: '[]', fixed: '[]', summary: 's', severity: null, score: 9.8, vector: null, exploited: null },
  ...{ epss: 0.5, first_seen: 1, last_seen: 2, gone_at: null, regressed: 0, kind: 'package', place: '', opened_at: 1 },
  ...{ gone_by: null, gone_outbox: null, in_use: 1, guessed: 0 },
})

describeStates('a store from before findings were keyed by package', (bed) => {
  it('keeps every finding, finds it by its asset, and writes it again in its place', async () => {
    const place = await bed.place()
    const before = await openState(
      place,
      migrations.filter(({ name }) => name < '0290'),
    )
    const old = ['host-1', 'HOST-1', '機器-2'].flatMap((asset) => [finding(asset, 'CVE-2026-1'), finding(asset, 'CVE-2026-2')])
    const former = before.tables<{ assess_findings: FindingsTable }>()
    await former.insertInto('assess_findings').values(old).execute()
    await before.close()

    const state = await openState(place, migrations)
    const db = state.tables<AssessTables>() as Db
    for (const asset of ['host-1', '機器-2']) {
      const found = await findingsOf(db, { scope: 'default', asset, source: 'ci' })
      expect(found.sort((a, b) => a.id.localeCompare(b.id))).toEqual(
        [1, 2].map((n) => ({ ...finding(asset, `CVE-2026-${n}`), asset_mark: assetMark(asset) })),
      )
    }
    await writeFindings(db, [{ ...finding('host-1', 'CVE-2026-1'), gone_at: 3 }])
    const all = await db.selectFrom('assess_findings').select(['asset', 'id', 'gone_at']).orderBy('gone_at').execute()
    expect(all).toHaveLength(old.length)
    expect(all.filter(({ gone_at }) => gone_at !== null)).toEqual([{ asset: 'host-1', id: 'CVE-2026-1', gone_at: 3 }])
    await state.close()
  })
})
