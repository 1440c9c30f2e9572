import type { AccessDeps } from '../routes-deps.ts'

export type ScimDeps = Pick<AccessDeps, 'db' | 'record' | 'clock' | 'origin'>

/** What a client is told as the base URL. */
export function baseUrl({ origin }: ScimDeps): string {
  return `${origin()}/scim/v2`
}
