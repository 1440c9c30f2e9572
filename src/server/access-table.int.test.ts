import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { GRANTS, type Grant, ROLES, type Role } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { readConfig } from '../platform/config.ts'
import type { Permission, Route } from '../platform/http/route.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'
import { addPerson, openTestSession, plant, type Seed } from './testing/scope-seed.ts'

/** Who holds a permission, written down a second time: src/access/roles.ts is judged by this, not by itself. */
const HOLDERS: Readonly<Record<Permission, readonly (Role | Grant | 'anyone' | 'people' | 'installation')[]>> = {
  public: ['anyone'],
  session: ['people'],
  ingest: ['engineer', 'administrator', 'ingest', 'admin'],
  agent: [],
  'events:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'alerts:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'alerts:write': ['analyst', 'responder', 'administrator', 'admin'],
  'alerts:approve': ['approver'],
  'incidents:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'incidents:write': ['analyst', 'responder', 'administrator', 'admin'],
  'playbooks:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'playbooks:write': ['engineer', 'administrator', 'admin'],
  'playbooks:run': ['responder', 'administrator', 'admin'],
  'playbooks:approve': ['approver'],
  'rules:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'cards:read': [
    'examiner',
    'viewer',
    'analyst',
    'responder',
    'engineer',
    'auditor',
    'approver',
    'administrator',
    'read',
    'audit',
    'admin',
  ],
  'cards:write': ['engineer', 'administrator', 'admin'],
  'cards:approve': ['approver'],
  'samples:write': ['engineer', 'administrator', 'samples', 'admin'],
  'ledger:read': [
    'examiner',
    'analyst',
    'responder',
    'engineer',
    'auditor',
    'approver',
    'administrator',
    'read',
    'audit',
    'admin',
  ],
  'artefacts:read': ['analyst', 'responder', 'auditor', 'administrator', 'admin'],
  'artefacts:write': ['analyst', 'responder', 'administrator', 'admin'],
  'audit:read': ['auditor', 'administrator', 'admin'],
  'sources:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'sources:write': ['engineer', 'administrator', 'admin'],
  'assets:read': ['viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator', 'read', 'admin'],
  'assets:write': ['engineer', 'administrator', 'admin'],
  'agents:read': ['responder', 'engineer', 'auditor', 'administrator', 'admin'],
  'agents:write': ['engineer', 'administrator', 'admin'],
  'agents:respond': ['responder', 'administrator', 'admin'],
  'connections:read': ['responder', 'engineer', 'auditor', 'administrator', 'admin'],
  'connections:write': ['engineer', 'administrator', 'admin'],
  'access:read': ['auditor', 'administrator', 'admin'],
  'access:write': ['administrator', 'admin'],
  'tokens:read': ['engineer', 'auditor', 'administrator', 'admin'],
  'tokens:write': ['engineer', 'administrator', 'admin'],
  'metrics:read': ['engineer', 'auditor', 'administrator', 'metrics', 'admin'],
  scim: ['scim', 'admin'],
  installation: ['installation'],
}

/** What a reply to a request about a foreign id may be, where it says something to everybody by design. */
const PUBLIC_BY_ID: ReadonlySet<string> = new Set([
  '/public/cards/:id/badge.json',
  '/public/cards/:id/badge.svg',
  '/public/cards/:id/credential.json',
  '/public/cards/:id/shield.json',
  '/public/cards/:id/status',
])

interface Actor {
  readonly name: string
  readonly scope: string
  readonly kind: 'person' | 'token' | 'stranger'
  /** Names in HOLDERS that hold for it. */
  readonly holds: ReadonlySet<string>
  /** Every scope is its own. */
  readonly everywhere: boolean
  headers(): Promise<Record<string, string>>
}

const NOTHING = '00000000-0000-4000-8000-000000000000'
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-access-'))
let kanpeki: Kanpeki
let seeds: readonly [Seed, Seed]
const actors: Actor[] = []

beforeAll(async () => {
  const config = readConfig(folder, { port: '0', 'rate-strangers': '0', 'rate-callers': '0' }, {})
  kanpeki = await serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }))
  const db = kanpeki.services.state.tables<AccessTables>()
  const token = (scope: string, grant: Grant) =>
    createToken(db, { scope, name: `walker ${scope} ${grant}`, grant, owner: null }, Date.now())
  const { token: admin } = await token('default', 'admin')
  await db.insertInto('access_scopes').values({ scope: 'beta', title: 'Beta', labels: '{}', created: 1 }).execute()
  seeds = [await plant(kanpeki, admin, 'default', 'zqalphazq'), await plant(kanpeki, admin, 'beta', 'zqbetazq')]
  for (const { scope } of seeds) {
    for (const role of ROLES) await addWalker(`walker-${scope}-${role}`, [[role, scope]], scope, [role, 'people'], false)
    for (const grant of GRANTS) {
      const made = await token(scope, grant)
      const shared = scope === 'default'
      const holds = new Set(['anyone', grant, ...(grant === 'admin' && shared ? ['installation'] : [])])
      const everywhere = shared && (grant === 'admin' || grant === 'metrics')
      const headers = async () => ({ authorization: `Bearer ${made.token}` })
      actors.push({ name: `${grant} token of ${scope}`, scope, kind: 'token', holds, everywhere, headers })
    }
  }
  await addWalker('walker-everywhere', [['administrator', '*']], 'beta', ['administrator', 'people', 'installation'], true)
  actors.push({
    name: 'a stranger',
    scope: 'default',
    kind: 'stranger',
    holds: new Set(['anyone']),
    everywhere: false,
    headers: async () => ({}),
  })
}, 120_000)
afterAll(async () => {
  connections.destroy()
  await kanpeki.stop()
  rmSync(folder, { recursive: true })
})

async function addWalker(
  name: string,
  roles: readonly (readonly [string, string])[],
  scope: string,
  holds: readonly string[],
  everywhere: boolean,
) {
  await addPerson(kanpeki, name, roles)
  actors.push({
    name,
    scope,
    kind: 'person',
    holds: new Set(['anyone', ...holds]),
    everywhere,
    // Some routes end sessions: each request has its own.
    headers: async () => ({ cookie: (await openTestSession(kanpeki, name)).cookie, 'x-kanpeki-csrf': '1' }),
  })
}

/** A route's path with the ids of a scope's rows. A route that is not known here is a fault of this test. */
function pathOf({ path }: Route, seed: Seed): string {
  if (!/[:*]/.test(path)) return path
  const { size } = kanpeki.services.ledger.head
  const tile = size < 256 ? `000.p/${size}` : '000'
  const ids: readonly (readonly [prefix: string, id: string, rest?: Readonly<Record<string, string>>])[] = [
    ['/api/v1/agent-commands/', seed.agentCommand],
    ['/api/v1/agent-link/', NOTHING],
    ['/api/v1/agent-policies/', `of=${seed.marker}`],
    ['/api/v1/agents/', seed.agent],
    ['/api/v1/alerts/', seed.alert],
    ['/api/v1/artefacts/', seed.artefact],
    ['/api/v1/captures/', seed.artefact],
    ['/api/v1/assets/', seed.asset],
    ['/api/v1/behaviour/', `${seed.marker}-host`, { kind: 'host' }],
    ['/api/v1/cards/', seed.card],
    ['/api/v1/channels/', seed.channel],
    ['/api/v1/connections/', seed.connection],
    ['/api/v1/enrolments/', seed.enrolment],
    ['/api/v1/erasures/', NOTHING],
    ['/api/v1/events/', encodeURIComponent(seed.event)],
    ['/api/v1/exceptions/', seed.exception],
    ['/api/v1/exercises/', seed.exercise],
    ['/api/v1/frameworks/', 'nist-csf-2.0'],
    ['/api/v1/holds/', NOTHING],
    ['/api/v1/incidents/', seed.incident],
    ['/api/v1/ioc/lists/', seed.iocList],
    ['/api/v1/ledger/entries/', String(seed.entry)],
    ['/api/v1/me/passkeys/', seed.passkey],
    ['/api/v1/me/sessions/', seed.session],
    ['/api/v1/on-call/', seed.turn],
    ['/api/v1/playbooks/', seed.playbook, { version: '1' }],
    ['/api/v1/runs/', seed.run, { key: seed.runStep }],
    ['/api/v1/people/', seed.person, { session: seed.session }],
    ['/api/v1/reviews/', seed.review],
    ['/api/v1/scim/groups/', NOTHING],
    ['/api/v1/scopes/', seed.scope],
    ['/api/v1/rules/', NOTHING],
    ['/api/v1/scenarios/', NOTHING],
    ['/api/v1/searches/', seed.search],
    ['/api/v1/series/', seed.series],
    ['/api/v1/sources/', encodeURIComponent(seed.source)],
    ['/api/v1/sso/', NOTHING],
    ['/api/v1/tokens/', seed.token],
    ['/ledger/tile/entries/', tile],
    ['/ledger/tile/', `0/${tile}`],
    ['/pki/', NOTHING],
    ['/api/v1/vulnerability-exceptions/', seed.waiver],
    ['/api/v1/waf/applications/', seed.application],
    ['/api/v1/waf/exclusions/', seed.exclusion],
    // A request that no firewall told of.
    ['/api/v1/waf/verdicts/', '0123456789ABCDEF'],
    ['/public/cards/', seed.card],
    ['/public/status/', '0.json'],
    ['/scim/v2/ResourceTypes/', 'User'],
    ['/scim/v2/Schemas/', 'urn:ietf:params:scim:schemas:core:2.0:User'],
    ['/scim/v2/', NOTHING],
  ]
  const known = ids.find(([prefix]) => path.startsWith(prefix))
  if (known === undefined) throw new Error(`This test does not know a row for ${path}: plant one in testing/scope-seed.ts.`)
  const [, id, rest = {}] = known
  return path.replace(/:(\w+)|\*/g, (_, name?: string) => rest[name ?? ''] ?? id)
}

/** What has to be asked beside the path, so that a route that reads really reads. */
function readingOf(route: Route, seeds: readonly Seed[]): { readonly query?: string; readonly body?: unknown } {
  const day = { from: new Date(Date.now() - 86_400_000).toISOString(), to: new Date(Date.now() + 86_400_000).toISOString() }
  const span = `from=${day.from}&to=${day.to}`
  const ofBoth = seeds.map(({ marker }) => `host.name:${marker}-host`).join(' OR ')
  const read: Readonly<Record<string, { query?: string; body?: unknown }>> = {
    'GET /api/v1/alerts': { query: 'state=all&limit=200' },
    // A part that the names of both scopes have.
    'GET /api/v1/asset-weaknesses': { query: 'ids=zq' },
    'GET /api/v1/components': { query: 'name=zq' },
    'GET /api/v1/inventories/bill': { query: 'asset=zq' },
    'GET /api/v1/ledger/bundle': { query: span },
    'GET /api/v1/ledger/entries': { query: 'limit=200' },
    'GET /api/v1/audit': { query: 'limit=200' },
    'GET /api/v1/exercises/:id/report': { query: 'format=html' },
    'GET /api/v1/incidents/:id/report': { query: 'format=html' },
    'GET /api/v1/review/report': { query: 'format=html' },
    'GET /api/v1/setup': { query: 'token=x' },
    'GET /api/v1/waf/verdicts': { query: 'reference=0123456789ABCDEF' },
    'GET /api/v1/invite': { query: 'token=x' },
    'POST /api/v1/events/search': { body: { query: ofBoth, limit: 1000 } },
    'POST /api/v1/events/count': { body: { query: ofBoth } },
    'POST /api/v1/events/histogram': { body: { query: ofBoth, ...day } },
    'POST /api/v1/events/top': { body: { query: ofBoth, field: 'host.name' } },
  }
  return read[`${route.method} ${route.path}`] ?? {}
}

/** No route takes this as input; an id that nothing has keeps writes without a body from doing anything. */
const INVALID = ['no route takes this']

function nobody(seed: Seed): Seed {
  const nothing = Object.fromEntries(Object.keys(seed).map((key) => [key, NOTHING]))
  return { ...seed, ...nothing, entry: 999_999_999, source: 'http:nothing', scope: 'nowhere', marker: seed.marker }
}

/** Reads that show none of the planted rows: they are about the program, the installation or the caller. */
const SILENT: readonly string[] = [
  'GET /.well-known/security.txt',
  'GET /api/v1/agent-link/parts/:sha256',
  'GET /api/v1/agent-link/releases/:sha256',
  'GET /api/v1/alerts/summary',
  'GET /api/v1/attack/techniques',
  'GET /api/v1/authorities',
  // Numbers of the assets asked for by id; inventory.int.test.ts asks for another scope's.
  'GET /api/v1/asset-weaknesses',
  'GET /api/v1/completeness/minimum-events',
  'GET /api/v1/captures/:id',
  'GET /api/v1/captures/:id/entry',
  'GET /api/v1/config',
  'GET /api/v1/coverage',
  'GET /api/v1/erasures',
  'GET /api/v1/erasures/:id',
  'GET /api/v1/first-week',
  'GET /api/v1/frameworks',
  'GET /api/v1/holds',
  // Of one asset by its name; inventory.int.test.ts asks for another scope's.
  'GET /api/v1/inventories/bill',
  'GET /api/v1/invite',
  'GET /api/v1/ledger/head',
  'GET /api/v1/mail-server',
  'GET /api/v1/masking',
  'GET /api/v1/me/reads',
  'GET /api/v1/me/factors',
  'GET /api/v1/me/sessions',
  'GET /api/v1/openapi.json',
  'GET /api/v1/respond/guards',
  'GET /api/v1/retention',
  'GET /api/v1/review/mail',
  'GET /api/v1/reviews',
  'GET /api/v1/roles',
  'GET /api/v1/rules',
  'GET /api/v1/rules/:id',
  'GET /api/v1/scenarios',
  'GET /api/v1/scenarios/:id',
  'GET /api/v1/schemas/card.json',
  'GET /api/v1/scim',
  'GET /api/v1/scim/groups',
  'GET /api/v1/scopes',
  'GET /api/v1/scopes/mine',
  'GET /api/v1/session',
  'GET /api/v1/setup',
  'GET /api/v1/shippers',
  'GET /api/v1/sign-in',
  'GET /api/v1/sso',
  'GET /api/v1/sso/:id/callback',
  'GET /api/v1/sso/:id/start',
  'GET /api/v1/sso/identities',
  'GET /api/v1/sso/providers',
  'GET /api/v1/status',
  'GET /api/v1/waf/suggestions',
  'GET /api/v1/waf/verdicts',
  'GET /healthz',
  'GET /ledger/checkpoint',
  'GET /ledger/key',
  'GET /ledger/rotations',
  'GET /ledger/tile/*',
  'GET /pki/:id/ca.crl',
  'GET /pki/ca.crl',
  'GET /pki/ca.pem',
  'GET /public/cards/:id/credential.json',
  'GET /public/cards/:id/status',
  'GET /public/contexts/badge-v1.json',
  'GET /public/status',
  'GET /public/status/:list',
  'GET /public/verifier.html',
  'GET /readyz',
  'GET /scim/v2/Groups',
  'GET /scim/v2/Groups/:id',
  'GET /scim/v2/ResourceTypes',
  'GET /scim/v2/ResourceTypes/:id',
  'GET /scim/v2/Schemas',
  'GET /scim/v2/Schemas/:id',
  'GET /scim/v2/ServiceProviderConfig',
  'GET /scim/v2/Users',
  'GET /scim/v2/Users/:id',
  'GET /witness/key',
  'POST /api/v1/events/count',
  'POST /api/v1/events/histogram',
]

/** Two scopes may each have one of this name; a PUT makes the caller's own. */
const NAMED_BY_CALLER = /^\/api\/v1\/(series|agent-policies|waf\/applications)\//

/** What was asked in this scope, in the words of whoever asked: here they name rows of another. */
const OWN_QUESTIONS: ReadonlySet<string> = new Set(['GET /api/v1/reads', 'GET /api/v1/me/reads'])

/** How many callers try each route in a foreign scope; not a divisor of how many there are, so that they mix. */
const FOREIGNERS = 9

/** Ledger tiles and revocation lists are the installation's own. */
const PUBLIC = /^\/(ledger\/tile|pki|scim|public)\//

/** Rows of the whole installation, or of whoever asks. */
const WITHOUT_SCOPE = /^\/(scim|api\/v1\/(scim|scopes|sso|me|holds))\//

/** Input that a write takes, so that only the id is wrong. */
function bodyOf(route: Route, seed: Seed): unknown {
  const bodies: Readonly<Record<string, unknown>> = {
    'POST /api/v1/alerts/:id/verdict': { verdict: 'true', note: '' },
    'POST /api/v1/alerts/:id/assign': { assignee: 'me' },
    'POST /api/v1/alerts/:id/undo': {},
    'PATCH /api/v1/channels/:id': { name: 'taken' },
    'DELETE /api/v1/channels/:id': {},
    'POST /api/v1/channels/:id/test': {},
    'PATCH /api/v1/connections/:id': { enabled: false },
    'DELETE /api/v1/connections/:id': {},
    'POST /api/v1/connections/:id/test': {},
    'POST /api/v1/channels/:id/retry': {},
    'POST /api/v1/channels/:id/secret': {},
    'DELETE /api/v1/ioc/lists/:id': {},
    'POST /api/v1/ioc/lists/:id/fetch': {},
    'POST /api/v1/ioc/lists/:id/indicators': { text: 'taken.example' },
    'POST /api/v1/ioc/lists/:id/remove': { values: [`${seed.marker}.example`] },
    'POST /api/v1/exercises/:id/deeds': { do: 'next' },
    'POST /api/v1/incidents/:id/deeds': { do: 'comment', text: 'taken' },
    'DELETE /api/v1/on-call/:id': {},
    'POST /api/v1/rules/:id/replay': { days: 1 },
    'POST /api/v1/exceptions/:id/decide': { decision: 'approve', note: '' },
    'DELETE /api/v1/exceptions/:id': {},
    'DELETE /api/v1/waf/exclusions/:id': {},
    'DELETE /api/v1/waf/applications/:name': {},
    'PUT /api/v1/waf/applications/:name': { hosts: ['taken.example.com'], owner: 'taken' },
    'PUT /api/v1/waf/verdicts/:reference': { verdict: 'false' },
    'POST /api/v1/vulnerability-exceptions/:id/decide': { decision: 'approve', note: '' },
    'DELETE /api/v1/vulnerability-exceptions/:id': {},
    'PATCH /api/v1/artefacts/:id': { keepUntil: null },
    'DELETE /api/v1/artefacts/:id': { reason: 'taken' },
    'POST /api/v1/artefacts/:id/hold': { reason: 'taken' },
    'POST /api/v1/artefacts/:id/release': { reason: 'taken' },
    'POST /api/v1/artefacts/:id/transfers': { to: 'taken', reason: 'taken' },
    'PATCH /api/v1/assets/:id': { owner: 'taken' },
    'DELETE /api/v1/assets/:id': {},
    'POST /api/v1/cards/:id/sign': { hash: '0'.repeat(64) },
    'PATCH /api/v1/sources/:id': { title: 'taken' },
    'POST /api/v1/sources/:id/test': {},
    'DELETE /api/v1/tokens/:id': {},
    'POST /api/v1/tokens/:id/rotate': {},
    'DELETE /api/v1/agents/:id': {},
    'DELETE /api/v1/agent-commands/:id': {},
    'DELETE /api/v1/agent-policies/:label': {},
    'POST /api/v1/agent-policies/:label/plan': { settings: { journal: false } },
    'POST /api/v1/agents/:id/commands': { kind: 'release' },
    'POST /api/v1/agents/:id/plan': { kind: 'release' },
    'POST /api/v1/agents/:id/queries': { table: 'users' },
    'POST /api/v1/agents/:id/baseline': { state: '0'.repeat(64), reason: 'taken' },
    'POST /api/v1/agents/:id/update': { sha256: '0'.repeat(64) },
    'PUT /api/v1/agent-policies/:label': { journal: false },
    'DELETE /api/v1/enrolments/:id': {},
    'PATCH /api/v1/people/:id': { display: 'taken' },
    'POST /api/v1/people/:id/reset': {},
    'PUT /api/v1/people/:id/audit-period': { from: null, to: null },
    'PUT /api/v1/people/:id/roles': { roles: [] },
    'DELETE /api/v1/people/:id/sessions': {},
    'DELETE /api/v1/people/:id/sessions/:session': {},
    'PUT /api/v1/searches/:id': { name: 'taken', query: '' },
    'DELETE /api/v1/searches/:id': {},
    'DELETE /api/v1/series/:id': {},
    'PUT /api/v1/series/:id': { unit: 'count', title: { en: 'taken', ja: 'taken' } },
    'POST /api/v1/series/:id/samples': { value: 1 },
    'POST /api/v1/playbooks/:id/settings': { enabled: false },
    'POST /api/v1/playbooks/:id/versions/:version/decide': { decision: 'approve' },
    'POST /api/v1/playbooks/:id/plan': {},
    'POST /api/v1/playbooks/:id/run': {},
    'POST /api/v1/runs/:id/stop': {},
    'POST /api/v1/runs/:id/undo': {},
    'POST /api/v1/runs/:id/steps/:key/decide': { decision: 'approve' },
    'POST /api/v1/runs/:id/steps/:key/answer': { answer: 'done' },
    'POST /api/v1/reviews/:id/decide': { items: [seed.reviewItem], decision: 'remove' },
  }
  const body = bodies[nameOf(route)]
  if (body === undefined) throw new Error(`This test knows no input for ${nameOf(route)}.`)
  return body
}

/** What is stored of a scope, but for what changes by itself (judging cards, last use). */
/** What the server writes by itself, whoever asks: deliveries that are tried again, what is learned from events. */
const OWN_WRITES = /^detect_(behaviour|deliveries|history)/

async function rowsOf(scope: string): Promise<string> {
  const db = kanpeki.services.state.tables<AccessTables>()
  const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table' order by name`.execute(db)
  const parts: string[] = []
  for (const { name } of tables.rows) {
    if (
      !/^(access_|assets|collect_sources|detect_|hosts_|respond_|saved_searches|prove_artefacts|declare_(signatures|versions))/.test(
        name,
      )
    )
      continue
    if (OWN_WRITES.test(name)) continue
    const columns = await sql<{ name: string }>`select name from pragma_table_info(${name})`.execute(db)
    if (!columns.rows.some((column) => column.name === 'scope')) continue
    const rows = await sql<Record<string, unknown>>`select * from ${sql.table(name)} where scope = ${scope}`.execute(db)
    const still = rows.rows.map(({ last_used: _used, last_seen: _seen, past: _past, ...row }) => JSON.stringify(row)).sort()
    if (name !== 'access_sessions' && name !== 'access_failures') parts.push(name, ...still)
  }
  return parts.join('\n')
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** Fifteen thousand requests: `fetch` took more of a core for them than the server. */
const connections = new Agent({ keepAlive: true })

async function ask(actor: Actor, method: string, path: string, more: { scope?: string; body?: unknown } = {}): Promise<Answer> {
  const body = more.body === undefined ? undefined : JSON.stringify(more.body)
  const headers = {
    ...(await actor.headers()),
    ...(actor.everywhere ? { 'x-kanpeki-scope': actor.scope } : {}),
    ...(more.scope === undefined ? {} : { 'x-kanpeki-scope': more.scope }),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  }
  return await new Promise<Answer>((resolve, reject) => {
    const sent = request(`${kanpeki.url}${path}`, { method, agent: connections, headers }, (reply) => {
      const status = reply.statusCode ?? 0
      if (reply.headers['content-type']?.startsWith('text/event-stream') === true) {
        reply.destroy()
        resolve({ status, text: '' })
        return
      }
      let text = ''
      reply.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      reply.once('end', () => resolve({ status, text }))
      reply.once('error', reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

/** A public route may answer 401 too: nobody is signed in, or a password is wrong. */
function isDenied({ status, text }: Answer, { permission }: Route): boolean {
  return (status === 401 && permission !== 'public') || (status === 403 && text.includes('needs the permission'))
}

function mayAsk(actor: Actor, route: Route): boolean {
  return HOLDERS[route.permission].some((holder) => actor.holds.has(holder))
}

const nameOf = (route: Route): string => `${route.method} ${route.path}`
const reads = (route: Route): boolean =>
  (route.method === 'GET' && route.path !== '/api/v1/live') || readingOf(route, seeds).body !== undefined

it('has one line for every route, with its permission', async () => {
  const lines = kanpeki.routes.map((route) => `${nameOf(route)} ${route.permission}`).sort()
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('access-table.txt')
})

it('finds the planted rows where they are, so that not finding them elsewhere means something', async () => {
  const admin = actors.find(({ name }) => name === 'admin token of default')!
  const unseen = new Set<string>()
  // Hosts are written down every ten seconds.
  for (const { scope, marker } of seeds) {
    await vi.waitFor(
      async () => expect((await ask(admin, 'GET', '/api/v1/completeness/hosts', { scope })).text).toContain(marker),
      { timeout: 20_000, interval: 500 },
    )
  }
  for (const seed of seeds) {
    for (const route of kanpeki.routes.filter(reads)) {
      const { query, body } = readingOf(route, seeds)
      const path = query === undefined ? pathOf(route, seed) : `${pathOf(route, seed)}?${query}`
      const { status, text } = await ask(admin, route.method, path, {
        scope: seed.scope,
        ...(body === undefined ? {} : { body }),
      })
      if (status < 300 && text.includes(seed.marker)) continue
      unseen.add(nameOf(route))
    }
  }
  expect([...unseen].sort()).toEqual([...SILENT].sort())
})

it('lets each role and grant do in its own scope what the table says, and shows it nothing of another', async () => {
  const faults: string[] = []
  let combinations = 0
  const walk = async (route: Route, actor: Actor): Promise<void> => {
    const own = seeds.find(({ scope }) => scope === actor.scope)!
    const other = seeds.find(({ scope }) => scope !== actor.scope)!
    const { query, body } = readingOf(route, seeds)
    // A write is asked with nothing to do: the permission is looked at before the input.
    const target = reads(route) || route.method === 'GET' ? pathOf(route, own) : pathOf(route, nobody(own))
    const path = query === undefined ? target : `${target}?${query}`
    const answer = await ask(actor, route.method, path, route.method === 'GET' ? {} : { body: body ?? INVALID })
    combinations += 1
    const told = `${actor.name}: ${nameOf(route)} answered ${answer.status}`
    const allowed = mayAsk(actor, route)
    if (isDenied(answer, route) === allowed) faults.push(`${told}, expected ${allowed ? 'no refusal' : 'a refusal'}`)
    if (answer.status >= 500 && answer.status !== 503) faults.push(told)
    if (!actor.everywhere && !OWN_QUESTIONS.has(nameOf(route)) && answer.text.includes(other.marker))
      faults.push(`${told} with a row of ${other.scope}`)
  }
  for (const route of kanpeki.routes) await Promise.all(actors.map((actor) => walk(route, actor)))
  console.log(`${kanpeki.routes.length} routes × ${actors.length} callers: ${combinations} combinations`)
  expect(faults).toEqual([])
  expect(combinations).toBeGreaterThan(2_000)
}, 300_000)

it('answers about a row of another scope as if it were not there', async () => {
  const faults: string[] = []
  let combinations = 0
  const compare = async (route: Route, actor: Actor): Promise<void> => {
    const other = seeds.find(({ scope }) => scope !== actor.scope)!
    const path = pathOf(route, other)
    const answer = await ask(actor, route.method, path)
    const nothing = await ask(actor, route.method, pathOf(route, nobody(other)))
    combinations += 1
    const told = `${actor.name}: ${nameOf(route)} answered ${answer.status} for an id of ${other.scope}`
    // The id that was asked for may come back in words.
    const asked = path.split('/').map(decodeURIComponent)
    const text = asked.reduce((rest, part) => (part.includes(other.marker) ? rest.replaceAll(part, '') : rest), answer.text)
    if (text.includes(other.marker)) faults.push(`${told}, with its row`)
    if (answer.status !== nothing.status && !PUBLIC.test(route.path)) faults.push(`${told}, ${nothing.status} for none`)
  }
  const routes = kanpeki.routes.filter(
    (route) => route.method === 'GET' && /[:*]/.test(route.path) && !PUBLIC_BY_ID.has(route.path),
  )
  for (const route of routes)
    await Promise.all(actors.filter((one) => !one.everywhere && mayAsk(one, route)).map((actor) => compare(route, actor)))
  for (const query of ['alert', 'card', 'index'] as const) {
    for (const actor of actors.filter((one) => !one.everywhere && one.holds.has('analyst'))) {
      const other = seeds.find(({ scope }) => scope !== actor.scope)!
      const id = { alert: other.alert, card: other.card, index: String(other.entry) }[query]
      const { status } = await ask(actor, 'GET', `/api/v1/ledger/bundle?${query}=${id}`)
      combinations += 1
      if (status !== 404) faults.push(`${actor.name}: a bundle by ${query} of ${other.scope} answered ${status}`)
    }
  }
  console.log(`${combinations} requests for rows of another scope`)
  expect(faults).toEqual([])
  expect(combinations).toBeGreaterThan(150)
}, 120_000)

it('changes no row of another scope, whoever asks', async () => {
  const faults: string[] = []
  let combinations = 0
  const writes = kanpeki.routes.filter(
    (route) => route.method !== 'GET' && /[:*]/.test(route.path) && !WITHOUT_SCOPE.test(route.path),
  )
  for (const actor of actors.filter(({ everywhere }) => !everywhere)) {
    const other = seeds.find(({ scope }) => scope !== actor.scope)!
    const able = writes.filter((route) => mayAsk(actor, route))
    if (able.length === 0) continue
    const rows = await rowsOf(other.scope)
    for (const route of able) {
      const { status } = await ask(actor, route.method, pathOf(route, other), { body: bodyOf(route, other) })
      combinations += 1
      if (status < 400 && !NAMED_BY_CALLER.test(route.path))
        faults.push(`${actor.name}: ${nameOf(route)} answered ${status} for an id of ${other.scope}`)
      if (status === 400) faults.push(`${actor.name}: ${nameOf(route)} found fault with this test's input, not with the id`)
    }
    const after = await rowsOf(other.scope)
    if (after !== rows) {
      const before = new Set(rows.split('\n'))
      const fresh = after.split('\n').filter((line) => !before.has(line))
      faults.push(`${actor.name} changed rows of ${other.scope}: ${fresh.join(' ').slice(0, 500)}`)
    }
  }
  console.log(`${combinations} writes to rows of another scope`)
  expect(faults).toEqual([])
  expect(combinations).toBeGreaterThan(50)
}, 120_000)

it("refuses to work in a scope that is not the caller's, on every route", async () => {
  const faults: string[] = []
  let combinations = 0
  const walk = async (route: Route, actor: Actor): Promise<void> => {
    const other = seeds.find(({ scope }) => scope !== actor.scope)!
    const more = { scope: other.scope, ...(route.method === 'GET' ? {} : { body: INVALID }) }
    const answer = await ask(actor, route.method, pathOf(route, other), more)
    combinations += 1
    if (answer.status !== 403) faults.push(`${actor.name}: ${nameOf(route)} in ${other.scope} answered ${answer.status}`)
    if (answer.text.includes(other.marker)) faults.push(`${actor.name}: ${nameOf(route)} in ${other.scope} shows its rows`)
  }
  const bound = actors.filter(({ everywhere, kind }) => !everywhere && kind !== 'stranger')
  // The scope is looked at before the route, whoever asks: each route is asked by some, and each caller asks some of them.
  for (const [index, route] of kanpeki.routes.entries()) {
    const some = Array.from({ length: FOREIGNERS }, (_, n) => bound[(index * FOREIGNERS + n) % bound.length]!)
    await Promise.all(some.map((actor) => walk(route, actor)))
  }
  console.log(`${combinations} requests in a foreign scope`)
  expect(faults).toEqual([])
  expect(combinations).toBeGreaterThan(2_000)
}, 300_000)
