import { isWorn } from '../kernel/measure.ts'
import { jsonText } from '../platform/state/columns.ts'
import { type Answers, answerKey } from './ask.ts'
import { type CardState, memoryOf, readingsOf, rowOfMemory, standingOf } from './card-state.ts'
import type { Criterion } from './criteria.ts'
import { durationMs } from './duration.ts'
import { type Evaluation, evaluate, type Memory } from './evaluate.ts'
import { faultedMemory } from './fault.ts'
import { judge, type Taken } from './judge.ts'
import type { CardsTable } from './tables.ts'

/** What an evaluation of a card comes to, before anything of it is written. */
export interface CardPlan {
  readonly kind: 'judged'
  readonly state: CardState
  readonly now: number
  /** By what its old readings are worth now; undefined at the first evaluation. */
  readonly aged: Evaluation | undefined
  /** New readings that count, by criterion. */
  readonly recorded: ReadonlyMap<string, Taken>
  readonly evaluation: Evaluation
  /** Nothing changed, and nothing is to be recorded. */
  readonly idle: boolean
}

/** A card that could not be judged. */
export interface FaultPlan {
  readonly kind: 'fault'
  readonly row: CardsTable
  readonly now: number
  readonly detail: string
  readonly memory: Memory
}

export type Planned = CardPlan | FaultPlan

/** A figure that keeps moving is recorded at most this often, one that stands still at least this often. */
const RECORD_GAP_MS = 60_000
const RECORD_AT_LEAST_MS = 3_600_000
const FAULT_CHARS = 300

/** Judges a card twice: by what it had, then by what was just measured. Each change of the badge is its own evidence. */
export function planCard(state: CardState, answers: Answers, now: number): CardPlan {
  const standing = standingOf(state)
  const before = readingsOf(state)
  const firstRun = state.row.evaluated_at === null
  const aged = evaluate(state.card, state.criteria, standing, before, memoryOf(state), now)
  const recorded = new Map<string, Taken>()
  for (const criterion of state.criteria) {
    const taken = answers.get(answerKey(state.row.scope, state.specs.get(criterion.id) ?? ''))
    if (taken !== undefined && isDue(state, criterion, before.get(criterion.id), taken, now)) recorded.set(criterion.id, taken)
  }
  const readings = new Map([...before, ...recorded])
  const evaluation =
    !firstRun && recorded.size === 0
      ? aged
      : evaluate(state.card, state.criteria, standing, readings, firstRun ? null : aged.memory, now)
  const idle = !firstRun && recorded.size === 0 && isRemembered(state, evaluation) && hasCredential(state, evaluation)
  return { kind: 'judged', state, now, aged: firstRun ? undefined : aged, recorded, evaluation, idle }
}

export function planFault(row: CardsTable, fault: string, now: number): FaultPlan {
  const detail = fault.slice(0, FAULT_CHARS)
  const before = memoryOf({ row: { ...row, evaluated_at: row.evaluated_at ?? now }, objectives: new Map() })!
  return { kind: 'fault', row, now, detail, memory: faultedMemory(before, detail, now) }
}

function isRemembered(state: CardState, { memory, weighed }: Evaluation): boolean {
  const { reasons, ...rest } = rowOfMemory(memory)
  const { row, objectives } = state
  const same = Object.entries(rest).every(([column, value]) => row[column as keyof CardsTable] === value)
  if (!same || jsonText(memory.reasons) !== jsonText(memoryOf(state)?.reasons ?? null)) return false
  return weighed.every(({ criterion, notMetSince, unprovenSince }) => {
    const one = objectives.get(criterion.id)
    return one === undefined || (one.not_met_since === notMetSince && one.unproven_since === unprovenSince)
  })
}

function hasCredential({ row, credential }: CardState, { state }: Evaluation): boolean {
  return credential === undefined || credential === (isWorn(state) ? row.hash : null)
}

/** Whether a reading says more than the one that counts so far: another state, another figure, or fresher evidence in time. */
function isDue(state: CardState, criterion: Criterion, before: Taken | undefined, taken: Taken, now: number): boolean {
  const recordedAt = state.objectives.get(criterion.id)?.recorded_at
  if (before === undefined || recordedAt === undefined) return true
  if (judge(criterion, before, now).state !== judge(criterion, taken, now).state) return true
  // What is not known any more may withdraw the badge by itself.
  if ((before.unknown === 0) !== (taken.unknown === 0)) return true
  const age = now - recordedAt
  if (age >= Math.min(durationMs(state.card.period), RECORD_AT_LEAST_MS)) return true
  // Long before it is too old, for the next may be late.
  const stands = Math.min(before.asOf, before.measuredAt)
  if (now - stands >= criterion.maxAgeMs / 2 && Math.min(taken.asOf, taken.measuredAt) > stands) return true
  const sameWords = before.missing?.en === taken.missing?.en
  return age >= RECORD_GAP_MS && !(before.value === taken.value && before.unknown === taken.unknown && sameWords)
}
