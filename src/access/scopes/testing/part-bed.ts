import type { Kysely } from 'kysely'
import type { WaitingApprovals } from '../../../kernel/duties.ts'
import type { Evidence } from '../../../kernel/evidence.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Caller, Route } from '../../../platform/http/route.ts'
import { createSealer } from '../../../platform/secrets/sealer.ts'
import { readOutbox, recordEvidence } from '../../../platform/state/outbox.ts'
import type { State } from '../../../platform/state/state.ts'
import { testCaller } from '../../../platform/testing/caller.ts'
import { DEFAULT_POLICY } from '../../policy.ts'
import { insertAccount, insertAssignment } from '../../queries.ts'
import { permissionsOf, rolesIn } from '../../roles.ts'
import { partRoutes } from '../../routes-parts.ts'
import type { AccessTables } from '../../tables.ts'

export interface PartBed {
  readonly state: State
  readonly db: Kysely<AccessTables>
  /** Asks a route as the server would, but for the permission, which it checks too. */
  call<T>(
    caller: Caller,
    method: Route['method'],
    path: string,
    input?: { params?: unknown; query?: unknown; body?: unknown },
  ): Promise<T>
  /** Makes an account with these roles and answers as whom it calls in `scope`. */
  person(name: string, roles: readonly (readonly [role: string, scope: string])[], scope?: string): Promise<Caller>
  /** Bodies of all evidence so far, with its scope, oldest first. */
  evidence(): Promise<readonly (JsonObject & { readonly scope: string })[]>
  /** How often the pipeline was told to look again. */
  readonly told: () => number
}

/** The routes of scopes, assets and reviews on an open store. */
export function partBed(state: State, clock: { now(): number }, waiting: readonly WaitingApprovals[] = []): PartBed {
  const db = state.tables<AccessTables>()
  let told = 0
  const routes = partRoutes({
    db,
    record: <T>(work: (db: Kysely<AccessTables>) => Promise<{ result: T; evidence: readonly Evidence[] }>) =>
      state.transaction<AccessTables, T>(async (trx) => {
        const { result, evidence } = await work(trx)
        await recordEvidence(trx, evidence, clock)
        return result
      }),
    clock,
    organisation: 'Minato Pay',
    version: '0.0.0',
    secure: false,
    policy: DEFAULT_POLICY,
    sealer: createSealer([Buffer.alloc(32, 1)]),
    origin: () => 'http://localhost:7300',
    tell: () => {},
    waiting,
    assetsChanged: async () => {
      told += 1
    },
  })
  return {
    state,
    db,
    told: () => told,
    async call(caller, method, path, input = {}) {
      const route = routes.find((one) => one.method === method && one.path === path)
      if (route === undefined) throw new Error(`no route ${method} ${path}`)
      if (!caller.permissions.has(route.permission)) throw new Error(`${caller.name} lacks ${route.permission}`)
      const read = (schema: Route['body'], value: unknown): unknown => schema?.parse(value ?? {})
      const reply = await route.handle({
        params: read(route.params, input.params),
        query: read(route.query, input.query),
        body: read(route.body, input.body),
        caller,
        signal: new AbortController().signal,
      } as unknown as Parameters<Route['handle']>[0])
      return (route.response === undefined ? reply : route.response.parse(reply)) as never
    },
    async person(name, roles, scope = 'default') {
      const created = clock.now()
      await insertAccount(db, {
        id: name,
        scope: roles[0]?.[1] ?? 'default',
        name,
        password: '',
        email: null,
        subject: null,
        created,
        last_seen: null,
      })
      const held = roles.map(([role, in_]) => ({ role, scope: in_ }))
      for (const [at, one] of held.entries())
        await insertAssignment(db, { id: `${name}/${at}`, ...one, account_id: name, origin: 'local', by_name: 'test', created })
      return testCaller({
        id: name,
        scope,
        scopes: held.map((one) => one.scope),
        roles: rolesIn(held, scope),
        permissions: permissionsOf(held, scope),
      })
    },
    async evidence() {
      return (await readOutbox(db, 0, 10_000)).map(({ scope, body }) => ({ ...body, scope }))
    },
  }
}
