import { randomUUID, X509Certificate } from 'node:crypto'
import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { Db } from '../queries.ts'
import { hashSecret, newSecret } from '../secret.ts'
import type { Authority } from './authority.ts'
import { fingerprintOf } from './check-certificate.ts'
import { countCertificatesSince, insertAgent, insertCertificate, insertEnrolment, takeEnrolment } from './queries.ts'
import type { enrolmentSchema } from './schema.ts'
import type { EnrolmentsTable } from './tables.ts'
import type { IssuedCertificate } from './x509.ts'

const DAY_MS = 86_400_000
/** An agent that renews in a loop must not fill the database and the ledger. */
const CERTIFICATES_A_DAY = 10

export const ENROLMENT_PREFIX = 'kpe_'

export interface EnrolmentRequest {
  readonly scope: string
  readonly name: string
  /** How many machines may use it. */
  readonly uses: number
  /** Milliseconds. */
  readonly life: number
  readonly byName: string
}

/** The token is told once; the database keeps its hash. */
export async function createEnrolment(
  db: Db,
  { scope, name, uses, life, byName }: EnrolmentRequest,
  now: number,
): Promise<{ readonly row: EnrolmentsTable; readonly token: string }> {
  const token = `${ENROLMENT_PREFIX}${newSecret()}`
  const row: EnrolmentsTable = {
    id: randomUUID(),
    scope,
    name,
    hash: hashSecret(token),
    uses_left: uses,
    uses,
    by_name: byName,
    created: now,
    expires: now + life,
  }
  await insertEnrolment(db, row)
  return { row, token }
}

export interface Issued extends IssuedCertificate {
  readonly agent: { readonly id: string; readonly name: string; readonly scope: string }
}

/**
 * Takes one use of an enrolment token and makes an agent with its first certificate. Call it in a transaction: a request
 * that is refused costs no use.
 */
export async function enrol(
  db: Db,
  authority: Authority,
  enrolment: { readonly id: string; readonly scope: string },
  name: string,
  csr: string,
  now: number,
): Promise<Issued> {
  if (!(await takeEnrolment(db, enrolment.id, now)))
    throw new KanpekiError('gone', 'This enrolment token is used up or has expired.', {
      remedy: "Make one with 'kanpeki enrol-token create'.",
    })
  const agent = { id: randomUUID(), name, scope: enrolment.scope }
  const issued = await authority.issue(csr, agent.id, now)
  await insertAgent(db, { ...agent, enrolment_id: enrolment.id, created: now, last_seen: null, revoked: null })
  await keep(db, agent, issued, now)
  return { ...issued, agent }
}

/** A further certificate for an agent that showed one that is good. The one before stays good until it ends. */
export async function renew(db: Db, authority: Authority, agent: Issued['agent'], csr: string, now: number): Promise<Issued> {
  if ((await countCertificatesSince(db, agent.id, now - DAY_MS)) >= CERTIFICATES_A_DAY)
    throw new KanpekiError('too_many_requests', `An agent gets ${CERTIFICATES_A_DAY} certificates a day at most.`, {
      remedy: 'Keep the last one: it is good for weeks.',
    })
  const issued = await authority.issue(csr, agent.id, now)
  await keep(db, agent, issued, now)
  return { ...issued, agent: { id: agent.id, name: agent.name, scope: agent.scope } }
}

async function keep(
  db: Db,
  agent: Issued['agent'],
  { certificate, caId, serial, notAfter }: IssuedCertificate & { readonly caId: string },
  now: number,
): Promise<void> {
  await insertCertificate(db, {
    fingerprint: fingerprintOf(new X509Certificate(certificate)),
    scope: agent.scope,
    agent_id: agent.id,
    ca_id: caId,
    serial,
    created: now,
    expires: notAfter,
    revoked: null,
  })
}

/** An enrolment token as it is told of, without its secret. */
export function enrolmentReply(row: EnrolmentsTable): z.input<typeof enrolmentSchema> {
  return {
    id: row.id,
    name: row.name,
    usesLeft: row.uses_left,
    uses: row.uses,
    by: row.by_name,
    created: new Date(row.created).toISOString(),
    expires: new Date(row.expires).toISOString(),
  }
}
