import type { CardView, ObjectiveView } from '../../../src/declare/schema.ts'

/** A figure that some card shows now, with the entry it stands on. */
export interface FigureInUse {
  readonly card: CardView
  readonly objective: ObjectiveView
  readonly index: number | null
}

/** Every figure in use: what costs a badge first. */
export function figuresInUse(cards: readonly CardView[]): readonly FigureInUse[] {
  const rank = { unmet: 0, unproven: 1, met: 2 } as const
  return cards
    .filter((card) => card.badge.state !== 'draft')
    .flatMap((card) => card.objectives.map((objective) => ({ card, objective, index: objective.evidence?.index ?? null })))
    .toSorted((a, b) => rank[a.objective.state] - rank[b.objective.state])
}
