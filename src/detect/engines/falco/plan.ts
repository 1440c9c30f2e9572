import type { CompileContext } from './compile.ts'
import { compileCondition } from './compile.ts'
import { classOf, type FalcoClass, fieldOf } from './event-class.ts'
import type { Expression } from './expression.ts'
import { FalcoFault } from './fault.ts'
import { EVENT_KINDS, type EventKind, eventKindOf } from './fields/kinds.ts'
import type { FalcoRule } from './rule.ts'

/** A rule as it runs on one kind of events. */
export interface PlannedRule {
  readonly rule: FalcoRule
  readonly expression: Expression
}

/** What runs on one kind of events. */
export interface FalcoPlan {
  readonly kind: EventKind
  readonly eventClass: FalcoClass
  readonly rules: readonly PlannedRule[]
}

/** A rule that can run on no events that come here, and the fields that are to blame: those that come nearest. */
export interface NotRunnable {
  readonly rule: FalcoRule
  readonly fields: readonly string[]
}

export interface FalcoPlans {
  readonly plans: readonly FalcoPlan[]
  readonly notRunnable: readonly NotRunnable[]
  readonly faults: readonly { readonly rule: FalcoRule; readonly fault: FalcoFault }[]
  /** The plan for an event, found by its shape. */
  planOf(doc: Parameters<typeof eventKindOf>[0]): FalcoPlan | undefined
}

/**
 * Decides where each rule runs: on every kind of events of its source that has all its fields. Alerts that Falco wrote itself hold
 * only the fields of their output; rules run there too, and hold only where what is missing changes nothing.
 */
export function planFalco(rules: readonly FalcoRule[], checkRegex: CompileContext['checkRegex']): FalcoPlans {
  const planned = new Map<EventKind, PlannedRule[]>(EVENT_KINDS.map((kind) => [kind, []]))
  const notRunnable: NotRunnable[] = []
  const faults: { rule: FalcoRule; fault: FalcoFault }[] = []
  for (const rule of rules) {
    try {
      let runs = false
      let fewest: readonly string[] | undefined
      for (const kind of EVENT_KINDS) {
        if (kind.source !== rule.source) continue
        const { expression, missing } = compileCondition(rule.condition, {
          kindOf: kindOf(kind),
          partial: kind.partial,
          checkRegex,
        })
        if (missing.length > 0) {
          if (fewest === undefined || missing.length < fewest.length) fewest = missing
          continue
        }
        planned.get(kind)!.push({ rule, expression })
        runs ||= !kind.partial
      }
      if (!runs) notRunnable.push({ rule, fields: fewest ?? [`source ${rule.source}`] })
    } catch (error) {
      if (!(error instanceof FalcoFault)) throw error
      faults.push({ rule, fault: error })
    }
  }
  const broken = new Set(faults.map(({ rule }) => rule))
  const plans = new Map(
    EVENT_KINDS.map((kind): [EventKind, FalcoPlan] => [
      kind,
      { kind, eventClass: classOf(kind), rules: planned.get(kind)!.filter(({ rule }) => !broken.has(rule)) },
    ]),
  )
  return {
    plans: [...plans.values()],
    notRunnable,
    faults,
    planOf(doc) {
      const kind = eventKindOf(doc)
      return kind === undefined ? undefined : plans.get(kind)
    },
  }
}

function kindOf(kind: EventKind): CompileContext['kindOf'] {
  return (ref) => {
    const field = fieldOf(kind, ref)
    if (field === undefined) return undefined
    return { list: field.list === true, type: ref.through.length > 0 ? 'text' : (field.type ?? 'text') }
  }
}
