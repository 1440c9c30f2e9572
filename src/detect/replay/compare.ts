import { LEVELS, type RuleInfo } from '../../kernel/detection.ts'
import type { TalliedAlert, Tally } from './tally.ts'

export type RuleChange = 'added' | 'removed' | 'changed' | 'same'

export interface RuleDifference {
  readonly id: string
  readonly title: string
  readonly level: RuleInfo['level']
  readonly change: RuleChange
  /** Levels before and after, where they differ. */
  readonly levels: readonly [RuleInfo['level'], RuleInfo['level']] | null
  /** Alerts that the rules before would have raised, and those after. */
  readonly before: number
  readonly after: number
  /** Raised before and not after, and the other way round. */
  readonly lost: readonly TalliedAlert[]
  readonly gained: readonly TalliedAlert[]
}

export interface Comparison {
  readonly events: number
  readonly before: { readonly rules: number; readonly alerts: number; readonly detections: number }
  readonly after: { readonly rules: number; readonly alerts: number; readonly detections: number }
  /** Rules that changed, or whose alerts did; those that lose most first. */
  readonly rules: readonly RuleDifference[]
  /** Techniques that the rules before found in these events and those after do not. */
  readonly techniquesLost: readonly string[]
  readonly techniquesGained: readonly string[]
}

export interface Side {
  readonly rules: readonly RuleInfo[]
  readonly tally: Tally
}

/**
 * What changes when the rules of one side give way to those of the other, over the same events. An alert is still raised
 * where the other side raises one of the same rule for the same group key at an overlapping time.
 */
export function compare(before: Side, after: Side, events: number): Comparison {
  const [was, is] = [before.tally.alerts(), after.tally.alerts()]
  const lost = Map.groupBy(without(was, is), ({ rule }) => rule.id)
  const gained = Map.groupBy(without(is, was), ({ rule }) => rule.id)
  const [ofWas, ofIs] = [Map.groupBy(was, ({ rule }) => rule.id), Map.groupBy(is, ({ rule }) => rule.id)]
  const [old, now] = [byId(before.rules), byId(after.rules)]
  const ids = [...new Set([...old.keys(), ...now.keys()])]
  const rules = ids.map((id): RuleDifference => {
    const [one, other] = [old.get(id), now.get(id)]
    const rule = other ?? one!
    return {
      id,
      title: rule.title,
      level: rule.level,
      change: changeOf(one, other),
      levels: one !== undefined && other !== undefined && one.level !== other.level ? [one.level, other.level] : null,
      before: ofWas.get(id)?.length ?? 0,
      after: ofIs.get(id)?.length ?? 0,
      lost: lost.get(id) ?? [],
      gained: gained.get(id) ?? [],
    }
  })
  const [techniquesBefore, techniquesAfter] = [techniquesOf(was), techniquesOf(is)]
  return {
    events,
    before: { rules: old.size, alerts: was.length, detections: before.tally.detections },
    after: { rules: now.size, alerts: is.length, detections: after.tally.detections },
    rules: rules
      .filter(({ change, lost: gone, gained: come }) => change !== 'same' || gone.length > 0 || come.length > 0)
      .sort(
        (a, b) =>
          b.lost.length - a.lost.length ||
          b.gained.length - a.gained.length ||
          LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) ||
          (a.title < b.title ? -1 : 1),
      ),
    techniquesLost: [...techniquesBefore].filter((technique) => !techniquesAfter.has(technique)).sort(),
    techniquesGained: [...techniquesAfter].filter((technique) => !techniquesBefore.has(technique)).sort(),
  }
}

function without(alerts: readonly TalliedAlert[], others: readonly TalliedAlert[]): TalliedAlert[] {
  const there = Map.groupBy(others, ({ key }) => key)
  return alerts.filter(
    (alert) => !(there.get(alert.key) ?? []).some((other) => other.first <= alert.last && other.last >= alert.first),
  )
}

function byId(rules: readonly RuleInfo[]): ReadonlyMap<string, RuleInfo> {
  return new Map(rules.map((rule) => [rule.id, rule]))
}

function changeOf(before: RuleInfo | undefined, after: RuleInfo | undefined): RuleChange {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  return before.version === after.version ? 'same' : 'changed'
}

function techniquesOf(alerts: readonly TalliedAlert[]): ReadonlySet<string> {
  return new Set(alerts.flatMap(({ rule }) => rule.techniques))
}
