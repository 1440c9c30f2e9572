import type { Route } from '../platform/http/route.ts'
import { roleRoutes } from './roles/routes.ts'
import type { AccessDeps } from './routes-deps.ts'
import { sessionRoutes } from './routes-session.ts'
import { tokenRoutes } from './routes-tokens.ts'
import { signInRoutes } from './sign-in/routes.ts'

export function routes(deps: AccessDeps): Route[] {
  return [...sessionRoutes(deps), ...signInRoutes(deps), ...tokenRoutes(deps), ...roleRoutes()]
}
