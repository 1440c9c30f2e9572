import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { Caller } from '../../platform/http/route.ts'
import { type Authenticator, tokenOf } from '../authenticate.ts'
import type { Db } from '../queries.ts'
import { hashSecret } from '../secret.ts'
import type { Authority } from './authority.ts'
import { certificateFault, fingerprintOf } from './check-certificate.ts'
import { ENROLMENT_PREFIX } from './enrolment.ts'
import { findCertificate, findEnrolment, touchAgent } from './queries.ts'

const TOUCH_EVERY_MS = 60_000

/**
 * Adds machines to the callers that `people` knows: a client certificate of ours is an agent, an enrolment token may ask
 * for one and do nothing else. A token or a session goes before a certificate. Revocation holds at once, also on open
 * connections: each request is looked up.
 */
export function withMachines(people: Authenticator, db: Db, authority: Authority, clock: Clock): Authenticator {
  return async (request, looking) => {
    const token = tokenOf(request.headers)
    if (token?.startsWith(ENROLMENT_PREFIX) === true) return await byEnrolment(db, token, clock.now())
    const caller = await people(request, looking)
    if (caller.kind !== 'anonymous') return caller
    return (await byCertificate(db, authority, request, clock.now())) ?? caller
  }
}

async function byEnrolment(db: Db, token: string, now: number): Promise<Caller> {
  const row = await findEnrolment(db, hashSecret(token), now)
  if (row === undefined)
    throw new KanpekiError('unauthenticated', 'This enrolment token is not known, is used up or has expired.', {
      remedy: "Make one with 'kanpeki enrol-token create'.",
    })
  const { id, name, scope } = row
  return { kind: 'token', id, name, scope, scopes: [scope], roles: [], permissions: new Set(['public']), account: null }
}

async function byCertificate(db: Db, authority: Authority, request: IncomingMessage, now: number): Promise<Caller | undefined> {
  const { socket, headers } = request
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  // A browser sends a certificate along with whatever a foreign page asks of it: it is no agent.
  if (certificate === undefined || headers['sec-fetch-site'] !== undefined || headers.origin !== undefined) return undefined
  const { agent_id: id, name, scope } = await machineOf(certificate, db, authority, now)
  return {
    kind: 'agent',
    id,
    name,
    scope,
    scopes: [scope],
    roles: [],
    permissions: new Set(['public', 'agent', 'ingest']),
    account: null,
    source: `agent:${id}`,
  }
}

/**
 * The machine that a client certificate was issued to; notes that it was seen.
 * @throws KanpekiError `unauthenticated` for one that is not ours, not good now, or revoked.
 */
export async function machineOf(
  certificate: X509Certificate,
  db: Db,
  authority: Authority,
  now: number,
): Promise<NonNullable<Awaited<ReturnType<typeof findCertificate>>>> {
  const authorities = authority.trusted().map((one) => one.certificate)
  const fault = certificateFault(certificate, authorities, now)
  if (fault !== undefined) throw refused(`it is ${fault}`)
  const known = await findCertificate(db, fingerprintOf(certificate))
  if (known === undefined) throw refused('it was not issued here')
  if (known.revoked !== null || known.agent_revoked !== null) throw refused('it was revoked')
  const { agent_id: id, last_seen } = known
  if (last_seen === null || now - last_seen > TOUCH_EVERY_MS) await touchAgent(db, id, now)
  return known
}

function refused(why: string): KanpekiError {
  return new KanpekiError('unauthenticated', `This client certificate is refused: ${why}.`, {
    remedy: "Enrol the agent again with a token from 'kanpeki enrol-token create', or send no certificate.",
  })
}
