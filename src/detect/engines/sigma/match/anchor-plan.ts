import type { AnchorCost, AnchorSet } from './anchors.ts'
import type { Sample } from './sample.ts'
import type { Slot } from './slot.ts'

/** Nanoseconds, roughly: to evaluate a rule that was announced, and to look for literals inside a value, per unit. */
const EVALUATION = 300
const SCAN_PER_UNIT = 0.7
/** A field that announces more rules than this is searched in any case. */
const MOST_USERS = 32
/** Values shorter than this on the mean are searched in no time. */
export const LONG = 100
/** Rules announced in a smaller share of the events stay as they are. */
const OFTEN = 0.15

/** The rules of a bucket, by their place in it. */
export interface Planned {
  /** Undefined: no literal announces the rule. */
  readonly sets: readonly (AnchorSet | undefined)[]
  /** The cheapest set of a rule under other costs. */
  choose(rule: number, cost: AnchorCost): AnchorSet | undefined
  slotOf(rule: number, field: string): Slot
  /** Fields whose values are searched through. */
  readonly searched: readonly Slot[]
}

/**
 * Better anchors, once events were seen: rules that are announced often (`announced`: in which share of the events) get the
 * anchor that is met least, and a long field is no longer searched when its rules can be announced by others for less.
 */
export function learnAnchors(planned: Planned, announced: readonly number[], sample: Sample): readonly (AnchorSet | undefined)[] {
  const learned = planned.sets.map((set, rule) => {
    if (set === undefined) return undefined
    return announced[rule]! < OFTEN ? set : planned.choose(rule, measured(planned, rule, sample))
  })
  return withoutLongSearches({ ...planned, sets: learned }, sample)
}

function measured(planned: Planned, rule: number, sample: Sample): AnchorCost {
  return (anchor) => (anchor.field === undefined ? 1 : sample.rate(planned.slotOf(rule, anchor.field), anchor))
}

function isSearched(planned: Planned, rule: number, slot: Slot): boolean {
  const anchors = planned.sets[rule]?.anchors ?? []
  return anchors.some(({ field, how }) => field !== undefined && how === 'contains' && planned.slotOf(rule, field) === slot)
}

function withoutLongSearches(planned: Planned, sample: Sample): readonly (AnchorSet | undefined)[] {
  const long = planned.searched.filter((slot) => sample.length(slot) >= LONG).sort((a, b) => sample.length(b) - sample.length(a))
  if (long.length === 0) return planned.sets
  const sets = [...planned.sets]
  const avoided = new Set<Slot>()
  for (const slot of long) {
    const saved = sample.length(slot) * SCAN_PER_UNIT
    const users = [...sets.keys()].filter((rule) => isSearched({ ...planned, sets }, rule, slot))
    if (users.length > MOST_USERS) continue
    avoided.add(slot)
    const moved = users.map((rule) => ({ rule, set: planned.choose(rule, avoiding(planned, rule, sample, avoided)) }))
    const extra = moved.reduce(
      (sum, { rule, set }) => sum + (set === undefined ? Infinity : set.cost - rateOf(sets[rule]!, planned, rule, sample)),
      0,
    )
    if (extra * EVALUATION < saved) for (const { rule, set } of moved) sets[rule] = set
    else avoided.delete(slot)
  }
  return sets
}

/** Searching an avoided field costs more than anything else. */
function avoiding(planned: Planned, rule: number, sample: Sample, avoided: ReadonlySet<Slot>): AnchorCost {
  const plain = measured(planned, rule, sample)
  return (anchor) => {
    const isAvoided = anchor.field !== undefined && anchor.how === 'contains' && avoided.has(planned.slotOf(rule, anchor.field))
    return plain(anchor) + (isAvoided ? 1000 : 0)
  }
}

function rateOf(set: AnchorSet, planned: Planned, rule: number, sample: Sample): number {
  const cost = measured(planned, rule, sample)
  return set.anchors.reduce((sum, anchor) => sum + cost(anchor), 0)
}
