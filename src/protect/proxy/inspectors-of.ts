import type { JsonObject } from '../../kernel/json.ts'
import { isBreachedPassword } from '../../platform/breached-passwords.ts'
import { bodyInspector } from '../checks/body-events.ts'
import { botInspector } from '../checks/bots.ts'
import { apiInspector, graphqlInspector, leakInspector, type ScanBytes, uploadInspector } from '../checks/inspectors.ts'
import type { LoginJudge } from '../logins/judge.ts'
import { loginGuard } from '../logins/login-guard.ts'
import type { Inspector } from './inspection.ts'
import type { WafSettings } from './waf-settings.ts'

export interface InspectorDeps {
  readonly judge: LoginJudge
  readonly scan: ScanBytes
  readonly tell: (event: JsonObject) => void
  readonly warn: (text: string) => void
  readonly now: () => number
}

/** All that looks at exchanges beside the rules, as settings say; what refuses most cheaply comes first. @throws KanpekiError `openapi_invalid`. */
export function inspectorsOf(settings: WafSettings, { judge, scan, tell, warn, now }: InspectorDeps): readonly Inspector[] {
  const { apis, graphql, logins, uploads, leaks, bodies, bots } = settings
  const list = logins?.breachedPasswords
  const isLeaked = async (password: string) => list !== undefined && (await isBreachedPassword(password, list))
  return [
    // First, for it looks on only, and is not asked any more once another stops.
    ...(bodies === undefined ? [] : [bodyInspector(bodies, tell, now)]),
    ...(bots === undefined ? [] : [botInspector(bots, tell, now)]),
    ...apis.map(apiInspector),
    ...graphql.map(graphqlInspector),
    ...(logins === undefined ? [] : [loginGuard({ settings: logins, judge, isLeaked, tell, warn, now })]),
    ...(uploads === undefined ? [] : [uploadInspector(uploads, scan)]),
    ...(leaks === undefined ? [] : [leakInspector(leaks)]),
  ]
}
