import type { Kysely } from 'kysely'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import type { BadgeState } from '../kernel/measure.ts'
import { jsonText } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { type CardState, rowOfMemory } from './card-state.ts'
import { settleCredentials } from './credential/issue.ts'
import type { Criterion } from './criteria.ts'
import { EVALUATOR, type Evaluation } from './evaluate.ts'
import { type Fact, reasonOf } from './messages.ts'
import type { CardPlan, FaultPlan, Planned } from './plan.ts'
import { badgesOf, insertBadge, insertReadings, saveObjectives, updateCard } from './queries.ts'
import type { DeclareTables, ObjectivesTable, ReadingsTable } from './tables.ts'
import type { Weighed } from './triggers.ts'

/** A badge that changed in a run. */
export interface BadgeChanged {
  readonly card: string
  readonly scope: string
  readonly from: BadgeState | null
  readonly to: BadgeState
}

/** A change of a badge with the place of its evidence in what is recorded together. */
interface Change {
  readonly row: { readonly id: string; readonly scope: string }
  readonly from: BadgeState | null
  readonly to: BadgeState
  readonly since: number
  readonly reasons: readonly Fact[]
  readonly place: number
}

/** What is written for many cards in few statements, gathered first: evidence gets its numbers all at once. */
interface Gathered {
  readonly evidence: Evidence[]
  readonly changes: Change[]
  /** Objectives with the place of their evidence; null for one of which nothing new was recorded. */
  readonly objectives: { readonly plan: CardPlan; readonly item: Weighed; readonly place: number | null }[]
}

/**
 * Writes what evaluations came to, in the caller's transaction. Of each card, in this order: the badge that its old readings
 * cost it, its new readings, the evaluation, and the badge that follows from it. Replaying relies on that order.
 */
export async function record(trx: Kysely<DeclareTables>, plans: readonly Planned[]): Promise<BadgeChanged[]> {
  const all: Gathered = { evidence: [], changes: [], objectives: [] }
  for (const plan of plans)
    if (plan.kind === 'judged') gather(all, plan)
    else gatherFault(all, plan)
  const now = Math.max(0, ...plans.map((plan) => plan.now))
  const last = await recordEvidence(trx, all.evidence, { now: () => now })
  const outboxOf = (place: number): number => last - all.evidence.length + 1 + place
  const points: ReadingsTable[] = []
  const rows = all.objectives.flatMap(({ plan, item, place }) => {
    const row = objectiveRow(plan.state, item, place === null ? undefined : outboxOf(place), plan.now)
    if (row === undefined) return []
    const { card_id, objective, scope, value, outbox } = row
    if (place !== null) points.push({ card_id, objective, scope, at: plan.now, value, state: item.judged.state, outbox })
    return [row]
  })
  await saveObjectives(trx, rows)
  await insertReadings(trx, points)
  for (const change of all.changes) await saveChange(trx, change, outboxOf(change.place))
  for (const plan of plans) {
    if (plan.kind === 'judged') {
      await settleCredentials(trx, plan.state.row, plan.evaluation, plan.state.row.hash, plan.now)
      await updateCard(trx, plan.state.row.id, { ...rowOfMemory(plan.evaluation.memory), evaluated_at: plan.now })
    } else {
      await settleCredentials(trx, plan.row, plan.memory, plan.row.hash, plan.now)
      await updateCard(trx, plan.row.id, {
        ...rowOfMemory(plan.memory),
        evaluated_at: plan.row.evaluated_at === null ? null : plan.now,
      })
    }
  }
  return all.changes.map(({ row, from, to }) => ({ card: row.id, scope: row.scope, from, to }))
}

function gather(all: Gathered, plan: CardPlan): void {
  const { state, aged, recorded, evaluation, now } = plan
  if (aged !== undefined && aged.state !== state.row.state) gatherBadge(all, state, aged, state.row.state, now)
  for (const item of evaluation.weighed) {
    const due = recorded.has(item.criterion.id)
    if (due) all.evidence.push(measureEvidence(state, item, now))
    all.objectives.push({ plan, item, place: due ? all.evidence.length - 1 : null })
  }
  if (recorded.size > 0) all.evidence.push(evaluationEvidence(state, evaluation, now))
  const from = aged?.state ?? null
  if (from !== evaluation.state) gatherBadge(all, state, evaluation, from, now)
}

function gatherBadge(all: Gathered, state: CardState, evaluation: Evaluation, from: BadgeState | null, now: number): void {
  const { state: to, since, reasons } = evaluation
  all.evidence.push(badgeEvidence(state, evaluation, from, now))
  all.changes.push({ row: state.row, from, to, since, reasons, place: all.evidence.length - 1 })
}

function gatherFault(all: Gathered, { row, now, detail, memory }: FaultPlan): void {
  if (memory.state === row.state) return
  const body: JsonObject = {
    card: row.id,
    hash: row.hash,
    from: row.state,
    to: memory.state,
    since: new Date(memory.since).toISOString(),
    reasons: memory.reasons.map((fact) => reasonOf(fact) as unknown as JsonObject),
    fault: detail,
    evaluated: new Date(now).toISOString(),
    evaluator: EVALUATOR,
  }
  all.evidence.push({ type: 'badge', scope: row.scope, observed: memory.since, received: now, body })
  const { state: to, since, reasons } = memory
  all.changes.push({ row, from: row.state, to, since, reasons, place: all.evidence.length - 1 })
}

async function saveChange(trx: Kysely<DeclareTables>, change: Change, outbox: number): Promise<void> {
  const { row, from, to, since, reasons } = change
  const [last] = await badgesOf(trx, row.id, 1)
  await insertBadge(trx, {
    card_id: row.id,
    number: (last?.number ?? 0) + 1,
    scope: row.scope,
    at: since,
    from_state: from,
    to_state: to,
    reasons: jsonText(reasons),
    outbox,
  })
  await updateCard(trx, row.id, { outbox })
}

function badgeEvidence(state: CardState, evaluation: Evaluation, from: BadgeState | null, now: number): Evidence {
  const reasons = evaluation.reasons.map((fact) => reasonOf(fact) as unknown as JsonObject)
  const body = { ...evaluationFacts(state, evaluation, now), from, to: evaluation.state, reasons }
  return { type: 'badge', scope: state.row.scope, observed: evaluation.since, received: now, body }
}

/** What the readings recorded just before it came to, whether or not the badge changed. */
function evaluationEvidence(state: CardState, evaluation: Evaluation, now: number): Evidence {
  const body = { ...evaluationFacts(state, evaluation, now), state: evaluation.state }
  return { type: 'evaluation', scope: state.row.scope, observed: now, received: now, body }
}

function evaluationFacts({ row, card }: CardState, { since, weighed, signed }: Evaluation, now: number): JsonObject {
  return {
    card: row.id,
    version: card.version,
    hash: row.hash,
    since: new Date(since).toISOString(),
    objectives: weighed.map(({ criterion, judged, taken }) => ({
      id: criterion.id,
      state: judged.state,
      value: taken?.value ?? null,
    })),
    signatures: signed,
    evaluated: new Date(now).toISOString(),
    evaluator: EVALUATOR,
  }
}

/** Undefined where nothing was ever measured: there is nothing to keep. */
function objectiveRow(state: CardState, item: Weighed, outbox: number | undefined, now: number): ObjectivesTable | undefined {
  const { criterion, judged, taken, notMetSince, unprovenSince } = item
  const before = state.objectives.get(criterion.id)
  if (taken === undefined)
    return before === undefined ? undefined : { ...before, not_met_since: notMetSince, unproven_since: unprovenSince }
  const recorded =
    outbox === undefined && before !== undefined
      ? {
          recorded_at: before.recorded_at,
          recorded_value: before.recorded_value,
          recorded_state: before.recorded_state,
          outbox: before.outbox,
        }
      : { recorded_at: now, recorded_value: taken.value, recorded_state: judged.state, outbox: outbox ?? 0 }
  return {
    card_id: state.row.id,
    objective: criterion.id,
    scope: state.row.scope,
    spec: state.specs.get(criterion.id) ?? '',
    not_met_since: notMetSince,
    unproven_since: unprovenSince,
    value: taken.value,
    good: taken.good,
    bad: taken.bad,
    unknown: taken.unknown,
    detail: jsonText(taken.detail),
    missing: taken.missing === null ? null : jsonText(taken.missing),
    measured_at: taken.measuredAt,
    as_of: taken.asOf,
    ...recorded,
  }
}

function measureEvidence(state: CardState, item: Weighed, now: number): Evidence {
  const { criterion, taken, judged } = item
  const { row, card } = state
  const at = taken?.measuredAt ?? now
  return {
    type: 'measure',
    scope: row.scope,
    observed: taken?.asOf ?? now,
    received: at,
    body: {
      card: row.id,
      version: card.version,
      hash: row.hash,
      objective: criterion.id,
      ...measureFacts(criterion, at),
      asOf: new Date(taken?.asOf ?? now).toISOString(),
      evaluated: new Date(now).toISOString(),
      evaluator: EVALUATOR,
      value: taken?.value ?? null,
      state: judged.state,
      good: taken?.good ?? 0,
      bad: taken?.bad ?? 0,
      unknown: taken?.unknown ?? 0,
      detail: taken?.detail ?? {},
      inputs: taken?.inputs ?? [],
      ...(taken?.missing == null ? {} : { missing: { ...taken.missing } }),
    },
  }
}

function measureFacts(criterion: Criterion, at: number): Record<string, JsonValue> {
  const { measure, params, unit, comparator, target, windowMs } = criterion
  const from = new Date(at - windowMs).toISOString()
  return { measure, params, unit, comparator, target, from, to: new Date(at).toISOString() }
}
