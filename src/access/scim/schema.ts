import { z } from 'zod'
import { groupRoleSchema } from '../sso/schema.ts'

/** `GET /api/v1/scim`: what an administrator sees of provisioning. */
export const scimStatusSchema = z.object({
  /** What the identity provider is told as the tenant or base URL. */
  baseUrl: z.string(),
  users: z.object({ active: z.number().int(), inactive: z.number().int() }),
  /** Tokens of the grant `scim`; without one nothing comes in. */
  tokens: z.array(z.object({ id: z.string(), name: z.string(), lastUsed: z.iso.datetime().nullable() })),
})

/** `GET /api/v1/scim/groups`: the groups that the identity provider pushed, and what each gives. */
export const scimGroupsSchema = z.object({
  items: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      externalId: z.string().nullable(),
      members: z.number().int(),
      roles: z.array(groupRoleSchema),
      updated: z.iso.datetime(),
    }),
  ),
})

/** `PUT /api/v1/scim/groups/:id/roles`: takes effect for every member at once. */
export const scimGroupParamsSchema = z.object({ id: z.uuid() })
export const scimGroupRolesSchema = z.strictObject({ roles: z.array(groupRoleSchema).max(50) })
export const scimGroupRolesReplySchema = z.object({ members: z.number().int() })
