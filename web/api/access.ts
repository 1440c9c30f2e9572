import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { conflictsSchema } from '../../src/access/conflicts/schema.ts'
import {
  changedPersonSchema,
  confirmedSchema,
  endedSchema,
  factorsSchema,
  invitedPersonSchema,
  linkSchema,
  linkStatusSchema,
  madePasskeySchema,
  nextStepSchema,
  passkeyOptionsSchema,
  peopleSchema,
  personSchema,
  recoverySchema,
  sessionListSchema,
  signInOffersSchema,
  totpBegunSchema,
} from '../../src/access/people/schema.ts'
import { rolesReplySchema } from '../../src/access/roles/schema.ts'
import { auditPeriod, sessionSchema } from '../../src/access/schema.ts'
import { identitiesSchema, linkStartSchema, signInProvidersSchema } from '../../src/access/sso/schema.ts'
import { call, tell } from './client.ts'
import { makePasskey, showPasskey, suggestPasskey } from './passkeys.ts'

/** What the console asks of the access room: signing in, one's own account, people. */

const post = (body?: unknown) => ({ method: 'POST' as const, ...(body === undefined ? {} : { body }) })
const none = z.unknown()

// ── Signing in ──

/** The session, or the step that is still missing. The step comes first: it is told apart by its `ticket`. */
const signInReply = z.union([nextStepSchema, sessionSchema])
export type SignInReply = z.infer<typeof signInReply>

export const offersQuery = queryOptions({
  queryKey: ['sign-in', 'offers'],
  queryFn: ({ signal }) => call(signInOffersSchema, '/api/v1/sign-in', { signal }),
  retry: false,
})
export const providersQuery = queryOptions({
  queryKey: ['sign-in', 'providers'],
  queryFn: ({ signal }) => call(signInProvidersSchema, '/api/v1/sso', { signal }),
  retry: false,
})

export const signIn = (name: string, password: string) => call(signInReply, '/api/v1/session', post({ name, password }))
export const signInCode = (ticket: string, step: 'otp' | 'recovery', code: string) =>
  call(sessionSchema, '/api/v1/session/code', post({ ticket, step, code: code.trim() }))

const passkeyQuestion = (ticket?: string) => call(passkeyOptionsSchema, '/api/v1/session/passkey/options', post({ ticket }))
const passkeyAnswer = (response: unknown, ticket?: string) =>
  call(sessionSchema, '/api/v1/session/passkey', post({ ticket, response }))

/** With a ticket the passkey is the second step; without, it signs in alone. */
export async function signInPasskey(ticket?: string) {
  const { options } = await passkeyQuestion(ticket)
  return await passkeyAnswer(await showPasskey(options), ticket)
}
/** The same through the browser's suggestions, until `signal` ends them. */
export async function signInSuggested(signal: AbortSignal) {
  const { options } = await passkeyQuestion()
  return await passkeyAnswer(await suggestPasskey(options, signal))
}

export type Confirmation = { by: 'password'; password: string } | { by: 'otp'; code: string }
export const confirm = (by: Confirmation) => call(confirmedSchema, '/api/v1/session/confirm', post(by))
export async function confirmByPasskey() {
  const { options } = await call(passkeyOptionsSchema, '/api/v1/session/confirm/options', post())
  const response = await showPasskey(options)
  return await call(confirmedSchema, '/api/v1/session/confirm', post({ by: 'passkey', response }))
}

// ── One-time links ──

export const linkQuery = (token: string) =>
  queryOptions({
    queryKey: ['sign-in', 'link', token],
    queryFn: ({ signal }) => call(linkStatusSchema, '/api/v1/invite', { query: { token }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
// `/invite?token=` as a link, and its use.
export const followLink = (token: string, password: string) => call(signInReply, '/api/v1/invite', post({ token, password }))
export async function followLinkByPasskey(token: string, name: string) {
  const { options } = await call(passkeyOptionsSchema, '/api/v1/invite/passkey/options', post({ token }))
  const response = await makePasskey(options)
  return await call(sessionSchema, '/api/v1/invite/passkey', post({ token, name, response }))
}

// ── One's own account ──

export const factorsQuery = queryOptions({
  queryKey: ['me', 'factors'],
  queryFn: ({ signal }) => call(factorsSchema, '/api/v1/me/factors', { signal }),
})
export const ownSessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: ({ signal }) => call(sessionListSchema, '/api/v1/me/sessions', { signal }),
})
export const endOwnSession = (id: string) => call(none, `/api/v1/me/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' })
export const endOtherSessions = () => call(endedSchema, '/api/v1/me/sessions', { method: 'DELETE' })
export const changePassword = (current: string, password: string) =>
  call(endedSchema, '/api/v1/me/password', { method: 'PUT', body: { current, password } })
export const beginTotp = () => call(totpBegunSchema, '/api/v1/me/totp', post())
export const endTotp = () => tell('/api/v1/me/totp', { method: 'DELETE' })
export const confirmTotp = (code: string) =>
  call(recoverySchema, '/api/v1/me/totp', { method: 'PUT', body: { code: code.trim() } })
export const newRecoveryCodes = () => call(recoverySchema, '/api/v1/me/recovery', post())
export async function addPasskey(name: string) {
  const { options } = await call(passkeyOptionsSchema, '/api/v1/me/passkeys/options', post())
  const response = await makePasskey(options)
  return await call(madePasskeySchema, '/api/v1/me/passkeys', post({ name, response }))
}
const passkeyPath = (id: string): string => `/api/v1/me/passkeys/${encodeURIComponent(id)}`
export const renamePasskey = (id: string, name: string) => tell(passkeyPath(id), { method: 'PATCH', body: { name } })
export const removePasskey = (id: string) => tell(passkeyPath(id), { method: 'DELETE' })

export const identitiesQuery = queryOptions({
  queryKey: ['me', 'identities'],
  queryFn: ({ signal }) => call(identitiesSchema, '/api/v1/sso/identities', { signal }),
})
export const linkIdentity = (provider: string) =>
  call(linkStartSchema, `/api/v1/sso/${encodeURIComponent(provider)}/link`, post({}))
export const unlinkIdentity = (id: string) => tell(`/api/v1/sso/identities/${encodeURIComponent(id)}`, { method: 'DELETE' })

// ── People and roles ──

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => call(rolesReplySchema, '/api/v1/roles', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})
export const peopleQuery = queryOptions({
  queryKey: ['people', 'list'],
  queryFn: ({ signal }) => call(peopleSchema, '/api/v1/people', { signal }),
})
export const conflictsQuery = queryOptions({
  queryKey: ['people', 'conflicts'],
  queryFn: ({ signal }) => call(conflictsSchema, '/api/v1/access/conflicts', { signal }),
})
const personPath = (id: string): string => `/api/v1/people/${encodeURIComponent(id)}`
export const personSessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['people', 'sessions', id],
    queryFn: ({ signal }) => call(sessionListSchema, `${personPath(id)}/sessions`, { signal }),
  })

export interface RoleAt {
  readonly role: z.infer<typeof rolesReplySchema>['items'][number]['role']
  readonly scope: string
}
export interface Invitation {
  readonly name: string
  readonly display: string
  readonly email: string | null
  readonly roles: readonly RoleAt[]
}
export const invitePerson = (body: Invitation) => call(invitedPersonSchema, '/api/v1/people', post(body))
export const changePerson = (id: string, body: { display?: string; email?: string | null; active?: boolean }) =>
  call(changedPersonSchema, personPath(id), { method: 'PATCH', body })
export const setRoles = (id: string, roles: readonly RoleAt[]) =>
  call(personSchema, `${personPath(id)}/roles`, { method: 'PUT', body: { roles } })
export const setAuditPeriod = (id: string, period: z.infer<typeof auditPeriod>) =>
  call(auditPeriod, `${personPath(id)}/audit-period`, { method: 'PUT', body: period })
export const resetPerson = (id: string, factors: boolean) => call(linkSchema, `${personPath(id)}/reset`, post({ factors }))
export const endPersonSession = (id: string, session: string) =>
  call(none, `${personPath(id)}/sessions/${encodeURIComponent(session)}`, { method: 'DELETE' })
