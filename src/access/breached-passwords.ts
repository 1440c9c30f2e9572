import { KanpekiError } from '../kernel/error.ts'
import { isBreachedPassword } from '../platform/breached-passwords.ts'

/**
 * Refuses a password that stands in a list of breached ones.
 * @throws KanpekiError `breached_password`; `breached_list` if the list cannot be read or has another form.
 */
export async function refuseBreachedPassword(password: string, list: string): Promise<void> {
  if (!(await isBreachedPassword(password, list))) return
  throw new KanpekiError('breached_password', 'This password has leaked somewhere before: attackers try it first.', {
    remedy: 'Take another, and change it wherever else it is used.',
  })
}
