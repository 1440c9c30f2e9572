import { regexLiterals } from '../../../../platform/regex/literals.ts'
import { fold, foldsByUnit } from '../../../../platform/text/fold.ts'
import type { Expression, FieldTest, LiteralKind } from '../expression.ts'

/** A folded literal that some value of the field (or, without a field, of the whole event) must meet. */
export interface Anchor {
  readonly field: string | undefined
  readonly how: LiteralKind
  readonly text: string
}

/** A necessary condition: the rule cannot match unless one of the anchors is met. `cost` is the sum of the anchors' costs. */
export interface AnchorSet {
  readonly anchors: readonly Anchor[]
  readonly cost: number
}

/** What literals say about an expression: a necessary condition, its value where it is known, or nothing. */
export type Announcement = AnchorSet | 'always' | 'never' | undefined

/** How much an anchor costs, e.g. how often it is met for nothing. */
export type AnchorCost = (anchor: Anchor) => number

type Leaf = Extract<Expression, { kind: 'test' | 'keyword' }>

/** The value of a leaf that is the same in every event of a class, else undefined. */
export type ConstantLeaf = (leaf: Leaf) => boolean | undefined

/** More anchors than this for one rule would cost more than evaluating it. */
const MOST_ANCHORS = 4000

/** The cheapest necessary condition of an expression that literals can express. */
export function announcementOf(expression: Expression, cost: AnchorCost, constant: ConstantLeaf): Announcement {
  switch (expression.kind) {
    case 'constant':
      return expression.value ? 'always' : 'never'
    case 'selection':
      return announcementOf(expression.item, cost, constant)
    case 'not': {
      const inner = announcementOf(expression.item, cost, constant)
      return inner === 'always' ? 'never' : inner === 'never' ? 'always' : undefined
    }
    case 'and':
      return cheapest(expression.items, cost, constant)
    case 'or':
      return together(expression.items, cost, constant)
    default: {
      const known = constant(expression)
      if (known !== undefined) return known ? 'always' : 'never'
      return anchorsOfTest(expression.test, expression.kind === 'test' ? expression.field : undefined, cost)
    }
  }
}

function cheapest(items: readonly Expression[], cost: AnchorCost, constant: ConstantLeaf): Announcement {
  let best: AnchorSet | undefined
  let isAlways = true
  for (const item of items) {
    const each = announcementOf(item, cost, constant)
    if (each === 'never') return 'never'
    if (each === 'always') continue
    isAlways = false
    if (each !== undefined && (best === undefined || each.cost < best.cost)) best = each
  }
  return isAlways ? 'always' : best
}

function together(items: readonly Expression[], cost: AnchorCost, constant: ConstantLeaf): Announcement {
  const anchors: Anchor[] = []
  let sum = 0
  let isUnknown = false
  for (const item of items) {
    const each = announcementOf(item, cost, constant)
    if (each === 'always') return 'always'
    if (each === 'never') continue
    if (each === undefined) isUnknown = true
    else {
      for (const anchor of each.anchors) anchors.push(anchor)
      sum += each.cost
    }
  }
  if (isUnknown || anchors.length > MOST_ANCHORS) return undefined
  return anchors.length === 0 ? 'never' : { anchors, cost: sum }
}

function anchorsOfTest(test: FieldTest, field: string | undefined, cost: AnchorCost): AnchorSet | undefined {
  const literals = literalsOf(test)
  if (literals === undefined) return undefined
  const anchors: Anchor[] = []
  let sum = 0
  for (const { how, text } of literals) {
    const usable = withoutSurrogates(how, text)
    if (usable.text === '' && usable.how !== 'exact') return undefined
    const anchor = { field, how: usable.how, text: usable.text }
    anchors.push(anchor)
    sum += cost(anchor)
  }
  return { anchors, cost: sum }
}

/** Folded literals of which one must be met for the test to hold. */
function literalsOf(test: FieldTest): readonly { how: LiteralKind; text: string }[] | undefined {
  if (test.kind === 'literal') return [test.cased ? { how: test.how, text: fold(test.text) } : test]
  if (test.kind === 'regex') return regexLiterals(test)?.map((text) => ({ how: 'contains', text }))
  if (test.kind !== 'glob') return undefined
  const { parts } = test
  const first = parts[0]
  const last = parts.at(-1)
  let best: { how: LiteralKind; text: string } | undefined
  for (const part of parts) {
    if (typeof part !== 'object') continue
    const how = part === first ? 'prefix' : part === last ? 'suffix' : 'contains'
    if (best === undefined || part.literal.length > best.text.length) best = { how, text: fold(part.literal) }
  }
  return best === undefined ? undefined : [best]
}

/** Letters beyond the basic plane do not fold unit by unit, as the indexes do: the longest stretch without them must do. */
function withoutSurrogates(how: LiteralKind, text: string): { how: LiteralKind; text: string } {
  if (foldsByUnit(text)) return { how, text }
  const stretches = text.split(/[\ud800-\udfff]+/)
  return { how: 'contains', text: stretches.reduce((best, each) => (each.length > best.length ? each : best), '') }
}

const BASE: Readonly<Record<LiteralKind, number>> = { exact: 0.02, suffix: 0.1, prefix: 0.2, contains: 0.4 }

const SHARE_BY_LENGTH = Float64Array.from({ length: 24 }, (_, length) => 0.75 ** length)

/** A guess at the share of values that meet the anchor, before any was seen: only the order matters. */
export const guessedCost: AnchorCost = ({ field, how, text }) =>
  BASE[how] * SHARE_BY_LENGTH[Math.min(text.length, SHARE_BY_LENGTH.length - 1)]! + (field === undefined ? 1 : 0)

/** Whether the value, folded, meets the anchor. */
export function meets({ how, text }: Anchor, folded: string): boolean {
  switch (how) {
    case 'exact':
      return folded === text
    case 'prefix':
      return folded.startsWith(text)
    case 'suffix':
      return folded.endsWith(text)
    case 'contains':
      return folded.includes(text)
  }
}
