import { join } from 'node:path'
import type { Clock } from '../../../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../../../kernel/event.ts'
import { fileDigest } from '../../../platform/file-digest.ts'
import type { LakeMender } from '../../../platform/lake/mend.ts'
import { HOUR_MS } from '../../../platform/lake/table.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import type { State } from '../../../platform/state/state.ts'
import { batchesOf, noteLost } from '../../pipeline/queries.ts'
import { erasedOf } from '../../pipeline/seal.ts'
import type { PipelineTables } from '../../pipeline/tables.ts'
import { type Finding, fail, pass } from '../doctor/check.ts'
import { type WrongHour, wrongHours } from './hours.ts'
import { count, type Deeds, mended } from './outcome.ts'

export interface HoursRepair {
  readonly dir: { readonly root: string }
  readonly state: State
  readonly clock: Clock
  readonly acceptLoss: boolean
  readonly deeds: Deeds
}

interface Lost {
  readonly writer: string
  readonly sequence: number
  readonly events: number
  /** With those that were known to be lost before. */
  readonly all: number
}

/** An entry of the ledger names so many batches. */
const BATCHES_NAMED = 200

/** Fills hours of which the lake lost events from their sealed files. What is in neither is lost. */
export async function repairHours(repair: HoursRepair, mender: LakeMender): Promise<Finding> {
  const { dir, state, deeds } = repair
  const wrong = await wrongHours(state, mender)
  if (wrong.length === 0) return pass('The lake holds what the record says.', '記録どおりのイベントがあります。')
  let refilled = 0
  const rest: WrongHour[] = []
  for (const hour of wrong) {
    const { segment } = hour
    if (segment === undefined || !(await isWhole(join(dir.root, segment.file), segment.sha256))) {
      rest.push(hour)
      continue
    }
    refilled += await mender.refill(hour.hour, join(dir.root, segment.file))
    count(deeds, 'hoursRefilled', 1)
  }
  count(deeds, 'eventsRefilled', refilled)
  const hours = wrong.length - rest.length
  if (rest.length === 0)
    return mended(
      `${hours} hours were filled anew from their sealed files (${refilled} events).`,
      `${hours} 時間分を封印済みファイルから入れ直しました（${refilled} 件）。`,
    )
  return await loss(repair, mender, rest)
}

async function loss(repair: HoursRepair, mender: LakeMender, hours: readonly WrongHour[]): Promise<Finding> {
  const { state, clock, acceptLoss, deeds } = repair
  const lost: Lost[] = []
  for (const { hour } of hours) lost.push(...(await lostOf(state, mender, hour)))
  const events = lost.reduce((sum, one) => sum + one.events, 0)
  const names = hours.map(({ hour }) => new Date(hour).toISOString().slice(0, 13)).join(', ')
  if (events === 0)
    return fail(
      {
        en: `The lake holds more events than the record says, in the hours ${names}, and no sealed file tells which.`,
        ja: `時間帯 ${names} に、記録より多いイベントがあります。どれが余分かを示す封印済みファイルはありません。`,
      },
      {
        en: 'Somebody added them behind our back, or the state store is older than the lake: restore a backup into another folder and compare.',
        ja: '何者かが直接書き加えたか、状態データベースが古いものです。バックアップを別のフォルダーに復元して比べてください。',
      },
    )
  if (!acceptLoss)
    return fail(
      {
        en: `${events} events of ${lost.length} batches are neither in the lake nor in a sealed file (hours ${names}).`,
        ja: `${lost.length} バッチの ${events} 件が、保存領域にも封印済みファイルにもありません（時間帯 ${names}）。`,
      },
      {
        en: 'Restore a backup that has them into another folder. To go on without them: kanpeki doctor --repair --accept-loss, which the ledger records.',
        ja: 'それらを含むバックアップを別のフォルダーに復元してください。あきらめて続けるなら kanpeki doctor --repair --accept-loss（台帳に記録されます）。',
      },
    )
  const now = clock.now()
  const body = {
    action: 'events.lost',
    by: 'kanpeki doctor',
    events,
    hours: names.split(', ').slice(0, BATCHES_NAMED),
    batches: lost.slice(0, BATCHES_NAMED).map((one) => `${one.writer}/${one.sequence}: ${one.events}`),
  }
  await state.transaction<PipelineTables, void>(async (trx) => {
    for (const { writer, sequence, all } of lost) await noteLost(trx, writer, sequence, all)
    await recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }], clock)
  })
  count(deeds, 'eventsLost', events)
  return mended(
    `${events} events of ${lost.length} batches are lost, and recorded as lost (hours ${names}).`,
    `${lost.length} バッチの ${events} 件を失われたものとして記録しました（時間帯 ${names}）。`,
  )
}

async function lostOf(state: State, mender: LakeMender, hour: number): Promise<readonly Lost[]> {
  const batches = await batchesOf(state.tables<PipelineTables>(), hour, hour + HOUR_MS)
  const [inLake, erased] = await Promise.all([mender.batchesOf(hour), erasedOf(state, batches)])
  return batches.flatMap(({ writer, sequence, events, lost }) => {
    const name = `${writer}/${sequence}`
    const missing = events - lost - (erased.get(name) ?? 0) - (inLake.get(name) ?? 0)
    return missing > 0 ? [{ writer, sequence, events: missing, all: lost + missing }] : []
  })
}

export async function isWhole(path: string, sha256: string): Promise<boolean> {
  return await fileDigest(path).then(
    (found) => found.sha256 === sha256,
    () => false,
  )
}
