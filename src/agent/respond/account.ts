import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { ParamsOf } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { runTool } from './run-tool.ts'

interface AccountOptions {
  /** Where `etc` is: `/`, but in tests. */
  readonly root: string
  /** Accounts that are never disabled, besides root and the agent's own. */
  readonly never: readonly string[]
}

interface Account {
  readonly uid: number
  /** As /etc/shadow has it; empty for no password at all. */
  readonly hash: string
  /** Days since 1970, or empty. */
  readonly expiry: string
}

/** An account that has expired cannot sign in by any way that asks PAM: password, key, cron (shadow(5), pam_unix(8)). */
const EXPIRED = '1'

/**
 * Locks local accounts by `usermod` (shadow): the password is disabled and the account expires, for a lock alone would
 * still let keys in. Sessions that are open stay open: end their processes.
 */
export function accountResponders({ root, never }: AccountOptions) {
  const usermod = async (args: readonly string[], account: string): Promise<void> => {
    await runTool('usermod', [...(root === '/' ? [] : ['--prefix', root]), ...args, '--', account])
  }
  return {
    async disable({ account }: ParamsOf<'disable-account'>): Promise<AgentReceipt> {
      const found = await read(root, account)
      if (found.uid === 0 || account === userInfo().username || never.includes(account))
        throw new KanpekiError('agent_refuses', `${account} is not disabled: it is root, the agent's own, or protected here.`)
      if (found.hash.startsWith('!') && found.expiry === EXPIRED) return { outcome: 'already', detail: { account } }
      await usermod(['--lock', '--expiredate', EXPIRED], account)
      return { outcome: 'done', detail: { account }, undo: { account, expiry: found.expiry } }
    },
    async enable({ account, expiry = '' }: ParamsOf<'enable-account'>): Promise<AgentReceipt> {
      const found = await read(root, account)
      if (!found.hash.startsWith('!') && found.expiry === expiry) return { outcome: 'already', detail: { account } }
      await usermod(['--expiredate', expiry], account)
      // An account that has no password at all would be open to everybody once unlocked: usermod refuses, and it stays locked.
      if (found.hash.length > 1 && found.hash.startsWith('!')) await usermod(['--unlock'], account)
      return { outcome: 'done', detail: { account } }
    },
  }
}

/** @throws KanpekiError `not_found` for an account that is not in the host's own files (LDAP and others are not changed here). */
async function read(root: string, account: string): Promise<Account> {
  const line = async (file: string): Promise<string[] | undefined> =>
    (await readFile(join(root, 'etc', file), 'utf8'))
      .split('\n')
      .map((text) => text.split(':'))
      .find(([name]) => name === account)
  const [passwd, shadow] = await Promise.all([line('passwd'), line('shadow')])
  if (passwd === undefined || shadow === undefined)
    throw new KanpekiError('not_found', `There is no local account ${account}.`, {
      remedy: 'Accounts of a directory are disabled there.',
    })
  return { uid: Number(passwd[2]), hash: shadow[1] ?? '', expiry: shadow[7] ?? '' }
}
