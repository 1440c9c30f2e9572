import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Assignment } from '../roles.ts'
import type { ProvedClaims } from './client.ts'
import type { ProviderSettings } from './settings.ts'

const NAME_LENGTH = 200
const MAX_GROUPS = 5_000

/** A person as a provider describes them. */
export interface Who {
  readonly subject: string
  /** What an account of theirs would be called. */
  readonly name: string
  readonly display: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly groups: readonly string[]
  /** The provider had more groups than fit into the token, and sent none (Entra ID: above 200). */
  readonly groupsLeftOut: boolean
  /** RFC 8176: the provider says that more than one factor was used. */
  readonly multiFactor: boolean
  /** The claim that finds an account that SCIM made. */
  readonly provisionedAs: string | null
}

export function whoIs({ subject, claims }: ProvedClaims, settings: ProviderSettings): Who {
  const email = textOf(claims['email'])
  const emailVerified = claims['email_verified'] === true || claims['email_verified'] === 'true'
  const { groupsClaim, provisioned } = settings
  const provisionedAs = provisioned === null ? null : textOf(claims[provisioned.claim])
  return {
    subject,
    name: textOf(claims[settings.nameClaim]) ?? email ?? subject,
    display: textOf(claims['name']) ?? '',
    email,
    emailVerified,
    groups: groupsClaim === null ? [] : groupsOf(claims[groupsClaim]),
    groupsLeftOut: groupsClaim !== null && isLeftOut(claims, groupsClaim),
    multiFactor: Array.isArray(claims['amr']) && claims['amr'].includes('mfa'),
    // An address that is not proved to be theirs finds nobody.
    provisionedAs: provisioned?.claim === 'email' && !emailVerified && !settings.trustEmail ? null : provisionedAs,
  }
}

/** One line of visible text: a name is compared, shown and told in the ledger. */
function textOf(value: JsonValue | undefined): string | null {
  if (typeof value !== 'string') return null
  const text = value
    .normalize('NFKC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .trim()
  return text === '' || text.length > NAME_LENGTH ? null : text
}

/** An array of text, or one text (some providers unwrap a single group). */
function groupsOf(value: JsonValue | undefined): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((one): one is string => typeof one === 'string').slice(0, MAX_GROUPS)
}

/** A distributed claim (OIDC Core §5.6.2) is a pointer to another server: it is not followed. */
function isLeftOut(claims: JsonObject, claim: string): boolean {
  const names = claims['_claim_names']
  return typeof names === 'object' && names !== null && !Array.isArray(names) && Object.hasOwn(names, claim)
}

/** @throws KanpekiError `sso_domain`. */
export function checkDomain(who: Who, { domains, trustEmail }: ProviderSettings): void {
  if (domains.length === 0) return
  const domain = who.email?.toLowerCase().split('@')
  if (domain?.length === 2 && domains.includes(domain[1] ?? '') && (who.emailVerified || trustEmail)) return
  throw new KanpekiError(
    'sso_domain',
    `${who.email ?? 'An account without an e-mail address'} is not let in: its domain is not allowed, or it is not verified.`,
  )
}

/** What the provider's settings give to this person now. */
export function rolesFor(who: Who, { groups, defaultRoles }: ProviderSettings): Assignment[] {
  const held = new Set(who.groups)
  return [...defaultRoles, ...groups.filter(({ group }) => held.has(group)).flatMap(({ roles }) => roles)]
}
