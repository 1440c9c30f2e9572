import type { Answer, Login, SignalId } from './settings.ts'

/** By what attempts are counted together. */
export const DIMENSIONS = ['account', 'address', 'network', 'fingerprint', 'password', 'login'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** A signal is in force where within its window all three are reached. */
export interface SignalRule {
  readonly id: SignalId
  readonly dimension: Dimension
  readonly window: 'short' | 'long'
  readonly failures: number
  /** Different accounts among the failures. */
  readonly others: number
  /** Failures among failures and accounts that succeeded. */
  readonly share: number
  readonly answer: Answer
}

const SHARE = 0.8

/**
 * What is suspected unless an endpoint says otherwise. An address is only stopped for what it does itself; what many clients
 * have in common (their browser, the whole endpoint, the account that is attacked) leads to a challenge, which people pass.
 */
const RULES: readonly SignalRule[] = [
  rule('brute-force-account', 'account', 'short', { failures: 10, others: 1, answer: 'challenge' }),
  rule('slow-brute-force-account', 'account', 'long', { failures: 30, others: 1, answer: 'challenge' }),
  rule('brute-force-address', 'address', 'short', { failures: 20, others: 1, answer: 'block' }),
  rule('spraying-address', 'address', 'short', { failures: 10, others: 10, answer: 'block' }),
  rule('slow-spraying-address', 'address', 'long', { failures: 20, others: 20, answer: 'challenge' }),
  rule('spraying-network', 'network', 'short', { failures: 20, others: 20, answer: 'challenge' }),
  rule('spraying-password', 'password', 'long', { failures: 10, others: 10, answer: 'challenge' }),
  rule('stuffing-fingerprint', 'fingerprint', 'short', { failures: 30, others: 30, answer: 'challenge' }),
  rule('stuffing-login', 'login', 'short', { failures: 100, others: 50, answer: 'challenge', share: 0.7 }),
]

function rule(
  id: SignalId,
  dimension: Dimension,
  window: 'short' | 'long',
  rest: { readonly failures: number; readonly others: number; readonly answer: Answer; readonly share?: number },
): SignalRule {
  return { id, dimension, window, share: SHARE, ...rest }
}

/** The rules of an endpoint: ours, with what it sets. */
export function signalRules(overrides: Login['signals']): readonly SignalRule[] {
  return RULES.map((each) => {
    const { failures, others, share, answer } = overrides[each.id] ?? {}
    return {
      ...each,
      failures: failures ?? each.failures,
      others: others ?? each.others,
      share: share ?? each.share,
      answer: answer ?? each.answer,
    }
  })
}
