import type { Route } from '../platform/http/route.ts'
import { assetRoutes } from './assets/routes.ts'
import { conflictRoutes } from './conflicts/routes.ts'
import { reviewRoutes } from './reviews/routes.ts'
import type { PartDeps } from './scopes/deps.ts'
import { scopeRoutes } from './scopes/routes.ts'

/** How the installation is divided, and who watches over it. */
export function partRoutes(deps: PartDeps): Route[] {
  return [...scopeRoutes(deps), ...assetRoutes(deps), ...conflictRoutes(deps), ...reviewRoutes(deps)]
}
