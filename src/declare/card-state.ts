import { jsonText, readJson } from '../platform/state/columns.ts'
import { type Criterion, criteriaOf, type Measures, specOf } from './criteria.ts'
import { type Evaluation, evaluate, type Memory, type Readings, type Standing } from './evaluate.ts'
import type { Taken } from './judge.ts'
import type { Fact } from './messages.ts'
import { type Db, objectivesOf, signaturesOf, versionOf } from './queries.ts'
import type { Bilingual, Card } from './schema.ts'
import type { CardsTable, ObjectivesTable, SignaturesTable, VersionsTable } from './tables.ts'

/** A card as the store has it: everything that judging it needs. */
export interface CardState {
  readonly row: CardsTable
  readonly version: VersionsTable
  readonly card: Card
  readonly criteria: readonly Criterion[]
  /** Of every version, oldest first. */
  readonly signatures: readonly SignaturesTable[]
  readonly objectives: ReadonlyMap<string, ObjectivesTable>
}

export async function cardState(db: Db, row: CardsTable, measures: Measures): Promise<CardState | undefined> {
  const [version, signatures, objectives] = await Promise.all([
    versionOf(db, row.id, row.hash),
    signaturesOf(db, row.id),
    objectivesOf(db, row.id),
  ])
  if (version === undefined) return undefined
  const card = readJson<Card>(version.document)
  return {
    row,
    version,
    card,
    criteria: criteriaOf(card, measures),
    signatures,
    objectives: new Map(objectives.map((objective) => [objective.objective, objective])),
  }
}

export function standingOf({ row, signatures }: CardState): Standing {
  return {
    hash: row.hash,
    inForceSince: row.in_force_since,
    missingSince: row.missing_since,
    signatures: signatures.filter(({ hash }) => hash === row.hash).map(({ signer_id, at }) => ({ signer: signer_id, at })),
  }
}

export function readingsOf({ criteria, objectives }: CardState): Readings {
  const readings = new Map<string, Taken>()
  for (const criterion of criteria) {
    const row = objectives.get(criterion.id)
    if (row !== undefined && row.spec === specOf(criterion)) readings.set(criterion.id, takenOf(row))
  }
  return readings
}

function takenOf(row: ObjectivesTable): Taken {
  return {
    value: row.value,
    good: row.good,
    bad: row.bad,
    unknown: row.unknown,
    detail: readJson(row.detail),
    measuredAt: row.measured_at,
    asOf: row.as_of,
    missing: row.missing === null ? null : readJson<Bilingual>(row.missing),
  }
}

/** Null before the first evaluation. */
export function memoryOf({ row, objectives }: CardState): Memory | null {
  if (row.evaluated_at === null) return null
  return {
    state: row.state,
    since: row.since,
    reasons: readJson<Fact[]>(row.reasons),
    earnedAt: row.earned_at,
    heldHash: row.held_hash,
    withdrawnAt: row.withdrawn_at,
    allMetSince: row.all_met_since,
    objectives: Object.fromEntries(
      [...objectives.values()].map((one) => [
        one.objective,
        { notMetSince: one.not_met_since, unprovenSince: one.unproven_since },
      ]),
    ),
  }
}

export function rowOfMemory(memory: Memory): Partial<CardsTable> {
  return {
    state: memory.state,
    since: memory.since,
    reasons: jsonText(memory.reasons),
    earned_at: memory.earnedAt,
    held_hash: memory.heldHash,
    withdrawn_at: memory.withdrawnAt,
    all_met_since: memory.allMetSince,
  }
}

/** What the card is worth at a moment from what the store knows: without asking any measure. */
export function evaluateNow(state: CardState, now: number): Evaluation {
  return evaluate(state.card, state.criteria, standingOf(state), readingsOf(state), memoryOf(state), now)
}
