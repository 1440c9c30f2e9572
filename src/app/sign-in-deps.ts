import type { SessionPolicy } from '../access/policy.ts'
import type { AccessDeps } from '../access/routes-deps.ts'
import { messageOf } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Config } from '../platform/config.ts'
import type { Collecting } from './collecting.ts'
import type { Services } from './services.ts'

/** The source under which sign-ins to Kanpeki itself are stored. */
export const SIGN_IN_SOURCE = 'kanpeki:access'

export function sessionPolicy({ values }: Config): SessionPolicy {
  return { idleMs: values['session-idle'], lifeMs: values['session-life'], secondFactor: values['second-factor'] }
}

/**
 * What signing in needs of the rest. Its events go to the writer like any source's; a sign-in does not wait for that, and
 * what could not be sent stands in the log (its evidence is in the ledger in any case).
 * @param announced where the server listens.
 */
export function signInDeps(
  { config, sealer, log }: Pick<Services, 'config' | 'sealer' | 'log'>,
  collecting: Pick<Collecting, 'send'>,
  announced: () => string,
): Pick<AccessDeps, 'policy' | 'passwordSignIn' | 'breachedPasswords' | 'sealer' | 'origin' | 'tell'> {
  return {
    policy: sessionPolicy(config),
    passwordSignIn: config.values['password-sign-in'],
    breachedPasswords: config.values['breached-passwords'],
    sealer,
    origin: () => config.values['public-url'] ?? announced(),
    tell: (json) => {
      collecting
        .send(DEFAULT_SCOPE, SIGN_IN_SOURCE, [{ json }])
        .catch((error: unknown) => log.error('an event about a sign-in was not stored', { reason: messageOf(error) }))
    },
  }
}
