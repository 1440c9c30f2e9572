import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { type Caller, EVERY_SCOPE, type Route, route } from '../../platform/http/route.ts'
import { refuseUnconfirmed } from '../confirm.ts'
import { endAccount } from '../end-account.ts'
import { checkGivenScopes } from '../given-roles.ts'
import { keepRoles } from '../keep-roles.ts'
import { type Db, findAccount, scopeNames, setAuditPeriod } from '../queries.ts'
import type { Assignment } from '../roles.ts'
import { type AccessDeps, adminEvidence } from '../routes-deps.ts'
import { periodRow } from '../routes-tokens.ts'
import { auditPeriod } from '../schema.ts'
import { endSession, endSessions } from '../sessions/queries.ts'
import { listSessions } from '../sessions/routes.ts'
import type { Account } from '../tables.ts'
import { inviteAccount, saidRole } from './invite.ts'
import { makeLink } from './links.ts'
import { grantable, refuseForeign, rolesToKeep } from './may-change.ts'
import { aboutAccount, peopleSeenBy } from './person.ts'
import { countAdministrators, deleteLinks, everyAssignment, ingestTokensOf, updateAccount } from './queries.ts'
import {
  changedPersonSchema,
  changePersonSchema,
  endedSchema,
  invitedPersonSchema,
  invitePersonSchema,
  linkSchema,
  type Person,
  peopleSchema,
  personParamsSchema,
  personSchema,
  personSessionParamsSchema,
  resetPersonSchema,
  sessionListSchema,
  setRolesSchema,
} from './schema.ts'

/** The people of a scope, for whoever administers it. */
export function peopleRoutes(deps: AccessDeps): Route[] {
  return [...readRoutes(deps), ...writeRoutes(deps), ...sessionsRoutes(deps)]
}

async function personSeenBy(deps: AccessDeps, caller: Caller, id: string): Promise<Person> {
  const person = (await peopleSeenBy(deps, caller)).find((one) => one.id === id)
  if (person === undefined) throw nobody()
  return person
}

/** The account behind a person whom the caller sees, with all that it holds. */
async function target(db: Db, deps: AccessDeps, caller: Caller, id: string): Promise<[Account, readonly Held[]]> {
  await personSeenBy({ ...deps, db }, caller, id)
  const account = await findAccount(db, id)
  if (account === undefined) throw nobody()
  return [account, (await everyAssignment(db)).get(id) ?? []]
}
type Held = Assignment & { readonly origin: string }

function nobody(): KanpekiError {
  return new KanpekiError('not_found', 'There is no such person here.')
}

/**
 * Does `work`, unless it takes the last administrator of everything away.
 * @throws KanpekiError `last_administrator`; the transaction takes back what led here.
 */
async function keepingOne<T>(db: Db, work: () => Promise<T>): Promise<T> {
  const before = await countAdministrators(db)
  const done = await work()
  if (before === 0 || (await countAdministrators(db)) > 0) return done
  throw new KanpekiError('last_administrator', 'Nobody would be left who administers all scopes.', {
    remedy: 'Give another active person the role administrator everywhere first.',
  })
}

function readRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/people',
      permission: 'access:read',
      summary: 'The people of this scope, and the roles one may give',
      response: peopleSchema,
      handle: async ({ caller }) => ({
        items: await peopleSeenBy(deps, caller),
        grantable: caller.permissions.has('access:write') ? [...grantable(caller, await scopeNames(deps.db))] : [],
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/people/:id',
      permission: 'access:read',
      summary: 'One person',
      params: personParamsSchema,
      response: personSchema,
      handle: ({ caller, params }) => personSeenBy(deps, caller, params.id),
    }),
  ]
}

function writeRoutes(deps: AccessDeps): Route[] {
  const { clock } = deps
  const linkReply = ({ path, expires }: { path: string; expires: number }): { link: string; expires: string } => ({
    link: `${deps.origin()}${path}`,
    expires: new Date(expires).toISOString(),
  })
  return [
    route({
      method: 'POST',
      path: '/api/v1/people',
      permission: 'access:write',
      summary: 'Invite a person: an account with a one-time link to set how they sign in',
      body: invitePersonSchema,
      response: invitedPersonSchema,
      handle: async ({ caller, body }) => {
        const now = clock.now()
        refuseUnconfirmed(caller, now)
        const invited = await deps.record(async (db) => {
          const { name, display, email } = body
          const roles = rolesToKeep(caller, { id: '', name }, [], body.roles)
          const result = await inviteAccount(db, { name, display, email, scope: caller.scope, roles }, caller.name, now)
          const about = { account: result.id, name, roles: roles.map(saidRole), expires: new Date(result.expires).toISOString() }
          return { result, evidence: [adminEvidence(caller, now, 'account.invite', about)] }
        })
        return { person: await personSeenBy(deps, caller, invited.id), invite: linkReply(invited) }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/people/:id',
      permission: 'access:write',
      summary: 'Change a person, or end or reopen their account',
      params: personParamsSchema,
      body: changePersonSchema,
      response: changedPersonSchema,
      handle: async ({ caller, params, body }) => {
        refuseUnconfirmed(caller, clock.now())
        const done = await deps.record((db) => changePerson(deps, db, caller, params.id, body))
        return { person: await personSeenBy(deps, caller, params.id), ...done }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/people/:id/audit-period',
      permission: 'access:write',
      summary: 'Limit an outside auditor (role examiner) to the entries of a period in this scope',
      params: personParamsSchema,
      body: auditPeriod,
      response: auditPeriod,
      handle: async ({ caller, params, body }) => {
        const now = clock.now()
        refuseUnconfirmed(caller, now)
        await deps.record(async (db) => {
          const [account] = await target(db, deps, caller, params.id)
          await setAuditPeriod(db, { holder: account.id, scope: caller.scope, ...periodRow(body) })
          const about = { ...aboutAccount(account), period: body }
          return { result: undefined, evidence: [adminEvidence(caller, now, 'account.audit-period', about)] }
        })
        return body
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/people/:id/roles',
      permission: 'access:write',
      summary: 'Set the roles that a person holds here; those from an identity provider stay',
      params: personParamsSchema,
      body: setRolesSchema,
      response: personSchema,
      handle: async ({ caller, params, body }) => {
        const now = clock.now()
        refuseUnconfirmed(caller, now)
        await deps.record(async (db) => {
          const [account, all] = await target(db, deps, caller, params.id)
          if (account.break_glass === 1) throw new KanpekiError('conflict', 'The emergency account keeps its roles.')
          const local = all.filter(({ origin }) => origin === 'local')
          const wanted = withoutKept(body.roles, all)
          const roles = rolesToKeep(caller, account, local, wanted)
          await checkGivenScopes(db, wanted)
          const kept = await keepingOne(db, () => keepRoles(db, account.id, 'local', roles, caller.name, now))
          if (kept.added.length + kept.removed.length === 0) return { result: undefined, evidence: [] }
          const about = { ...aboutAccount(account), added: kept.added.map(saidRole), removed: kept.removed.map(saidRole) }
          return { result: undefined, evidence: [adminEvidence(caller, now, 'roles.change', about)] }
        })
        return await personSeenBy(deps, caller, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/people/:id/reset',
      permission: 'access:write',
      summary: 'A one-time link to set a new password, and where asked for new factors',
      params: personParamsSchema,
      body: resetPersonSchema,
      response: linkSchema,
      handle: async ({ caller, params, body }) => {
        const now = clock.now()
        refuseUnconfirmed(caller, now)
        const made = await deps.record(async (db) => {
          const [account, held] = await target(db, deps, caller, params.id)
          refuseForeign(caller, account, held)
          if (account.break_glass === 1) {
            throw new KanpekiError('conflict', 'The emergency account gets its password on the server itself.', {
              remedy: "Run 'kanpeki break-glass create' there.",
            })
          }
          if (account.origin !== 'local') {
            throw new KanpekiError('conflict', 'The identity provider keeps the password of this account.')
          }
          if (account.active !== 1) throw new KanpekiError('conflict', `${account.name} is not active.`)
          const kind = account.password === '' && account.last_seen === null ? 'invite' : 'reset'
          const link = await makeLink(db, kind, account, caller.name, now, body.factors)
          const about = { ...aboutAccount(account), factors: body.factors, expires: new Date(link.expires).toISOString() }
          return { result: link, evidence: [adminEvidence(caller, now, 'account.reset', about)] }
        })
        return linkReply(made)
      },
    }),
  ]
}

interface Changes {
  readonly display?: string | undefined
  readonly email?: string | null | undefined
  readonly active?: boolean | undefined
}

async function changePerson(deps: AccessDeps, db: Db, caller: Caller, id: string, body: Changes) {
  const now = deps.clock.now()
  const [account, held] = await target(db, deps, caller, id)
  refuseForeign(caller, account, held)
  const evidence = []
  const about = aboutAccount(account)
  const told: JsonObject = {}
  const before: JsonObject = {}
  const { display, email, active } = body
  if (display !== undefined && display !== account.display) {
    Object.assign(told, { display })
    Object.assign(before, { display: account.display })
  }
  if (email !== undefined && email !== account.email) {
    Object.assign(told, { email })
    Object.assign(before, { email: account.email })
  }
  if (Object.keys(told).length > 0) {
    await updateAccount(db, id, { ...(display === undefined ? {} : { display }), ...(email === undefined ? {} : { email }) })
    evidence.push(adminEvidence(caller, now, 'account.change', { ...about, before, after: told }))
  }
  let ended = { sessions: 0, tokens: 0 }
  let rotate: { id: string; name: string; lastUsed: string | null; scope: string }[] = []
  if (active === false && account.active === 1) {
    if (caller.account === id) {
      throw new KanpekiError('own_roles', 'Nobody ends their own account.', { remedy: 'Ask another administrator.' })
    }
    const gone = await keepingOne(db, () => endAccount(db, id, now))
    await deleteLinks(db, id)
    rotate = (await ingestTokensOf(db, id)).map((token) => ({
      id: token.id,
      name: token.name,
      lastUsed: token.last_used === null ? null : new Date(token.last_used).toISOString(),
      scope: token.scope,
    }))
    ended = { sessions: gone.sessions, tokens: gone.tokens.length }
    const what = { ...about, sessions: gone.sessions, tokens: [...gone.tokens], rotate: rotate.map((one) => one.id) }
    evidence.push(adminEvidence(caller, now, 'account.end', what))
  }
  if (active === true && account.active !== 1) {
    await updateAccount(db, id, { active: 1 })
    evidence.push(adminEvidence(caller, now, 'account.reopen', about))
  }
  return { result: { ended, rotate }, evidence }
}

/** A role that a provider gives need not be given by hand as well. */
function withoutKept(wanted: readonly Assignment[], held: readonly Held[]): readonly Assignment[] {
  const kept = held.filter(({ origin }) => origin !== 'local')
  return wanted.filter(({ role, scope }) => !kept.some((one) => one.role === role && one.scope === scope))
}

function sessionsRoutes(deps: AccessDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/people/:id/sessions',
      permission: 'access:read',
      summary: 'Where a person is signed in',
      params: personParamsSchema,
      response: sessionListSchema,
      handle: async ({ caller, params }) => {
        const [account, held] = await target(deps.db, deps, caller, params.id)
        if (!caller.scopes.includes(EVERY_SCOPE)) refuseForeign(caller, account, held)
        return { items: await listSessions(deps, account.id, caller.session?.id) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/people/:id/sessions',
      permission: 'access:write',
      summary: 'Sign a person out everywhere',
      params: personParamsSchema,
      response: endedSchema,
      handle: ({ caller, params }) => end(deps, caller, params.id, undefined),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/people/:id/sessions/:session',
      permission: 'access:write',
      summary: 'End one session of a person',
      params: personSessionParamsSchema,
      response: endedSchema,
      handle: ({ caller, params }) => end(deps, caller, params.id, params.session),
    }),
  ]
}

/** Ending sessions asks for no confirmation: whoever sees a break-in has to be quick. */
async function end(deps: AccessDeps, caller: Caller, id: string, session: string | undefined): Promise<{ ended: number }> {
  return await deps.record(async (db) => {
    const [account, held] = await target(db, deps, caller, id)
    refuseForeign(caller, account, held)
    const ended = session === undefined ? await endSessions(db, id, undefined) : await endSession(db, id, session)
    if (session !== undefined && ended === 0) throw new KanpekiError('not_found', 'There is no such session.')
    const about = { ...aboutAccount(account), ended, ...(session === undefined ? {} : { session }) }
    return { result: { ended }, evidence: [adminEvidence(caller, deps.clock.now(), 'session.end', about)] }
  })
}
