import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { expect, vi } from 'vitest'
import { SESSION_COOKIE } from '../../access/authenticate.ts'
import { insertAgent, insertAuthority, insertCertificate, insertEnrolment } from '../../access/machines/queries.ts'
import { insertAccount, insertAssignment, insertSession } from '../../access/queries.ts'
import { openQuarter } from '../../access/reviews/open.ts'
import { hashSecret, newSecret } from '../../access/secret.ts'
import type { AccessTables } from '../../access/tables.ts'
import { createToken } from '../../access/tokens.ts'
import { saveFindings } from '../../assess/inventory/queries.ts'
import type { AssessTables } from '../../assess/inventory/tables.ts'
import { saveSeries } from '../../declare/series/queries.ts'
import type { SeriesTables } from '../../declare/series/tables.ts'
import { recordDetections } from '../../detect/alerts.ts'
import { writeProfiles } from '../../detect/behaviour/queries.ts'
import type { BehaviourTables } from '../../detect/behaviour/tables.ts'
import { newProfile, profileText, setSignal } from '../../detect/engines/behaviour/profile.ts'
import type { DetectTables } from '../../detect/tables.ts'
import { insertCommand, insertRelease, keepIntegrity, keepPolicy } from '../../hosts/queries.ts'
import type { HostTables } from '../../hosts/tables.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { saveApplication } from '../../protect/tuning/queries.ts'
import type { ProtectTables } from '../../protect/tuning/tables.ts'
import type { PlaybookTables } from '../../respond/playbooks/tables.ts'
import type { Kanpeki } from '../serve.ts'

const HOUR = 3_600_000

/** The rows that were planted in one scope; every text in them holds `marker`. */
export interface Seed {
  readonly scope: string
  readonly marker: string
  readonly alert: string
  readonly asset: string
  readonly card: string
  readonly source: string
  readonly event: string
  readonly person: string
  readonly session: string
  readonly passkey: string
  readonly token: string
  readonly agent: string
  readonly enrolment: string
  /** A command that waits for the agent. */
  readonly agentCommand: string
  readonly review: string
  readonly reviewItem: string
  /** A saved search that is shared. */
  readonly search: string
  /** A webhook that alerts are told by. */
  readonly channel: string
  readonly connection: string
  /** One that waits for approval. */
  readonly exception: string
  /** What a firewall's rule does not look at, and an application behind one. */
  readonly exclusion: string
  readonly application: string
  readonly waiver: string
  /** A list of indicators that people fill. */
  readonly iocList: string
  /** A series of figures from outside. */
  readonly series: string
  /** A file that was brought as evidence. */
  readonly artefact: string
  /** A playbook, a plan of it that was made, and its one step. */
  readonly playbook: string
  readonly run: string
  readonly runStep: string
  /** An incident that was opened from the alert. */
  readonly incident: string
  /** An exercise that was held. */
  readonly exercise: string
  /** Somebody's turn on call. */
  readonly turn: string
  /** A ledger entry of the scope. */
  readonly entry: number
}

/** Signs an account in as a password would. */
export async function openTestSession(
  kanpeki: Kanpeki,
  account: string,
): Promise<{ readonly id: string; readonly cookie: string }> {
  const secret = newSecret()
  const id = randomUUID()
  const now = Date.now()
  await insertSession(kanpeki.services.state.tables<AccessTables>(), {
    hash: hashSecret(secret),
    scope: 'default',
    id,
    account_id: account,
    methods: '["pwd"]',
    address: '192.0.2.7',
    agent: `browser of ${account}`,
    created: now,
    last_used: now,
    expires: now + HOUR,
  })
  return { id, cookie: `${SESSION_COOKIE}=${secret}` }
}

export async function addPerson(
  kanpeki: Kanpeki,
  name: string,
  roles: readonly (readonly [role: string, scope: string])[],
): Promise<void> {
  const db = kanpeki.services.state.tables<AccessTables>()
  const created = Date.now()
  await insertAccount(db, { id: name, scope: roles[0]![1] === '*' ? 'default' : roles[0]![1], name, password: '', created })
  for (const [role, scope] of roles)
    await insertAssignment(db, {
      id: `${name}/${role}/${scope}`,
      scope,
      account_id: name,
      role,
      origin: 'local',
      by_name: 'test',
      created,
    })
}

async function plantSeries(db: Kysely<SeriesTables>, scope: string, id: string, marker: string, now: number): Promise<void> {
  const asked = { pull: null, secret: null, asked_at: null, failing_since: null, fault: null }
  const row = { scope, id, unit: 'count' as const, title_en: marker, title_ja: marker, definition: marker, ...asked }
  await saveSeries(db, { ...row, by_name: marker, created: now })
}

async function plantBehaviour(db: Kysely<BehaviourTables>, scope: string, marker: string, now: number): Promise<void> {
  const name = `${marker}-host`
  const profile = newProfile(scope, 'host', name, Math.floor(now / 86_400_000), now)
  const detail = { type: 'rare', value: marker, days: 30, others: 1 } as const
  setSignal(profile, { feature: 'host-process', score: 5, at: now, eventId: marker, detail })
  const row = { scope, kind: 'host', name, last_seen: now, score: 5, score_at: now } as const
  await writeProfiles(db, [{ ...row, profile: profileText(profile) }])
}

async function plantPlan(
  ask: (path: string, body: unknown) => Promise<unknown>,
  { services: { state } }: Kanpeki,
  scope: string,
  marker: string,
): Promise<{ readonly run: string; readonly runStep: string }> {
  const source = JSON.stringify({
    id: `${marker}-playbook`,
    name: `${marker} playbook`,
    workflow_start: 'start',
    workflow: {
      start: { type: 'start', on_completion: 'ask' },
      ask: { type: 'action', name: marker, commands: [{ type: 'manual', command: marker }], on_completion: 'end' },
      end: { type: 'end' },
    },
  })
  await ask('/api/v1/playbooks', { source })
  const { id } = (await ask(`/api/v1/playbooks/${marker}-playbook/plan`, {})) as { readonly id: string }
  const step = () =>
    state.scoped<PlaybookTables>(scope).selectFrom('respond_steps').select('key').where('run_id', '=', id).executeTakeFirst()
  const run = () =>
    state.scoped<PlaybookTables>(scope).selectFrom('respond_runs').select('state').where('id', '=', id).executeTakeFirst()
  await vi.waitFor(async () => expect((await run())?.state).toBe('done'), { timeout: 10_000, interval: 20 })
  return { run: id, runStep: (await step())?.key ?? '' }
}

async function plantFinding(db: Kysely<AssessTables>, scope: string, marker: string, now: number): Promise<void> {
  const about = {
    id: marker,
    package: marker,
    name: marker,
    version: '1',
    purl: `pkg:generic/${marker}@1`,
    ids: '[]',
    aliases: '[]',
    fixed: '[]',
    summary: marker,
  }
  const rated = { severity: null, score: null, vector: null, exploited: null, epss: null }
  const seen = { first_seen: now, last_seen: now, opened_at: now, gone_at: null, gone_by: null, gone_outbox: null }
  const how = { regressed: 0 as const, kind: 'package' as const, place: '', in_use: null, guessed: 0 as const }
  await saveFindings(db, [{ scope, asset: `${marker}-host`, source: 'sbom', ...about, ...rated, ...seen, ...how }])
}

/** Plants every kind of row in a scope, by the ways that make them where there is one. `admin` is a token for every scope. */
export async function plant(kanpeki: Kanpeki, admin: string, scope: string, marker: string): Promise<Seed> {
  const { state, clock } = kanpeki.services
  const db = state.tables<AccessTables>()
  const now = clock.now()
  const ask = async (path: string, body: unknown): Promise<Record<string, never>> => {
    const reply = await fetch(`${kanpeki.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'x-kanpeki-scope': scope, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
    return (await reply.json()) as Record<string, never>
  }
  const person = `${marker}-person`
  await addPerson(kanpeki, person, [
    ['engineer', scope],
    ['auditor', scope],
  ])
  await ask('/api/v1/inventories', { asset: `${marker}-host`, components: [{ name: marker, version: '1' }] })
  await plantFinding(state.tables<AssessTables>(), scope, marker, now)
  const borne = { asset: null, package: marker, id: marker, kind: 'accept', reason: `${marker} is known here`, days: 7 }
  const waiver = await ask('/api/v1/vulnerability-exceptions', borne)
  const session = await openTestSession(kanpeki, person)
  const passkey = `${marker}-passkey`
  const key = { id: passkey, scope, account_id: person, name: marker, public_key: '', counter: 0, transports: '[]' }
  await db
    .insertInto('access_passkeys')
    .values({ ...key, synced: 0, created: now, last_used: null })
    .execute()
  const token = await createToken(db, { scope, name: `${marker} token`, grant: 'read', owner: person }, now)
  const shipper = await createToken(db, { scope, name: `${marker}-shipper`, grant: 'ingest', owner: null }, now)
  const agent = randomUUID()
  await insertAgent(db, {
    id: agent,
    scope,
    name: `${marker}-agent`,
    enrolment_id: 'x',
    created: now,
    last_seen: null,
    revoked: null,
  })
  // An authority that nobody trusts any more: it only stands behind the certificate.
  const ca = `${marker}-ca`
  await insertAuthority(db, { id: ca, scope, certificate: '', key: '', created: 0, trusted_until: 1 })
  const certificate = { fingerprint: `${marker}-f`, scope, agent_id: agent, ca_id: ca, serial: marker, created: now }
  await insertCertificate(db, { ...certificate, expires: now + HOUR, revoked: null })
  const agentCommand = randomUUID()
  await plantAgentWork(state.tables<HostTables>(), { scope, marker, agent, id: agentCommand, now })
  const enrolment = randomUUID()
  const uses = { uses: 1, uses_left: 1, by_name: marker, created: now, expires: now + HOUR }
  await insertEnrolment(db, { id: enrolment, scope, name: `${marker} enrolment`, hash: `${marker}-h`, ...uses })
  const asset = await ask('/api/v1/assets', { names: [`${marker}-host`], owner: marker, labels: { of: marker } })
  const search = await ask('/api/v1/searches', { name: `${marker} search`, query: marker, shared: true })
  const series = `${marker}-figures`
  await plantSeries(db as unknown as Kysely<SeriesTables>, scope, series, marker, now)
  await plantBehaviour(db as unknown as Kysely<BehaviourTables>, scope, marker, now)
  await ask('/api/v1/cards', { yaml: cardOf(`${marker}-card`, scope, marker) })

  const event = `${marker}-event`
  const lines = [
    { create: { _id: event } },
    { message: `${marker} happened`, host: { name: `${marker}-host` }, user: { name: `${marker}-user` } },
  ]
  const bulk = await fetch(`${kanpeki.url}/_bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${shipper.token}` },
    body: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"create":{}}\n{"broken ${marker}\n`,
  })
  if (!bulk.ok) throw new Error(`_bulk: ${bulk.status} ${await bulk.text()}`)
  await kanpeki.services.pipeline.ask({ kind: 'settled' })
  const found = (await ask('/api/v1/events/search', { query: `host.name:${marker}-host`, limit: 1 })) as unknown as {
    events: readonly { id: string; source: string }[]
  }
  const alert = await state.transaction<DetectTables, string>(async (trx) => {
    const { raised } = await recordDetections(
      trx,
      [
        {
          rule: {
            id: `${marker}-rule`,
            version: 'v1',
            title: `${marker} rule`,
            level: 'high',
            file: `${marker}.yml`,
            description: marker,
            techniques: ['T1505.003'],
            tactics: ['persistence'],
          },
          eventIds: [found.events[0]!.id],
          eventCount: 1,
          fields: { message: marker },
          group: { 'host.name': `${marker}-host` },
          observed: now,
          received: now,
          scope,
        },
      ],
      now,
    )
    return raised[0]!.id
  })
  const own = { name: `${marker} list`, kind: 'own' }
  const { id: iocList } = (await ask('/api/v1/ioc/lists', own)) as unknown as { id: string }
  await ask(`/api/v1/ioc/lists/${iocList}/indicators`, { text: `${marker}.example` })
  const hook = { kind: 'webhook', url: `https://8.8.8.8/${marker}` }
  const told = (await ask('/api/v1/channels', { name: `${marker} hook`, target: hook })) as unknown as { channel: { id: string } }
  // Whoever tests it is refused before anything leaves: no call may be made to loopback.
  const box = {
    name: `${marker}-box`,
    kind: 'ssh',
    settings: { host: '127.0.0.1', port: '22', user: 'root', hostKey: 'ssh-ed25519 AAAA' },
    secrets: { privateKey: marker },
  }
  const { id: connection } = (await ask('/api/v1/connections', box)) as unknown as { id: string }
  const proposal = { rule: `${marker}-rule`, conditions: [], reason: `${marker} is known here`, days: 7 }
  const exception = await ask('/api/v1/exceptions', proposal)
  const excluded = { rule: 1, path: `/${marker}`, variable: null, reason: `${marker} is known here`, days: 7 }
  const { id: exclusion } = (await ask('/api/v1/waf/exclusions', excluded)) as unknown as { id: string }
  const application = `${marker}-app`
  const declared = { scope, name: application, hosts: '["shop.example.com"]', owner: marker, author_name: marker, created: now }
  await saveApplication(state.tables<ProtectTables>(), declared)
  await openQuarter({
    clock,
    record: (work) =>
      state.transaction<AccessTables, Awaited<ReturnType<typeof work>>['result']>(async (trx) => {
        const { result, evidence } = await work(trx)
        await recordEvidence(trx, evidence, clock)
        return result
      }),
  })
  const review = await db.selectFrom('access_reviews').select('id').where('scope', '=', scope).executeTakeFirstOrThrow()
  const item = await db
    .selectFrom('access_review_items')
    .select('id')
    .where('review_id', '=', review.id)
    .limit(1)
    .executeTakeFirstOrThrow()
  const query = new URLSearchParams({ name: `${marker}.bin`, source: marker })
  const brought = await fetch(`${kanpeki.url}/api/v1/artefacts?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin}`, 'x-kanpeki-scope': scope, 'content-type': 'application/octet-stream' },
    body: `content of ${marker}`,
  })
  if (!brought.ok) throw new Error(`artefact: ${brought.status} ${await brought.text()}`)
  const artefact = (await brought.json()) as { readonly id: string }
  const incident = (await ask('/api/v1/incidents', { title: `${marker} incident`, alerts: [alert] })) as unknown as { id: string }
  const planned = await plantPlan(ask, kanpeki, scope, marker)
  const held = { script: 'ransomware-weekend', participants: [`${marker}-player`] }
  const { id: exercise } = (await ask('/api/v1/exercises', held)) as unknown as { id: string }
  await ask(`/api/v1/exercises/${exercise}/deeds`, { do: 'end', summary: marker })
  const until = new Date(now + HOUR).toISOString()
  const turn = { role: 'scribe', person: `${marker}-scribe`, from: new Date(now).toISOString(), to: until }
  const policy = (await ask('/api/v1/on-call', turn)) as unknown as { rota: readonly { id: string }[] }
  await kanpeki.services.drainer.drain()
  const entries = (await (
    await fetch(`${kanpeki.url}/api/v1/ledger/entries?subject=${encodeURIComponent(`alert:${alert}`)}`, {
      headers: { authorization: `Bearer ${admin}`, 'x-kanpeki-scope': scope },
    })
  ).json()) as { items: readonly { index: number }[] }
  return {
    scope,
    marker,
    alert,
    asset: asset['id'] as unknown as string,
    card: `${marker}-card`,
    source: found.events[0]!.source,
    event: found.events[0]!.id,
    person,
    session: session.id,
    passkey,
    token: token.id,
    agent,
    agentCommand,
    enrolment,
    review: review.id,
    reviewItem: item.id,
    iocList,
    series,
    search: search['id'] as unknown as string,
    channel: told.channel.id,
    connection,
    exclusion,
    application,
    exception: exception['id'] as unknown as string,
    waiver: waiver['id'] as unknown as string,
    artefact: artefact.id,
    playbook: `${marker}-playbook`,
    ...planned,
    incident: incident.id,
    exercise,
    turn: policy.rota[0]!.id,
    entry: entries.items[0]!.index,
  }
}

function cardOf(id: string, scope: string, marker: string): string {
  return `
id: ${id}
version: 2026.11.01
name: { en: ${marker}, ja: ${marker} }
owner: ${marker}
approvers: ['@admin']
signatures: 1
scope: { id: ${scope}, description: { en: ${marker}, ja: ${marker} } }
threats: { in: [{ en: Outsiders, ja: 外部の攻撃者 }] }
objectives:
  - id: complete
    title: { en: Completeness, ja: 完全性 }
    measure: collect.source-completeness
    comparator: ">="
    target: 99
    margin: 0.5
    window: P7D
    maxEvidenceAge: PT15M
period: P1D
validity: { from: 2026-01-01, until: 2099-01-01 }
nextReview: 2098-12-01
withdrawal: [{ on: stale-evidence, grace: PT1H }]
`
}

/** A command and a policy for an agent. */
async function plantAgentWork(
  db: Kysely<HostTables>,
  { scope, marker, agent, id, now }: { scope: string; marker: string; agent: string; id: string; now: number },
): Promise<void> {
  await insertCommand(db, {
    id,
    scope,
    agent,
    kind: 'release',
    params: '{}',
    key: marker,
    by_id: marker,
    by_name: marker,
    reason: marker,
    state: 'waiting',
    created: now,
    expires: now + HOUR,
    given: null,
    answered: null,
    receipt: null,
    failed_code: null,
    failed: null,
  })
  const release = { sha256: marker, scope, version: '1.0.0', signature: marker, bytes: 1, created: now, by_name: marker }
  await insertRelease(db, release)
  const report = { baseline: null, broken: false, paths: 1, frozen: false, changed: 0, unverified: 0, checked: null, missed: 0 }
  await keepIntegrity(db, { agent, scope, at: now, report: JSON.stringify({ ...report, state: '0'.repeat(64) }), changes: '[]' })
  await keepPolicy(db, { scope, label: `of=${marker}`, settings: '{}', by_name: marker, changed: now })
}
