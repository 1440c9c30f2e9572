import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { refuseUnconfirmed } from '../../access/confirm.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { EVERY_SCOPE, type Route, route } from '../../platform/http/route.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { incidentsNaming } from '../../respond/incidents/redact.ts'
import { allErasures, erasureById, insertErasure } from '../retention/queries.ts'
import { deed } from '../retention/routes.ts'
import type { ErasuresTable, RetentionTables } from '../retention/tables.ts'
import { alertsNaming } from './alerts.ts'
import { formsOf, subjectHash } from './identity.ts'
import { otherNames } from './other-names.ts'
import { askedText, type ErasureDeps, wouldErase } from './run.ts'
import {
  type ErasureRequest,
  type ErasureView,
  erasureListSchema,
  erasureReplySchema,
  erasureRequestSchema,
  erasureSchema,
} from './schema.ts'

export interface ErasureRoutesDeps extends Omit<ErasureDeps, 'forget'> {
  /** An erasure waits to be carried out. */
  readonly asked: () => void
}

/** Erasure of one person's events. */
export function erasureRoutes(deps: ErasureRoutesDeps): Route[] {
  const { state, clock } = deps
  const db = state.tables<RetentionTables>()
  return [
    route({
      method: 'GET',
      path: '/api/v1/erasures',
      permission: 'installation',
      summary: 'Erasures, newest first',
      response: erasureListSchema,
      handle: async () => ({ erasures: (await allErasures(db)).map(erasureView) }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/erasures/:id',
      permission: 'installation',
      summary: 'How far an erasure is',
      params: z.object({ id: z.string().max(100) }),
      response: erasureSchema,
      handle: async ({ params }) => {
        const row = await erasureById(db, params.id)
        if (row === undefined) throw new KanpekiError('not_found', 'There is no such erasure.')
        return erasureView(row)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/erasures',
      permission: 'installation',
      summary: "Erase one person's events, or count them first",
      body: erasureRequestSchema,
      response: erasureReplySchema,
      handle: async ({ body, caller }) => {
        refuseNaming(body)
        const found = {
          ...(await wouldErase(deps, body, body.scope)),
          alerts: await alertsNaming(state, body.identities, body.scope),
          incidents: await incidentsNaming(state.tables(), body.scope, body.identities.flatMap(formsOf)),
          others: await otherNames(deps.lake, body, body.scope),
        }
        if (body.dryRun) return { found, erasure: null, receipt: null }
        refuseUnconfirmed(caller, clock.now())
        const receipt = randomBytes(32).toString('base64url')
        const now = clock.now()
        const row: ErasuresTable = {
          id: randomUUID(),
          scope: body.scope ?? EVERY_SCOPE,
          state: 'running',
          request: askedText(body),
          reason: body.reason,
          by_id: caller.id,
          by_name: caller.name,
          created: now,
          finished: null,
          events: 0,
          batches: 0,
          hours: 0,
          held: 0,
        }
        const said = {
          erasure: row.id,
          subject: subjectHash(receipt, body.identities),
          scope: row.scope,
          reason: row.reason,
          expected: found.events,
        }
        await state.transaction<RetentionTables, void>(async (trx) => {
          await insertErasure(trx, row)
          await recordEvidence(trx, [deed(caller, now, 'erasure.ask', said)], clock)
        })
        deps.asked()
        return { found, erasure: erasureView(row), receipt }
      },
    }),
  ]
}

/** The reason goes into the ledger, from which nothing can be taken out again. */
function refuseNaming({ identities, reason }: ErasureRequest): void {
  const said = reason.toLowerCase()
  if (!identities.some(({ value }) => said.includes(value.toLowerCase()))) return
  throw new KanpekiError('names_person', 'The reason names the person, and it would stay in the ledger for ever.', {
    remedy: 'Give the number of the request instead.',
    place: { field: 'reason' },
  })
}

function erasureView(row: ErasuresTable): ErasureView {
  const { id, state, scope, reason, events, batches, hours, held } = row
  const created = new Date(row.created).toISOString()
  const finished = row.finished === null ? null : new Date(row.finished).toISOString()
  return { id, state, scope, reason, by: row.by_name, created, finished, events, batches, hours, held }
}
