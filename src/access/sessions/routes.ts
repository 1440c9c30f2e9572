import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import { endedSchema, type OwnSession, sessionListSchema } from '../people/schema.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { endSession, endSessions, sessionsOf } from './queries.ts'

/** What may be told of an account's sessions; never their secrets. */
export async function listSessions(deps: AccessDeps, account: string, current: string | undefined): Promise<OwnSession[]> {
  const now = deps.clock.now()
  const rows = await sessionsOf(deps.db, account, now, now - deps.policy.idleMs)
  return rows.map((row) => ({
    id: row.id,
    address: row.address,
    agent: row.agent,
    since: new Date(row.created).toISOString(),
    lastUsed: new Date(row.last_used).toISOString(),
    expires: new Date(Math.min(row.expires, row.last_used + deps.policy.idleMs)).toISOString(),
    methods: readJson<string[]>(row.methods),
    current: row.id === current,
  }))
}

/** One's own sessions. */
export function sessionListRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/me/sessions',
      permission: 'session',
      summary: 'Where one is signed in',
      response: sessionListSchema,
      handle: async ({ caller }) => ({ items: await listSessions(deps, caller.id, caller.session?.id) }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/me/sessions',
      permission: 'session',
      summary: 'Sign out everywhere but here',
      response: endedSchema,
      handle: ({ caller }) =>
        deps.record(async (db) => {
          const ended = await endSessions(db, caller.id, caller.session?.id)
          return { result: { ended }, evidence: [adminEvidence(caller, deps.clock.now(), 'session.end-others', { ended })] }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/me/sessions/:id',
      permission: 'session',
      summary: 'End one of the own sessions',
      params: z.object({ id: z.string().min(1).max(80) }),
      response: endedSchema,
      handle: ({ caller, params }) =>
        deps.record(async (db) => {
          const ended = await endSession(db, caller.id, params.id)
          if (ended === 0) throw new KanpekiError('not_found', 'There is no such session.')
          const evidence = adminEvidence(caller, deps.clock.now(), 'session.end', { session: params.id, account: caller.id })
          return { result: { ended }, evidence: [evidence] }
        }),
    }),
  ]
}
