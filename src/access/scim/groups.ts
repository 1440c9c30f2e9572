import { randomUUID } from 'node:crypto'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { Changed } from './changed.ts'
import { applyPatch, type PatchOperation } from './patch.ts'
import { invalid, ScimProblem } from './problem.ts'
import {
  addMembers,
  deleteGroup,
  findGroup,
  groupsBy,
  insertGroup,
  knownUsers,
  membersOf,
  namedMembers,
  removeMembers,
  updateGroup,
} from './queries.ts'
import { type GroupInput, groupResource, nameKey, readGroup } from './resources.ts'
import { syncRoles } from './sync-roles.ts'
import type { ScimGroupsTable } from './tables.ts'

const MOST_TOLD = 200

/** @throws ScimProblem 404. */
export async function existingGroup(db: Db, id: string): Promise<ScimGroupsTable> {
  const group = await findGroup(db, id)
  if (group === undefined) throw new ScimProblem(404, `There is no group ${id.slice(0, 80)}.`)
  return group
}

export async function describeGroup(db: Db, group: ScimGroupsTable, base: string): Promise<JsonObject> {
  return groupResource(group, await namedMembers(db, group.id), base)
}

/** A new group gives nothing until an administrator says what. @throws ScimProblem `uniqueness`, `invalidValue`. */
export async function createGroup(db: Db, resource: JsonObject, by: Caller, now: number): Promise<Changed<ScimGroupsTable>> {
  const input = readGroup(resource)
  await checkName(db, input.displayName, '')
  const group: ScimGroupsTable = {
    id: randomUUID(),
    scope: DEFAULT_SCOPE,
    name: input.displayName,
    name_key: nameKey(input.displayName),
    external_id: input.externalId,
    roles: '[]',
    version: 1,
    created: now,
    modified: now,
  }
  await insertGroup(db, group)
  const changed = await setMembers(db, group, input.members ?? [], by, now)
  const made = adminEvidence(by, now, 'group.create', { group: group.id, name: group.name, members: changed.added.length })
  return { row: group, evidence: [made, ...changed.evidence] }
}

/** PUT: members that are left out are gone. @throws ScimProblem. */
export async function replaceGroup(
  db: Db,
  group: ScimGroupsTable,
  resource: JsonObject,
  by: Caller,
  now: number,
): Promise<Changed<ScimGroupsTable>> {
  return await write(db, group, readGroup(resource), by, now)
}

/** @throws ScimProblem. */
export async function patchGroup(
  db: Db,
  group: ScimGroupsTable,
  operations: readonly PatchOperation[],
  by: Caller,
  now: number,
): Promise<Changed<ScimGroupsTable>> {
  const before = groupResource(group, [], '')
  const members = (await membersOf(db, group.id)).map((value) => ({ value }))
  return await write(db, group, readGroup(applyPatch({ ...before, members }, operations)), by, now)
}

async function write(
  db: Db,
  group: ScimGroupsTable,
  input: GroupInput,
  by: Caller,
  now: number,
): Promise<Changed<ScimGroupsTable>> {
  const renamed = group.name !== input.displayName
  if (renamed) await checkName(db, input.displayName, group.id)
  const { added, removed, evidence } = await setMembers(db, group, input.members ?? [], by, now)
  const changed = renamed || group.external_id !== input.externalId || added.length + removed.length > 0
  if (!changed) return { row: group, evidence: [] }
  await updateGroup(db, group.id, {
    name: input.displayName,
    name_key: nameKey(input.displayName),
    external_id: input.externalId,
    version: group.version + 1,
    modified: now,
  })
  const entry = adminEvidence(by, now, 'group.change', {
    group: group.id,
    name: input.displayName,
    ...(renamed ? { before: group.name } : {}),
    ...told('added', added),
    ...told('removed', removed),
  })
  return { row: await existingGroup(db, group.id), evidence: [entry, ...evidence] }
}

/** A ledger entry has an end; each account has an entry of its own where its roles changed. */
function told(what: 'added' | 'removed', accounts: readonly string[]): JsonObject {
  return { [what]: accounts.slice(0, MOST_TOLD), [`${what}Count`]: accounts.length }
}

export async function removeGroup(db: Db, group: ScimGroupsTable, by: Caller, now: number): Promise<Evidence[]> {
  const members = await membersOf(db, group.id)
  await deleteGroup(db, group.id)
  const evidence = [adminEvidence(by, now, 'group.remove', { group: group.id, name: group.name, members: members.length })]
  for (const account of members) evidence.push(...(await syncRoles(db, account, by, now)))
  return evidence
}

async function setMembers(
  db: Db,
  group: ScimGroupsTable,
  wanted: readonly string[],
  by: Caller,
  now: number,
): Promise<{ readonly added: readonly string[]; readonly removed: readonly string[]; readonly evidence: readonly Evidence[] }> {
  const held = new Set(await membersOf(db, group.id))
  const kept = new Set(wanted)
  const added = wanted.filter((id) => !held.has(id))
  const removed = [...held].filter((id) => !kept.has(id))
  const known = await knownUsers(db, added)
  const stranger = added.find((id) => !known.has(id))
  if (stranger !== undefined) {
    throw invalid('invalidValue', `There is no user ${stranger.slice(0, 80)}; groups hold users alone.`)
  }
  await addMembers(db, group.id, group.scope, added)
  await removeMembers(db, group.id, removed)
  const evidence: Evidence[] = []
  for (const account of [...added, ...removed]) evidence.push(...(await syncRoles(db, account, by, now)))
  return { added, removed, evidence }
}

async function checkName(db: Db, name: string, id: string): Promise<void> {
  const same = await groupsBy(db, 'name_key', nameKey(name))
  if (same.some((one) => one.id !== id)) throw new ScimProblem(409, `There is a group called ${name} already.`, 'uniqueness')
}
