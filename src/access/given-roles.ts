import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { EVERY_SCOPE } from '../platform/http/route.ts'
import { type Db, scopeExists } from './queries.ts'
import type { Assignment } from './roles.ts'

/** Roles are given in scopes that there are. @throws KanpekiError `not_found`. */
export async function checkGivenScopes(db: Db, given: readonly Assignment[]): Promise<void> {
  for (const scope of new Set(given.map((one) => one.scope))) {
    if (scope === EVERY_SCOPE || scope === DEFAULT_SCOPE || (await scopeExists(db, scope))) continue
    throw new KanpekiError('not_found', `There is no scope '${scope}'.`, { remedy: 'Make it under Settings first.' })
  }
}
