import type { Sealer } from '../../platform/secrets/sealer.ts'
import { keepError } from '../../platform/state/kept-error.ts'
import type { State } from '../../platform/state/state.ts'
import { type FetchDeps, type Fetched, fetchList } from './fetch.ts'
import { allLists, changeList, type IocDb } from './queries.ts'
import { iocSecretContext, type Who } from './store.ts'
import type { IocListsTable, IocTables } from './tables.ts'
import { takeInParts } from './take.ts'

export interface RefreshDeps extends FetchDeps {
  readonly state: State
  readonly sealer: Pick<Sealer, 'open'>
  readonly clock: { now(): number }
}

const ITSELF: Who = { id: 'kanpeki', name: 'Kanpeki' }

/** A failed list is tried again after this, however seldom it is fetched. */
const RETRY_MS = 15 * 60_000

/** Fetches the lists that are due. A failure is kept on the list and fails no other. @returns how many were fetched. */
export async function refreshDue(deps: RefreshDeps): Promise<number> {
  const now = deps.clock.now()
  const due = (await allLists(deps.state.tables<IocTables>())).filter(
    ({ kind, tried, error, every }) =>
      kind !== 'own' && (tried === null || now - tried >= (error === null ? every : Math.min(every, RETRY_MS))),
  )
  let fetched = 0
  for (const list of due) if (await refreshList(list, deps)) fetched += 1
  return fetched
}

/** Fetches one list now. @returns whether it went well; otherwise the list says what went wrong. */
export async function refreshList(list: IocListsTable, deps: RefreshDeps, by: Who = ITSELF): Promise<boolean> {
  const fetched = await attempt(list, deps)
  const now = deps.clock.now()
  const failed = typeof fetched === 'string'
  if (!failed) await takeInParts(deps.state, list, fetched.reading, { whole: fetched.whole, by, now })
  // The cursor moves only once all of it is taken.
  const change = failed ? { tried: now, error: fetched } : { tried: now, fetched: now, error: null, cursor: fetched.cursor }
  await deps.state.transaction<IocTables, void>((trx: IocDb) => changeList(trx, list.id, change))
  return !failed
}

async function attempt(list: IocListsTable, deps: RefreshDeps): Promise<Fetched | string> {
  try {
    const secret = list.secret === null ? undefined : deps.sealer.open(list.secret, iocSecretContext(list.id)).toString('utf8')
    return await fetchList({ ...list, secret }, deps)
  } catch (error) {
    return keepError(error)
  }
}
