import type { CardView, ObjectiveView } from '../../../src/declare/schema.ts'
import { glyphOf } from '../../components/objective-glyph.ts'
import type { GlyphState } from '../../components/state-glyph.tsx'

const ORDER: readonly GlyphState[] = ['miss', 'gone', 'risk', 'met']

/** What costs the badge first, then in the card's own order. */
export function worstFirst(objectives: readonly ObjectiveView[]): readonly ObjectiveView[] {
  return objectives.toSorted((a, b) => ORDER.indexOf(glyphOf(a)) - ORDER.indexOf(glyphOf(b)))
}

const BADGES: readonly CardView['badge']['state'][] = ['withdrawn', 'expired', 'at-risk', 'held', 'draft']

/** The wall's order: withdrawn ones span two places and lead; drafts close it. */
export function wallOrder(cards: readonly CardView[]): readonly CardView[] {
  return cards.toSorted((a, b) => BADGES.indexOf(a.badge.state) - BADGES.indexOf(b.badge.state) || a.id.localeCompare(b.id))
}

/** The objective that a withdrawn card fell over: the one its gravest reason names, otherwise the first missed. */
export function culprit(card: CardView): ObjectiveView | undefined {
  const named = card.badge.reason?.params['objective']
  return (
    card.objectives.find((objective) => objective.id === named) ??
    card.objectives.find((objective) => objective.state === 'unmet') ??
    card.objectives.find((objective) => objective.state === 'unproven')
  )
}

/** Splits a sentence at the given figures, so that they can be set in bold. */
export function splitAtFigures(sentence: string, figures: readonly string[]): readonly { text: string; bold: boolean }[] {
  // A bare digit would also hit the middle of other numbers.
  const wanted = figures.filter((figure) => figure.trim().length > 1).toSorted((a, b) => b.length - a.length)
  if (wanted.length === 0) return [{ text: sentence, bold: false }]
  const pattern = new RegExp(`(${wanted.map((figure) => figure.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'u')
  return sentence
    .split(new RegExp(pattern, 'gu'))
    .filter((text) => text !== '')
    .map((text) => ({ text, bold: wanted.includes(text) }))
}

/** Share of the validity that has passed, 0 to 1. */
export function passed(validity: CardView['validity'], now: number): number {
  const from = Date.parse(validity.from)
  const until = Date.parse(validity.until)
  return until <= from ? 1 : Math.min(1, Math.max(0, (now - from) / (until - from)))
}
