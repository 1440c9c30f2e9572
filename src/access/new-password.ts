import { refuseBreachedPassword } from './breached-passwords.ts'
import type { AccessDeps } from './routes-deps.ts'
import type { Account } from './tables.ts'
import { refuseWeakPassword } from './weak-password.ts'

/**
 * Whether a password may be set.
 * @throws KanpekiError `weak_password`, `breached_password`, `breached_list`.
 */
export async function checkNewPassword(
  deps: Pick<AccessDeps, 'organisation' | 'breachedPasswords'>,
  password: string,
  account: Pick<Account, 'name'> & Partial<Pick<Account, 'display' | 'email'>>,
): Promise<void> {
  refuseWeakPassword(password, [deps.organisation, account.name, account.display ?? '', account.email ?? ''])
  if (deps.breachedPasswords != null) await refuseBreachedPassword(password, deps.breachedPasswords)
}
