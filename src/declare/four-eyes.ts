import type { Author } from '../kernel/duties.ts'
import { readJson } from '../platform/state/columns.ts'
import { diffCards } from './diff.ts'
import { type Db, versionOf } from './queries.ts'
import type { Card, Change } from './schema.ts'
import type { CardsTable } from './tables.ts'

/**
 * The version that a new one is held against: the last that was held, or, where none ever was, the one in force. A promise
 * cannot be loosened in steps of which nobody signed the first.
 */
export async function baseOf(db: Db, row: Pick<CardsTable, 'id' | 'hash' | 'held_hash'>): Promise<Card | undefined> {
  const version = await versionOf(db, row.id, row.held_hash ?? row.hash)
  return version === undefined ? undefined : readJson<Card>(version.document)
}

/** Changes that promise less, or of which nobody can tell by looking. To renew the validity is neither. */
export function loosening(base: Card | undefined, after: Card): readonly Change[] {
  if (base === undefined) return []
  return diffCards(base, after).filter(
    ({ effect, path }) => (effect === 'weaker' || effect === 'unclear') && !path.startsWith('validity.'),
  )
}

/**
 * How many people must sign a version. One that promises less takes at least as many as the promise did, and two pairs of
 * eyes: its author may not sign it, and of what has no author (a file) one of two signers may be the one.
 */
export function requiredSignatures(base: Card | undefined, after: Card, author: Author): number {
  if (base === undefined || loosening(base, after).length === 0) return after.signatures
  return Math.max(base.signatures, after.signatures, author.account === null ? 2 : 1)
}
