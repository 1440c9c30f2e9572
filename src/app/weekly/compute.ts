import type { CollectTables } from '../../collect/tables.ts'
import { listSources, type StatusOf } from '../../collect/view.ts'
import { cardState } from '../../declare/card-state.ts'
import { allCards } from '../../declare/queries.ts'
import type { CardView } from '../../declare/schema.ts'
import type { DeclareTables } from '../../declare/tables.ts'
import { cardView, type LedgerIndexes } from '../../declare/view.ts'
import { waitingCards } from '../../declare/waiting.ts'
import { allExceptions } from '../../detect/exceptions/queries.ts'
import { waitingExceptions } from '../../detect/exceptions/waiting.ts'
import { raisedBetween } from '../../detect/queries.ts'
import type { DetectTables } from '../../detect/tables.ts'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { Measure } from '../../kernel/measure.ts'
import type { Caller } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import type { Ledger } from '../../prove/ledger.ts'
import { changedIn } from './changed.ts'
import { decisionsOf, heldReview } from './queries.ts'
import { type DecisionView, keptReview, type ReviewView } from './schema.ts'
import { atRisk, figuresOf, type Standing, toDecide } from './standing.ts'
import type { DecisionsTable, WeeklyTables } from './tables.ts'
import { daysOf, parseWeek, WEEK_MS, type Week, weekOf } from './week.ts'

/** Alerts that are counted for a week; beyond it the figure is a least one. */
const MOST_ALERTS = 10_000

export interface WeeklyDeps {
  readonly state: State
  readonly ledger: Ledger
  readonly clock: Clock
  readonly measures: () => readonly Measure[]
  readonly ledgerIndexes: LedgerIndexes
  readonly statusOf: StatusOf
  /** Minutes east of UTC by which weeks begin. */
  readonly zoneMinutes: number
}

/** Nobody in particular: what a person may sign is no part of a review. */
const NOBODY: Caller = {
  kind: 'anonymous',
  id: '',
  name: '',
  scope: '',
  scopes: [],
  roles: [],
  permissions: new Set(),
  account: null,
}

/** @throws KanpekiError `not_found` for a week that does not exist or has not begun. */
export function weekAsked(deps: Pick<WeeklyDeps, 'clock' | 'zoneMinutes'>, name: string | undefined): Week {
  const current = weekOf(deps.clock.now(), deps.zoneMinutes)
  const week = name === undefined ? current : parseWeek(name, deps.zoneMinutes)
  if (week === undefined || week.from > current.from)
    throw new KanpekiError('not_found', `There is no review of the week ${name}.`)
  return week
}

/** How a scope stands now. */
export async function standingNow(deps: WeeklyDeps, scope: string): Promise<Standing> {
  const now = deps.clock.now()
  const detect = deps.state.scoped<DetectTables>(scope)
  const declare = deps.state.scoped<DeclareTables>(scope)
  const [cards, exceptions, list, ...waiting] = await Promise.all([
    cardsOf(deps, scope, now),
    allExceptions(detect),
    listSources(deps.state.tables<CollectTables>(), scope, deps.statusOf, now),
    waitingCards(declare),
    waitingExceptions(detect),
  ])
  return {
    cards,
    exceptions: exceptions
      .filter((row) => row.state === 'active' && row.expires > now)
      .map(({ id, rule_title, rule_title_ja, owner, hidden, expires }) => ({
        id,
        title: { en: rule_title, ja: rule_title_ja },
        owner,
        hidden,
        expires,
      })),
    silent: list.sources
      .filter(({ silence, state }) => silence === 'silent' || state === 'failed')
      .map(({ id, title, lastEventAt }) => ({ id, name: title, lastEventAt })),
    waiting: waiting.flat().map(({ kind, id, version, title, author, needed, since }) => ({
      kind,
      id,
      version,
      title,
      author: author.name,
      needed,
      since,
    })),
    now,
  }
}

async function cardsOf(deps: WeeklyDeps, scope: string, now: number): Promise<readonly CardView[]> {
  const db = deps.state.scoped<DeclareTables>(scope)
  const measures = new Map(deps.measures().map((measure) => [measure.id, measure]))
  const cards: CardView[] = []
  for (const row of await allCards(db)) {
    const state = await cardState(db, row, measures)
    if (state !== undefined) cards.push(await cardView(db, state, NOBODY, deps.ledgerIndexes, now))
  }
  return cards
}

/**
 * The review of a week: what changed is read from the ledger; what is at risk and to decide is how things stand now, or
 * stood when the review was held. @throws KanpekiError `not_found`.
 */
export async function reviewOf(deps: WeeklyDeps, scope: string, name: string | undefined): Promise<ReviewView> {
  const { clock, zoneMinutes, state } = deps
  const week = weekAsked(deps, name)
  const now = clock.now()
  const current = now < week.to
  const db = state.tables<WeeklyTables>()
  const [held, decisions] = [await heldReview(db, scope, week.id), await decisionsOf(db, scope, week.id)]
  const indexes = await deps.ledgerIndexes([held?.outbox ?? 0, ...decisions.map(({ outbox }) => outbox)].filter((one) => one > 0))
  const shown =
    held !== undefined && !current ? keptReview.parse(readJson(held.view)) : await computed(deps, scope, week, current)
  return {
    scope,
    week: week.id,
    from: iso(week.from),
    to: iso(week.to),
    days: daysOf(week),
    current,
    previous: weekOf(week.from - 1, zoneMinutes).id,
    next: current ? null : weekOf(week.to, zoneMinutes).id,
    computed: iso(now),
    ...shown,
    decisions: decisions.map((row) => decisionSaid(row, indexes)),
    held:
      held === undefined
        ? null
        : { by: held.by_name, at: iso(held.held), note: held.note, entry: indexes.get(held.outbox) ?? null },
  }
}

/** A week that is over and was not held has no standing: nobody can say afterwards what was at risk. */
async function computed(deps: WeeklyDeps, scope: string, week: Week, current: boolean) {
  const names = new Map((await cardsOf(deps, scope, deps.clock.now())).map(({ id, name }) => [id, name]))
  const changed = [...(await changedIn(deps, scope, week, names))]
  const alerts = deps.state.scoped<DetectTables>(scope)
  const [raised, before] = await Promise.all([
    raisedBetween(alerts, week.from, week.to, MOST_ALERTS),
    raisedBetween(alerts, week.from - WEEK_MS, week.from, MOST_ALERTS),
  ])
  const counts = { now: raised.length, before: before.length }
  const nothing: Standing = { cards: [], exceptions: [], silent: [], waiting: [], now: deps.clock.now() }
  const standing = current ? await standingNow(deps, scope) : nothing
  const figures = figuresOf(standing, counts).filter(({ id }) => current || id === 'alerts')
  return { figures: [...figures], changed, atRisk: [...atRisk(standing)], toDecide: [...toDecide(standing)] }
}

function decisionSaid(row: DecisionsTable, indexes: ReadonlyMap<number, number>): DecisionView {
  const { item, title, choice, note, owner, due, by_name: by, at, outbox } = row
  return { item, title: readJson(title), choice, note, owner, due, by, at: iso(at), entry: indexes.get(outbox) ?? null }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
