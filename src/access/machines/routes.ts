import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { RawReply, type Route, route } from '../../platform/http/route.ts'
import { tokenOf } from '../authenticate.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import type { Authority, TrustedAuthority } from './authority.ts'
import { createEnrolment, ENROLMENT_PREFIX, enrol, enrolmentReply, type Issued, renew } from './enrolment.ts'
import { deleteEnrolment, listAgents, listEnrolments, revokeAgent } from './queries.ts'
import {
  agentSchema,
  authoritySchema,
  createdEnrolmentSchema,
  enrolmentSchema,
  enrolSchema,
  issuedSchema,
  newEnrolmentSchema,
  renewSchema,
} from './schema.ts'

const HOUR_MS = 3_600_000
const idSchema = z.object({ id: z.uuid() })

export interface MachineDeps extends Pick<AccessDeps, 'db' | 'record' | 'clock'> {
  readonly authority: Authority
}

/** Machines: enrolment, certificates, revocation. */
export function machineRoutes(deps: MachineDeps): Route[] {
  return [...agentRoutes(deps), ...enrolmentRoutes(deps), ...authorityRoutes(deps)]
}

function agentRoutes({ db, record, clock, authority }: MachineDeps): Route[] {
  const reply = ({ agent, certificate, notAfter }: Issued, now: number): z.input<typeof issuedSchema> => ({
    agent,
    certificate,
    chain: authority
      .trusted()
      .map(({ pem }) => pem)
      .join(''),
    notAfter: time(notAfter),
    renewAfter: time(now + ((notAfter - now) * 2) / 3),
  })
  return [
    route({
      method: 'POST',
      path: '/api/v1/agents/enrol',
      permission: 'public',
      summary: 'Exchange an enrolment token (as the bearer) and a certificate request for a client certificate',
      body: enrolSchema,
      response: issuedSchema,
      handle: async ({ body, caller, request }) => {
        if (tokenOf(request.headers)?.startsWith(ENROLMENT_PREFIX) !== true)
          throw new KanpekiError('unauthenticated', 'Enrolling needs an enrolment token.', {
            remedy: "Make one with 'kanpeki enrol-token create' and send it as Authorization: Bearer TOKEN.",
          })
        const now = clock.now()
        return await record(async (trx) => {
          const issued = await enrol(trx, authority, caller, body.name, body.csr, now)
          const { agent, serial, notAfter } = issued
          return {
            result: reply(issued, now),
            evidence: [
              adminEvidence(caller, now, 'agent.enrol', { agent: agent.id, name: agent.name, serial, until: time(notAfter) }),
            ],
          }
        })
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/agents/renew',
      permission: 'agent',
      summary: "An agent's next certificate, asked for with the present one",
      body: renewSchema,
      response: issuedSchema,
      handle: async ({ body, caller }) => {
        const now = clock.now()
        return await record(async (trx) => {
          const issued = await renew(trx, authority, caller, body.csr, now)
          const { agent, serial, notAfter } = issued
          return {
            result: reply(issued, now),
            evidence: [adminEvidence(caller, now, 'agent.renew', { agent: agent.id, serial, until: time(notAfter) })],
          }
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/agents',
      permission: 'agents:read',
      summary: 'Enrolled agents, newest first',
      response: z.object({ items: z.array(agentSchema) }),
      handle: async ({ caller }) => ({
        items: (await listAgents(db, caller.scope)).map((row) => ({
          id: row.id,
          name: row.name,
          created: time(row.created),
          lastSeen: timeOrNull(row.last_seen),
          certificateExpires: timeOrNull(row.certificate_expires),
          revoked: timeOrNull(row.revoked),
        })),
      }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/agents/:id',
      permission: 'agents:write',
      summary: 'Revoke an agent: its certificates are refused from now on',
      params: idSchema,
      response: z.object({ certificates: z.number().int() }),
      handle: async ({ params, caller }) => {
        const now = clock.now()
        const result = await record(async (trx) => {
          const done = await revokeAgent(trx, caller.scope, params.id, now)
          if (done === undefined) throw new KanpekiError('not_found', 'There is no such agent, or it was revoked before.')
          return {
            result: { certificates: done.certificates },
            evidence: [adminEvidence(caller, now, 'agent.revoke', { agent: params.id, ...done })],
          }
        })
        authority.revoked()
        return result
      },
    }),
  ]
}

function enrolmentRoutes({ db, record, clock }: MachineDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/enrolments',
      permission: 'agents:read',
      summary: 'Enrolment tokens, newest first',
      response: z.object({ items: z.array(enrolmentSchema) }),
      handle: async ({ caller }) => ({ items: (await listEnrolments(db, caller.scope)).map(enrolmentReply) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/enrolments',
      permission: 'agents:write',
      summary: 'Make an enrolment token; it is told once',
      body: newEnrolmentSchema,
      response: createdEnrolmentSchema,
      handle: ({ body, caller }) =>
        record(async (trx) => {
          const now = clock.now()
          const { name, uses, hours } = body
          const request = { scope: caller.scope, name, uses, life: hours * HOUR_MS, byName: caller.name }
          const { row, token } = await createEnrolment(trx, request, now)
          return {
            result: { ...enrolmentReply(row), token },
            evidence: [
              adminEvidence(caller, now, 'enrolment.create', { enrolment: row.id, name, uses, until: time(row.expires) }),
            ],
          }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/enrolments/:id',
      permission: 'agents:write',
      summary: 'Withdraw an enrolment token; agents that used it stay',
      params: idSchema,
      handle: ({ params, caller }) =>
        record(async (trx) => {
          const name = await deleteEnrolment(trx, caller.scope, params.id)
          if (name === undefined) throw new KanpekiError('not_found', 'There is no such enrolment token.')
          return {
            result: {},
            evidence: [adminEvidence(caller, clock.now(), 'enrolment.revoke', { enrolment: params.id, name })],
          }
        }),
    }),
  ]
}

function authorityRoutes({ authority }: MachineDeps): Route[] {
  const list = async (id?: string): Promise<RawReply> => {
    const der = await authority.crl(id)
    if (der === undefined) throw new KanpekiError('not_found', 'There is no such certificate authority.')
    return new RawReply('application/pkix-crl', der, { 'cache-control': 'no-cache' })
  }
  return [
    route({
      method: 'GET',
      path: '/pki/ca.pem',
      permission: 'public',
      summary: 'The authorities that vouch for machines, the issuing one first',
      handle: async () => {
        const trusted = authority.trusted()
        if (trusted.length === 0) throw new KanpekiError('not_found', 'There is no certificate authority before TLS is used.')
        return new RawReply('application/x-pem-file', trusted.map(({ pem }) => pem).join(''), { 'cache-control': 'no-cache' })
      },
    }),
    route({
      method: 'GET',
      path: '/pki/ca.crl',
      permission: 'public',
      summary: 'Revocation list of the issuing authority, DER',
      handle: () => list(),
    }),
    route({
      method: 'GET',
      path: '/pki/:id/ca.crl',
      permission: 'public',
      summary: 'Revocation list of one authority, DER',
      params: idSchema,
      handle: ({ params }) => list(params.id),
    }),
    route({
      method: 'GET',
      path: '/api/v1/authorities',
      permission: 'agents:read',
      summary: 'The authorities that vouch for machines, the issuing one first',
      response: z.object({ items: z.array(authoritySchema) }),
      handle: async () => ({ items: authority.trusted().map(authorityReply) }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/authorities/rotate',
      permission: 'installation',
      summary: 'Begin a new authority; the one before is trusted until its certificates have ended',
      response: authoritySchema,
      handle: async ({ caller }) => {
        if (authority.trusted().length === 0)
          throw new KanpekiError('no_tls', 'There is no certificate authority: this server does not speak TLS.', {
            remedy: 'Start it with --host ADDRESS, or with --tls on.',
          })
        return authorityReply(await authority.rotate(caller), 0)
      },
    }),
  ]
}

function authorityReply({ id, certificate, trustedUntil }: TrustedAuthority, index: number): z.input<typeof authoritySchema> {
  const subject = certificate.subject.replaceAll('\n', ', ')
  return { id, subject, fingerprint: certificate.fingerprint256, issuing: index === 0, trustedUntil: time(trustedUntil) }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms)
}
