import type { IncomingMessage } from 'node:http'
import type { Evidence } from '../../../kernel/evidence.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Caller, RawReply, Route } from '../../../platform/http/route.ts'
import { recordEvidence } from '../../../platform/state/outbox.ts'
import type { State } from '../../../platform/state/state.ts'
import { testCaller } from '../../../platform/testing/caller.ts'
import type { AccessTables } from '../../tables.ts'
import type { ScimDeps } from '../deps.ts'
import { scimRoutes } from '../routes.ts'

export const BASE = 'https://siem.example.com/scim/v2'

export interface ScimReply {
  readonly status: number
  readonly type: string
  readonly headers: RawReply['headers']
  // biome-ignore lint/suspicious/noExplicitAny: what a server answered is looked at as it is
  readonly body: any
}

export interface ScimBed {
  now: number
  readonly evidence: Evidence[]
  /** As an identity provider calls; a path is below /scim/v2. */
  scim(method: Route['method'], path: string, body?: unknown, headers?: Record<string, string>): Promise<ScimReply>
  /** As an administrator calls. */
  admin(method: Route['method'], path: string, body?: unknown): Promise<JsonObject>
}

export function scimBed(state: State, client: Caller = scimCaller()): ScimBed {
  const evidence: Evidence[] = []
  const clock = { now: () => bed.now }
  const deps: ScimDeps = {
    db: state.tables<AccessTables>(),
    record: (work) =>
      state.transaction(async (trx) => {
        const done = await work(trx as ScimDeps['db'])
        await recordEvidence(trx, done.evidence, clock)
        evidence.push(...done.evidence)
        return done.result
      }),
    clock,
    origin: () => new URL(BASE).origin,
  }
  const all = scimRoutes(deps)

  async function call(
    method: Route['method'],
    target: string,
    body: unknown,
    headers: Record<string, string>,
    caller: Caller,
  ): Promise<unknown> {
    const [path = '', search = ''] = target.split(/\?(.*)/s)
    for (const route of all) {
      const params = route.method === method ? paramsOf(route.path, path) : undefined
      if (params === undefined) continue
      const input = {
        params: route.params?.parse(params),
        query: route.query?.parse(Object.fromEntries(new URLSearchParams(search))),
        body: route.body?.parse(body),
        caller,
        request: { headers, url: target, socket: {} } as unknown as IncomingMessage,
        signal: new AbortController().signal,
      }
      return await route.handle(input as unknown as Parameters<Route['handle']>[0])
    }
    throw new Error(`no route ${method} ${path}`)
  }

  const bed: ScimBed = {
    now: Date.UTC(2026, 0, 1),
    evidence,
    async scim(method, path, body = {}, headers = {}) {
      const reply = (await call(method, `/scim/v2${path}`, body, headers, client)) as RawReply
      const text = String(reply.body)
      return {
        status: reply.status,
        type: reply.contentType,
        headers: reply.headers,
        body: text === '' ? undefined : JSON.parse(text),
      }
    },
    admin: async (method, path, body = {}) => (await call(method, path, body, {}, testCaller())) as JsonObject,
  }
  return bed
}

export function scimCaller(differs: Partial<Caller> = {}): Caller {
  return testCaller({ kind: 'token', id: 'token-1', name: 'Entra ID', permissions: new Set(['public', 'scim']), ...differs })
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const here = given[index] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(here)
    else if (part !== here) return undefined
  }
  return params
}
