import type { Kysely } from 'kysely'
import type { Clock } from '../kernel/clock.ts'
import { messageOf } from '../kernel/error.ts'
import type { Measure } from '../kernel/measure.ts'
import type { State } from '../platform/state/state.ts'
import { type Answers, askAll } from './ask.ts'
import { type BrokenCard, type CardState, cardStates } from './card-state.ts'
import { type Planned, planCard, planFault } from './plan.ts'
import { allCards, cardById, cardsById, type Db, noteEvaluated } from './queries.ts'
import { type BadgeChanged, record } from './record.ts'
import type { CardsTable, DeclareTables } from './tables.ts'

export interface RunDeps {
  readonly state: State
  readonly clock: Clock
  readonly measures: readonly Measure[]
}

const CARDS_A_QUESTION = 500
/** One transaction has the store to itself: others must get their turn. */
const CARDS_A_TRANSACTION = 50

/**
 * Measures every objective of every card and judges the cards: readings, badge and evidence of each card commit in one
 * transaction. Run it every few seconds; a card that was not evaluated for longer is judged first by what its old
 * readings are worth now, so that a gap in evaluation costs what it must. Only readings that are recorded in the ledger
 * count, and all that change anything are: whoever has the ledger can judge again (replay.ts). A card of which nothing
 * changed costs no write of its own; one that cannot be judged loses its badge.
 *
 * @param only evaluate this card alone.
 * @returns what changed; one card's failure is thrown after the others were done.
 */
export async function runEvaluation(deps: RunDeps, only?: string): Promise<readonly BadgeChanged[]> {
  const db = deps.state.tables<DeclareTables>()
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  const changed: BadgeChanged[] = []
  const failures: unknown[] = []
  const states: (CardState | BrokenCard)[] = []
  const rows = only === undefined ? await allCards(db) : await oneCard(db, only)
  for (const some of chunks(rows, CARDS_A_QUESTION)) states.push(...(await cardStates(db, some, measures)))
  const answers = await askAll(
    states.filter((state) => 'card' in state),
    measures,
    deps.clock.now(),
  )
  const idle: string[] = []
  const busy: string[] = []
  const now = deps.clock.now()
  for (const state of states) (isIdle(state, answers, now) ? idle : busy).push(state.row.id)
  for (const some of chunks(busy, CARDS_A_TRANSACTION)) {
    try {
      changed.push(
        ...(await deps.state.transaction<DeclareTables, BadgeChanged[]>((trx) =>
          judge(trx, some, measures, answers, deps.clock, failures),
        )),
      )
    } catch (error) {
      failures.push(error)
    }
  }
  for (const some of chunks(idle, CARDS_A_QUESTION))
    await deps.state.transaction<DeclareTables, void>((trx) => noteEvaluated(trx, some, now))
  if (failures.length > 0) throw failures[0]
  return changed
}

async function oneCard(db: Db, id: string): Promise<CardsTable[]> {
  const row = await cardById(db, id)
  return row === undefined ? [] : [row]
}

/** Nothing to write but that somebody looked. */
function isIdle(state: CardState | BrokenCard, answers: Answers, now: number): boolean {
  if (!('card' in state)) return false
  try {
    return planCard(state, answers, Math.max(now, (state.row.evaluated_at ?? 0) + 1)).idle
  } catch {
    return false
  }
}

/** Judges cards by the store as it is inside the transaction: whatever happened since they were measured counts. */
async function judge(
  trx: Kysely<DeclareTables>,
  ids: readonly string[],
  measures: ReadonlyMap<string, Measure>,
  answers: Answers,
  clock: Clock,
  failures: unknown[],
): Promise<BadgeChanged[]> {
  const plans = (await cardStates(trx, await cardsById(trx, ids), measures)).flatMap((state): readonly Planned[] => {
    // Evaluations of a card are told apart by their moment, whatever the clock does.
    const now = Math.max(clock.now(), (state.row.evaluated_at ?? 0) + 1)
    try {
      if ('card' in state) return [planCard(state, answers, now)]
      failures.push(new Error(`${state.row.id}: ${state.fault}`))
      return [planFault(state.row, state.fault, now)]
    } catch (error) {
      failures.push(error)
      return [planFault(state.row, messageOf(error), now)]
    }
  })
  return await record(trx, plans)
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
