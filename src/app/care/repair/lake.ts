import { mkdir, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Clock } from '../../../kernel/clock.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Config } from '../../../platform/config.ts'
import type { DataDir } from '../../../platform/data-dir.ts'
import { connectLake } from '../../../platform/lake/connect.ts'
import { type EmbeddedLake, startEmbeddedLake } from '../../../platform/lake/embedded.ts'
import type { Lake } from '../../../platform/lake/lake.ts'
import { attachSurvivors, type LakeMender, leaveEngine, openMender, partsAside } from '../../../platform/lake/mend.ts'
import type { State } from '../../../platform/state/state.ts'
import { pass } from '../doctor/check.ts'
import { count, type Deeds, mended, type Step } from './outcome.ts'
import { repairHours } from './repair-hours.ts'
import { repairSealed } from './repair-sealed.ts'

export interface LakeRepair {
  readonly config: Config
  readonly dir: DataDir
  readonly state: State
  readonly clock: Clock
  readonly acceptLoss: boolean
  readonly deeds: Deeds
  readonly step: Step
}

/** The engine, its parts, its hours against the record, and the sealed files, in this order. */
export async function repairLake(repair: LakeRepair): Promise<void> {
  const { dir, clock, step, deeds } = repair
  let engine: EmbeddedLake | undefined
  let mender: LakeMender | undefined
  let lake: Lake | undefined
  try {
    const runs = await step('lake', { en: 'Event lake', ja: 'イベントの保存領域' }, async () => {
      const before = await partsAside(dir.lake)
      const { started, anew } = await startOrRebuild(repair)
      engine = started
      if (engine.address.kind !== 'embedded') throw new TypeError('not an embedded lake')
      lake = await connectLake(engine.address, { sealed: dir.sealed, clock })
      mender = await openMender(engine.address)
      const broken = await mender.brokenParts()
      for (const { name } of broken) await mender.setAside(name)
      const aside = (await partsAside(dir.lake)).length - before.length
      count(deeds, 'partsSetAside', Math.max(aside, broken.length))
      if (anew !== undefined)
        return mended(
          `The engine could not open its files. It was started anew with the parts that are whole; what was left lies in ${anew}.`,
          `エンジンが自分のファイルを開けなかったため、無事なパーツで作り直しました。残りは ${anew} にあります。`,
        )
      if (aside + broken.length === 0) return pass('Every part of it is whole.', 'すべてのパーツが無事です。')
      const where = relative(dir.root, join(dir.lake, 'engine'))
      return mended(
        `${Math.max(aside, broken.length)} damaged parts were set aside (below ${where}, in folders called detached).`,
        `壊れたパーツ ${Math.max(aside, broken.length)} 個を取り外しました（${where} 以下の detached フォルダーにあります）。`,
      )
    })
    if (!runs || mender === undefined || lake === undefined) return
    const [own, opened] = [mender as LakeMender, lake as Lake]
    await step('counts', { en: 'Events and record', ja: 'イベントと記録の一致' }, () => repairHours(repair, own))
    await step('sealed', { en: 'Sealed hours', ja: '封印済みの時間帯' }, () => repairSealed(repair, opened))
  } finally {
    await mender?.close()
    await lake?.close()
    await engine?.stop()
  }
}

/** An engine that does not start on its folder is given a new one, with all parts of the old one that it takes. */
async function startOrRebuild({
  config,
  dir,
  clock,
}: LakeRepair): Promise<{ readonly started: EmbeddedLake; readonly anew: string | undefined }> {
  const start = (): Promise<EmbeddedLake> => startEmbeddedLake({ folder: dir.lake, memory: config.values.memory, log: () => {} })
  try {
    return { started: await start(), anew: undefined }
  } catch (error) {
    if (error instanceof KanpekiError && error.code === 'data_in_use') throw error
  }
  await refuseUnlessItRuns(dir.lake)
  const { old, parts } = await leaveEngine(dir.lake, `engine-${stamp(clock)}`)
  const started = await start()
  try {
    const lake = await connectLake(started.address, { sealed: dir.sealed, clock })
    await lake.close()
    if (started.address.kind === 'embedded') await attachSurvivors(started.address, parts)
    return { started, anew: relative(dir.root, old) }
  } catch (error) {
    await started.stop()
    throw error
  }
}

/** An engine that does not run here at all has no quarrel with its files. */
async function refuseUnlessItRuns(lakeFolder: string): Promise<void> {
  const probe = join(lakeFolder, '.probe')
  try {
    await mkdir(probe, { recursive: true, mode: 0o700 })
    await (await startEmbeddedLake({ folder: probe, memory: 0, log: () => {} })).stop()
  } finally {
    await rm(probe, { recursive: true, force: true })
  }
}

function stamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
}
