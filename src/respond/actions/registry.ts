import type { Action } from '../../kernel/action.ts'
import type { ActionDeps } from '../actions-support/deps.ts'
import { blockAddress } from './block-address/action.ts'
import { disableAccount } from './disable-account/action.ts'
import { enableAccount } from './enable-account/action.ts'
import { notify } from './notify/action.ts'
import { openTicket } from './open-ticket/action.ts'
import { sendMail } from './send-mail/action.ts'
import { unblockAddress } from './unblock-address/action.ts'

/** Every action, by its id. Each checks its input by its own schema before it is called. */
export function actions(deps: ActionDeps): ReadonlyMap<string, Action> {
  const all = [
    blockAddress(deps),
    disableAccount(deps),
    enableAccount(deps),
    notify(deps),
    openTicket(deps),
    sendMail(deps),
    unblockAddress(deps),
  ] as unknown as readonly Action[]
  return new Map(all.map((one) => [one.id, one]))
}
