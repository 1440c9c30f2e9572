import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, RawReply, type Route, route } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import type { Changed } from './changed.ts'
import { baseUrl, type ScimDeps } from './deps.ts'
import { chosen, type ListQuery, listQuerySchema, listReply, oneQuerySchema } from './list.ts'
import { type PatchOperation, readPatch } from './patch.ts'
import { problemReply, SCIM_TYPE, ScimProblem, sayProblem } from './problem.ts'
import { versionTag } from './resources.ts'

/** One kind of resource: how it is found and changed. Every change runs in a transaction with its evidence. */
export interface ResourceKind<Row extends { readonly version: number }> {
  readonly endpoint: 'Users' | 'Groups'
  readonly one: string
  find(db: Db, id: string): Promise<Row>
  idOf(row: Row): string
  list(db: Db, filter: string | undefined, base: string): Promise<readonly JsonObject[]>
  describe(db: Db, row: Row, base: string): Promise<JsonObject>
  create(db: Db, resource: JsonObject, by: Caller, now: number): Promise<Changed<Row>>
  replace(db: Db, row: Row, resource: JsonObject, by: Caller, now: number): Promise<Changed<Row>>
  patch(db: Db, row: Row, operations: readonly PatchOperation[], by: Caller, now: number): Promise<Changed<Row>>
  remove(db: Db, row: Row, by: Caller, now: number): Promise<readonly Evidence[]>
}

/** SCIM knows no attribute deeper than three; what is nested far deeper would exhaust the stack of whatever walks it. */
const MAX_DEPTH = 12
const bodySchema = z.looseObject({}).refine((body) => isShallow(body, MAX_DEPTH), 'is nested too deeply')
const paramsSchema = z.object({ id: z.string().min(1).max(200) })

/** The five verbs of RFC 7644 §3 on one kind of resource. */
export function resourceRoutes<Row extends { readonly version: number }>(deps: ScimDeps, kind: ResourceKind<Row>): Route[] {
  const path = `/scim/v2/${kind.endpoint}`
  const shared = { permission: 'scim', sayProblem } as const

  const change = (
    caller: Caller,
    request: IncomingMessage,
    params: { readonly id: string },
    query: Pick<ListQuery, 'attributes' | 'excludedAttributes'>,
    work: (db: Db, row: Row, now: number) => Promise<Changed<Row>>,
  ): Promise<RawReply> =>
    answering(caller, () =>
      deps.record(async (db) => {
        const before = await kind.find(db, params.id)
        checkMatch(request, before.version)
        const { row, evidence } = await work(db, before, deps.clock.now())
        return { result: reply(chosen(await kind.describe(db, row, baseUrl(deps)), query), row.version), evidence }
      }),
    )

  return [
    route({
      ...shared,
      method: 'GET',
      path,
      summary: `SCIM: list ${kind.endpoint}`,
      query: listQuerySchema,
      handle: ({ query, caller }) =>
        answering(caller, async () =>
          reply(listReply(await kind.list(deps.db, query.filter === '' ? undefined : query.filter, baseUrl(deps)), query)),
        ),
    }),
    route({
      ...shared,
      method: 'POST',
      path,
      summary: `SCIM: create a ${kind.one}`,
      query: oneQuerySchema,
      body: bodySchema,
      handle: ({ body, query, caller }) =>
        answering(caller, () =>
          deps.record(async (db) => {
            const { row, evidence } = await kind.create(db, body as JsonObject, caller, deps.clock.now())
            const resource = chosen(await kind.describe(db, row, baseUrl(deps)), query)
            const location = `${baseUrl(deps)}/${kind.endpoint}/${kind.idOf(row)}`
            return { result: reply(resource, row.version, 201, { location }), evidence }
          }),
        ),
    }),
    route({
      ...shared,
      method: 'GET',
      path: `${path}/:id`,
      summary: `SCIM: one ${kind.one}`,
      params: paramsSchema,
      query: oneQuerySchema,
      handle: ({ params, query, caller, request }) =>
        answering(caller, async () => {
          const row = await kind.find(deps.db, params.id)
          if (tagsOf(request, 'if-none-match').includes(versionTag(row.version))) {
            return new RawReply(SCIM_TYPE, '', { etag: versionTag(row.version) }, 304)
          }
          return reply(chosen(await kind.describe(deps.db, row, baseUrl(deps)), query), row.version)
        }),
    }),
    route({
      ...shared,
      method: 'PUT',
      path: `${path}/:id`,
      summary: `SCIM: replace a ${kind.one}`,
      params: paramsSchema,
      query: oneQuerySchema,
      body: bodySchema,
      handle: ({ params, query, body, caller, request }) =>
        change(caller, request, params, query, (db, row, now) => kind.replace(db, row, body as JsonObject, caller, now)),
    }),
    route({
      ...shared,
      method: 'PATCH',
      path: `${path}/:id`,
      summary: `SCIM: change a ${kind.one}`,
      params: paramsSchema,
      query: oneQuerySchema,
      body: bodySchema,
      handle: ({ params, query, body, caller, request }) =>
        change(caller, request, params, query, (db, row, now) => kind.patch(db, row, readPatch(body as JsonObject), caller, now)),
    }),
    route({
      ...shared,
      method: 'DELETE',
      path: `${path}/:id`,
      summary: `SCIM: remove a ${kind.one}`,
      params: paramsSchema,
      handle: ({ params, caller, request }) =>
        answering(caller, () =>
          deps.record(async (db) => {
            const row = await kind.find(db, params.id)
            checkMatch(request, row.version)
            const evidence = await kind.remove(db, row, caller, deps.clock.now())
            return { result: new RawReply(SCIM_TYPE, '', { 'cache-control': 'no-store' }, 204), evidence }
          }),
        ),
    }),
  ]
}

function isShallow(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return left > 0 && Object.values(value).every((one) => isShallow(one, left - 1))
}

/** Runs `work` for a client of the directory, and says in SCIM's form what it did wrong. */
export async function answering(caller: Caller, work: () => Promise<RawReply>): Promise<RawReply> {
  if (caller.scope !== DEFAULT_SCOPE) {
    throw new KanpekiError('forbidden', 'The directory belongs to the whole installation: use a token of the scope default.')
  }
  try {
    return await work()
  } catch (error) {
    if (error instanceof ScimProblem) return problemReply(error.status, error.message, error.scimType)
    throw error
  }
}

export function reply(
  body: JsonObject,
  version?: number,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): RawReply {
  const etag = version === undefined ? {} : { etag: versionTag(version) }
  return new RawReply(SCIM_TYPE, JSON.stringify(body), { 'cache-control': 'no-store', ...etag, ...headers }, status)
}

function tagsOf(request: IncomingMessage, header: 'if-match' | 'if-none-match'): string[] {
  return (request.headers[header] ?? '').split(',').map((one) => one.trim())
}

/** @throws ScimProblem 412 where somebody else changed it since the client looked. */
function checkMatch(request: IncomingMessage, version: number): void {
  if (request.headers['if-match'] === undefined) return
  const tags = tagsOf(request, 'if-match')
  // Weak tags compare here too: RFC 7644 §3.14 uses them so.
  if (tags.includes('*') || tags.includes(versionTag(version)) || tags.includes(`"${version}"`)) return
  throw new ScimProblem(412, 'This was changed in the meantime: read it again.')
}
