import type { Kysely } from 'kysely'
import type { Clock } from '../kernel/clock.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import type { BadgeState, Measure } from '../kernel/measure.ts'
import { jsonText } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { type CardState, cardState, memoryOf, readingsOf, rowOfMemory, standingOf } from './card-state.ts'
import { settleCredentials } from './credential/issue.ts'
import { type Criterion, specOf } from './criteria.ts'
import { durationMs } from './duration.ts'
import { EVALUATOR, type Evaluation, evaluate } from './evaluate.ts'
import { judge, type Taken } from './judge.ts'
import { reasonOf } from './messages.ts'
import { allCards, badgesOf, cardById, type Db, insertBadge, insertReadings, saveObjective, updateCard } from './queries.ts'
import type { DeclareTables, ObjectivesTable, ReadingsTable } from './tables.ts'
import { take } from './take.ts'
import type { Weighed } from './triggers.ts'

export interface RunDeps {
  readonly state: State
  readonly clock: Clock
  readonly measures: readonly Measure[]
}

/** A badge that changed in a run. */
export interface BadgeChanged {
  readonly card: string
  readonly scope: string
  readonly from: BadgeState | null
  readonly to: BadgeState
}

/** A figure that keeps moving is recorded at most this often, one that stands still at least this often. */
const RECORD_GAP_MS = 60_000
const RECORD_AT_LEAST_MS = 3_600_000

/**
 * Measures every objective of every card and judges the cards: readings, badge and evidence of each card commit in one
 * transaction. Run it every half minute or so; a card that was not evaluated for longer is judged first by what its old
 * readings are worth now, so that a gap in evaluation costs what it must. Only readings that are recorded in the ledger
 * count, and all that change anything are: whoever has the ledger can judge again (replay.ts).
 *
 * @param only evaluate this card alone.
 * @returns what changed; one card's failure is thrown after the others were done.
 */
export async function runEvaluation(deps: RunDeps, only?: string): Promise<readonly BadgeChanged[]> {
  const db = deps.state.tables<DeclareTables>()
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  const asked = new Map<string, Promise<Taken>>()
  const changed: BadgeChanged[] = []
  const failures: unknown[] = []
  for (const row of await allCards(db)) {
    if (only !== undefined && row.id !== only) continue
    try {
      const state = await cardState(db, row, measures)
      if (state === undefined) continue
      const now = deps.clock.now()
      const fresh = new Map(
        await Promise.all(
          state.criteria.map(async (criterion): Promise<readonly [string, Taken]> => {
            const spec = specOf(criterion)
            const key = `${row.scope} ${spec}`
            // Two cards that ask the same get the same answer, and the lake is asked once.
            const answer = asked.get(key) ?? take(criterion, measures.get(criterion.measure), row.scope, now)
            asked.set(key, answer)
            return [spec, await answer]
          }),
        ),
      )
      changed.push(
        ...(await deps.state.transaction<DeclareTables, BadgeChanged[]>((trx) =>
          settle(trx, row.id, measures, fresh, deps.clock),
        )),
      )
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return changed
}

/** Judges a card twice: by what it had, then by what was just measured. Each change of the badge is its own evidence. */
async function settle(
  trx: Kysely<DeclareTables>,
  id: string,
  measures: ReadonlyMap<string, Measure>,
  fresh: ReadonlyMap<string, Taken>,
  clock: Clock,
): Promise<BadgeChanged[]> {
  const row = await cardById(trx, id)
  const state = row === undefined ? undefined : await cardState(trx, row, measures)
  if (state === undefined) return []
  // Evaluations of a card are told apart by their moment, whatever the clock does.
  const now = Math.max(clock.now(), (state.row.evaluated_at ?? 0) + 1)
  const changes: BadgeChanged[] = []
  const standing = standingOf(state)
  const before = readingsOf(state)
  const aged = evaluate(state.card, state.criteria, standing, before, memoryOf(state), now)
  const firstRun = state.row.evaluated_at === null
  if (!firstRun) changes.push(...(await recordBadge(trx, state, aged, state.row.state, now)))
  const recorded = new Map<string, Taken>()
  for (const criterion of state.criteria) {
    const taken = fresh.get(specOf(criterion))
    if (taken !== undefined && isDue(state, criterion, before.get(criterion.id), taken, now)) recorded.set(criterion.id, taken)
  }
  const readings = new Map([...before, ...recorded])
  const evaluation = evaluate(state.card, state.criteria, standing, readings, firstRun ? null : aged.memory, now)
  await recordReadings(trx, state, evaluation, recorded, now)
  changes.push(...(await recordBadge(trx, state, evaluation, firstRun ? null : aged.state, now)))
  await settleCredentials(trx, state.row, evaluation, state.row.hash, now)
  await updateCard(trx, id, { ...rowOfMemory(evaluation.memory), evaluated_at: now })
  return changes
}

async function recordBadge(
  trx: Db,
  state: CardState,
  evaluation: Evaluation,
  from: BadgeState | null,
  now: number,
): Promise<BadgeChanged[]> {
  if (from === evaluation.state) return []
  const { row } = state
  const outbox = await recordEvidence(trx, [badgeEvidence(state, evaluation, from, now)], { now: () => now })
  const [last] = await badgesOf(trx, row.id, 1)
  await insertBadge(trx, {
    card_id: row.id,
    number: (last?.number ?? 0) + 1,
    scope: row.scope,
    at: evaluation.since,
    from_state: from,
    to_state: evaluation.state,
    reasons: jsonText(evaluation.reasons),
    outbox,
  })
  await updateCard(trx, row.id, { outbox })
  return [{ card: row.id, scope: row.scope, from, to: evaluation.state }]
}

function badgeEvidence(state: CardState, evaluation: Evaluation, from: BadgeState | null, now: number): Evidence {
  const { row, card } = state
  return {
    type: 'badge',
    scope: row.scope,
    observed: evaluation.since,
    received: now,
    body: {
      card: row.id,
      version: card.version,
      hash: row.hash,
      from,
      to: evaluation.state,
      since: new Date(evaluation.since).toISOString(),
      reasons: evaluation.reasons.map((fact) => reasonOf(fact) as unknown as JsonObject),
      objectives: evaluation.weighed.map(({ criterion, judged, taken }) => ({
        id: criterion.id,
        state: judged.state,
        value: taken?.value ?? null,
      })),
      signatures: evaluation.signed,
      evaluated: new Date(now).toISOString(),
      evaluator: EVALUATOR,
    },
  }
}

async function recordReadings(
  trx: Db,
  state: CardState,
  evaluation: Evaluation,
  recorded: ReadonlyMap<string, Taken>,
  now: number,
): Promise<void> {
  const due = evaluation.weighed.filter(({ criterion }) => recorded.has(criterion.id))
  const evidence = due.map((item) => measureEvidence(state, item, now))
  const first = (await recordEvidence(trx, evidence, { now: () => now })) - evidence.length + 1
  const points: ReadingsTable[] = []
  for (const item of evaluation.weighed) {
    const place = due.indexOf(item)
    const row = objectiveRow(state, item, place < 0 ? undefined : first + place, now)
    if (row === undefined) continue
    await saveObjective(trx, row)
    if (place >= 0) {
      const { card_id, objective, scope, value, outbox } = row
      points.push({ card_id, objective, scope, at: now, value, state: item.judged.state, outbox })
    }
  }
  await insertReadings(trx, points)
}

/** Whether a reading says more than the one that counts so far: another state, another figure, or fresher evidence in time. */
function isDue(state: CardState, criterion: Criterion, before: Taken | undefined, taken: Taken, now: number): boolean {
  const recordedAt = state.objectives.get(criterion.id)?.recorded_at
  if (before === undefined || recordedAt === undefined) return true
  if (judge(criterion, before, now).state !== judge(criterion, taken, now).state) return true
  const age = now - recordedAt
  if (age >= Math.min(durationMs(state.card.period), RECORD_AT_LEAST_MS)) return true
  // Long before it is too old, for the next may be late.
  const stands = Math.min(before.asOf, before.measuredAt)
  if (now - stands >= criterion.maxAgeMs / 2 && Math.min(taken.asOf, taken.measuredAt) > stands) return true
  const sameWords = before.missing?.en === taken.missing?.en
  return age >= RECORD_GAP_MS && !(before.value === taken.value && sameWords)
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
    spec: specOf(criterion),
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
      ...(taken?.missing == null ? {} : { missing: { ...taken.missing } }),
    },
  }
}

function measureFacts(criterion: Criterion, at: number): Record<string, JsonValue> {
  const { measure, params, unit, comparator, target, windowMs } = criterion
  const from = new Date(at - windowMs).toISOString()
  return { measure, params, unit, comparator, target, from, to: new Date(at).toISOString() }
}
