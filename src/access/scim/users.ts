import { randomUUID } from 'node:crypto'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { flag, jsonText } from '../../platform/state/columns.ts'
import { endAccount } from '../end-account.ts'
import { keepRoles } from '../keep-roles.ts'
import { nameTaken } from '../name-taken.ts'
import { type Db, insertAccount } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { Changed } from './changed.ts'
import { applyPatch, type PatchOperation } from './patch.ts'
import { ScimProblem } from './problem.ts'
import { deleteUser, findUser, groupsOf, insertUser, updateAccount, updateUser } from './queries.ts'
import { displayOf, emailOf, nameKey, readUser, type StoredUser, type UserInput, userResource } from './resources.ts'

/** @throws ScimProblem 404. */
export async function existingUser(db: Db, id: string): Promise<StoredUser> {
  const user = await findUser(db, id)
  if (user === undefined) throw new ScimProblem(404, `There is no user ${id.slice(0, 80)}.`)
  return user
}

export async function describeUser(db: Db, user: StoredUser, base: string): Promise<JsonObject> {
  return userResource(user, await groupsOf(db, user.account_id), base)
}

/** @throws ScimProblem `uniqueness`, `invalidValue`. */
export async function createUser(db: Db, resource: JsonObject, by: Caller, now: number): Promise<Changed<StoredUser>> {
  const input = readUser(resource)
  const id = randomUUID()
  await checkName(db, input.userName, id)
  await insertAccount(db, {
    id,
    scope: DEFAULT_SCOPE,
    name: input.userName,
    display: displayOf(input),
    email: emailOf(input),
    origin: 'scim',
    subject: input.externalId,
    password: '',
    active: flag(input.active),
    created: now,
    last_seen: null,
  })
  await insertUser(db, {
    account_id: id,
    scope: DEFAULT_SCOPE,
    name_key: nameKey(input.userName),
    external_id: input.externalId,
    ended_by_client: flag(!input.active),
    document: jsonText(input.document),
    version: 1,
    created: now,
    modified: now,
  })
  return {
    row: await existingUser(db, id),
    evidence: [adminEvidence(by, now, 'account.create', { account: id, name: input.userName, active: input.active })],
  }
}

/** PUT: what is left out is gone, but `active` is true then (RFC 7644 §3.5.1). @throws ScimProblem. */
export async function replaceUser(
  db: Db,
  user: StoredUser,
  resource: JsonObject,
  by: Caller,
  now: number,
): Promise<Changed<StoredUser>> {
  return await write(db, user, readUser(resource), by, now)
}

/** @throws ScimProblem. */
export async function patchUser(
  db: Db,
  user: StoredUser,
  operations: readonly PatchOperation[],
  by: Caller,
  now: number,
): Promise<Changed<StoredUser>> {
  // What a client cannot write (id, groups, meta) may stand in its objects; it is not read from there.
  return await write(db, user, readUser(applyPatch(userResource(user, [], ''), operations)), by, now)
}

async function write(db: Db, user: StoredUser, input: UserInput, by: Caller, now: number): Promise<Changed<StoredUser>> {
  const id = user.account_id
  const document = jsonText(input.document)
  const described = user.name === input.userName && user.external_id === input.externalId && user.document === document
  const endedHere = user.active === 0 && user.ended_by_client === 0
  const active = endedHere ? 0 : flag(input.active)
  if (described && user.active === active) return { row: user, evidence: [] }
  if (user.name !== input.userName) await checkName(db, input.userName, id)
  await updateAccount(db, id, {
    name: input.userName,
    display: displayOf(input),
    email: emailOf(input),
    subject: input.externalId,
  })
  await updateUser(db, id, {
    name_key: nameKey(input.userName),
    external_id: input.externalId,
    document,
    version: user.version + 1,
    modified: now,
  })
  const evidence = described
    ? []
    : [
        adminEvidence(by, now, 'account.change', {
          account: id,
          name: input.userName,
          ...(user.name === input.userName ? {} : { before: user.name }),
        }),
      ]
  if (user.active !== active) evidence.push(await setActive(db, id, input, by, now))
  return { row: await existingUser(db, id), evidence }
}

async function setActive(db: Db, id: string, input: UserInput, by: Caller, now: number): Promise<Evidence> {
  const target = { account: id, name: input.userName }
  if (input.active) {
    await updateAccount(db, id, { active: 1 })
    await updateUser(db, id, { ended_by_client: 0 })
    return adminEvidence(by, now, 'account.resume', target)
  }
  const { sessions, tokens } = await endAccount(db, id, now)
  await updateUser(db, id, { ended_by_client: 1 })
  return adminEvidence(by, now, 'account.end', { ...target, sessions, tokens })
}

/**
 * DELETE. The account stays, ended: the ledger and the past speak of it. Its name is free again, since a new user of
 * that name may be somebody else, and must not get what this one had.
 */
export async function removeUser(db: Db, user: StoredUser, by: Caller, now: number): Promise<Evidence[]> {
  const id = user.account_id
  const { sessions, tokens } = await endAccount(db, id, now)
  await deleteUser(db, id)
  await keepRoles(db, id, 'scim', [], 'scim', now)
  await updateAccount(db, id, { name: `${user.name} (${id})` })
  return [adminEvidence(by, now, 'account.end', { account: id, name: user.name, sessions, tokens, removed: true })]
}

async function checkName(db: Db, name: string, id: string): Promise<void> {
  if (await nameTaken(db, name, id)) {
    throw new ScimProblem(409, `There is an account called ${name} already.`, 'uniqueness')
  }
}
