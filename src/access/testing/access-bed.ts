import type { IncomingMessage } from 'node:http'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, RawReply, type Route } from '../../platform/http/route.ts'
import { createSealer } from '../../platform/secrets/sealer.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import { checkForgery, createAuthenticator } from '../authenticate.ts'
import { DEFAULT_POLICY, type SessionPolicy } from '../policy.ts'
import { routes } from '../routes.ts'
import type { AccessDeps } from '../routes-deps.ts'
import type { AccessTables } from '../tables.ts'

/** Names that hold: not the ones a test wants to be refused. */
export const PASSWORD = 'violet anchor 92 lemonade'
export const OTHER_PASSWORD = 'seven silent lighthouses'
export const ORIGIN = 'http://localhost:7300'

/** What a test sees of the room: its routes as the server would call them, the evidence, the events told. */
export interface AccessBed {
  readonly deps: AccessDeps
  readonly evidence: Evidence[]
  readonly told: JsonObject[]
  now: number
  policy: SessionPolicy
  /** A browser with its own cookies. */
  browser(address?: string): TestBrowser
}

export interface TestBrowser {
  readonly cookies: Map<string, string>
  address: string
  /** The reply as JSON; throws the KanpekiError that the server would have said. */
  call<T = Record<string, unknown>>(method: Route['method'], path: string, body?: unknown): Promise<T>
  caller(): Promise<Caller>
  /** A request as the routes see it, for parts that are tested alone. */
  request(): IncomingMessage
  /** Takes a `set-cookie` text. */
  keep(cookie: string): void
}

export function accessBed(state: State, now: number, more: (deps: AccessDeps) => Route[] = () => []): AccessBed {
  const db = state.tables<AccessTables>()
  const evidence: Evidence[] = []
  const told: JsonObject[] = []
  const clock = { now: () => bed.now }
  const deps: AccessDeps = {
    db,
    record: (work) =>
      state.transaction(async (trx) => {
        const done = await work(trx as typeof db)
        await recordEvidence(trx, done.evidence, clock)
        evidence.push(...done.evidence)
        return done.result
      }),
    clock,
    organisation: 'Minato Pay',
    version: '0.0.0',
    secure: false,
    get policy() {
      return bed.policy
    },
    sealer: createSealer([Buffer.alloc(32, 1)]),
    origin: () => ORIGIN,
    tell: (document) => {
      told.push(document)
    },
  }
  const bed: AccessBed = { deps, evidence, told, now, policy: DEFAULT_POLICY, browser: (address) => browserOf(bed, all, address) }
  const all = [...routes(deps), ...more(deps)]
  return bed
}

function browserOf(bed: AccessBed, all: readonly Route[], address = '192.0.2.1'): TestBrowser {
  const cookies = new Map<string, string>()
  const browser: TestBrowser = {
    cookies,
    address,
    call: run,
    caller: async () => callerOf(request()),
    request,
    keep: (text) => keep(cookies, text),
  }

  function request(): IncomingMessage {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { cookie, host: 'localhost:7300', 'user-agent': 'Test/1.0', 'x-kanpeki-csrf': '1' }
    return { headers, url: '/', method: 'GET', socket: { remoteAddress: browser.address } } as unknown as IncomingMessage
  }

  async function callerOf(asked: IncomingMessage): Promise<Caller> {
    return await createAuthenticator(bed.deps.db, bed.deps.clock, bed.policy)(asked)
  }

  async function run<T>(method: Route['method'], path: string, body: unknown = {}): Promise<T> {
    const found = match(all, method, path)
    const asked = request()
    const caller = await callerOf(asked)
    if (!caller.permissions.has(found.route.permission)) {
      throw new KanpekiError(caller.kind === 'anonymous' ? 'unauthenticated' : 'forbidden', `needs ${found.route.permission}`)
    }
    if (method !== 'GET') checkForgery(asked, caller)
    const { params, query, body: form, handle, response } = found.route
    const input = {
      params: params?.parse(found.params),
      query: query?.parse(found.query),
      body: form?.parse(body),
      caller,
      request: asked,
      signal: new AbortController().signal,
    }
    const reply = await handle(input as unknown as Parameters<typeof handle>[0])
    if (!(reply instanceof RawReply)) return (response === undefined ? reply : response.parse(reply)) as T
    for (const one of [reply.headers['set-cookie'] ?? []].flat()) keep(cookies, one)
    const value: unknown = JSON.parse(String(reply.body))
    response?.parse(value)
    return value as T
  }
  return browser
}

function keep(cookies: Map<string, string>, text: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
  if (/Max-Age=0\b/.test(text)) cookies.delete(name)
  else cookies.set(name, value)
}

function match(
  all: readonly Route[],
  method: string,
  url: string,
): { route: Route; params: Record<string, string>; query: Record<string, string> } {
  const { pathname, searchParams } = new URL(url, ORIGIN)
  for (const route of all) {
    if (route.method !== method) continue
    const pattern = new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
    const found = pattern.exec(pathname)
    if (found === null) continue
    const params = Object.fromEntries(Object.entries(found.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]))
    return { route, params, query: Object.fromEntries(searchParams) }
  }
  throw new Error(`no route ${method} ${url}`)
}
