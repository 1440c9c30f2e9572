import { statfs } from 'node:fs/promises'
import type { Drainer } from '../../prove/drain.ts'
import type { Pipeline } from '../pipeline/client.ts'

/** Below this, the next batch or checkpoint may find no room. */
export const LEAST_FREE_BYTES = 512 * 1024 * 1024

/** Why a server should not get traffic now; the words are stable for programs. */
export type Unready =
  | 'stopping'
  | 'writer_ended'
  | 'lake_down'
  | 'state_down'
  | 'catching_up'
  | 'ledger_stopped'
  | 'disk_nearly_full'
  | 'disk_unreadable'

/** A state store that takes longer to answer the least of questions answers nobody in time. */
const STATE_LIMIT_MS = 3_000

export interface ReadinessDeps {
  readonly root: string
  readonly stopping: () => boolean
  readonly healthy: () => boolean
  /** False while an embedded engine is being started again. */
  readonly lakeRuns: () => boolean
  /** Rejects, or does not answer in time, where the state store does not. */
  readonly askState: () => Promise<unknown>
  readonly pipeline: Pick<Pipeline, 'ask'>
  readonly drainer: Pick<Drainer, 'fault'>
  readonly freeBytes?: (root: string) => Promise<number>
}

/** Every reason at once, so that a person sees all there is to do; empty when ready. */
export async function unready(deps: ReadinessDeps): Promise<readonly Unready[]> {
  if (deps.stopping()) return ['stopping']
  const reasons: Unready[] = []
  if (!deps.healthy()) reasons.push('writer_ended')
  else if ((await deps.pipeline.ask({ kind: 'status' })).catchingUp) reasons.push('catching_up')
  if (!deps.lakeRuns()) reasons.push('lake_down')
  if (!(await answers(deps.askState))) reasons.push('state_down')
  if (deps.drainer.fault !== undefined) reasons.push('ledger_stopped')
  const free = await (deps.freeBytes ?? freeBytes)(deps.root).catch(() => undefined)
  if (free === undefined) reasons.push('disk_unreadable')
  else if (free < LEAST_FREE_BYTES) reasons.push('disk_nearly_full')
  return reasons
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  const limit = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => limit.resolve(false), STATE_LIMIT_MS)
  const answered = ask().then(
    () => true,
    () => false,
  )
  return await Promise.race([answered, limit.promise]).finally(() => clearTimeout(timer))
}

/** Asks no second time while it waits for an answer: probes of a store that hangs would take all of its connections. */
export function stateProbe(ask: () => Promise<unknown>): () => Promise<unknown> {
  let asked: Promise<unknown> | undefined
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined
    })
    return asked
  }
}

/** What this process may still write below a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
