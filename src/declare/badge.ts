import { KanpekiError } from '../kernel/error.ts'
import { cardState, evaluateNow } from './card-state.ts'
import type { Measures } from './criteria.ts'
import { say } from './messages.ts'
import { cardById, type Db } from './queries.ts'
import type { BadgeJson } from './schema.ts'
import { rfc3339 } from './view.ts'

/** Head of the ledger: tree size and root (standard Base64). */
export type LedgerHead = () => Promise<{ readonly size: number; readonly root: string }>

/**
 * The public badge, judged at the moment it is looked at: it falls by itself also when nothing evaluates any more.
 * @param db the whole store: a badge's address is public and names no scope.
 * @throws KanpekiError `not_found`.
 */
export async function badgeOf(
  db: Db,
  id: string,
  language: 'en' | 'ja',
  measures: Measures,
  ledgerHead: LedgerHead,
  now: number,
): Promise<BadgeJson> {
  const row = await cardById(db, id)
  const state = row === undefined ? undefined : await cardState(db, row, measures)
  if (state === undefined) throw new KanpekiError('not_found', `There is no declaration ${id}.`)
  const { card } = state
  const evaluation = evaluateNow(state, now)
  const [reason] = evaluation.reasons
  return {
    id,
    state: evaluation.state,
    since: rfc3339(evaluation.since),
    reason: reason === undefined ? null : say(reason)[language],
    objectives: evaluation.weighed.map(({ criterion, judged, taken }) => ({
      id: criterion.id,
      state: judged.state,
      value: taken?.value ?? null,
      target: criterion.target,
      unit: criterion.unit,
      comparator: criterion.comparator,
    })),
    ledger: await ledgerHead(),
    name: card.name,
    version: card.version,
    validUntil: rfc3339(Date.parse(card.validity.until)),
    evaluatedAt: state.row.evaluated_at === null ? null : rfc3339(state.row.evaluated_at),
  }
}
