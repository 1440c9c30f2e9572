import { KanpekiError, messageOf } from '../kernel/error.ts'
import { isWorn } from '../kernel/measure.ts'
import { type CardState, cardState, evaluateNow } from './card-state.ts'
import type { Measures } from './criteria.ts'
import type { Evaluation } from './evaluate.ts'
import { say } from './messages.ts'
import { cardById, type Db } from './queries.ts'
import type { BadgeJson } from './schema.ts'
import type { CardsTable } from './tables.ts'
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
  if (row === undefined) throw new KanpekiError('not_found', `There is no declaration ${id}.`)
  const judged = await judgedNow(db, row, measures, now)
  if ('fault' in judged) return faultyBadge(row, judged.fault, language, ledgerHead, now)
  const { state, evaluation } = judged
  const { card } = state
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

async function judgedNow(
  db: Db,
  row: CardsTable,
  measures: Measures,
  now: number,
): Promise<{ readonly state: CardState; readonly evaluation: Evaluation } | { readonly fault: string }> {
  try {
    const state = await cardState(db, row, measures)
    return state === undefined ? { fault: `no version ${row.hash}` } : { state, evaluation: evaluateNow(state, now) }
  } catch (error) {
    return { fault: messageOf(error) }
  }
}

/** Of a card that cannot be judged: whatever it was worth, it is not worn. */
async function faultyBadge(
  row: CardsTable,
  detail: string,
  language: 'en' | 'ja',
  ledgerHead: LedgerHead,
  now: number,
): Promise<BadgeJson> {
  const worn = isWorn(row.state)
  return {
    id: row.id,
    state: worn ? 'withdrawn' : row.state,
    since: rfc3339(worn ? now : row.since),
    reason: say({ code: 'evaluation-fault', params: { detail } })[language],
    objectives: [],
    ledger: await ledgerHead(),
    name: { en: row.id, ja: row.id },
    version: '',
    validUntil: rfc3339(now),
    evaluatedAt: row.evaluated_at === null ? null : rfc3339(row.evaluated_at),
  }
}
