import { existsSync } from 'node:fs'
import type { Config } from '../../../platform/config.ts'
import { dataDir, runningServer } from '../../../platform/data-dir.ts'
import type { DoctorCheck, DoctorContext, Finding, Words } from './check.ts'
import { certificate, permissions, ports, sealKey, witness } from './folder-checks.ts'
import { clock, disk, memory, nodeVersion, unit } from './host-checks.ts'
import { backup, broken, lake, ledger, outbox, state } from './store-checks.ts'

/** In the order in which a person would look. */
export const doctorChecks: readonly DoctorCheck[] = [
  nodeVersion,
  disk,
  memory,
  clock,
  permissions,
  sealKey,
  certificate,
  ports,
  state,
  lake,
  ledger,
  outbox,
  witness,
  backup,
  unit,
]

export interface Diagnosis extends Finding {
  readonly id: string
  readonly title: Words
}

/** Runs every check, one after the other; changes nothing. */
export async function examine(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  now: number,
  ask: DoctorContext['ask'],
): Promise<readonly Diagnosis[]> {
  const dir = dataDir(config.data)
  const context = { config, dir, environment, now, server: runningServer(dir), ask, started: existsSync(dir.keys) }
  const found: Diagnosis[] = []
  for (const { id, title, run } of doctorChecks) found.push({ id, title, ...(await run(context).catch(broken)) })
  return found
}
