import { messageOf } from '../../kernel/error.ts'
import type { Log } from '../../platform/log.ts'
import { type ErasureDeps, runErasures } from '../erasure/run.ts'
import type { Turns } from '../turns.ts'
import { type RetentionDeps, type RetentionStatus, runRetention } from './run.ts'

export interface KeeperDeps extends RetentionDeps, ErasureDeps {
  readonly lake: RetentionDeps['lake'] & ErasureDeps['lake']
  /** Shared with sealing: an hour is in one hand at a time. */
  readonly inTurn: Turns
  readonly log: Log
}

export interface Keeper {
  /** Something was asked for: it is not left to the next regular run. Resolves when that is over; a failure is logged. */
  now(): Promise<void>
  /** Lets the hour that it is working on end. */
  stop(): Promise<void>
}

/** Carries out erasures and retention, regularly and when asked. */
export function startKeeper(deps: KeeperDeps, pause: number): Keeper {
  let before: RetentionStatus['state'] = 'fine'
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const run = (): Promise<void> =>
    deps.inTurn(async () => {
      if (stopping.signal.aborted) return
      await runErasures({ ...deps, signal: stopping.signal })
      const status = await runRetention({ ...deps, signal: stopping.signal })
      tell(deps.log, status, before)
      before = status.state
    })
  const quietly = (): Promise<void> => {
    running = run().catch((error: unknown) => {
      if (stopping.signal.aborted) return
      deps.log.error('keeping what must be kept failed and is tried again', { reason: messageOf(error) })
    })
    return running
  }
  const timer = setInterval(quietly, pause)
  void quietly()
  return {
    now: quietly,
    async stop() {
      stopping.abort()
      clearInterval(timer)
      await running
    },
  }
}

const WORDS: Readonly<Record<Exclude<RetentionStatus['state'], 'fine'>, string>> = {
  near: 'the quota for events is nearly reached: the oldest will be dropped',
  early: 'the quota for events drops them before their days are over',
  over: 'events take more than their quota, and nothing more may be dropped',
}

function tell(log: Log, status: RetentionStatus, before: RetentionStatus['state']): void {
  const { state, used, limit, hoursLeft, heldHours } = status
  if (state !== 'fine' && state !== before) log.warn(WORDS[state], { used, limit, hoursLeft, heldHours })
}
