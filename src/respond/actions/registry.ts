import type { Action } from '../../kernel/action.ts'
import type { ActionDeps } from '../actions-support/deps.ts'
import { blockAddress } from './block-address/action.ts'
import { blockAddressOnHost } from './block-address-on-host/action.ts'
import { collectFromHost } from './collect-from-host/action.ts'
import { disableAccount } from './disable-account/action.ts'
import { disableAccountOnHost } from './disable-account-on-host/action.ts'
import { enableAccount } from './enable-account/action.ts'
import { enrich } from './enrich/action.ts'
import { isolateHost } from './isolate-host/action.ts'
import { keepEvidence } from './keep-evidence/action.ts'
import { killProcess } from './kill-process/action.ts'
import { notify } from './notify/action.ts'
import { openTicket } from './open-ticket/action.ts'
import { quarantineFile } from './quarantine-file/action.ts'
import { revokeSessions } from './revoke-sessions/action.ts'
import { rotateAwsKey } from './rotate-aws-key/action.ts'
import { rotateSshKey } from './rotate-ssh-key/action.ts'
import { rotateVaultSecret } from './rotate-vault-secret/action.ts'
import { sendMail } from './send-mail/action.ts'
import { unblockAddress } from './unblock-address/action.ts'

/** Every action, by its id. Whoever calls one gives it what its own `input` made of what it was given. */
export function actions(deps: ActionDeps): ReadonlyMap<string, Action> {
  const all = [
    blockAddress(deps),
    blockAddressOnHost(deps),
    collectFromHost(deps),
    disableAccount(deps),
    disableAccountOnHost(deps),
    enableAccount(deps),
    enrich(deps),
    isolateHost(deps),
    keepEvidence(deps),
    killProcess(deps),
    notify(deps),
    openTicket(deps),
    quarantineFile(deps),
    revokeSessions(deps),
    rotateAwsKey(deps),
    rotateSshKey(deps),
    rotateVaultSecret(deps),
    sendMail(deps),
    unblockAddress(deps),
  ] as unknown as readonly Action[]
  return new Map(all.map((one) => [one.id, one]))
}
