import type { Kysely } from 'kysely'
import type { Clock } from '../kernel/clock.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Caller } from '../platform/http/route.ts'
import type { Sealer } from '../platform/secrets/sealer.ts'
import type { SessionPolicy } from './policy.ts'
import type { AccessTables } from './tables.ts'
import type { TokenLife } from './token-life.ts'

export interface AccessDeps {
  readonly db: Kysely<AccessTables>
  /** Runs `work` and the evidence it returns in one transaction. */
  readonly record: <T>(
    work: (db: Kysely<AccessTables>) => Promise<{ readonly result: T; readonly evidence: readonly Evidence[] }>,
  ) => Promise<T>
  readonly clock: Clock
  readonly organisation: string
  readonly version: string
  /** True where the page is reached by TLS: the cookie is then marked Secure. */
  readonly secure: boolean
  readonly policy: SessionPolicy
  /** `break-glass`: passwords open break-glass accounts alone. `allowed` where absent. */
  readonly passwordSignIn?: 'allowed' | 'break-glass'
  /** File of passwords that nobody may set (breached-passwords.ts). */
  readonly breachedPasswords?: string | null
  /** How long tokens last; DEFAULT_TOKEN_LIFE where absent. */
  readonly tokenLife?: TokenLife
  readonly sealer: Sealer
  /** Where people reach the console: an origin without a trailing slash. */
  readonly origin: () => string
  /** Hands an ECS document about a sign-in to the pipeline, so that our own rules see attacks on ourselves. */
  readonly tell: (document: JsonObject) => void
}

/** A sign-in that was tried, whatever came of it. */
export function signInEvidence(scope: string, now: number, body: JsonObject): Evidence {
  return { type: 'signin', scope, observed: now, received: now, body }
}

/** What `caller` changed. `action` is `noun.verb`; the body never holds a secret. */
export function adminEvidence(
  caller: Pick<Caller, 'id' | 'name' | 'scope'>,
  now: number,
  action: string,
  body: JsonObject,
): Evidence {
  const by = { id: caller.id, name: caller.name }
  return { type: 'admin', scope: caller.scope, observed: now, received: now, body: { action, by, ...body } }
}
