import { KanpekiError } from '../../kernel/error.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { PartDeps } from '../scopes/deps.ts'
import { importAssets } from './import.ts'
import { type AssetCursor, assetPage, findAsset } from './queries.ts'
import {
  assetChangeSchema,
  assetParamsSchema,
  assetSchema,
  assetsPageSchema,
  assetsQuerySchema,
  type ImportRequest,
  importReplySchema,
  importSchema,
  newAssetSchema,
} from './schema.ts'
import { assetView, changeAsset, createAsset, deleteAsset, folded } from './write.ts'

/** What there is to protect, in the caller's scope. */
export function assetRoutes(deps: PartDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/assets',
      permission: 'assets:read',
      summary: 'Assets by name',
      query: assetsQuerySchema,
      response: assetsPageSchema,
      handle: async ({ query, caller }) => {
        const filter = { scope: caller.scope, words: wordsIn(query.q), criticality: query.criticality }
        const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
        const { rows, total } = await assetPage(deps.db, filter, after, query.limit + 1)
        const page = rows.slice(0, query.limit)
        const last = rows.length > query.limit ? page.at(-1) : undefined
        return { items: page.map(assetView), next: last === undefined ? null : writeCursor([last.name, last.id]), total }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/assets/:id',
      permission: 'assets:read',
      summary: 'One asset',
      params: assetParamsSchema,
      response: assetSchema,
      handle: async ({ params, caller }) => {
        const row = await findAsset(deps.db, caller.scope, params.id)
        if (row === undefined) throw new KanpekiError('not_found', 'There is no such asset.')
        return assetView(row)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/assets',
      permission: 'assets:write',
      summary: 'Add an asset',
      body: newAssetSchema,
      response: assetSchema,
      handle: async ({ body, caller }) => {
        const asset = await deps.record(async (db) => {
          const { asset, evidence } = await createAsset(db, caller, body, deps.clock.now())
          return { result: asset, evidence }
        })
        await deps.assetsChanged()
        return asset
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/assets/import',
      permission: 'assets:write',
      summary: 'Add or change assets from a CSV or JSON file',
      body: importSchema,
      response: importReplySchema,
      handle: async ({ body, caller }) => {
        const { reply } = await importing(deps, caller, body)
        if (!body.dryRun) await deps.assetsChanged()
        return reply
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/assets/:id',
      permission: 'assets:write',
      summary: 'Change an asset',
      params: assetParamsSchema,
      body: assetChangeSchema,
      response: assetSchema,
      handle: async ({ params, body, caller }) => {
        const asset = await deps.record(async (db) => {
          const { asset, evidence } = await changeAsset(db, caller, params.id, body, deps.clock.now())
          return { result: asset, evidence }
        })
        await deps.assetsChanged()
        return asset
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/assets/:id',
      permission: 'assets:write',
      summary: 'Remove an asset',
      params: assetParamsSchema,
      handle: async ({ params, caller }) => {
        await deps.record(async (db) => ({
          result: undefined,
          evidence: await deleteAsset(db, caller, params.id, deps.clock.now()),
        }))
        await deps.assetsChanged()
        return {}
      },
    }),
  ]
}

type Imported = Awaited<ReturnType<typeof importAssets>>

async function importing(deps: PartDeps, caller: Caller, { format, text, dryRun }: ImportRequest): Promise<Imported> {
  try {
    return await deps.record(async (db) => {
      const done = await importAssets(db, caller, format, text, deps.clock.now())
      if (dryRun) throw new DryRun(done)
      return { result: done, evidence: done.evidence }
    })
  } catch (error) {
    if (error instanceof DryRun) return error.done
    throw error
  }
}

/** Leaves the transaction with what would have been done. */
class DryRun extends Error {
  readonly done: Imported
  constructor(done: Imported) {
    super('dry run')
    this.done = done
  }
}

function wordsIn(text: string): string[] {
  return folded(text)
    .split(/\s+/)
    .filter((word) => word !== '')
}

function writeCursor(cursor: AssetCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

function readCursor(text: string): AssetCursor {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(cursor) && typeof cursor[0] === 'string' && typeof cursor[1] === 'string') return [cursor[0], cursor[1]]
  } catch {
    // Not ours either.
  }
  throw new KanpekiError('bad_cursor', 'The cursor is not one that this server gave.', { remedy: 'Start without a cursor.' })
}
