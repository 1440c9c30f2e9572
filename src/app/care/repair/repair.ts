import { existsSync } from 'node:fs'
import { type Clock, systemClock } from '../../../kernel/clock.ts'
import { DEFAULT_SCOPE } from '../../../kernel/event.ts'
import type { Config } from '../../../platform/config.ts'
import { dataDir, lockDataDir } from '../../../platform/data-dir.ts'
import { openSealer } from '../../../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../../../platform/secrets/seal-keys.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import { openState, type State } from '../../../platform/state/state.ts'
import { type Drainer, openDrainer } from '../../../prove/drain.ts'
import { type Ledger, openLedger } from '../../../prove/ledger.ts'
import { indexedEntries } from '../../../prove/reconcile.ts'
import { migrations } from '../../migrations.ts'
import { statePlace } from '../../places.ts'
import { fail, pass, unknown } from '../doctor/check.ts'
import { broken } from '../doctor/store-checks.ts'
import { pendingSteps } from '../open-own-state.ts'
import { brokenPages, type Db, waitingEvidence } from '../queries.ts'
import { repairLake } from './lake.ts'
import { leftovers, removeLeftovers } from './leftovers.ts'
import { count, type Deeds, mended, type Outcome } from './outcome.ts'
import { proveWhole } from './prove-whole.ts'

export interface RepairOptions {
  readonly config: Config
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Events that nothing can bring back are recorded as lost, so that what is left can be sealed. */
  readonly acceptLoss: boolean
  readonly clock?: Clock
}

/**
 * Mends a data folder on which no server runs, after a crash, a full or a broken disk: from the outside in, each step only
 * if those that it stands on are sound. Nothing that holds events is deleted, and what was done is an entry of the ledger.
 * A step that finds nothing to do changes nothing; all can be run again.
 * @throws KanpekiError `data_in_use`.
 */
export async function repairFolder(options: RepairOptions): Promise<readonly Outcome[]> {
  const { config } = options
  const dir = dataDir(config.data)
  if (!existsSync(dir.keys)) return []
  const lock = await lockDataDir(dir)
  try {
    return await repairLocked({ ...options, clock: options.clock ?? systemClock })
  } finally {
    lock.release()
  }
}

async function repairLocked(options: Required<RepairOptions>): Promise<readonly Outcome[]> {
  const { config, environment, clock } = options
  const dir = dataDir(config.data)
  const deeds: Deeds = new Map()
  const outcomes: Outcome[] = []
  const step = async (
    id: string,
    title: Outcome['title'],
    work: () => Promise<Omit<Outcome, 'id' | 'title'>>,
  ): Promise<boolean> => {
    const found = await work().catch(broken)
    outcomes.push({ id: `repair.${id}`, title, ...found })
    return found.verdict !== 'fail'
  }
  let state: State | undefined
  let drainer: Drainer | undefined
  let ledger: Ledger | undefined
  try {
    await step('leftovers', { en: 'Left-over files', ja: '残った一時ファイル' }, async () => {
      const found = await leftovers(dir)
      if (found.length === 0) return pass('None.', 'ありません。')
      await removeLeftovers(found)
      count(deeds, 'filesRemoved', found.length)
      const size = `${(found.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB`
      return mended(
        `Removed ${found.length} files and folders that a killed process had left (${size}).`,
        `強制終了したプロセスが残したファイルとフォルダー ${found.length} 件（${size}）を削除しました。`,
      )
    })
    const stateIsSound = await step('state', { en: 'State store', ja: '状態データベース' }, async () => {
      const steps = await pendingSteps(config)
      if (steps !== undefined && steps.length > 0)
        return fail(
          { en: 'The schema is of an older version.', ja: 'スキーマが古い版のままです。' },
          { en: 'Run kanpeki upgrade first.', ja: '先に kanpeki upgrade を実行してください。' },
        )
      const place = statePlace(config)
      state = await openState(place, migrations, clock)
      const faults = 'url' in place ? [] : await brokenPages(state.tables())
      if (faults.length === 0) return pass('It is sound.', '問題ありません。')
      return fail(
        { en: `Its file is damaged: ${faults[0]}.`, ja: `ファイルが壊れています: ${faults[0]}。` },
        {
          en: 'Restore the newest backup into another folder: the state store is the one thing that nothing else holds.',
          ja: '最新のバックアップを別のフォルダーに復元してください。状態データベースの内容は、ほかから作り直せません。',
        },
      )
    })
    if (!stateIsSound || state === undefined) return outcomes
    const own: State = state
    const ledgerIsSound = await step('ledger', { en: 'Ledger', ja: '台帳' }, async () => {
      const waiting = (await waitingEvidence(own.tables() as Db)).entries
      const sealer = await openSealer(dir.keys, sealKeySource(dir.keys, config.values, environment))
      const copies = config.values.witness === null ? [] : [config.values.witness]
      ledger = await openLedger({ data: dir.root, indexed: await indexedEntries(own), copies, clock, sealer })
      drainer = await openDrainer({ ledger, state: own, clock })
      await drainer.drain()
      if (waiting === 0)
        return pass(`It goes on from ${ledger.head.size} entries.`, `${ledger.head.size} 件の続きから再開できます。`)
      return mended(`${waiting} entries that waited for it are in it.`, `台帳を待っていた ${waiting} 件を記録しました。`)
    })
    if (!ledgerIsSound) return outcomes
    if (config.values.lake === null) await repairLake({ ...options, dir, state: own, deeds, step })
    else
      await step('lake', { en: 'Event lake', ja: 'イベントの保存領域' }, async () =>
        unknown(
          { en: 'It is a cluster of its own.', ja: '外部のクラスターです。' },
          { en: 'Mend it with its own tools.', ja: 'クラスター側のツールで修復してください。' },
        ),
      )
    if (deeds.size > 0) {
      const now = clock.now()
      const body = { action: 'repair.done', by: 'kanpeki doctor', after: Object.fromEntries(deeds) }
      await own.transaction((trx) =>
        recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }], clock),
      )
    }
    await step('proof', { en: 'Whole ledger', ja: '台帳全体' }, async () => {
      await drainer?.drain()
      return await proveWhole(dir.root, ledger!.key)
    })
    return outcomes
  } finally {
    await drainer?.stop()
    await state?.close()
  }
}
