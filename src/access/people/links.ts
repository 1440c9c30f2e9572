import { KanpekiError } from '../../kernel/error.ts'
import { flag } from '../../platform/state/columns.ts'
import { type Db, findAccount } from '../queries.ts'
import { hashSecret, newSecret } from '../secret.ts'
import type { Account } from '../tables.ts'
import { findLink, replaceLink } from './queries.ts'
import type { LinksTable } from './tables.ts'

const LIFE_MS = { invite: 72 * 3_600_000, reset: 24 * 3_600_000 } as const

/** Makes a one-time link by which a person sets a password or a passkey; it is told only here. */
export async function makeLink(
  db: Db,
  kind: LinksTable['kind'],
  account: { readonly id: string; readonly scope: string },
  by: string,
  now: number,
  factors = false,
): Promise<{ readonly path: string; readonly expires: number }> {
  const secret = newSecret()
  const expires = now + LIFE_MS[kind]
  const { id, scope } = account
  const row = {
    hash: hashSecret(secret),
    scope,
    account_id: id,
    kind,
    factors: flag(factors),
    by_name: by,
    created: now,
    expires,
  }
  await replaceLink(db, row)
  return { path: `/invite?token=${secret}`, expires }
}

export interface OpenLink {
  readonly link: LinksTable
  readonly account: Account
}

/** The link and its account while it works. */
export async function openLink(db: Db, secret: string, now: number): Promise<OpenLink | undefined> {
  const link = await findLink(db, hashSecret(secret), now)
  const account = link === undefined ? undefined : await findAccount(db, link.account_id)
  return link === undefined || account?.active !== 1 ? undefined : { link, account }
}

export function linkGone(): KanpekiError {
  return new KanpekiError('gone', 'This link was used, was replaced by a newer one, or has expired.', {
    remedy: 'Ask an administrator for a new one.',
  })
}
