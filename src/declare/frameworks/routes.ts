import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { type CardState, cardState } from '../card-state.ts'
import { openSlo } from '../export/openslo.ts'
import { oscalResults } from '../export/oscal.ts'
import { allCards } from '../queries.ts'
import type { DeclareDeps } from '../routes-deps.ts'
import type { DeclareTables } from '../tables.ts'
import { refsOf, rfc3339 } from '../view.ts'
import { type Checks, COVERAGE_MEASURE, gatherGrounds } from './gather.ts'
import { judgeFramework } from './judge.ts'
import type { Frameworks } from './load.ts'
import { type Framework, type FrameworkView, frameworkParams, frameworksResponse, frameworkView } from './schema.ts'

export interface FrameworkDeps
  extends Pick<DeclareDeps, 'state' | 'clock' | 'measures' | 'ledgerIndexes' | 'ledgerHead' | 'origin'> {
  readonly frameworks: Frameworks
  /** Checks of other rooms. */
  readonly checks: Checks
}

const FRESH = { 'cache-control': 'no-store' }

/** Frameworks of others over our own evidence, and the same as OSCAL and OpenSLO. */
export function frameworkRoutes(deps: FrameworkDeps): Route[] {
  const { frameworks } = deps.frameworks
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  const cardsOf = async (caller: Caller): Promise<CardState[]> => {
    const db = deps.state.scoped<DeclareTables>(caller.scope)
    const states: CardState[] = []
    for (const row of await allCards(db)) {
      const state = await cardState(db, row, measures)
      if (state !== undefined) states.push(state)
    }
    return states
  }
  const judge = async (caller: Caller, wanted: readonly Framework[]): Promise<FrameworkView[]> => {
    const cards = await cardsOf(caller)
    const outboxes = cards.flatMap((card) => [card.row.outbox, ...[...card.objectives.values()].map(({ outbox }) => outbox)])
    const now = deps.clock.now()
    const names = new Set(wanted.flatMap(({ groups }) => groups.flatMap(({ controls }) => controls.flatMap(({ by = [] }) => by))))
    const grounds = await gatherGrounds(
      [...deps.frameworks.grounds.values()].filter(({ id }) => names.has(id)),
      {
        cards,
        refs: refsOf(await deps.ledgerIndexes([...new Set(outboxes.filter((outbox) => outbox > 0))])),
        coverage: measures.get(COVERAGE_MEASURE),
        checks: deps.checks,
        scope: caller.scope,
        now,
      },
    )
    return wanted.map((one) => judgeFramework(one, grounds, { scope: caller.scope, now }))
  }
  const named = async (caller: Caller, id: string): Promise<FrameworkView> => {
    const found = frameworks.find((one) => one.id === id)
    const [view] = found === undefined ? [] : await judge(caller, [found])
    if (view === undefined)
      throw new KanpekiError('not_found', `There is no framework ${id}.`, {
        remedy: `There are ${frameworks.map((one) => one.id).join(', ')}.`,
      })
    return view
  }
  return [
    route({
      method: 'GET',
      path: '/api/v1/frameworks',
      permission: 'cards:read',
      summary: 'How many controls of each framework the evidence proves',
      response: frameworksResponse,
      handle: async ({ caller }) => {
        const views = await judge(caller, frameworks)
        const heads = views.map(({ id, name, edition, publisher, totals }) => ({ id, name, edition, publisher, totals }))
        return { at: rfc3339(deps.clock.now()), scope: caller.scope, frameworks: heads }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/frameworks/:id',
      permission: 'cards:read',
      summary: 'Every control of a framework with its state, and the figures behind it',
      params: frameworkParams,
      response: frameworkView,
      handle: ({ params, caller }) => named(caller, params.id),
    }),
    route({
      method: 'GET',
      path: '/api/v1/frameworks/:id/oscal',
      permission: 'cards:read',
      summary: 'A framework as OSCAL assessment results (JSON)',
      params: frameworkParams,
      handle: async ({ params, caller }) => {
        const document = oscalResults(await named(caller, params.id), { origin: deps.origin(), ledger: await deps.ledgerHead() })
        return new RawReply('application/json; charset=utf-8', `${JSON.stringify(document, null, 2)}\n`, {
          ...FRESH,
          'content-disposition': `attachment; filename="${params.id}-oscal.json"`,
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/openslo',
      permission: 'cards:read',
      summary: 'The objectives of all declarations as OpenSLO v1 (YAML)',
      handle: async ({ caller }) =>
        new RawReply(
          'application/yaml; charset=utf-8',
          openSlo((await cardsOf(caller)).map(({ card, criteria }) => ({ card, criteria }))),
          {
            ...FRESH,
            'content-disposition': 'attachment; filename="kanpeki-openslo.yaml"',
          },
        ),
    }),
  ]
}
