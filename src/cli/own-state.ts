import { type Db, scopeExists } from '../access/queries.ts'
import { adminEvidence } from '../access/routes-deps.ts'
import type { AccessTables } from '../access/tables.ts'
import { openOwnState } from '../app/care/open-own-state.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { JsonObject } from '../kernel/json.ts'
import { type Config, readConfig } from '../platform/config.ts'
import { dataDir, prepareDataDir, requireDataDir } from '../platform/data-dir.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'

type Work<T> = (state: State, config: Config) => Promise<T>

/**
 * Works on the state of a data folder, beside a running server or without one: whoever can write the folder may.
 * @throws KanpekiError `no_data` for a folder that was never used.
 */
export function withState<T>(data: string, work: Work<T>): Promise<T> {
  requireDataDir(dataDir(data))
  return withOpened(data, work)
}

/** The same for what may come before the first start: the folder is made. */
export function withNewState<T>(data: string, work: Work<T>): Promise<T> {
  prepareDataDir(dataDir(data))
  return withOpened(data, work)
}

async function withOpened<T>(data: string, work: Work<T>): Promise<T> {
  const config = readConfig(data, {}, process.env)
  const { state } = await openOwnState(config)
  try {
    return await work(state, config)
  } finally {
    await state.close()
  }
}

/** What a command changed, and what of it goes to the ledger: `action` is `noun.verb`, the body holds no secret. */
export interface CommandChange<T> {
  readonly result: T
  readonly action: string
  readonly body: JsonObject
}

/** Changes the access room's tables and leaves evidence by `command line`, in one transaction. */
export async function changeAccess<T>(
  state: State,
  scope: string,
  change: (db: Db, now: number) => Promise<CommandChange<T>>,
): Promise<T> {
  return await state.transaction<AccessTables, T>(async (trx) => {
    const now = Date.now()
    const { result, action, body } = await change(trx, now)
    await recordEvidence(trx, [adminEvidence({ id: 'command line', name: 'command line', scope }, now, action, body)])
    return result
  })
}

/** @throws KanpekiError `not_found` for a scope that was not made. */
export async function checkScopeExists(state: State, scope: string): Promise<void> {
  if (scope === DEFAULT_SCOPE || (await scopeExists(state.tables<AccessTables>(), scope))) return
  throw new KanpekiError('not_found', `There is no scope '${scope}'.`, { remedy: 'Leave out --scope for the shared one.' })
}

/** @throws KanpekiError `usage` unless `text` is a whole number from 1 to `most`. */
export function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new KanpekiError('usage', `${option} must be a whole number from 1 to ${most}.`)
}
