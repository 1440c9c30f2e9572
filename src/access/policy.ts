import type { Assignment } from './roles.ts'

export interface SessionPolicy {
  /** Milliseconds without use after which a session ends. */
  readonly idleMs: number
  /** Milliseconds after which it ends in any case. */
  readonly lifeMs: number
  /** Whom a password alone lets do no more than set up a second factor. */
  readonly secondFactor: 'optional' | 'administrators' | 'required'
}

export const DEFAULT_POLICY: SessionPolicy = { idleMs: 12 * 3_600_000, lifeMs: 7 * 86_400_000, secondFactor: 'optional' }

/** Whether whoever signed in by these methods has to set up a second factor before anything else. */
export function mustEnrol(
  policy: SessionPolicy,
  session: { readonly methods: readonly string[]; readonly breakGlass?: boolean },
  assignments: readonly Assignment[],
): boolean {
  if (session.breakGlass === true || session.methods.some((method) => method !== 'pwd')) return false
  if (policy.secondFactor === 'required') return true
  return policy.secondFactor === 'administrators' && assignments.some(({ role }) => role === 'administrator')
}
