import type { Db } from '../queries.ts'
import type { AgentsTable, CaTable, CertificatesTable, EnrolmentsTable } from './tables.ts'

// ── Authorities ──

/** Those still trusted, the issuing one first. */
export async function trustedAuthorities(db: Db, now: number): Promise<CaTable[]> {
  return await db
    .selectFrom('access_ca')
    .selectAll()
    .where('trusted_until', '>', now)
    .orderBy('created', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

export async function insertAuthority(db: Db, row: CaTable): Promise<void> {
  await db.insertInto('access_ca').values(row).execute()
}

/** Ends trust in the authorities before `id` at `until`, unless it ends before. */
export async function retireAuthoritiesBut(db: Db, id: string, until: number): Promise<void> {
  await db
    .updateTable('access_ca')
    .set({ trusted_until: until })
    .where('id', '!=', id)
    .where('trusted_until', '>', until)
    .execute()
}

// ── Enrolment tokens ──

export async function insertEnrolment(db: Db, row: EnrolmentsTable): Promise<void> {
  await db.insertInto('access_enrolments').values(row).execute()
}

export async function findEnrolment(db: Db, hash: string, now: number): Promise<EnrolmentsTable | undefined> {
  return await db
    .selectFrom('access_enrolments')
    .selectAll()
    .where('hash', '=', hash)
    .where('expires', '>', now)
    .where('uses_left', '>', 0)
    .executeTakeFirst()
}

/** Takes one use. @returns false if none is left, or the token has ended meanwhile. */
export async function takeEnrolment(db: Db, id: string, now: number): Promise<boolean> {
  const done = await db
    .updateTable('access_enrolments')
    .set((e) => ({ uses_left: e('uses_left', '-', 1) }))
    .where('id', '=', id)
    .where('uses_left', '>', 0)
    .where('expires', '>', now)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) > 0
}

export async function listEnrolments(db: Db, scope: string): Promise<EnrolmentsTable[]> {
  return await db.selectFrom('access_enrolments').selectAll().where('scope', '=', scope).orderBy('created', 'desc').execute()
}

/** @returns its name, or undefined if there is none. */
export async function deleteEnrolment(db: Db, scope: string, id: string): Promise<string | undefined> {
  const row = await db
    .deleteFrom('access_enrolments')
    .where('scope', '=', scope)
    .where('id', '=', id)
    .returning('name')
    .executeTakeFirst()
  return row?.name
}

// ── Agents and their certificates ──

export async function insertAgent(db: Db, row: AgentsTable): Promise<void> {
  await db.insertInto('access_agents').values(row).execute()
}

export async function insertCertificate(db: Db, row: CertificatesTable): Promise<void> {
  await db.insertInto('access_certificates').values(row).execute()
}

export interface ListedAgent extends AgentsTable {
  /** The end of its certificate that lasts longest; null if each was revoked. */
  readonly certificate_expires: number | null
}

export async function listAgents(db: Db, scope: string): Promise<ListedAgent[]> {
  const rows = await db
    .selectFrom('access_agents as a')
    .leftJoin('access_certificates as c', (join) => join.onRef('c.agent_id', '=', 'a.id').on('c.revoked', 'is', null))
    .selectAll('a')
    .select((e) => e.fn.max('c.expires').as('certificate_expires'))
    .where('a.scope', '=', scope)
    .groupBy(['a.id', 'a.scope', 'a.name', 'a.enrolment_id', 'a.created', 'a.last_seen', 'a.revoked'])
    .orderBy('a.created', 'desc')
    .execute()
  return rows.map((row) => ({
    ...row,
    certificate_expires: row.certificate_expires === null ? null : Number(row.certificate_expires),
  }))
}

/** A certificate that we issued, with its agent; whoever asks looks at what was revoked. */
export interface KnownCertificate {
  readonly agent_id: string
  readonly name: string
  readonly scope: string
  readonly last_seen: number | null
  readonly agent_revoked: number | null
  readonly revoked: number | null
}

export async function findCertificate(db: Db, fingerprint: string): Promise<KnownCertificate | undefined> {
  return await db
    .selectFrom('access_certificates as c')
    .innerJoin('access_agents as a', 'a.id', 'c.agent_id')
    .select(['c.agent_id', 'a.name', 'a.scope', 'a.last_seen', 'a.revoked as agent_revoked', 'c.revoked'])
    .where('c.fingerprint', '=', fingerprint)
    .executeTakeFirst()
}

export async function touchAgent(db: Db, id: string, now: number): Promise<void> {
  await db.updateTable('access_agents').set({ last_seen: now }).where('id', '=', id).execute()
}

/** Revokes an agent and every certificate it holds. @returns its name and how many certificates, undefined if there is no such live agent. */
export async function revokeAgent(
  db: Db,
  scope: string,
  id: string,
  now: number,
): Promise<{ readonly name: string; readonly certificates: number } | undefined> {
  const agent = await db
    .updateTable('access_agents')
    .set({ revoked: now })
    .where('scope', '=', scope)
    .where('id', '=', id)
    .where('revoked', 'is', null)
    .returning('name')
    .executeTakeFirst()
  if (agent === undefined) return undefined
  const done = await db
    .updateTable('access_certificates')
    .set({ revoked: now })
    .where('agent_id', '=', id)
    .where('revoked', 'is', null)
    .executeTakeFirst()
  return { name: agent.name, certificates: Number(done.numUpdatedRows) }
}

/** How many certificates an agent was given since a time. */
export async function countCertificatesSince(db: Db, agentId: string, since: number): Promise<number> {
  const row = await db
    .selectFrom('access_certificates')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('created', '>', since)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

/** What an authority's revocation list names: certificates that would be good without it. */
export async function revokedCertificates(
  db: Db,
  caId: string,
  now: number,
): Promise<{ readonly serial: string; readonly revoked: number }[]> {
  const rows = await db
    .selectFrom('access_certificates')
    .select(['serial', 'revoked'])
    .where('ca_id', '=', caId)
    .where('revoked', 'is not', null)
    .where('expires', '>', now)
    .orderBy('serial')
    .execute()
  return rows.map(({ serial, revoked }) => ({ serial, revoked: revoked ?? now }))
}
