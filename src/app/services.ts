import { openMaskingKey } from '../collect/masking/key.ts'
import { loadMaskingRules } from '../collect/masking/load.ts'
import type { MaskingRule } from '../collect/masking/schema.ts'
import { loadAttack } from '../detect/coverage-attack.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { Config } from '../platform/config.ts'
import { type DataDir, dataDir, lockDataDir, prepareDataDir } from '../platform/data-dir.ts'
import type { LakeAddress } from '../platform/lake/connect.ts'
import { forgetFreezes } from '../platform/lake/freeze.ts'
import type { Lake } from '../platform/lake/lake.ts'
import { openMender } from '../platform/lake/mend.ts'
import type { Log } from '../platform/log.ts'
import { createOutgoing, type Outgoing } from '../platform/outgoing/outgoing.ts'
import { openSealer } from '../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../platform/secrets/seal-keys.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import type { State } from '../platform/state/state.ts'
import { type Anchoring, openAnchoring } from '../prove/anchor/anchoring.ts'
import { parseAuthority } from '../prove/anchor/authority.ts'
import { type Drainer, openDrainer } from '../prove/drain.ts'
import { type Ledger, openLedger } from '../prove/ledger.ts'
import { indexedEntries } from '../prove/reconcile.ts'
import { type Cosigning, openCosigning, parseWitnessPlace } from '../prove/witness/ask.ts'
import { createWitness, parseWatchedLog, type Witness } from '../prove/witness/witness.ts'
import { openWitnessKey } from '../prove/witness/witness-key.ts'
import { lookForDamage } from './care/damage.ts'
import { forgetHalfDone } from './care/make-backup.ts'
import { openOwnState } from './care/open-own-state.ts'
import { recordRestore } from './care/rehearsed.ts'
import { forgetOld } from './forget.ts'
import { openLake } from './lake.ts'
import { type Pipeline, startPipeline } from './pipeline/client.ts'
import type { PipelineStatus } from './pipeline/messages.ts'
import { sealClosedHours } from './pipeline/seal.ts'
import { recordPipelineChange } from './pipeline-changes.ts'
import { CONTENT, maskingFolders, pipelineFolders, ruleFolders, statePlace } from './places.ts'
import { repeatEvery } from './repeat.ts'
import { type Keeper, startKeeper } from './retention/keeper.ts'
import { type RetentionPolicy, retentionPolicy } from './retention/policy.ts'
import { recordRuleChanges } from './rule-changes.ts'
import { createTurns, type Turns } from './turns.ts'

/** The writer's name in the lake. One process writes in this version. */
export const WRITER = 'w1'
const DRAIN_EVERY_MS = 1_000
/** Authorities are asked so often for stamps that are due or missing. */
const ANCHOR_EVERY_MS = 30_000
/** Witnesses are asked this long after the last answer, where the ledger has grown. */
const COSIGN_EVERY_MS = 10_000
const SEAL_EVERY_MS = 60_000
const FORGET_EVERY_MS = 3_600_000
const KEEP_EVERY_MS = 600_000
const LOOK_EVERY_MS = 3_600_000
/** A lake that was just started again answers by then. */
const STOP_PATIENCE_MS = 5_000

export interface Services {
  readonly config: Config
  readonly dir: DataDir
  readonly clock: Clock
  /** Milliseconds UTC. */
  readonly startedAt: number
  readonly log: Log
  /** Seals what has to be stored and read again. */
  readonly sealer: Sealer
  /** The one way to call other systems. */
  readonly outgoing: Outgoing
  readonly state: State
  readonly lake: Lake
  /** Under which name this process writes into the lake. */
  readonly writer: string
  readonly lakeAddress: LakeAddress
  /** The embedded engine's process, while one runs. */
  readonly lakePid: () => number | undefined
  readonly ledger: Ledger
  readonly drainer: Drainer
  /** The witnesses of our ledger, and we as the witness of others. */
  readonly cosigning: Cosigning
  readonly witness: Witness
  /** The time-stamps of our ledger. */
  readonly anchoring: Anchoring
  readonly pipeline: Pipeline
  readonly retention: RetentionPolicy
  readonly keeper: Keeper
  /** For what must not meet sealing, retention or an erasure half-way. */
  readonly inTurn: Turns
  readonly attack: ReturnType<typeof loadAttack>
  /** What the engines hold, as the writer's thread loaded it. */
  readonly rules: PipelineStatus['rules']
  /** Masking rules, those in force and the others. */
  readonly masking: readonly MaskingRule[]
  /** Tells commands on this host where the server is, and the file of the certificate it shows there. */
  announce(url: string, ca?: string): void
  /** False once something that must run has ended. */
  healthy(): boolean
  /** Before anything is stopped: nothing waits long any more for a lake that does not answer. */
  stopSoon(): void
  stop(): Promise<void>
}

export interface ServiceEvents {
  /** Events were seen by the rules and their consequences are committed. */
  readonly progressed: (what: { readonly events: number; readonly alerts: number }) => void
}

/**
 * Opens everything below the doors, in the order in which it depends on each other, and closes it in reverse.
 * If one part fails to open, those already open are closed before the error goes on.
 */
export async function startServices(config: Config, log: Log, events: ServiceEvents): Promise<Services> {
  const clock = systemClock
  const retention = retentionPolicy(config.values)
  const closers: (() => Promise<void> | void)[] = []
  const opened = async <T>(open: Promise<T>, close: (value: T) => Promise<void> | void): Promise<T> => {
    const value = await open
    closers.push(() => close(value))
    return value
  }
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) {
      try {
        await close()
      } catch (error) {
        log.error('stopping a part failed', { reason: messageOf(error) })
      }
    }
  }
  try {
    const dir = dataDir(config.data)
    prepareDataDir(dir)
    const lock = await opened(lockDataDir(dir), (one) => one.release())
    const sealer = await openSealer(dir.keys, sealKeySource(dir.keys, config.values, process.env))
    const outgoing = createOutgoing({ allow: config.values['outgoing-allow'], log })
    const { state, upgrade } = await opened(openOwnState(config, clock), (one) => one.state.close())
    if (upgrade !== undefined)
      log.info('the state was upgraded; as it was it is kept', { steps: upgrade.steps, kept: upgrade.kept.folder })
    const ledger = await openLedger({
      data: dir.root,
      indexed: await indexedEntries(state),
      copies: config.values.witness === null ? [] : [config.values.witness],
      clock,
      sealer,
    })
    const cosigning = await openCosigning({ ledger, outgoing, places: config.values.witnesses.map(parseWitnessPlace) })
    const witness = createWitness({
      state,
      clock,
      key: await openWitnessKey(dir.keys, sealer, `${ledger.key.name}/witness`),
      logs: config.values['witness-for'].map(parseWatchedLog),
    })
    const anchoring = await openAnchoring({
      ledger,
      files: ledger.files,
      outgoing,
      clock,
      authorities: config.values['timestamp-authorities'].map(parseAuthority),
      every: config.values['timestamp-every'],
    })
    const drainer = await opened(openDrainer({ ledger, state, clock, log: log.warn }), (one) => one.stop())
    const { lake, address, pid } = await opened(openLake(config, dir, log), (one) => one.close())
    const masking = loadMaskingRules(maskingFolders(config))
    let healthy = true
    let running: PipelineStatus['rules'] = { loaded: [], refused: [], silent: [] }
    const pipeline = await opened(
      startPipeline(
        {
          state: statePlace(config),
          lake: address,
          sealed: dir.sealed,
          writer: WRITER,
          rules: ruleFolders(config),
          pipelines: pipelineFolders(config),
          geoip: config.values.geoip,
          masking: { rules: masking, key: await openMaskingKey(dir.keys, sealer) },
          zoneMinutes: config.values.zone,
          roots: [CONTENT, `${dir.root}/`],
        },
        {
          progressed: (what) => {
            drainer.poke()
            events.progressed(what)
          },
          rules: (changed) => {
            running = changed
            for (const { file, reason } of changed.refused.filter(({ code }) => code === 'quarantined'))
              log.warn('rule quarantined', { place: file, reason })
          },
          trouble: (error) => log.warn('the pipeline tries again', { code: error.code, reason: error.describe() }),
          ended: (error) => {
            healthy = false
            log.error('the writer ended; nothing can be taken in until Kanpeki is started again', { reason: error.describe() })
          },
        },
      ),
      (one) => one.stop(),
    )
    running = (await pipeline.ask({ kind: 'status' })).rules
    const rules = {
      get loaded() {
        return running.loaded
      },
      get refused() {
        return running.refused
      },
      get silent() {
        return running.silent
      },
    }
    for (const { file, line, reason } of rules.refused) log.warn('rule refused', { place: `${file}:${line}`, reason })
    await recordRuleChanges(state, [...running.loaded, ...running.silent], clock)
    await recordPipelineChange(state, pipelineFolders(config), clock)
    if (await recordRestore(state, dir, clock)) log.info('this folder was restored from a backup; the ledger says when and how')
    await forgetHalfDone(dir)
    await forgetFreezes(dir.lake)
    drainer.start(DRAIN_EVERY_MS)
    const witnessing = repeatEvery(
      COSIGN_EVERY_MS,
      () => cosigning.ask(),
      (error) => log.error('asking the witnesses failed and is tried again', { reason: messageOf(error) }),
    )
    closers.push(() => witnessing.stop())
    const stamping = repeatEvery(
      ANCHOR_EVERY_MS,
      () => anchoring.ask(),
      (error) => log.error('asking for time-stamps failed and is tried again', { reason: messageOf(error) }),
    )
    closers.push(() => stamping.stop())
    const inTurn = createTurns()
    const sealing = repeatEvery(
      SEAL_EVERY_MS,
      async () => {
        if ((await inTurn(() => sealClosedHours({ lake, state, clock }))).length > 0) drainer.poke()
      },
      (error) => log.error('sealing failed and is tried again', { reason: messageOf(error) }),
    )
    closers.push(() => sealing.stop())
    const lakes: Pick<Lake, 'endPatience'>[] = [lake]
    if (address.kind === 'embedded') {
      const mender = await opened(openMender(address), (one) => one.close())
      lakes.push(mender)
      const looking = repeatEvery(
        LOOK_EVERY_MS,
        () => inTurn(() => lookForDamage({ state, mender, root: dir.root, clock, log })),
        (error) => log.error('comparing the lake with the record failed', { reason: messageOf(error) }),
      )
      closers.push(() => looking.stop())
    }
    const forgetting = repeatEvery(
      FORGET_EVERY_MS,
      () => forgetOld(state, clock.now(), retention.alertDays),
      (error) => log.error('forgetting old rows failed', { reason: messageOf(error) }),
    )
    closers.push(() => forgetting.stop())
    const keeper = startKeeper(
      {
        lake,
        state,
        clock,
        root: dir.root,
        drain: () => drainer.drain(),
        policy: retention,
        inTurn,
        log,
        forget: (scope, names, texts) => pipeline.ask({ kind: 'forget', scope, names, texts }),
      },
      KEEP_EVERY_MS,
    )
    closers.push(() => keeper.stop())
    return {
      config,
      dir,
      clock,
      startedAt: clock.now(),
      log,
      sealer,
      outgoing,
      state,
      lake,
      writer: WRITER,
      lakeAddress: address,
      lakePid: pid,
      ledger,
      cosigning,
      witness,
      anchoring,
      drainer,
      pipeline,
      retention,
      keeper,
      inTurn,
      attack: loadAttack(),
      rules,
      masking,
      announce: lock.announce,
      healthy: () => healthy,
      stopSoon() {
        for (const one of lakes) one.endPatience(STOP_PATIENCE_MS)
      },
      stop: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error instanceof KanpekiError
      ? error
      : new KanpekiError('start', `Kanpeki cannot start: ${messageOf(error)}.`, { cause: error })
  }
}
