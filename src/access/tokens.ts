import { randomUUID } from 'node:crypto'
import { type Db, insertToken } from './queries.ts'
import type { Grant } from './schema.ts'
import { hashSecret, newSecret } from './secret.ts'

export interface NewToken {
  readonly id: string
  readonly token: string
}

/** The token is told once; the database keeps its hash. `life` in milliseconds, undefined for no expiry. */
export async function createToken(
  db: Db,
  scope: string,
  name: string,
  grant: Grant,
  now: number,
  life?: number,
): Promise<NewToken> {
  const token = `kpk_${grant}_${newSecret()}`
  const id = randomUUID()
  await insertToken(db, {
    id,
    scope,
    name,
    hash: hashSecret(token),
    grants: grant,
    created: now,
    last_used: null,
    expires: life === undefined ? null : now + life,
  })
  return { id, token }
}
