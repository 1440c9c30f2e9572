import { randomUUID } from 'node:crypto'
import { type Db, insertToken } from './queries.ts'
import type { Grant } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'

export interface NewToken {
  readonly id: string
  readonly token: string
}

export interface TokenRequest {
  readonly scope: string
  readonly name: string
  readonly grant: Grant
  /** The account that answers for it; null from the command line. */
  readonly owner: string | null
  /** Milliseconds; no end where absent. */
  readonly life?: number
  /** The one source its events count for; for the grant `ingest`. */
  readonly source?: string
}

/** The token is told once; the database keeps its hash. */
export async function createToken(db: Db, request: TokenRequest, now: number): Promise<NewToken> {
  const { scope, name, grant, owner, life, source } = request
  const token = `kpk_${grant}_${newSecret()}`
  const id = randomUUID()
  await insertToken(db, {
    id,
    scope,
    name,
    hash: hashSecret(token),
    grants: grant,
    owner,
    created: now,
    last_used: null,
    source: source ?? null,
    old_hash: null,
    old_until: null,
    expires: life === undefined ? null : now + life,
  })
  return { id, token }
}
