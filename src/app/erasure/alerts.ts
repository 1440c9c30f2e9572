import { alertsAbout } from '../../detect/alerts.ts'
import type { State } from '../../platform/state/state.ts'
import { formsOf } from './identity.ts'
import type { Identity } from './schema.ts'

/** How many alerts are about what these identities name. */
export function alertsNaming(state: State, identities: readonly Identity[], scope: string | undefined): Promise<number> {
  return alertsAbout(state.tables(), identities.flatMap(formsOf), scope)
}
