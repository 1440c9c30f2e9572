import { messageOf } from '../kernel/error.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { type Criterion, criteriaOf, type Measures, specOf } from './criteria.ts'
import { type Evaluation, evaluate, type Memory, type Readings, type Standing } from './evaluate.ts'
import type { Taken } from './judge.ts'
import type { Fact } from './messages.ts'
import { type Db, manyCards, objectivesOf, signaturesOf, versionOf } from './queries.ts'
import type { Bilingual, Card } from './schema.ts'
import type { CardsTable, ObjectivesTable, SignaturesTable, VersionsTable } from './tables.ts'

/** A card as the store has it: everything that judging it needs. */
export interface CardState {
  readonly row: CardsTable
  readonly version: VersionsTable
  readonly card: Card
  readonly criteria: readonly Criterion[]
  /** By criterion what it asks, see `specOf`. */
  readonly specs: ReadonlyMap<string, string>
  /** Of every version, oldest first. */
  readonly signatures: readonly SignaturesTable[]
  readonly objectives: ReadonlyMap<string, ObjectivesTable>
  /** The version that the credential in force stands for; null for none, undefined where it was not asked for. */
  readonly credential?: string | null
}

/** A card that cannot be read any more, and why. */
export interface BrokenCard {
  readonly row: CardsTable
  readonly fault: string
}

export async function cardState(db: Db, row: CardsTable, measures: Measures): Promise<CardState | undefined> {
  const [version, signatures, objectives] = await Promise.all([
    versionOf(db, row.id, row.hash),
    signaturesOf(db, row.id),
    objectivesOf(db, row.id),
  ])
  return version === undefined ? undefined : stateFrom(row, version, signatures, objectives, measures)
}

/** The same for many cards in few questions, in their order. @param rows at most 1000. */
export async function cardStates(
  db: Db,
  rows: readonly CardsTable[],
  measures: Measures,
): Promise<readonly (CardState | BrokenCard)[]> {
  const many = await manyCards(
    db,
    rows.map(({ id }) => id),
  )
  const versions = new Map(many.versions.map((version) => [`${version.card_id} ${version.hash}`, version]))
  const signatures = Map.groupBy(many.signatures, ({ card_id }) => card_id)
  const objectives = Map.groupBy(many.objectives, ({ card_id }) => card_id)
  const credentials = new Map(many.credentials.map(({ card_id, hash }) => [card_id, hash]))
  return rows.map((row) => {
    try {
      const version = versions.get(`${row.id} ${row.hash}`)
      if (version === undefined) return { row, fault: `the text of version ${row.hash} is not there` }
      const state = stateFrom(row, version, signatures.get(row.id) ?? [], objectives.get(row.id) ?? [], measures)
      return { ...state, credential: credentials.get(row.id) ?? null }
    } catch (error) {
      return { row, fault: messageOf(error) }
    }
  })
}

function stateFrom(
  row: CardsTable,
  version: VersionsTable,
  signatures: readonly SignaturesTable[],
  objectives: readonly ObjectivesTable[],
  measures: Measures,
): CardState {
  const card = readJson<Card>(version.document)
  const criteria = criteriaOf(card, measures)
  return {
    row,
    version,
    card,
    criteria,
    specs: new Map(criteria.map((criterion) => [criterion.id, specOf(criterion)])),
    signatures,
    objectives: new Map(objectives.map((objective) => [objective.objective, objective])),
  }
}

export function standingOf({ row, signatures }: CardState): Standing {
  return {
    hash: row.hash,
    inForceSince: row.in_force_since,
    missingSince: row.missing_since,
    ...(row.required === null ? {} : { required: row.required }),
    signatures: signatures.filter(({ hash }) => hash === row.hash).map(({ signer_id, at }) => ({ signer: signer_id, at })),
  }
}

export function readingsOf({ criteria, specs, objectives }: CardState): Readings {
  const readings = new Map<string, Taken>()
  for (const criterion of criteria) {
    const row = objectives.get(criterion.id)
    if (row !== undefined && row.spec === specs.get(criterion.id)) readings.set(criterion.id, takenOf(row))
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
export function memoryOf({ row, objectives }: Pick<CardState, 'row' | 'objectives'>): Memory | null {
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
