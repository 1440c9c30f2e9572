import { z } from 'zod'
import type { JsonObject } from '../../kernel/json.ts'
import { type Route, route } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import { baseUrl, type ScimDeps } from './deps.ts'
import { resourceTypes, schemas, serviceProviderConfig } from './discovery.ts'
import { type Filter, matches, parseFilter, soleEquality } from './filter.ts'
import { createGroup, describeGroup, existingGroup, patchGroup, removeGroup, replaceGroup } from './groups.ts'
import { listReply } from './list.ts'
import { ScimProblem, sayProblem } from './problem.ts'
import { findUser, groupsBy, listGroups, listUsers, memberships, usersBy } from './queries.ts'
import { groupResource, type NamedId, nameKey, type StoredUser, userResource } from './resources.ts'
import { scimAdminRoutes } from './routes-admin.ts'
import { answering, type ResourceKind, reply, resourceRoutes } from './serve-resource.ts'
import type { ScimGroupsTable } from './tables.ts'
import { createUser, describeUser, existingUser, patchUser, removeUser, replaceUser } from './users.ts'

const USERS: ResourceKind<StoredUser> = {
  endpoint: 'Users',
  one: 'user',
  find: existingUser,
  idOf: (row) => row.account_id,
  list: searchUsers,
  describe: describeUser,
  create: createUser,
  replace: replaceUser,
  patch: patchUser,
  remove: removeUser,
}

const GROUPS: ResourceKind<ScimGroupsTable> = {
  endpoint: 'Groups',
  one: 'group',
  find: existingGroup,
  idOf: (row) => row.id,
  list: searchGroups,
  describe: describeGroup,
  create: createGroup,
  replace: replaceGroup,
  patch: patchGroup,
  remove: removeGroup,
}

/** SCIM 2.0 (RFC 7643, RFC 7644) for the whole installation, and its settings. */
export function scimRoutes(deps: ScimDeps): Route[] {
  return [...resourceRoutes(deps, USERS), ...resourceRoutes(deps, GROUPS), ...discoveryRoutes(deps), ...scimAdminRoutes(deps)]
}

function discoveryRoutes(deps: ScimDeps): Route[] {
  const listed = (name: 'ResourceTypes' | 'Schemas', all: (base: string) => readonly JsonObject[]): Route[] => [
    route({
      method: 'GET',
      path: `/scim/v2/${name}`,
      permission: 'scim',
      sayProblem,
      summary: `SCIM: ${name}`,
      handle: ({ caller }) => answering(caller, async () => reply(listReply(all(baseUrl(deps)), {}))),
    }),
    route({
      method: 'GET',
      path: `/scim/v2/${name}/:id`,
      permission: 'scim',
      sayProblem,
      summary: `SCIM: one of ${name}`,
      params: z.object({ id: z.string().max(200) }),
      handle: ({ caller, params }) =>
        answering(caller, async () => {
          const found = all(baseUrl(deps)).find((one) => one['id'] === params.id)
          if (found === undefined) throw new ScimProblem(404, `There is no ${params.id} among ${name}.`)
          return reply(found)
        }),
    }),
  ]
  return [
    route({
      method: 'GET',
      path: '/scim/v2/ServiceProviderConfig',
      permission: 'scim',
      sayProblem,
      summary: 'SCIM: what this server can do',
      handle: ({ caller }) => answering(caller, async () => reply(serviceProviderConfig(baseUrl(deps)))),
    }),
    ...listed('ResourceTypes', resourceTypes),
    ...listed('Schemas', schemas),
  ]
}

async function searchUsers(db: Db, text: string | undefined, base: string): Promise<readonly JsonObject[]> {
  const filter = text === undefined ? undefined : parseFilter(text)
  const rows = await candidateUsers(db, filter)
  const groups = byKey(rows.length === 0 ? [] : await memberships(db), ({ user, group }) => [user.id, group])
  const resources = rows.map((row) => userResource(row, groups.get(row.account_id) ?? [], base))
  return filter === undefined ? resources : resources.filter((one) => matches(filter, one))
}

/** What clients ask before they create is answered by an index; all else is looked at one by one. */
async function candidateUsers(db: Db, filter: Filter | undefined): Promise<readonly StoredUser[]> {
  if (filter === undefined) return await listUsers(db)
  const id = soleEquality(filter, 'id')
  if (id !== undefined) return [await findUser(db, id)].filter((one) => one !== undefined)
  const name = soleEquality(filter, 'userName')
  if (name !== undefined) return await usersBy(db, 'name_key', nameKey(name))
  const external = soleEquality(filter, 'externalId')
  return external === undefined ? await listUsers(db) : await usersBy(db, 'external_id', external)
}

async function searchGroups(db: Db, text: string | undefined, base: string): Promise<readonly JsonObject[]> {
  const filter = text === undefined ? undefined : parseFilter(text)
  const name = filter === undefined ? undefined : soleEquality(filter, 'displayName')
  const rows = name === undefined ? await listGroups(db) : await groupsBy(db, 'name_key', nameKey(name))
  const members = byKey(rows.length === 0 ? [] : await memberships(db), ({ user, group }) => [group.id, user])
  const resources = rows.map((row) => groupResource(row, members.get(row.id) ?? [], base))
  return filter === undefined ? resources : resources.filter((one) => matches(filter, one))
}

function byKey<T>(all: readonly T[], entry: (one: T) => readonly [string, NamedId]): ReadonlyMap<string, readonly NamedId[]> {
  const grouped = new Map<string, NamedId[]>()
  for (const one of all) {
    const [key, named] = entry(one)
    const held = grouped.get(key)
    if (held === undefined) grouped.set(key, [named])
    else held.push(named)
  }
  return grouped
}
