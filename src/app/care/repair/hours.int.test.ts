import { expect, it } from 'vitest'
import { describeStates } from '../../../platform/testing/states.ts'
import { noteErased } from '../../../prove/erased.ts'
import { migrations } from '../../migrations.ts'
import { noteLost, recordBatch, recordSegment } from '../../pipeline/queries.ts'
import type { PipelineTables } from '../../pipeline/tables.ts'
import { wrongHours } from './hours.ts'

const HOUR = 3_600_000
const T0 = Date.UTC(2026, 10, 22, 4)
const LEAF = 'ab'.repeat(32)

describeStates('hours compared with the record', (bed) => {
  it('are wrong where events are missing or too many, and not where they are being taken out', async () => {
    const state = await bed.open(migrations)
    // Two batches an hour of ten events each; of the first hour one was erased, of the second two are lost.
    await state.transaction<PipelineTables, void>(async (trx) => {
      for (let n = 0; n < 8; n++)
        await recordBatch(trx, {
          writer: 'w1',
          sequence: n + 1,
          scope: 'default',
          received: T0 + Math.floor(n / 2) * HOUR + n,
          events: 10,
          root: LEAF,
        })
      await noteErased(trx, { writer: 'w1', sequence: 1, events: 10, leaves: [{ index: 3, leaf: LEAF }] })
      await noteLost(trx, 'w1', 3, 2)
      const sealed = { scope: 'default', sha256: LEAF, bytes: 1, sealed: T0 }
      await recordSegment(trx, { ...sealed, hour: T0 + 2 * HOUR, file: 'c', events: 19 })
    })
    const wrong = async (...inLake: readonly number[]): Promise<string[]> => {
      const counted = new Map(inLake.map((events, n) => [T0 + n * HOUR, events]))
      const found = await wrongHours(state, {
        counted: async (upto) => {
          expect(upto).toEqual(new Map([['w1', 8]]))
          return counted
        },
      })
      return found.map(({ hour, inLake, recorded }) => `${(hour - T0) / HOUR}: ${inLake} of ${recorded}`)
    }
    expect(await wrong(19, 18, 20, 20)).toEqual([])
    // Noted as erased and still there: the next start takes it out. Sealed with 19: the record is ahead of the file.
    expect(await wrong(20, 18, 19, 20)).toEqual([])
    expect(await wrong(21, 18, 20, 20)).toEqual(['0: 21 of 19'])
    expect(await wrong(18, 20, 10, 0, 5)).toEqual(['0: 18 of 19', '1: 20 of 18', '2: 10 of 20', '3: 0 of 20', '4: 5 of 0'])
  })
})
