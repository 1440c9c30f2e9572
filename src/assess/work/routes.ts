import type { z } from 'zod'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { AssessDeps } from '../inventory/deps.ts'
import { namesOf } from '../inventory/finding-names.ts'
import { type Db, findingsAt } from '../inventory/queries.ts'
import type { AssessTables, ExceptionsTable, FindingsTable, WorkTable } from '../inventory/tables.ts'
import { time } from '../inventory/view.ts'
import { weighAll } from '../inventory/weigh-all.ts'
import { csafVex } from '../vex/csaf.ts'
import { cycloneDxVex } from '../vex/cyclonedx-vex.ts'
import { openVex } from '../vex/openvex.ts'
import { readVex } from '../vex/read-vex.ts'
import { silences } from '../vex/statement.ts'
import { weighedOn } from '../weighing/page.ts'
import { decideException, endException, proposeException } from './exceptions.ts'
import { keepEnvironment, keepRating } from './keep-rating.ts'
import { ownStatements } from './own-statements.ts'
import { exceptionsOf, saveWork, workAt } from './queries.ts'
import {
  environmentBody,
  environmentReply,
  newWaiver,
  ratingBody,
  ratingReply,
  ticketBody,
  vexBody,
  vexQuery,
  type WaiverView,
  waiver,
  waiverDecision,
  waiverList,
  waiverParams,
  workBody,
  workReply,
} from './schema.ts'
import { ticketOf } from './ticket.ts'

/** Who mends what until when, what is borne instead, and what others are told of it. */
export function workRoutes(deps: AssessDeps): Route[] {
  const { state, clock, openTicket, changed } = deps
  const write = async <T>(caller: Caller, work: (trx: Db, now: number) => Promise<T>): Promise<T> => {
    const now = clock.now()
    const done = await state.transaction<AssessTables, T>((trx) => work(scopedTo(trx, caller.scope), now))
    changed()
    return done
  }
  return [
    route({
      method: 'POST',
      path: '/api/v1/vulnerabilities/work',
      permission: 'assets:write',
      summary: 'Say who mends a weakness, until when, and by which ticket',
      body: workBody,
      response: workReply,
      handle: async ({ body, caller }) => {
        return await write(caller, (trx, now) => keepWork(trx, body, caller, now))
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/vulnerabilities/ticket',
      permission: 'assets:write',
      summary: 'Open a ticket about a weakness at the ticket system that is connected; asked for again, the same one is found',
      body: ticketBody,
      response: workReply,
      handle: async ({ body: { language, on, ...which }, caller }) => {
        const db = state.scoped<AssessTables>(caller.scope)
        const found = await knownFinding(db, which)
        const [feeds, { policy }] = await Promise.all([deps.feeds.current(), deps.policy.current()])
        const all = await weighedOn(db, [found.asset], found.package, { feeds, policy, now: clock.now() })
        const weighed = all.find(({ cause }) => cause.names.includes(found.id))
        if (weighed === undefined || weighed.cause.gone !== null) throw new KanpekiError('conflict', 'It is gone already.')
        const ticket = await openTicket({
          scope: caller.scope,
          about: [found.asset.toLowerCase(), found.package, weighed.cause.row.id],
          by: caller.name,
          ...ticketOf(weighed, language),
          ...(on === undefined ? {} : { on }),
        })
        const told = ticket.url === null ? ticket.id : `${ticket.id} ${ticket.url}`
        return await write(caller, (trx, now) => keepWork(trx, { ...which, ticket: told }, caller, now))
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/vulnerabilities/rating',
      permission: 'assets:write',
      summary: 'Rate how grave a weakness is here by a CVSS vector of one’s own, with a reason; null takes it back',
      body: ratingBody,
      response: ratingReply,
      handle: async ({ body, caller }) =>
        await write(caller, async (trx, now) => keepRating(trx, await knownFinding(trx, body), body, caller, now)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/vulnerabilities/environment',
      permission: 'assets:write',
      summary:
        'Say what an asset’s environment is in CVSS (CR, IR, AR, MAV, MAC, MPR), for all of its findings; null takes it back',
      body: environmentBody,
      response: environmentReply,
      handle: async ({ body, caller }) => await write(caller, (trx, now) => keepEnvironment(trx, body, caller, now)),
    }),
    route({
      method: 'GET',
      path: '/api/v1/vulnerability-exceptions',
      permission: 'assets:read',
      summary: 'What takes weaknesses off the list, newest first',
      response: waiverList,
      handle: async ({ caller }) => ({
        exceptions: (await exceptionsOf(state.scoped<AssessTables>(caller.scope))).map((row) => viewOf(row, caller, clock.now())),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/vulnerability-exceptions',
      permission: 'assets:write',
      summary: 'Propose to bear a weakness, or say that it does not concern us; another person has to approve it',
      body: newWaiver,
      response: waiver,
      handle: async ({ body, caller }) =>
        viewOf(
          await write(caller, async (trx, now) => {
            const found = await knownFinding(trx, body)
            const accept = body.kind === 'accept'
            const why = body.justification === undefined ? body.reason : `${body.justification}: ${body.reason}`
            const statement = {
              names: namesOf(found),
              purls: [found.package],
              status: accept ? ('affected' as const) : ('not_affected' as const),
              why,
              by: caller.name,
              at: now,
            }
            return await proposeException(
              trx,
              {
                kind: accept ? 'accept' : 'statement',
                asset: body.asset === null ? null : found.asset,
                title: `${found.id} ${found.name}`,
                statements: [statement],
                reason: body.reason,
                days: body.days,
              },
              caller,
              now,
            )
          }),
          caller,
          clock.now(),
        ),
    }),
    route({
      method: 'POST',
      path: '/api/v1/vulnerability-exceptions/:id/decide',
      permission: 'alerts:approve',
      summary: 'Approve or refuse what somebody else proposed',
      params: waiverParams,
      body: waiverDecision,
      response: waiver,
      handle: async ({ params, body, caller }) =>
        viewOf(
          await write(caller, (trx, now) => decideException(trx, params.id, body.decision, body.note, caller, now)),
          caller,
          clock.now(),
        ),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/vulnerability-exceptions/:id',
      permission: 'assets:write',
      summary: 'End an exception at once: what it held back is open again',
      params: waiverParams,
      response: waiver,
      handle: async ({ params, caller }) =>
        viewOf(await write(caller, (trx, now) => endException(trx, params.id, caller, now)), caller, clock.now()),
    }),
    route({
      method: 'POST',
      path: '/api/v1/vex',
      permission: 'assets:write',
      summary: 'Take in what others state (OpenVEX, CSAF, CycloneDX); it counts once another person approved it',
      body: vexBody,
      response: waiver,
      handle: async ({ body, caller }) => {
        let value: unknown
        try {
          value = JSON.parse(body.document)
        } catch (error) {
          throw new KanpekiError('vex_invalid', `${body.name} is no JSON: ${messageOf(error)}.`)
        }
        const { format, statements } = readVex(value, body.name)
        const useful = statements.filter(({ purls }) => purls.length > 0)
        if (!useful.some(silences))
          throw new KanpekiError('vex_invalid', `${body.name} says of no package that it is not affected or fixed.`, {
            remedy: 'Its products need package URLs (pkg:…).',
          })
        return viewOf(
          await write(caller, (trx, now) =>
            proposeException(
              trx,
              {
                kind: 'document',
                asset: null,
                title: `${body.name} (${format})`,
                statements: useful,
                reason: body.reason,
                days: body.days,
              },
              caller,
              now,
            ),
          ),
          caller,
          clock.now(),
        )
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/vex',
      permission: 'assets:read',
      summary: 'What is stated about packages here, as OpenVEX, CycloneDX or CSAF',
      query: vexQuery,
      handle: async ({ query, caller }) => {
        const now = clock.now()
        const { weighed } = await weighAll(deps, caller.scope, ['open', 'gone'])
        const statements = ownStatements(
          weighed.filter(({ cause }) => query.asset === undefined || cause.row.asset === query.asset),
        )
        const document =
          query.format === 'openvex'
            ? openVex(statements, 'Kanpeki', now)
            : query.format === 'csaf'
              ? csafVex(statements, 'Kanpeki', now)
              : cycloneDxVex(statements, deps.version, now)
        return new RawReply('application/json', jsonText(document), {
          'content-disposition': `attachment; filename="vex.${query.format}.json"`,
        })
      },
    }),
  ]
}

/** Keeps what is said of the work on a weakness; what is not said stays. @param db limited to the caller's scope. */
async function keepWork(db: Db, said: z.infer<typeof workBody>, caller: Caller, now: number): Promise<z.infer<typeof workReply>> {
  const found = await knownFinding(db, said)
  const before = (await workAt(db, found.asset, found.package)).find(({ id }) => namesOf(found).includes(id))
  const row: WorkTable = {
    scope: caller.scope,
    asset: found.asset,
    package: found.package,
    id: before?.id ?? found.id,
    owner: said.owner === undefined ? (before?.owner ?? null) : said.owner,
    due: said.due === undefined ? (before?.due ?? null) : said.due === null ? null : Date.parse(said.due),
    ticket: said.ticket === undefined ? (before?.ticket ?? null) : said.ticket,
    note: said.note ?? before?.note ?? '',
    updated: now,
    by_name: caller.name,
  }
  await saveWork(db, [row])
  const { owner, ticket, note } = row
  const due = row.due === null ? null : time(row.due)
  const told = {
    action: 'weakness.work',
    by: caller.name,
    account: caller.account,
    target: found.id,
    asset: found.asset,
    package: found.package,
    ...{ owner, ticket, note, due },
  }
  await recordEvidence(db, [{ type: 'admin', scope: caller.scope, observed: now, received: now, body: told }])
  return { asset: row.asset, package: row.package, id: row.id, owner, due, ticket, note }
}

/** @throws KanpekiError `not_found` where no such weakness was ever seen. */
async function knownFinding(
  db: Db,
  which: { readonly asset: string | null; readonly package: string; readonly id: string },
): Promise<FindingsTable> {
  const found = (await findingsAt(db, which.package, which.asset)).find((row) => namesOf(row).includes(which.id))
  if (found !== undefined) return found
  throw new KanpekiError(
    'not_found',
    `There is no ${which.id} of ${which.package}${which.asset === null ? '' : ` on ${which.asset}`}.`,
  )
}

function viewOf(row: ExceptionsTable, caller: Caller, now: number): WaiverView {
  return {
    id: row.id,
    title: row.title,
    kind: row.kind,
    asset: row.asset,
    reason: row.reason,
    statements: readJson<unknown[]>(row.statements).length,
    state: row.state === 'active' && row.expires <= now ? 'expired' : row.state,
    createdBy: row.author_name,
    createdAt: time(row.created),
    expiresAt: time(row.expires),
    decidedBy: row.decided_name,
    mayDecide:
      row.state === 'waiting' &&
      caller.permissions.has('alerts:approve') &&
      caller.account !== null &&
      caller.account !== row.author_account,
  }
}
