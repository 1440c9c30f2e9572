import { type Route, route } from '../../platform/http/route.ts'
import { type CardState, cardStates } from '../card-state.ts'
import { allCards } from '../queries.ts'
import type { DeclareDeps } from '../routes-deps.ts'
import { allSeries } from '../series/queries.ts'
import type { DeclareTables } from '../tables.ts'
import { refsOf, rfc3339 } from '../view.ts'
import { MEASURE_CATALOGUE } from './measures.ts'
import { type MeasureInfo, measuresResponse } from './schema.ts'
import { TEMPLATES } from './templates.ts'

/** What can be measured: definition, source, freshness and proof of each measure, who uses it, and templates for the rest. */
export function catalogueRoute(deps: DeclareDeps): Route {
  const measures = new Map(deps.measures.map((measure) => [measure.id, measure]))
  return route({
    method: 'GET',
    path: '/api/v1/measures',
    permission: 'cards:read',
    summary: 'What can be measured, with definition, source, freshness and proof, and templates for figures from outside',
    response: measuresResponse,
    handle: async ({ caller }) => {
      const db = deps.state.scoped<DeclareTables>(caller.scope)
      const states = (await cardStates(db, await allCards(db), measures)).filter((state) => 'card' in state)
      const outboxes = states.flatMap(({ objectives }) => [...objectives.values()].map(({ outbox }) => outbox))
      const refs = refsOf(await deps.ledgerIndexes([...new Set(outboxes.filter((outbox) => outbox > 0))]))
      const series = new Set((await allSeries(db)).map(({ id }) => id))
      return {
        measures: deps.measures.map(({ id, unit, title }): MeasureInfo => {
          const entry = Object.hasOwn(MEASURE_CATALOGUE, id) ? MEASURE_CATALOGUE[id] : undefined
          const used = states.flatMap((state) => usesOf(state, id, refs))
          if (entry === undefined) return { id, unit, title: { ...title }, about: null, usual: null, used }
          const { usual, ...about } = entry
          return { id, unit, title: { ...title }, about, usual, used }
        }),
        templates: TEMPLATES.map((template) => ({ ...template, made: series.has(template.series) })),
      }
    },
  })
}

function usesOf({ row, criteria, objectives }: CardState, measure: string, refs: ReturnType<typeof refsOf>): MeasureInfo['used'] {
  return criteria
    .filter((criterion) => criterion.measure === measure)
    .map(({ id, kind, title }) => {
      const newest = objectives.get(id)
      return {
        ...{ card: row.id, objective: id, kind, title },
        value: newest?.value ?? null,
        measuredAt: newest === undefined ? null : rfc3339(newest.measured_at),
        evidence: refs(newest?.outbox ?? 0),
      }
    })
}
