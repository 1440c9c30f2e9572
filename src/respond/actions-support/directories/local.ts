import { join } from 'node:path'
import { KanpekiError } from '../../../kernel/error.ts'
import { readIfThere } from '../../../platform/read-if-there.ts'
import { runProgram } from '../../../platform/run-program.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import type { Directory } from './directory.ts'

/** What shadow-utils takes (useradd(8)), without what could be an option. */
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/
/** The day after 1970-01-01: long ago, and not 0, which some programs take for “never”. */
const ENDED = '1'

/**
 * Accounts of this host, by usermod(8): the password is locked and the account has ended, so that keys no longer let in either.
 * Files are only read here; shadow-utils writes them, with their own locks.
 */
export function localAccounts({ name, settings }: Pick<ConnectionOf<'local-accounts'>, 'name' | 'settings'>): Directory {
  const { root } = settings
  const line = async (file: string, account: string): Promise<readonly string[] | undefined> =>
    ((await readIfThere(join(root ?? '/', 'etc', file))) ?? '')
      .split('\n')
      .map((text) => text.split(':'))
      .find(([first]) => first === account)
  const usermod = async (args: readonly string[], account: string, signal: AbortSignal): Promise<void> => {
    const within = root === undefined ? [] : ['--prefix', root]
    const { code, stderr } = await runProgram('usermod', [...within, ...args, '--', account], { signal })
    if (code === 0) return
    throw new KanpekiError(
      'directory_failed',
      `usermod ended with ${code}: ${stderr.replaceAll(/\s+/g, ' ').trim().slice(0, 200)}`,
      {
        remedy: 'Kanpeki needs to be root for this.',
      },
    )
  }
  return {
    name,
    async look(account) {
      if (!NAME.test(account)) return undefined
      const [, , uid] = (await line('passwd', account)) ?? []
      if (uid === undefined) return undefined
      if (uid === '0') throw new KanpekiError('account_protected', 'The account of the system itself is not closed.')
      const shadow = await line('shadow', account)
      if (shadow === undefined) throw new KanpekiError('directory_failed', `${account} has no line in /etc/shadow.`)
      const locked = (shadow[1] ?? '').startsWith('!')
      const expiry = shadow[7] ?? ''
      return { closed: locked && expiry === ENDED, id: uid, value: { locked, expiry } }
    },
    close: (_found, account, signal) => usermod(['--lock', '--expiredate', ENDED], account, signal),
    async reopen({ value }, account, signal) {
      const expiry = typeof value['expiry'] === 'string' ? value['expiry'] : ''
      await usermod(['--expiredate', expiry], account, signal)
      const [, password = ''] = (await line('shadow', account)) ?? []
      if (value['locked'] === false && password.startsWith('!')) await usermod(['--unlock'], account, signal)
    },
  }
}
