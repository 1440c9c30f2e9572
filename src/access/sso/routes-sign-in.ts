import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import { type RawReply, type Route, route } from '../../platform/http/route.ts'
import { keepRoles } from '../keep-roles.ts'
import type { Db } from '../queries.ts'
import { adminEvidence, signInEvidence } from '../routes-deps.ts'
import { hashSecret } from '../secret.ts'
import { startSession } from '../session.ts'
import { addressOf, networkOf } from '../sign-in/address.ts'
import { tell } from '../sign-in/report.ts'
import type { Account } from '../tables.ts'
import { accountFor, type Found, linkAccount } from './account-for.ts'
import type { ProvedClaims, SsoClient } from './client.ts'
import type { SsoDeps } from './deps.ts'
import { FLOW_LIFE_MS, flowCookie, flowOf, newFlowSecret } from './flow-secret.ts'
import { localPath } from './local-path.ts'
import { findProvider, insertFlow, listProviders, sessionIsLive, takeFlow } from './queries.ts'
import { redirect, returnPage } from './return-page.ts'
import { providerParamsSchema, SSO_PROBLEMS, type SsoProblem, signInProvidersSchema, startQuerySchema } from './schema.ts'
import { callbackUrl, type KnownProvider, knownProvider } from './settings.ts'
import { createStartLimit } from './start-limit.ts'
import type { FlowsTable } from './tables.ts'
import { rolesFor, type Who, whoIs } from './who.ts'

const MOST_FLOWS = 10_000

/** Signing in through a provider: the way there and back. */
export function ssoSignInRoutes(deps: SsoDeps, client: SsoClient): Route[] {
  const limit = createStartLimit()
  return [
    route({
      method: 'GET',
      path: '/api/v1/sso',
      permission: 'public',
      summary: 'Providers to sign in through',
      response: signInProvidersSchema,
      handle: async () => {
        const providers = (await listProviders(deps.db)).map(knownProvider).filter(({ settings }) => settings.enabled)
        return {
          items: providers.map(({ id, settings }) => ({ id, title: settings.title })),
          passwordSignIn: deps.passwordSignIn ?? 'allowed',
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/sso/:id/start',
      permission: 'public',
      summary: 'Go to a provider to sign in',
      params: z.object({ id: z.string().max(80) }),
      query: startQuerySchema,
      handle: async ({ params, query, request }) => {
        const to = localPath(query.to)
        const elsewhere = otherHost(deps, request, params.id, to)
        // The cookie has to lie where the provider sends the browser back to.
        if (elsewhere !== undefined && query.hop === undefined) return redirect(elsewhere, 302)
        try {
          limit(networkOf(addressOf(request)), deps.clock.now())
          const provider = await enabledProvider(deps.db, params.id)
          const { url, cookie } = await beginFlow(deps, client, provider, to, null)
          return redirect(url, 302, { 'set-cookie': cookie })
        } catch (error) {
          await recordFailure(deps, params.id, request, error)
          return redirect(problemPath('/sign-in', codeOf(error)), 302)
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/sso/:id/callback',
      permission: 'public',
      summary: 'Come back from a provider',
      params: z.object({ id: z.string().max(80) }),
      query: z.looseObject({}),
      handle: async ({ params, request }) => {
        let begun: FlowsTable | undefined
        try {
          limit(networkOf(addressOf(request)), deps.clock.now())
          const provider = await enabledProvider(deps.db, params.id)
          const answered = answeredUrl(deps, provider.id, request)
          const flow = flowOf(request, answered.searchParams.get('state') ?? undefined, deps.secure)
          begun = flow === undefined ? undefined : await takeFlow(deps.db, flow.id, hashSecret(flow.secret), deps.clock.now())
          if (flow === undefined || begun === undefined) {
            throw new KanpekiError('sso_expired', 'This sign-in was not begun in this browser, was used, or took too long.')
          }
          if (begun.provider !== provider.id) {
            throw new KanpekiError('sso_invalid', `A sign-in through ${begun.provider} came back from ${provider.id}.`)
          }
          const proved = await client.claims(provider, answered, flow)
          return await (begun.account_id === null
            ? signIn(deps, provider, proved, begun, request)
            : finishLink(deps, provider, proved, begun, begun.account_id))
        } catch (error) {
          await recordFailure(deps, params.id, request, error)
          const page = begun?.account_id === undefined || begun.account_id === null ? '/sign-in' : begun.to_path
          return redirect(problemPath(page, codeOf(error)), 303)
        }
      },
    }),
  ]
}

export async function enabledProvider(db: Db, id: string): Promise<KnownProvider> {
  const row = providerParamsSchema.safeParse({ id }).success ? await findProvider(db, id) : undefined
  const provider = row === undefined ? undefined : knownProvider(row)
  if (provider?.settings.enabled !== true)
    throw new KanpekiError('sso_provider', 'There is no such provider, or it is switched off.')
  return provider
}

/** @param link whom a new link is for; null for a sign-in. @throws KanpekiError `sso_unreachable`, `sso_busy`. */
export async function beginFlow(
  deps: SsoDeps,
  client: SsoClient,
  provider: KnownProvider,
  to: string,
  link: { readonly account: string; readonly session: string } | null,
): Promise<{ readonly url: string; readonly cookie: string }> {
  const flow = newFlowSecret()
  const url = await client.authorizationUrl(provider, callbackUrl(deps.origin(), provider.id), flow)
  const now = deps.clock.now()
  const row = {
    id: flow.id,
    scope: DEFAULT_SCOPE,
    provider: provider.id,
    hash: hashSecret(flow.secret),
    to_path: to,
    account_id: link?.account ?? null,
    session_id: link?.session ?? null,
    created: now,
    expires: now + FLOW_LIFE_MS,
  }
  if (!(await insertFlow(deps.db, row, MOST_FLOWS))) throw new KanpekiError('sso_busy', 'Too many sign-ins were begun.')
  return { url, cookie: flowCookie(flow, deps.secure) }
}

/** The address that the provider called, as it knows it: a proxy may have changed what we see of it. */
function answeredUrl(deps: SsoDeps, id: string, request: IncomingMessage): URL {
  const url = new URL(callbackUrl(deps.origin(), id))
  url.search = request.url?.split('?', 2)[1] ?? ''
  return url
}

/** The same start on our own public address, where the browser uses another of our names. */
function otherHost(deps: SsoDeps, request: IncomingMessage, id: string, to: string): string | undefined {
  const origin = deps.origin()
  if (request.headers.host === undefined || request.headers.host === new URL(origin).host) return undefined
  return `${origin}/api/v1/sso/${encodeURIComponent(id)}/start?${new URLSearchParams({ to, hop: '1' })}`
}

async function signIn(
  deps: SsoDeps,
  provider: KnownProvider,
  proved: ProvedClaims,
  begun: FlowsTable,
  request: IncomingMessage,
): Promise<RawReply> {
  const who = whoIs(proved, provider.settings)
  const methods = who.multiFactor ? ['fed', 'mfa'] : ['fed']
  const done = await deps.record(async (db) => {
    const now = deps.clock.now()
    const { account, found } = await accountFor(db, provider, who, now)
    const kept = await keepRoles(db, account.id, 'oidc', rolesFor(who, provider.settings), `sso:${provider.id}`, now)
    const { cookies } = await startSession(deps, db, account, methods, request)
    const evidence: Evidence[] = [
      signInEvidence(account.scope, now, {
        outcome: 'success',
        account: account.id,
        name: account.name,
        provider: provider.id,
        methods,
        address: addressOf(request),
        ...(who.groupsLeftOut ? { groups: 'left out by the provider: too many for a token' } : {}),
      }),
      ...changes(provider, account, who, found, kept, now),
    ]
    return {
      result: { account, reply: returnPage(begun.to_path, { 'set-cookie': cookies }) },
      evidence,
    }
  })
  tell(deps, { outcome: 'success', account: done.account, methods, request })
  return done.reply
}

function changes(
  provider: KnownProvider,
  account: Account,
  who: Who,
  found: Found,
  kept: Awaited<ReturnType<typeof keepRoles>>,
  now: number,
): Evidence[] {
  const by = { id: `sso:${provider.id}`, name: provider.settings.title.en, scope: account.scope }
  const target = { account: account.id, name: account.name }
  const roles = { added: kept.added.map(asText), removed: kept.removed.map(asText) }
  return [
    ...(found === 'created' ? [adminEvidence(by, now, 'account.create', { ...target, subject: who.subject })] : []),
    ...(found === 'provisioned' ? [adminEvidence(by, now, 'account.link', { ...target, subject: who.subject })] : []),
    ...(roles.added.length + roles.removed.length > 0 ? [adminEvidence(by, now, 'account.roles', { ...target, ...roles })] : []),
  ]
}

function asText({ role, scope }: { readonly role: string; readonly scope: string }): string {
  return `${role} in ${scope}`
}

async function finishLink(
  deps: SsoDeps,
  provider: KnownProvider,
  proved: ProvedClaims,
  begun: FlowsTable,
  accountId: string,
): Promise<RawReply> {
  const who = whoIs(proved, provider.settings)
  return await deps.record(async (db) => {
    const now = deps.clock.now()
    if (begun.session_id === null || !(await sessionIsLive(db, begun.session_id, accountId, now))) {
      throw new KanpekiError('sso_expired', 'The session that began this link has ended.')
    }
    const account = await linkAccount(db, provider, who, accountId, now)
    return {
      result: returnPage(begun.to_path, {}),
      evidence: [
        adminEvidence(account, now, 'account.link', {
          account: account.id,
          name: account.name,
          provider: provider.id,
          subject: who.subject,
        }),
      ],
    }
  })
}

function codeOf(error: unknown): SsoProblem {
  const code = error instanceof KanpekiError ? error.code : ''
  const known = SSO_PROBLEMS.find((one) => one === code)
  // What is not ours to explain goes to the log, not to a page.
  if (known === undefined) throw error
  return known
}

function problemPath(page: string, code: SsoProblem): string {
  return `${page}${page.includes('?') ? '&' : '?'}problem=${code}`
}

async function recordFailure(deps: SsoDeps, provider: string, request: IncomingMessage, error: unknown): Promise<void> {
  const reason = codeOf(error)
  // Anybody can bring these about without trying to be somebody: they would fill the ledger.
  if (reason === 'sso_busy' || reason === 'sso_provider') return
  const body = {
    outcome: 'failure',
    provider: provider.slice(0, 80),
    reason,
    detail: messageOf(error).slice(0, 300),
    address: addressOf(request),
  }
  await deps.record(async () => ({
    result: undefined,
    evidence: [signInEvidence(DEFAULT_SCOPE, deps.clock.now(), body)],
  }))
  tell(deps, { outcome: 'failure', account: undefined, methods: ['fed'], reason, request })
}
