import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { type Db, insertToken, rotateTokenSecret } from './queries.ts'
import type { Grant, tokenSchema } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'
import type { TokensTable } from './tables.ts'

export interface NewToken {
  readonly id: string
  readonly token: string
  readonly row: TokensTable
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
  const token = secretFor(grant)
  const row: TokensTable = {
    id: randomUUID(),
    scope,
    name,
    hash: hashSecret(token),
    grants: grant,
    owner,
    created: now,
    last_used: null,
    expires: life === undefined ? null : now + life,
    source: source ?? null,
    old_hash: null,
    old_until: null,
  }
  await insertToken(db, row)
  return { id: row.id, token, row }
}

/**
 * A new secret for a token. Whoever asked answers for the token from now on, since they have its secret; its end stays,
 * so that rotating does not lengthen a life.
 * @param overlap milliseconds that the secret before stays good.
 */
export async function rotateToken(
  db: Db,
  row: TokensTable,
  grant: Grant,
  owner: string | null,
  overlap: number,
  now: number,
): Promise<NewToken> {
  const token = secretFor(grant)
  const next = { hash: hashSecret(token), owner, old_hash: row.hash, old_until: now + overlap }
  await rotateTokenSecret(db, row.id, next)
  return { id: row.id, token, row: { ...row, ...next } }
}

function secretFor(grant: Grant): string {
  return `kpk_${grant}_${newSecret()}`
}

/** A token as it is told of, without its secret. */
export function tokenReply(row: TokensTable, now: number): z.input<typeof tokenSchema> {
  return {
    id: row.id,
    name: row.name,
    scope: row.grants as z.input<typeof tokenSchema>['scope'],
    created: new Date(row.created).toISOString(),
    lastUsed: time(row.last_used),
    expires: time(row.expires),
    source: row.source,
    formerSecretUntil: row.old_until !== null && row.old_until > now ? time(row.old_until) : null,
  }
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
