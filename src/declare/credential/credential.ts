import type { JsonObject } from '../../kernel/json.ts'
import type { BadgeJson } from '../schema.ts'
import { type CredentialSigner, didOf, secured } from './secure.ts'
import { encodeList, placeOf } from './status-list.ts'

const CREDENTIALS = 'https://www.w3.org/ns/credentials/v2'
/** A holder asks for the list again after so many milliseconds: a withdrawal shows that soon. */
const LIST_TTL_MS = 5_000

export interface Issued {
  /** Of the credential, over the whole installation. */
  readonly number: number
  /** When the badge was earned, milliseconds UTC. */
  readonly since: number
  /** SHA-256 of the declaration that it stands for. */
  readonly hash: string
}

/** Addresses of what is public, below the origin that people reach, e.g. `https://siem.example.com`. */
export const credentialPaths = {
  context: (origin: string): string => `${origin}/public/contexts/badge-v1.json`,
  credential: (origin: string, card: string): string => `${origin}/public/cards/${card}/credential.json`,
  list: (origin: string, list: number): string => `${origin}/public/status/${list}.json`,
}

/**
 * A held badge as a Verifiable Credential (W3C VC Data Model 2.0). It says that the badge was earned; whether it still is
 * held, the status list says, from the moment it is withdrawn.
 */
export function badgeCredential(
  badge: BadgeJson,
  issued: Issued,
  signer: CredentialSigner,
  origin: string,
  now: number,
): JsonObject {
  const { list, index } = placeOf(issued.number)
  const listId = credentialPaths.list(origin, list)
  const document: JsonObject = {
    '@context': [CREDENTIALS, credentialPaths.context(origin)],
    id: `${credentialPaths.credential(origin, badge.id)}#${issued.number}`,
    type: ['VerifiableCredential', 'PerfectionBadgeCredential'],
    issuer: didOf(signer),
    validFrom: new Date(issued.since).toISOString(),
    validUntil: badge.validUntil,
    credentialStatus: {
      id: `${listId}#${index}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: String(index),
      statusListCredential: listId,
    },
    credentialSubject: {
      type: 'PerfectionBadge',
      declaration: badge.id,
      title: badge.name.en,
      titleJa: badge.name.ja,
      version: badge.version,
      declarationHash: issued.hash,
      heldSince: new Date(issued.since).toISOString(),
      objectives: badge.objectives.map(({ id, target, unit, comparator }) => ({ objective: id, target, unit, comparator })),
      ledgerSize: badge.ledger.size,
      ledgerRoot: badge.ledger.root,
    },
  }
  return secured(document, signer, now)
}

/** The list that says which credentials are no longer good. */
export function statusListCredential(
  list: number,
  revoked: Iterable<number>,
  signer: CredentialSigner,
  origin: string,
  now: number,
): JsonObject {
  const id = credentialPaths.list(origin, list)
  const document: JsonObject = {
    '@context': [CREDENTIALS],
    id,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: didOf(signer),
    validFrom: new Date(now).toISOString(),
    credentialSubject: {
      id: `${id}#list`,
      type: 'BitstringStatusList',
      statusPurpose: 'revocation',
      encodedList: encodeList(revoked),
      ttl: LIST_TTL_MS,
    },
  }
  return secured(document, signer, now)
}

/** What our own words in a credential mean, as JSON-LD. */
export function badgeContext(origin: string): JsonObject {
  const base = `${credentialPaths.context(origin)}#`
  const terms = [
    'PerfectionBadgeCredential',
    'PerfectionBadge',
    'declaration',
    'title',
    'titleJa',
    'version',
    'declarationHash',
    'heldSince',
    'objectives',
    'objective',
    'target',
    'unit',
    'comparator',
    'ledgerSize',
    'ledgerRoot',
  ]
  return { '@context': { '@protected': true, ...Object.fromEntries(terms.map((term) => [term, `${base}${term}`])) } }
}
