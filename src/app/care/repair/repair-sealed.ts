import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../../../kernel/event.ts'
import type { Lake } from '../../../platform/lake/lake.ts'
import { HOUR_MS } from '../../../platform/lake/table.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import type { State } from '../../../platform/state/state.ts'
import { droppedSegmentEvidence, segmentEvidence } from '../../../prove/batch-root.ts'
import { batchesOf, changeSegment, keptSegments } from '../../pipeline/queries.ts'
import { recordedEvents } from '../../pipeline/seal.ts'
import type { PipelineTables, SegmentsTable } from '../../pipeline/tables.ts'
import { type Finding, fail, pass } from '../doctor/check.ts'
import { count, type Deeds, mended } from './outcome.ts'
import { isWhole } from './repair-hours.ts'

export interface SealedRepair {
  readonly dir: { readonly root: string }
  readonly state: State
  readonly clock: Clock
  readonly deeds: Deeds
}

/** Writes sealed files that are missing or damaged again, out of the lake. */
export async function repairSealed(repair: SealedRepair, lake: Pick<Lake, 'sealHour'>): Promise<Finding> {
  const { dir, state, deeds } = repair
  const broken: string[] = []
  let again = 0
  for (const segment of await keptSegments(state.tables<PipelineTables>())) {
    if (await isWhole(join(dir.root, segment.file), segment.sha256)) continue
    if (await sealAgain(repair, lake, segment)) again += 1
    else broken.push(segment.file)
  }
  count(deeds, 'filesSealedAgain', again)
  if (broken.length > 0)
    return fail(
      {
        en: `${broken.length} files are damaged, and the lake has not all of their events: ${broken.join(', ')}.`,
        ja: `${broken.length} 個のファイルが壊れており、保存領域にもすべてのイベントはありません: ${broken.join('、')}`,
      },
      {
        en: 'Take these files out of a backup and put them in their places, then run this again.',
        ja: 'バックアップから該当のファイルを取り出して元の場所に置き、もう一度実行してください。',
      },
    )
  if (again === 0) return pass('Every file has the hash that the ledger says.', 'すべてのファイルが台帳のハッシュと一致します。')
  return mended(`${again} files were written again out of the lake.`, `${again} 個のファイルを保存領域から作り直しました。`)
}

/**
 * The same rows make the same file, which the ledger knows. Where another version of the engine makes another one of them,
 * or events were recorded as lost, it is a new revision, and the ledger says that it takes the old one's place.
 */
async function sealAgain(
  { dir, state, clock }: SealedRepair,
  lake: Pick<Lake, 'sealHour'>,
  segment: SegmentsTable,
): Promise<boolean> {
  const { hour } = segment
  const batches = await batchesOf(state.tables<PipelineTables>(), hour, hour + HOUR_MS)
  const recorded = await recordedEvents(state, batches)
  const revision = segment.revision + 1
  const { file, bytes, sha256, rows } = await lake.sealHour(hour, revision)
  if (rows !== recorded && rows !== segment.events) {
    await rm(join(dir.root, file), { force: true })
    return false
  }
  if (sha256 === segment.sha256) {
    await lake.sealHour(hour, segment.revision)
    await rm(join(dir.root, file), { force: true })
    return true
  }
  const range = { from: hour, to: hour + HOUR_MS }
  const facts = { scope: DEFAULT_SCOPE, file, bytes, sha256, ...range, events: rows, batches, more: { replaces: segment.file } }
  await state.transaction<PipelineTables, void>(async (trx) => {
    await changeSegment(trx, hour, { file, bytes, sha256, events: rows, revision, superseded: segment.file })
    const dropped = droppedSegmentEvidence(DEFAULT_SCOPE, segment.file, 'damaged', clock.now())
    await recordEvidence(trx, [dropped, segmentEvidence(facts)], clock)
  })
  return true
}
