import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { nameTaken } from '../name-taken.ts'
import { type Db, findAccount, insertAccount } from '../queries.ts'
import type { Account } from '../tables.ts'
import { describeAccount, findIdentity, insertIdentity, provisionedAccounts, useIdentity } from './queries.ts'
import type { KnownProvider } from './settings.ts'
import { checkDomain, type Who } from './who.ts'

/** How a person came to their account. */
export type Found = 'linked' | 'provisioned' | 'created'

/**
 * The account that a provider's person signs in to. An account made here is reached only by a link that its owner made
 * while signed in: to find it by name or e-mail address would hand it to whoever can set these at the provider.
 * @throws KanpekiError `sso_domain`, `sso_inactive`, `sso_no_account`, `sso_name_taken`.
 */
export async function accountFor(
  db: Db,
  provider: KnownProvider,
  who: Who,
  now: number,
): Promise<{ readonly account: Account; readonly found: Found }> {
  checkDomain(who, provider.settings)
  const identity = await findIdentity(db, provider.id, who.subject)
  const linked = identity === undefined ? undefined : await findAccount(db, identity.account_id)
  if (identity !== undefined && linked?.active === 1) {
    await useIdentity(db, identity.id, { account_id: linked.id, name: who.name, last_used: now })
    return { account: await described(db, linked, who, now), found: 'linked' }
  }
  const provisioned = await provisionedFor(db, provider, who)
  if (provisioned !== undefined) {
    // Whoever left and was provisioned anew has a new account; the old one stays ended.
    if (identity === undefined) await link(db, provider, who, provisioned.id, now)
    else await useIdentity(db, identity.id, { account_id: provisioned.id, name: who.name, last_used: now })
    return { account: await described(db, provisioned, who, now), found: 'provisioned' }
  }
  if (identity !== undefined) throw new KanpekiError('sso_inactive', `The account of ${who.name} was ended.`)
  if (!provider.settings.createAccounts) {
    throw new KanpekiError('sso_no_account', `Nobody here is linked to ${who.name} of ${provider.id}.`)
  }
  return { account: await create(db, provider, who, now), found: 'created' }
}

async function provisionedFor(db: Db, provider: KnownProvider, who: Who): Promise<Account | undefined> {
  const { provisioned } = provider.settings
  if (provisioned === null || who.provisionedAs === null) return undefined
  const found = await provisionedAccounts(db, provisioned.attribute, who.provisionedAs)
  // Two with one externalId: whose sign-in this is cannot be told.
  return found.length === 1 ? found[0] : undefined
}

async function create(db: Db, provider: KnownProvider, who: Who, now: number): Promise<Account> {
  if (await nameTaken(db, who.name)) {
    throw new KanpekiError('sso_name_taken', `There is an account called ${who.name} that is not linked to ${provider.id}.`)
  }
  const id = randomUUID()
  await insertAccount(db, {
    id,
    scope: DEFAULT_SCOPE,
    name: who.name,
    display: who.display,
    email: who.email,
    origin: 'oidc',
    subject: `${provider.settings.issuer} ${who.subject}`,
    password: '',
    created: now,
    last_seen: now,
  })
  await link(db, provider, who, id, now)
  const account = await findAccount(db, id)
  if (account === undefined) throw new KanpekiError('internal', 'An account that was just made is not there.')
  return account
}

async function link(db: Db, provider: KnownProvider, who: Who, account: string, now: number): Promise<void> {
  await insertIdentity(db, {
    id: randomUUID(),
    scope: DEFAULT_SCOPE,
    provider: provider.id,
    subject: who.subject,
    account_id: account,
    name: who.name,
    created: now,
    last_used: now,
  })
}

/** What the provider says of a person goes into accounts that it keeps, never into those that are kept here or by SCIM. */
async function described(db: Db, account: Account, who: Who, now: number): Promise<Account> {
  const change = account.origin === 'oidc' ? { display: who.display, email: who.email, last_seen: now } : { last_seen: now }
  await describeAccount(db, account.id, change)
  return { ...account, ...change }
}

/**
 * Links a provider's person to the account of whoever is signed in.
 * @throws KanpekiError `sso_domain`, `sso_linked`, `sso_inactive`.
 */
export async function linkAccount(db: Db, provider: KnownProvider, who: Who, accountId: string, now: number): Promise<Account> {
  checkDomain(who, provider.settings)
  const account = await findAccount(db, accountId)
  if (account === undefined || account.active !== 1) throw new KanpekiError('sso_inactive', 'The account was ended.')
  const identity = await findIdentity(db, provider.id, who.subject)
  if (identity !== undefined && identity.account_id !== accountId) {
    throw new KanpekiError('sso_linked', `${who.name} of ${provider.id} is linked to somebody else.`)
  }
  if (identity === undefined) await link(db, provider, who, accountId, now)
  return account
}
