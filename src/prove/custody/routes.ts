import type { z } from 'zod'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import type { State } from '../../platform/state/state.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import type { Ledger } from '../ledger.ts'
import { findEntries, ledgerPlaces } from '../queries.ts'
import { readEntry } from '../reconcile.ts'
import type { ProveArtefactRow, ProveTables } from '../tables.ts'
import { summaryOf } from '../views.ts'
import type { Custody } from './custody.ts'
import { artefactById, artefactsOf, contentOf } from './queries.ts'
import {
  type ArtefactDetail,
  type ArtefactView,
  artefactDetailSchema,
  artefactParamsSchema,
  artefactSchema,
  artefactsPageSchema,
  artefactsQuerySchema,
  changedArtefactSchema,
  newArtefactSchema,
  reasonSchema,
  transferSchema,
} from './schema.ts'
import { artefactView } from './view.ts'

type Tables = ProveTables & StateTables

export interface CustodyRoutesDeps {
  readonly custody: Custody
  readonly ledger: Ledger
  readonly state: State
  readonly clock?: Clock
  /** Refuses somebody who did not just show who they are. @throws KanpekiError `confirm_identity`. */
  readonly confirm: (caller: Caller, now: number) => void
}

const MOST_CHAIN = 500

/** Artefacts and their chain of custody. */
export function custodyRoutes(deps: CustodyRoutesDeps): Route[] {
  const { custody, state } = deps
  const clock = deps.clock ?? systemClock
  const db = state.tables<Tables>()
  const seen = (row: ProveArtefactRow): Promise<ArtefactView> => viewOf(deps, row, clock.now())
  return [
    route({
      method: 'GET',
      path: '/api/v1/artefacts',
      permission: 'artefacts:read',
      summary: 'Artefacts that are kept as evidence, newest first',
      query: artefactsQuerySchema,
      response: artefactsPageSchema,
      handle: async ({ query, caller }) => {
        const { kind, alert, cursor, limit } = query
        const before = cursor === undefined ? undefined : Number(cursor)
        const rows = await artefactsOf(db, { scope: caller.scope, kind, alert, before, limit: limit + 1 })
        const page = rows.slice(0, limit)
        const items = await Promise.all(page.map(seen))
        const next = rows.length > limit ? String(page.at(-1)!.outbox) : null
        return { items, next, used: await custody.used(), quota: custody.quota, most: custody.most }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/artefacts',
      permission: 'artefacts:write',
      summary: 'Keep an artefact as evidence; its bytes are the body (application/octet-stream)',
      query: newArtefactSchema,
      response: artefactSchema,
      readsBody: true,
      handle: async ({ query, caller, request }) => seen(await custody.add(caller, query, request)),
    }),
    route({
      method: 'GET',
      path: '/api/v1/artefacts/:id',
      permission: 'artefacts:read',
      summary: 'An artefact with its chain of custody',
      params: artefactParamsSchema,
      response: artefactDetailSchema,
      handle: async ({ params, caller }): Promise<ArtefactDetail> => {
        const row = await artefactById(db, caller.scope, params.id)
        if (row === undefined) throw new KanpekiError('not_found', `There is no artefact ${params.id}.`)
        return { ...(await seen(row)), chain: await chainOf(deps, row) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/artefacts/:id/content',
      permission: 'artefacts:read',
      summary: 'The bytes of an artefact; the ledger is told who takes them',
      params: artefactParamsSchema,
      handle: async ({ params, caller }) => {
        const { row, content } = await custody.take(caller, params.id)
        return new RawReply('application/octet-stream', content, {
          'cache-control': 'no-store',
          'content-length': String(row.bytes),
          'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(row.name).replaceAll("'", '%27')}`,
        })
      },
    }),
    ...deedRoutes(deps, clock, seen),
  ]
}

/** What people do with one. */
function deedRoutes(
  { custody, confirm }: CustodyRoutesDeps,
  clock: Clock,
  seen: (row: ProveArtefactRow) => Promise<ArtefactView>,
): Route[] {
  const change = <B extends z.ZodType>(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    summary: string,
    body: B,
    work: (caller: Caller, id: string, said: z.infer<B>) => Promise<ProveArtefactRow>,
  ): Route =>
    route({
      method,
      path: `/api/v1/artefacts/:id${path}`,
      permission: 'artefacts:write',
      summary,
      params: artefactParamsSchema,
      body,
      response: artefactSchema,
      handle: async (input) => seen(await work(input.caller, input.params.id, input.body as z.infer<B>)),
    })
  return [
    change('PATCH', '', 'Keep it longer or shorter, or change how long it is valid', changedArtefactSchema, (caller, id, said) =>
      custody.change(caller, id, said),
    ),
    change('POST', '/transfers', 'Record that it was handed to somebody outside', transferSchema, (caller, id, { to, reason }) =>
      custody.transfer(caller, id, to, reason),
    ),
    change('POST', '/hold', 'Keep it whatever its time is (legal hold)', reasonSchema, (caller, id, { reason }) =>
      custody.hold(caller, id, reason),
    ),
    change('POST', '/release', 'Let go of it', reasonSchema, async (caller, id, { reason }) => {
      confirm(caller, clock.now())
      return custody.release(caller, id, reason)
    }),
    change('DELETE', '', 'Remove it for good; what was recorded of it stays', reasonSchema, async (caller, id, { reason }) => {
      confirm(caller, clock.now())
      return custody.remove(caller, id, reason)
    }),
  ]
}

async function viewOf({ ledger, state }: CustodyRoutesDeps, row: ProveArtefactRow, now: number): Promise<ArtefactView> {
  const db = state.tables<Tables>()
  const index = (await ledgerPlaces(db, [row.outbox])).get(row.outbox)
  const entry = index === undefined ? undefined : { index, logged: (await readEntry(ledger, index)).logged }
  const content = await contentOf(db, row.sha256)
  return artefactView(row, entry, content !== undefined && content.sealed_key !== null, now)
}

/** Oldest first. */
async function chainOf({ ledger, state }: CustodyRoutesDeps, { scope, id }: ProveArtefactRow) {
  const found = await findEntries(state.tables<Tables>(), { scope, subject: { kind: 'artefact', id }, limit: MOST_CHAIN })
  return Promise.all([...found].reverse().map(async (index) => summaryOf(index, await readEntry(ledger, index))))
}
