import type { Route } from '../../platform/http/route.ts'
import { createSsoClient } from './client.ts'
import type { SsoDeps } from './deps.ts'
import { identityRoutes } from './routes-identities.ts'
import { providerRoutes } from './routes-providers.ts'
import { ssoSignInRoutes } from './routes-sign-in.ts'
import { clientSecretOf } from './settings.ts'

export function ssoRoutes(deps: SsoDeps): Route[] {
  const client = createSsoClient({
    fetch: deps.fetch,
    secretOf: (provider) => clientSecretOf(provider, deps.sealer),
    clock: deps.clock,
  })
  return [...ssoSignInRoutes(deps, client), ...providerRoutes(deps, client), ...identityRoutes(deps, client)]
}
