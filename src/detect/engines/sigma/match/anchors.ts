import type { FieldTest, LiteralKind } from '../expression.ts'
import { fold } from './fold.ts'
import type { MatchNode } from './match-node.ts'
import type { Slot } from './slot.ts'

/** A literal that some value of the field (or, without a slot, of the whole event) must meet. */
export interface Anchor {
  readonly slot: Slot | undefined
  readonly how: LiteralKind
  readonly text: string
}

/** A necessary condition: the rule cannot match unless one of the anchors is met. `cost` estimates how often one is. */
export interface AnchorSet {
  readonly anchors: readonly Anchor[]
  readonly cost: number
}

/** More anchors than this for one rule would cost more than evaluating it. */
const MOST_ANCHORS = 2000

/** The cheapest necessary condition of a node, or undefined when it has none that literals can express. */
export function anchorsOf(node: MatchNode): AnchorSet | undefined {
  switch (node.kind) {
    case 'predicate':
      return anchorsOfTest(node.predicate.test, node.predicate.slot)
    case 'keyword':
      return anchorsOfTest(node.test, undefined)
    case 'and':
      return node.items.map(anchorsOf).reduce((best, each) => (best === undefined || (each !== undefined && each.cost < best.cost) ? each : best), undefined)
    case 'or': {
      const sets = node.items.map(anchorsOf)
      const anchors: Anchor[] = []
      let cost = 0
      for (const set of sets) {
        if (set === undefined) return undefined
        anchors.push(...set.anchors)
        cost += set.cost
      }
      return anchors.length > MOST_ANCHORS ? undefined : { anchors, cost }
    }
    default:
      return undefined
  }
}

function anchorsOfTest(test: FieldTest, slot: Slot | undefined): AnchorSet | undefined {
  const literals = literalsOf(test)
  if (literals === undefined) return undefined
  const anchors: Anchor[] = []
  let cost = slot === undefined ? 1 : 0
  for (const { how, text } of literals) {
    const usable = withoutSurrogates(how, fold(text))
    if (usable.text === '' && usable.how !== 'exact') return undefined
    anchors.push({ slot, ...usable })
    cost += likelihood(usable.how, usable.text)
  }
  return { anchors, cost }
}

/** Literals of which one must be met for the test to hold. */
function literalsOf(test: FieldTest): readonly { how: LiteralKind; text: string }[] | undefined {
  if (test.kind === 'literal') return [{ how: test.how, text: test.text }]
  if (test.kind !== 'glob') return undefined
  const { parts } = test
  const first = parts[0]
  const last = parts.at(-1)
  let best: { how: LiteralKind; text: string } | undefined
  for (const part of parts) {
    if (typeof part !== 'object') continue
    const how = part === first ? 'prefix' : part === last ? 'suffix' : 'contains'
    if (best === undefined || part.literal.length > best.text.length) best = { how, text: part.literal }
  }
  return best === undefined ? undefined : [best]
}

/** Surrogate pairs fold together, not unit by unit as the automaton does: the longest stretch without them must do. */
function withoutSurrogates(how: LiteralKind, text: string): { how: LiteralKind; text: string } {
  if (!/[\ud800-\udfff]/.test(text)) return { how, text }
  const stretches = text.split(/[\ud800-\udfff]+/)
  return { how: 'contains', text: stretches.reduce((best, each) => (each.length > best.length ? each : best), '') }
}

const BASE: Readonly<Record<LiteralKind, number>> = { exact: 0.02, suffix: 0.1, prefix: 0.2, contains: 0.4 }

/** What nearly every Windows event holds: a rule that has anything else is better found by that. */
const COMMON = new Set([
  'true',
  'false',
  '-',
  'tcp',
  'udp',
  '.exe',
  '.dll',
  ':\\windows\\',
  'c:\\windows\\',
  '\\windows\\system32\\',
  'c:\\windows\\system32\\',
  ':\\windows\\system32\\',
  '\\system32\\',
  '\\svchost.exe',
  '\\lsass.exe',
  '\\services.exe',
  '\\explorer.exe',
  '\\powershell.exe',
  '\\cmd.exe',
  '\\csrss.exe',
  '\\wmiprvse.exe',
  'hkey_local_machine\\',
  'hklm\\',
  'hku\\',
  '\\software\\',
  '\\microsoft\\windows\\currentversion\\',
])

/** A rough share of values that meet the literal; only the order matters. */
function likelihood(how: LiteralKind, text: string): number {
  if (COMMON.has(text)) return 0.5
  return BASE[how] * Math.max(0.002, 0.75 ** text.length)
}
