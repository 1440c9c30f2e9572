import { statfs } from 'node:fs/promises'
import type { Drainer } from '../../prove/drain.ts'
import type { Pipeline } from '../pipeline/client.ts'

/** Below this, the next batch or checkpoint may find no room. */
export const LEAST_FREE_BYTES = 512 * 1024 * 1024

/** Why a server should not get traffic now; the words are stable for programs. */
export type Unready = 'stopping' | 'writer_ended' | 'lake_down' | 'catching_up' | 'ledger_stopped' | 'disk_nearly_full'

export interface ReadinessDeps {
  readonly root: string
  readonly stopping: () => boolean
  readonly healthy: () => boolean
  /** False while an embedded engine is being started again. */
  readonly lakeRuns: () => boolean
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
  if (deps.drainer.fault !== undefined) reasons.push('ledger_stopped')
  if ((await (deps.freeBytes ?? freeBytes)(deps.root)) < LEAST_FREE_BYTES) reasons.push('disk_nearly_full')
  return reasons
}

/** What this process may still write below a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
