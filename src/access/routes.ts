import type { Route } from '../platform/http/route.ts'
import { factorRoutes } from './factors/routes.ts'
import { peopleRoutes } from './people/routes.ts'
import { linkRoutes } from './people/routes-links.ts'
import { roleRoutes } from './roles/routes.ts'
import type { AccessDeps } from './routes-deps.ts'
import { sessionRoutes } from './routes-session.ts'
import { tokenRoutes } from './routes-tokens.ts'
import { sessionListRoutes } from './sessions/routes.ts'
import { signInRoutes } from './sign-in/routes.ts'
import { passwordRoutes } from './sign-in/routes-password.ts'

export function routes(deps: AccessDeps): Route[] {
  return [
    ...sessionRoutes(deps),
    ...signInRoutes(deps),
    ...passwordRoutes(deps),
    ...factorRoutes(deps),
    ...sessionListRoutes(deps),
    ...peopleRoutes(deps),
    ...linkRoutes(deps),
    ...tokenRoutes(deps),
    ...roleRoutes(),
  ]
}
