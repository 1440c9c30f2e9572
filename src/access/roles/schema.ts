import { z } from 'zod'
import { PERMISSIONS } from '../../platform/http/route.ts'
import { ROLES } from '../schema.ts'

const permissions = z.array(z.enum(PERMISSIONS))

/** The table of who may do what, as the server applies it. */
export const rolesReplySchema = z.object({
  items: z.array(
    z.object({
      role: z.enum(ROLES),
      permissions,
      /** What the role gives besides where it is held in every scope. */
      everywhere: permissions,
    }),
  ),
  /** Duties that one person should not hold together in one scope. */
  conflicts: z.array(z.tuple([z.enum(ROLES), z.enum(ROLES)])),
})
export type RolesReply = z.infer<typeof rolesReplySchema>
