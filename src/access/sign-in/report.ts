import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import { type AccessDeps, signInEvidence } from '../routes-deps.ts'
import type { SigningIn } from '../session.ts'
import { addressOf } from './address.ts'
import { disguised } from './steps.ts'

/** A name that is no account's may be a password typed into the wrong field: nobody shall read it. */
const SALT = randomBytes(16).toString('hex')

export interface Tried {
  /** `pending`: the password was right, and a second factor was asked for. */
  readonly outcome: 'success' | 'failure' | 'pending'
  readonly account: SigningIn | undefined
  /** What was typed where no account has this name. */
  readonly typed?: string
  readonly methods: readonly string[]
  /** Why it failed, in words without a secret. */
  readonly reason?: string
  readonly request: IncomingMessage
}

function nameOf({ account, typed = '' }: Tried): string {
  return account?.name ?? disguised(typed, SALT)
}

/** The ledger entry of a sign-in that was tried. */
export function triedEvidence(tried: Tried, now: number): Evidence {
  const { outcome, account, methods, reason, request } = tried
  return signInEvidence(account?.scope ?? DEFAULT_SCOPE, now, {
    outcome,
    ...(account === undefined ? {} : { account: account.id }),
    name: nameOf(tried),
    address: addressOf(request),
    methods: [...methods],
    ...(reason === undefined ? {} : { reason }),
    ...(account?.break_glass === 1 ? { break_glass: true } : {}),
  })
}

/**
 * Tells our own rules of a sign-in, as an event of the ECS category `authentication`. Call it once the evidence is
 * committed. A break-glass sign-in has an action of its own, for which a rule raises a critical alert.
 */
export function tell(deps: Pick<AccessDeps, 'tell' | 'clock'>, tried: Tried): void {
  const { outcome, account, methods, reason, request } = tried
  if (outcome === 'pending') return
  const address = addressOf(request)
  const name = nameOf(tried)
  const said = outcome === 'success' ? `${name} signed in to Kanpeki` : `A sign-in to Kanpeki as ${name} was refused`
  deps.tell({
    '@timestamp': new Date(deps.clock.now()).toISOString(),
    message: reason === undefined ? said : `${said}: ${reason}`,
    event: {
      kind: 'event',
      category: ['authentication'],
      type: ['start'],
      provider: 'kanpeki',
      dataset: 'kanpeki.access',
      action: account?.break_glass === 1 ? 'break-glass-sign-in' : 'sign-in',
      outcome,
      ...(reason === undefined ? {} : { reason }),
    },
    host: { name: hostname() },
    service: { name: 'kanpeki' },
    user: { name, ...(account === undefined ? {} : { id: account.id }) },
    ...(isIP(address) === 0 ? {} : { source: { ip: address } }),
    user_agent: { original: (request.headers['user-agent'] ?? '').slice(0, 200) },
    labels: { methods: methods.join(' ') },
  })
}
