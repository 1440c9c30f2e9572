import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { refuseUnconfirmed } from '../confirm.ts'
import { checkGivenScopes } from '../given-roles.ts'
import { adminEvidence } from '../routes-deps.ts'
import type { GroupRole } from '../sso/schema.ts'
import { baseUrl, type ScimDeps } from './deps.ts'
import { countUsers, findGroup, listGroups, memberships, membersOf, scimTokens, updateGroup } from './queries.ts'
import {
  scimGroupParamsSchema,
  scimGroupRolesReplySchema,
  scimGroupRolesSchema,
  scimGroupsSchema,
  scimStatusSchema,
} from './schema.ts'
import { syncRoles } from './sync-roles.ts'

/** What an administrator sees of provisioning, and what groups give. */
export function scimAdminRoutes(deps: ScimDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/scim',
      permission: 'installation',
      summary: 'How provisioning stands',
      response: scimStatusSchema,
      handle: async () => ({
        baseUrl: baseUrl(deps),
        users: await countUsers(deps.db),
        tokens: (await scimTokens(deps.db)).map(({ id, name, last_used }) => ({
          id,
          name,
          lastUsed: last_used === null ? null : new Date(last_used).toISOString(),
        })),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/scim/groups',
      permission: 'installation',
      summary: 'Groups of the identity provider and what they give',
      response: scimGroupsSchema,
      handle: async () => {
        const counts = new Map<string, number>()
        for (const { group } of await memberships(deps.db)) counts.set(group.id, (counts.get(group.id) ?? 0) + 1)
        const groups = await listGroups(deps.db)
        return {
          items: groups.map((row) => ({
            id: row.id,
            name: row.name,
            externalId: row.external_id,
            members: counts.get(row.id) ?? 0,
            roles: readJson<GroupRole[]>(row.roles),
            updated: new Date(row.modified).toISOString(),
          })),
        }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/scim/groups/:id/roles',
      permission: 'installation',
      summary: 'Say what a group gives; its members have it at once',
      params: scimGroupParamsSchema,
      body: scimGroupRolesSchema,
      response: scimGroupRolesReplySchema,
      handle: ({ params, body, caller }) =>
        deps.record(async (db) => {
          refuseUnconfirmed(caller, deps.clock.now())
          const group = await findGroup(db, params.id)
          if (group === undefined) throw new KanpekiError('not_found', 'There is no such group.')
          await checkGivenScopes(db, body.roles)
          const now = deps.clock.now()
          await updateGroup(db, group.id, { roles: jsonText(body.roles) })
          const members = await membersOf(db, group.id)
          const evidence = [
            adminEvidence(caller, now, 'group.roles', {
              group: group.id,
              name: group.name,
              before: readJson<GroupRole[]>(group.roles),
              after: body.roles,
            }),
          ]
          for (const account of members) evidence.push(...(await syncRoles(db, account, caller, now)))
          return { result: { members: members.length }, evidence }
        }),
    }),
  ]
}
