import { expect, it } from 'vitest'
import { recordDetections } from '../detect/alerts.ts'
import type { DetectTables } from '../detect/tables.ts'
import type { Detection } from '../kernel/detection.ts'
import { readOutbox } from '../platform/state/outbox.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { describeStates } from '../platform/testing/states.ts'
import { forgetOld } from './forget.ts'
import { migrations } from './migrations.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 22)

const detection = (host: string): Detection => ({
  rule: {
    id: 'shell',
    version: 'v1',
    title: 'Shell',
    level: 'high',
    file: 'rules/shell.yml',
    description: '',
    techniques: [],
    tactics: [],
    ja: { title: 'シェル' },
  },
  eventIds: [host],
  eventCount: 1,
  fields: {},
  conditions: [],
  group: { 'host.name': host },
  observed: NOW - 50 * DAY,
  received: NOW - 50 * DAY,
  scope: 'default',
})

describeStates('what is forgotten', (bed) => {
  it('lets closed alerts go after their days, never open ones, and says so in the ledger', async () => {
    const state = await bed.open(migrations)
    const db = state.tables<DetectTables & StateTables>()
    const alerts = async (): Promise<number> => (await db.selectFrom('detect_alerts').select('id').execute()).length
    const told = async (): Promise<unknown[]> =>
      (await readOutbox(db, -1, 1000)).map(({ body }) => body).filter(({ action }) => action === 'alerts.forgotten')
    await state.transaction((trx) => recordDetections(trx, ['a', 'b', 'c'].map(detection), NOW - 50 * DAY))
    await db
      .updateTable('detect_alerts')
      .set({ state: 'closed', updated: NOW - 40 * DAY })
      .execute()
    const { id } = await db.selectFrom('detect_alerts').select('id').executeTakeFirstOrThrow()
    await db.updateTable('detect_alerts').set({ state: 'open' }).where('id', '=', id).execute()
    await forgetOld(state, NOW, null)
    await forgetOld(state, NOW, 41)
    expect([await alerts(), await told()]).toEqual([3, []])
    await forgetOld(state, NOW, 39)
    await forgetOld(state, NOW, 39)
    expect(await alerts()).toBe(1)
    expect(await told()).toMatchObject([{ alerts: 2, days: 39 }])
  })
})
