import { expect, it } from 'vitest'
import { plansOf } from '../../platform/testing/plans.ts'
import { migrations } from '../migrations.ts'
import { countsByList, type IocDb, indicatorPage, indicatorsLike, refsOf, valuesOf } from './queries.ts'
import type { IocTables } from './tables.ts'

// Of half a million indicators each page began at the first: the matcher took half a minute to read them, for each change.
it('reads no indicators but those that are asked for', async () => {
  const plans = await plansOf<IocTables>(migrations, async (db: IocDb, everywhere) => {
    await indicatorPage(everywhere, { listId: 'l', kind: 'domain', value: 'v' }, 10)
    await valuesOf(db, 'l')
    await refsOf(db, 'l')
    await indicatorsLike(db, { list: 'l', limit: 10 })
    await indicatorsLike(db, { list: 'l', q: 'v', after: 'w', limit: 10 })
    await countsByList(db)
  })
  expect(plans.map(({ steps }) => steps.map((step) => / USING .*$/.exec(step)?.[0]))).toEqual([
    [' USING INDEX sqlite_autoindex_detect_ioc_indicators_1 ((list_id,kind,value)>(?,?,?))'],
    [' USING COVERING INDEX detect_ioc_of_list (scope=? AND list_id=?)'],
    [' USING INDEX detect_ioc_of_list (scope=? AND list_id=?)'],
    [' USING INDEX detect_ioc_of_list (scope=? AND list_id=?)'],
    [' USING INDEX detect_ioc_value (scope=? AND value>? AND value<?)'],
    [' USING COVERING INDEX detect_ioc_of_list (scope=?)'],
  ])
})
