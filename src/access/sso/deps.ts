import type { AccessDeps } from '../routes-deps.ts'
import type { SsoClientDeps } from './client.ts'

export interface SsoDeps extends AccessDeps {
  /** The guarded way out (platform/outgoing). */
  readonly fetch: SsoClientDeps['fetch']
}
