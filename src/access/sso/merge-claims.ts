import type { JsonObject } from '../../kernel/json.ts'

/**
 * What a provider says of a person at both places; the ID token's word goes before userinfo's. Whether an address is verified
 * is said of the address beside it (OIDC Core §5.1): the two places may name different ones, and one's word is not the other's.
 */
export function mergeClaims(token: JsonObject, userinfo: JsonObject): JsonObject {
  const { email_verified: _, ...all } = { ...userinfo, ...token }
  const own = token['email'] === undefined ? undefined : token['email_verified']
  const verified = own ?? (userinfo['email'] === all['email'] ? userinfo['email_verified'] : undefined)
  return verified === undefined ? all : { ...all, email_verified: verified }
}
