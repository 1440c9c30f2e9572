import { cardState } from '../../declare/card-state.ts'
import { targetText } from '../../declare/figure.ts'
import { readCard } from '../../declare/load.ts'
import { cardById } from '../../declare/queries.ts'
import type { DeclareTables } from '../../declare/tables.ts'
import { cardView, type LedgerIndexes } from '../../declare/view.ts'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { Measure } from '../../kernel/measure.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { heldCount } from '../weekly/queries.ts'
import type { WeeklyTables } from '../weekly/tables.ts'
import { cardIdOf, draftCard, draftYaml } from './draft.ts'
import { STARTERS } from './objectives.ts'
import { chooseFirst, firstWeekOf } from './queries.ts'
import { chooseBody, chooseReply, type FirstWeekView, firstWeekView } from './schema.ts'
import { stepsOf } from './steps.ts'
import type { FirstWeekTables } from './tables.ts'

export interface FirstWeekDeps {
  readonly state: State
  readonly clock: Clock
  readonly measures: () => readonly Measure[]
  readonly ledgerIndexes: LedgerIndexes
  /** The console's address as people reach it, without a trailing slash. */
  readonly origin: () => string
  /** Evidence was recorded. */
  readonly changed: () => void
}

/** The guided first week: a path, its card, and the steps from there to a badge, each told by how things really are. */
export function firstWeekRoutes(deps: FirstWeekDeps): Route[] {
  const { state, clock } = deps
  return [
    route({
      method: 'GET',
      path: '/api/v1/first-week',
      permission: 'cards:read',
      summary: 'How far the first week is, from choosing a path to a badge',
      response: firstWeekView,
      handle: ({ caller }) => viewOf(deps, caller),
    }),
    route({
      method: 'POST',
      path: '/api/v1/first-week',
      permission: 'cards:write',
      summary: 'Choose the path to begin with; answers its card as YAML, to be read, changed and proposed',
      body: chooseBody,
      response: chooseReply,
      handle: async ({ body, caller }) => {
        const now = clock.now()
        const known = new Map(deps.measures().map((measure) => [measure.id, measure]))
        const id = await freeId(deps, cardIdOf(body.name.en), caller.scope)
        const yaml = draftYaml(draftCard(id, body, caller.scope, caller.name, now), deps.origin())
        const read = readCard(yaml, '', known)
        if ('problems' in read) {
          const [problem] = read.problems
          throw new KanpekiError('invalid_input', problem?.message ?? 'This makes no card.', { remedy: problem?.remedy ?? '' })
        }
        await state.transaction<FirstWeekTables, void>(async (trx) => {
          await chooseFirst(trx, { scope: caller.scope, card_id: id, name: jsonText(body.name), by_name: caller.name, at: now })
          const said = { action: 'first-week.choose', by: { id: caller.id, name: caller.name }, target: body.name.en, card: id }
          await recordEvidence(trx, [{ type: 'admin', scope: caller.scope, observed: now, received: now, body: said }], clock)
        })
        deps.changed()
        return { yaml, view: await viewOf(deps, caller) }
      },
    }),
  ]
}

/** Ids are of the whole installation, since badges' addresses are: one that another scope has gets a number. */
async function freeId({ state }: FirstWeekDeps, wanted: string, scope: string): Promise<string> {
  const db = state.tables<DeclareTables>()
  for (let number = 1; ; number++) {
    const id = number === 1 ? wanted : `${wanted}-${number}`
    const row = await cardById(db, id)
    if (row === undefined || row.scope === scope) return id
  }
}

async function viewOf({ state, clock, measures, ledgerIndexes }: FirstWeekDeps, caller: Caller): Promise<FirstWeekView> {
  const { scope } = caller
  const chosen = await firstWeekOf(state.tables<FirstWeekTables>(), scope)
  const known = new Map(measures().map((measure) => [measure.id, measure]))
  const db = state.scoped<DeclareTables>(scope)
  const row = chosen === undefined ? undefined : await cardById(db, chosen.card_id)
  const stored = row === undefined ? undefined : await cardState(db, row, known)
  const card = stored === undefined ? undefined : await cardView(db, stored, caller, ledgerIndexes, clock.now())
  const reviews = await heldCount(state.tables<WeeklyTables>(), scope)
  return {
    path:
      chosen === undefined
        ? null
        : { card: chosen.card_id, name: readJson(chosen.name), by: chosen.by_name, at: new Date(chosen.at).toISOString() },
    card:
      card === undefined
        ? null
        : { id: card.id, name: card.name, version: card.version, state: card.badge.state, badgeUrl: card.badgeUrl },
    steps: [...stepsOf({ chosen: chosen !== undefined, card, triggers: stored?.card.withdrawal.length ?? 0, reviews })],
    offered: STARTERS.flatMap(({ id, title, measure, comparator, target }) => {
      const unit = known.get(measure)?.unit
      return unit === undefined
        ? []
        : [{ id, title, target: targetText(comparator, target, unit), own: !measure.startsWith('external.') }]
    }),
  }
}
