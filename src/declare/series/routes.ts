import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { externalMeasureId } from './measures.ts'
import { seriesSecretContext } from './pull.ts'
import { allSeries, countSamples, deleteSeries, newestSample, type SeriesDb, saveSeries, seriesById } from './queries.ts'
import { giveSample } from './sample.ts'
import {
  type Pull,
  type SeriesBody,
  type SeriesView,
  sampleBody,
  sampleResponse,
  seriesBody,
  seriesListResponse,
  seriesParams,
  seriesView,
} from './schema.ts'
import type { SeriesTable, SeriesTables } from './tables.ts'

export interface SeriesDeps {
  readonly state: State
  readonly clock: Clock
  readonly sealer: Sealer
  readonly figuresCame: () => void
}

/** Figures that others measure: their series, and the samples pushed into them. */
export function seriesRoutes({ state, clock, sealer, figuresCame }: SeriesDeps): Route[] {
  const scoped = (caller: Caller): SeriesDb => state.scoped<SeriesTables>(caller.scope)
  return [
    route({
      method: 'GET',
      path: '/api/v1/series',
      permission: 'cards:read',
      summary: 'Series of figures from outside, each with its newest sample',
      response: seriesListResponse,
      handle: async ({ caller }) => {
        const db = scoped(caller)
        return { items: await Promise.all((await allSeries(db)).map((row) => viewOf(db, row))) }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/series/:id',
      permission: 'cards:write',
      summary: 'Make or change a series: what it means, and where it is asked, if it is not pushed',
      params: seriesParams,
      body: seriesBody,
      response: seriesView,
      handle: async ({ params: { id }, body, caller }) => {
        const { scope } = caller
        await state.transaction<SeriesTables, void>(async (trx) => {
          const before = await seriesById(trx, scope, id)
          refuseOtherUnit(before, body)
          const now = clock.now()
          const secret = secretOf(body, before, (plain) => sealer.seal(plain, seriesSecretContext(scope, id)))
          const row = rowOf(scope, id, body, secret, before?.created ?? now, caller.name)
          await saveSeries(trx, row)
          const after = {
            unit: body.unit,
            title: { ...body.title },
            definition: body.definition,
            pull: body.pull as JsonObject | null,
          }
          const action = before === undefined ? 'series.create' : 'series.change'
          await recordEvidence(trx, [evidence(action, caller, id, now, { after })], clock)
        })
        const db = scoped(caller)
        return viewOf(db, (await seriesById(db, scope, id))!)
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/series/:id',
      permission: 'cards:write',
      summary: 'Remove a series; what was recorded of it stays in the ledger',
      params: seriesParams,
      handle: async ({ params: { id }, caller }) => {
        await state.transaction<SeriesTables, void>(async (trx) => {
          if ((await seriesById(trx, caller.scope, id)) === undefined) throw absent(id)
          await deleteSeries(trx, caller.scope, id)
          await recordEvidence(trx, [evidence('series.remove', caller, id, clock.now(), {})], clock)
        })
        return {}
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/series/:id/samples',
      permission: 'samples:write',
      summary: 'Push a sample: a figure, or how many items are good, bad and unknown',
      params: seriesParams,
      body: sampleBody,
      response: sampleResponse,
      handle: async ({ params: { id }, body, caller }) => {
        const given = { scope: caller.scope, series: id, by: caller.name, sample: body }
        const { at, value, stored } = await state.transaction<SeriesTables, Awaited<ReturnType<typeof giveSample>>>((trx) =>
          giveSample(trx, given, clock),
        )
        if (stored) figuresCame()
        return { at: new Date(at).toISOString(), value, stored }
      },
    }),
  ]
}

/** Cards hold figures of a series against targets in its unit. @throws KanpekiError `series_unit`. */
function refuseOtherUnit(before: SeriesTable | undefined, { unit }: SeriesBody): void {
  if (before === undefined || before.unit === unit) return
  throw new KanpekiError('series_unit', `The series ${before.id} is in ${before.unit}; its unit cannot change.`, {
    remedy: 'Make another series, or remove this one first.',
  })
}

/** A secret goes with the place it was given for: another address gets none. */
function secretOf(body: SeriesBody, before: SeriesTable | undefined, seal: (plain: string) => string): string | null {
  if (body.pull === null || body.pull.kind === 'otlp' || body.secret === null) return null
  if (body.secret !== undefined) return seal(body.secret)
  const was = before?.pull == null ? undefined : readJson<Pull>(before.pull)
  if (was === undefined || was.kind === 'otlp') return null
  return was.kind === body.pull.kind && new URL(was.url).origin === new URL(body.pull.url).origin ? before!.secret : null
}

function rowOf(scope: string, id: string, body: SeriesBody, secret: string | null, created: number, by: string): SeriesTable {
  return {
    scope,
    id,
    unit: body.unit,
    title_en: body.title.en,
    title_ja: body.title.ja,
    definition: body.definition,
    pull: body.pull === null ? null : jsonText(body.pull),
    secret,
    by_name: by,
    created,
    asked_at: null,
    failing_since: null,
    fault: null,
  }
}

async function viewOf(db: SeriesDb, row: SeriesTable): Promise<SeriesView> {
  const newest = await newestSample(db, row.scope, row.id)
  return {
    id: row.id,
    unit: row.unit,
    title: { en: row.title_en, ja: row.title_ja },
    definition: row.definition,
    pull: row.pull === null ? null : readJson<Pull>(row.pull),
    hasSecret: row.secret !== null,
    measure: externalMeasureId(row.unit),
    newest:
      newest === undefined
        ? null
        : {
            at: new Date(newest.at).toISOString(),
            value: newest.value,
            good: newest.good,
            bad: newest.bad,
            unknown: newest.unknown,
          },
    samples: await countSamples(db, row.scope, row.id),
    fault:
      row.fault === null || row.failing_since === null
        ? null
        : { since: new Date(row.failing_since).toISOString(), reason: row.fault },
    by: row.by_name,
  }
}

function evidence(action: string, caller: Caller, target: string, now: number, more: JsonObject) {
  const body: JsonObject = { action, by: { id: caller.id, name: caller.name }, target, measure: target, ...more }
  return { type: 'admin' as const, scope: caller.scope, observed: now, received: now, body }
}

function absent(id: string): KanpekiError {
  return new KanpekiError('not_found', `There is no series ${id}.`)
}
