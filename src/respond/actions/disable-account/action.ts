import type { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { type accountInput, turnAccount } from '../../actions-support/directories/turn-account.ts'

/** Closes an account wherever it is: LDAP, SCIM, this host. */
export function disableAccount(deps: ActionDeps): Action<z.infer<typeof accountInput>> {
  return turnAccount(deps, {
    id: 'disable-account',
    title: { en: 'Disable an account', ja: 'アカウントの無効化' },
    closing: true,
    words: {
      en: (account, places) => `Disable the account ${account} at ${places}`,
      ja: (account, places) => `${places} でアカウント ${account} を無効にします`,
    },
  })
}
