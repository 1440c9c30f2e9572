import type { Route } from '../platform/http/route.ts'
import { roleRoutes } from './roles/routes.ts'
import type { AccessDeps } from './routes-deps.ts'
import { sessionRoutes } from './routes-session.ts'
import { tokenRoutes } from './routes-tokens.ts'

export function routes(deps: AccessDeps): Route[] {
  return [...sessionRoutes(deps), ...tokenRoutes(deps), ...roleRoutes()]
}
