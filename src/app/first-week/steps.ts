import type { CardView } from '../../declare/schema.ts'
import { isWorn } from '../../kernel/measure.ts'
import type { StepView } from './schema.ts'

/** How many objectives a first card has, and how many triggers it automates (the founding paper, §8). */
export const OBJECTIVES_WANTED = 5
export const TRIGGERS_WANTED = 2

export interface FirstWeekFacts {
  /** Whether a path was chosen. */
  readonly chosen: boolean
  readonly card: CardView | undefined
  /** Triggers that the card writes out: four more hold by themselves. */
  readonly triggers: number
  /** Weekly reviews that were held in the scope. */
  readonly reviews: number
}

/** The plan, each step told by how things stand. A forbidden failure is a promise too: it counts as an objective. */
export function stepsOf({ chosen, card, triggers, reviews }: FirstWeekFacts): readonly StepView[] {
  const objectives = card?.objectives ?? []
  const measured = objectives.filter(({ value }) => value !== null)
  const logged = measured.filter(({ evidence }) => evidence?.index != null)
  const counted = (id: StepView['id'], count: number, of: number): StepView => ({ id, done: count >= of, count, of })
  const plain = (id: StepView['id'], done: boolean): StepView => ({ id, done, count: null, of: null })
  return [
    plain('path', chosen),
    plain('card', card !== undefined),
    counted('objectives', measured.length, OBJECTIVES_WANTED),
    // A figure without its entry proves nothing: all that are measured have to be in the ledger.
    counted('evidence', logged.length, Math.max(measured.length, OBJECTIVES_WANTED)),
    counted('triggers', triggers, TRIGGERS_WANTED),
    plain('review', reviews > 0),
    plain('seal', card !== undefined && isWorn(card.badge.state)),
  ]
}
