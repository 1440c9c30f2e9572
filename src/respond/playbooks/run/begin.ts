import { createHash } from 'node:crypto'
import type { ActionPlan } from '../../../kernel/action.ts'
import type { Evidence } from '../../../kernel/evidence.ts'
import { readJson } from '../../../platform/state/columns.ts'
import { DEFAULT_GUARDS, overLimit, protectedTarget, tighter } from '../guards.ts'
import { EXTENSION_KEY, type Playbook } from '../language/form.ts'
import { effectsOf, effectsSince, guardsOf, insertEffects, type PlaybooksDb, runById } from '../queries.ts'
import type { GuardSettings } from '../schema.ts'
import type { RunsTable, StepsTable } from '../tables.ts'
import type { Journal } from './journal.ts'
import { Stopped, Suspended } from './walk.ts'

const HOUR_MS = 3_600_000

export interface Guarded {
  readonly guards: () => Promise<GuardSettings>
  readonly now: () => number
  /** This process begins nothing any more. */
  readonly stopping: () => boolean
}

export async function guardSettingsOf(db: PlaybooksDb, scope: string): Promise<GuardSettings> {
  const row = await guardsOf(db, scope)
  return row === undefined ? DEFAULT_GUARDS : readJson<GuardSettings>(row.settings)
}

/**
 * Marks a step as started, in the transaction that looks whether it may be: nobody stopped anything, and with its targets no limit
 * is passed. Transactions run one after the other, so that two runs cannot both be the last within a limit.
 * @throws Stopped beyond a limit or after a stop; Suspended while everything is halted.
 */
export async function beginStep(
  { now, stopping }: Guarded,
  run: RunsTable,
  journal: Journal,
  row: StepsTable,
  plan: ActionPlan,
  playbook: Playbook,
  evidence: Evidence,
): Promise<void> {
  if (stopping()) throw new Suspended(now())
  await journal.keep(row, [evidence], async (trx) => {
    const fresh = await runById(trx, run.id)
    if (fresh === undefined || fresh.stop_by !== null)
      throw new Stopped('stopped', `${fresh?.stop_by ?? 'Somebody'} stopped the run.`)
    const guards = await guardsOf(trx, run.scope)
    if (guards?.halted === 1) throw new Suspended(now())
    const settings = guards === undefined ? DEFAULT_GUARDS : readJson<GuardSettings>(guards.settings)
    await refuseBeyond(trx, run, plan, settings, playbook, now())
    await insertEffects(
      trx,
      plan.targets.map(({ kind, name }) => ({
        id: createHash('sha256').update(`${row.key}\0${kind}\0${name}`).digest('hex').slice(0, 32),
        scope: run.scope,
        run_id: run.id,
        playbook_uid: run.playbook_uid,
        kind,
        name,
        at: now(),
      })),
    )
  })
}

async function refuseBeyond(
  trx: PlaybooksDb,
  run: RunsTable,
  plan: ActionPlan,
  settings: GuardSettings,
  playbook: Playbook,
  now: number,
): Promise<void> {
  // It may have become protected since somebody approved it.
  const hit = protectedTarget(plan.targets, settings)
  if (hit !== undefined) throw new Stopped('protected', `${hit.target.name} is never acted upon (${hit.by}).`)
  const own = playbook[EXTENSION_KEY].limits
  const beyond = (over: ReturnType<typeof overLimit>, per: string): void => {
    if (over === undefined) return
    throw new Stopped('limit', `It would act upon more than ${over.most} of kind ${over.kind} ${per}.`)
  }
  beyond(overLimit(plan.targets, await effectsOf(trx, run.id), tighter(own.run, settings.limits.run)), 'in one run')
  const hour = await effectsSince(trx, run.scope, now - HOUR_MS)
  beyond(overLimit(plan.targets, hour, settings.limits.hour), 'an hour')
  beyond(
    overLimit(
      plan.targets,
      hour.filter((one) => one.playbook_uid === run.playbook_uid),
      own.hour,
    ),
    'an hour by this playbook',
  )
}
