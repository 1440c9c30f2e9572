import type { BadgeState } from '../kernel/measure.ts'
import { isWorn } from '../kernel/measure.ts'
import { cardStates, evaluateNow } from './card-state.ts'
import type { Measures } from './criteria.ts'
import { reasonOf } from './messages.ts'
import { allCards, type Db } from './queries.ts'
import type { Bilingual, Reason } from './schema.ts'

/** How a card stands, in few words. */
export interface StandingBadge {
  readonly id: string
  readonly name: Bilingual
  readonly state: BadgeState
  /** The gravest reason; null while held. */
  readonly reason: Reason | null
  /** Milliseconds UTC. */
  readonly since: number
}

const CARDS_A_QUESTION = 500

/** Every card of a scope, judged at `now`, in few questions however many there are; one that cannot be judged is not worn. */
export async function standingBadges(db: Db, measures: Measures, now: number): Promise<readonly StandingBadge[]> {
  const rows = await allCards(db)
  const badges: StandingBadge[] = []
  for (let at = 0; at < rows.length; at += CARDS_A_QUESTION)
    for (const state of await cardStates(db, rows.slice(at, at + CARDS_A_QUESTION), measures)) {
      const { id } = state.row
      if ('card' in state) {
        const { state: is, since, reasons } = evaluateNow(state, now)
        const [first] = reasons
        badges.push({ id, name: state.card.name, state: is, since, reason: first === undefined ? null : reasonOf(first) })
      } else {
        const worn = isWorn(state.row.state)
        const reason = reasonOf({ code: 'evaluation-fault', params: { detail: state.fault } })
        const since = worn ? now : state.row.since
        badges.push({ id, name: { en: id, ja: id }, state: worn ? 'withdrawn' : state.row.state, since, reason })
      }
    }
  return badges
}
