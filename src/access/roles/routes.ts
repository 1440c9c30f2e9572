import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import { EVERY_SCOPE, type Route, route } from '../../platform/http/route.ts'
import { CONFLICTING_DUTIES, permissionsOf } from '../roles.ts'
import { ROLES, type Role } from '../schema.ts'
import { rolesReplySchema } from './schema.ts'

/** Everybody may know what each role allows: it is what people ask their administrator for. */
export function roleRoutes(): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/roles',
      permission: 'session',
      summary: 'What each role may do',
      response: rolesReplySchema,
      handle: async () => ({
        items: ROLES.map((role) => {
          const inOne = permissionsOf([{ role, scope: DEFAULT_SCOPE }], DEFAULT_SCOPE)
          const inAll = permissionsOf([{ role, scope: EVERY_SCOPE }], DEFAULT_SCOPE)
          return { role, permissions: [...inOne], everywhere: [...inAll].filter((one) => !inOne.has(one)) }
        }),
        conflicts: CONFLICTING_DUTIES.map(([one, other]): [Role, Role] => [one, other]),
      }),
    }),
  ]
}
