import { isJsonObject } from '../../kernel/json.ts'
import { toHex, utf8 } from './bytes.ts'
import { canonicalOf } from './canonical.ts'
import type { ReadEntry } from './entry.ts'
import type { CardFact } from './report.ts'
import type { Sha256 } from './sha256.ts'

const CHANGES = ['written', 'signed', 'in-force'] as const

/** What an entry says of a version of a card; undefined for every other entry. */
export function cardFact(index: number, { type, body }: Pick<ReadEntry, 'type' | 'body'>): CardFact | undefined {
  const { card, hash } = body
  const change = CHANGES.find((one) => one === body['change'])
  if (type !== 'card' || change === undefined || typeof card !== 'string' || typeof hash !== 'string') return undefined
  return { index, card, change, hash }
}

/** Why the card in an entry that writes a version is not the one its hash, on which signatures stand, is of. */
export function cardFault(
  { body }: Pick<ReadEntry, 'body'>,
  { change, card, hash }: CardFact,
  sha256: Sha256,
): string | undefined {
  const { document } = body
  if (change !== 'written' || document === undefined) return undefined
  const text = isJsonObject(document) ? canonicalOf(document) : undefined
  const own = text === undefined ? undefined : toHex(sha256(utf8(text)))
  return own === hash ? undefined : `the document of card ${card} does not have the hash that is signed`
}

/** Looks for a version of a card among what a log says. Hash as `kanpeki declare` makes it, hexadecimal. */
export function findCard(
  facts: readonly CardFact[],
  id: string,
  hash: string,
): { readonly found: readonly CardFact[]; readonly inForce: CardFact | undefined } {
  const own = facts.filter(({ card }) => card === id)
  return { found: own.filter((fact) => fact.hash === hash), inForce: own.findLast(({ change }) => change === 'in-force') }
}
