import type { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { type accountInput, turnAccount } from '../../actions-support/directories/turn-account.ts'

/** Opens an account again that is closed. */
export function enableAccount(deps: ActionDeps): Action<z.infer<typeof accountInput>> {
  return turnAccount(deps, {
    id: 'enable-account',
    title: { en: 'Enable an account', ja: 'アカウントの再有効化' },
    closing: false,
    words: {
      en: (account, places) => `Enable the account ${account} at ${places}`,
      ja: (account, places) => `${places} でアカウント ${account} を再び有効にします`,
    },
  })
}
