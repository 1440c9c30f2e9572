import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import { RawReply, type Route, route } from '../platform/http/route.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { viewOf } from './command-row.ts'
import type { Commands } from './commands.ts'
import { insertRelease, releaseOf, releasesOf } from './queries.ts'
import { agentParamsSchema, commandViewSchema, newReleaseSchema, releaseSchema, shaParamsSchema } from './schema.ts'
import type { HostTables, ReleasesTable } from './tables.ts'

export interface ReleaseDeps {
  readonly state: State
  readonly clock: Clock
  readonly commands: Commands
  /** Where bundles lie. */
  readonly folder: string
  readonly changed: () => void
}

const LARGEST = 50_000_000

const releaseView = ({ sha256, version, bytes, created, by_name: by }: ReleasesTable) => ({
  sha256,
  version,
  bytes,
  by,
  created: new Date(created).toISOString(),
})

/** Signed versions of the agent. The server only hands them on: each host judges the signature by its own key. */
export function releaseRoutes({ state, clock, commands, folder, changed }: ReleaseDeps): Route[] {
  const db = state.tables<HostTables>()
  return [
    route({
      method: 'GET',
      path: '/api/v1/agent-releases',
      permission: 'agents:read',
      summary: 'Versions of the agent that hosts can be given, newest first',
      response: z.object({ items: z.array(releaseSchema) }),
      handle: async ({ caller }) => ({ items: (await releasesOf(db, caller.scope)).map(releaseView) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/agent-releases',
      permission: 'agents:write',
      summary: 'Bring a signed bundle of the agent; its bytes are the body (application/octet-stream)',
      query: newReleaseSchema,
      response: releaseSchema,
      readsBody: true,
      handle: async ({ query, caller, request }) => {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const temporary = join(folder, `${randomUUID()}.part`)
        try {
          const { sha256, bytes } = await take(request, temporary)
          const now = clock.now()
          const { version, signature } = query
          const row = { sha256, scope: caller.scope, version, signature, bytes, created: now, by_name: caller.name }
          await state.transaction<HostTables, void>(async (trx) => {
            if ((await releaseOf(trx, caller.scope, sha256)) !== undefined)
              throw new KanpekiError('conflict', 'This bundle is here already.')
            await rename(temporary, join(folder, `${caller.scope}-${sha256}`))
            await insertRelease(trx, row)
            const by = { id: caller.id, name: caller.name }
            const body = { action: 'agent.release-add', by, version, sha256 }
            await recordEvidence(trx, [{ type: 'admin', scope: caller.scope, observed: now, received: now, body }], clock)
          })
          changed()
          return releaseView(row)
        } finally {
          await rm(temporary, { force: true })
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agents/:id/update',
      permission: 'agents:write',
      summary: 'Give a host a signed version of its agent; it is tried there, and taken back where it does not work',
      params: agentParamsSchema,
      body: shaParamsSchema,
      response: commandViewSchema,
      handle: async ({ params, body, caller }) => {
        const row = await releaseOf(db, caller.scope, body.sha256)
        if (row === undefined) throw new KanpekiError('not_found', 'There is no such release.')
        const { sha256, version, signature } = row
        return viewOf(
          await commands.ask(caller.scope, params.id, { kind: 'update', params: { sha256, version, signature } }, caller),
        )
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/agent-link/releases/:sha256',
      permission: 'agent',
      summary: 'The bytes of a release, for agents',
      params: shaParamsSchema,
      handle: async ({ params, caller }) => {
        const row = await releaseOf(db, caller.scope, params.sha256)
        if (row === undefined) throw new KanpekiError('not_found', 'There is no such release.')
        const body = createReadStream(join(folder, `${caller.scope}-${row.sha256}`))
        return new RawReply('application/octet-stream', body, {
          'cache-control': 'no-store',
          'content-length': String(row.bytes),
        })
      },
    }),
  ]
}

async function take(source: AsyncIterable<Uint8Array>, file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  const measured = new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length
      hash.update(part)
      done(bytes > LARGEST ? new KanpekiError('too_large', `A bundle has ${LARGEST} bytes at most.`) : null, part)
    },
  })
  await pipeline(source, measured, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
  return { sha256: hash.digest('hex'), bytes }
}
