import { createHash } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { browse, startIdentityProvider } from '../access/sso/testing/identity-provider.ts'
import type { KanpekiError } from '../kernel/error.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { actions } from '../respond/actions/registry.ts'
import type { ActionDeps } from '../respond/actions-support/deps.ts'
import type { AnyConnection } from '../respond/connections/schema.ts'

const BACK = 'http://127.0.0.1:1/back'
const provider = await startIdentityProvider([
  { id: 'shop', secret: 'shop-secret', redirectUris: [BACK] },
  { id: 'kanpeki', secret: 'canary', redirectUris: [], machine: true },
])
afterAll(() => provider.stop())

/** Signs in as a person does; answers the access token. */
async function signIn(sub: string): Promise<string> {
  provider.signedIn = { sub }
  const verifier = 'v'.repeat(43)
  const asked = new URLSearchParams({
    ...{ client_id: 'shop', response_type: 'code', scope: 'openid', redirect_uri: BACK, code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  })
  const back = await browse(`${provider.issuer}/auth?${asked}`, BACK)
  const reply = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('shop:shop-secret').toString('base64')}` },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', redirect_uri: BACK, code_verifier: verifier },
      code: back.searchParams.get('code')!,
    }),
  })
  return ((await reply.json()) as { access_token: string }).access_token
}
const stillIn = async (token: string): Promise<number> =>
  (await fetch(`${provider.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).status

it('ends the sessions of one person at a real OpenID Connect provider, and of nobody else', async () => {
  const said: unknown[] = []
  const connection = (secret: string): AnyConnection<'oidc'> => ({
    ...{ id: 'c1', name: 'sign-in', kind: 'oidc', secrets: { secret } },
    settings: { issuer: provider.issuer, kind: 'keycloak', client: 'kanpeki', api: `${provider.issuer}/admin/realms/acme` },
  })
  const revoke = (secret: string) =>
    actions({
      connections: { of: async (_: string, kinds: readonly string[]) => (kinds.includes('oidc') ? [connection(secret)] : []) },
      outgoing: createOutgoing({ allow: ['127.0.0.1'], log: { warn: (...all: unknown[]) => void said.push(all) } }),
      sessions: { count: async (_: string, name: string) => (name === 'sato' ? 1 : undefined), end: async () => 1 },
    } as unknown as ActionDeps).get('revoke-sessions')!
  const context = { scope: 'default', key: 'k', by: 'playbook', signal: AbortSignal.timeout(20_000), now: Date.now }
  const [sato, again, mori] = [await signIn('sato'), await signIn('sato'), await signIn('mori')]
  expect([await stillIn(sato), await stillIn(again), await stillIn(mori)]).toEqual([200, 200, 200])

  const action = revoke('canary')
  const plan = await action.plan({ account: 'sato' }, context)
  expect(plan.summary).toEqual({
    en: 'End the sessions of sato at kanpeki (1 open), sign-in (2 open)',
    ja: 'sato のセッションを kanpeki（1 件）、sign-in（2 件） で失効させます',
  })
  const receipt = await action.run({ account: 'sato' }, context)
  expect(receipt).toEqual({
    outcome: 'done',
    detail: {
      places: [
        { on: 'kanpeki', outcome: 'done', ended: 1 },
        { on: 'sign-in', outcome: 'done', id: 'sato', ended: 2 },
      ],
    },
  })
  expect([await stillIn(sato), await stillIn(again), await stillIn(mori)]).toEqual([401, 401, 200])
  // Somebody whom only the provider knows, and nobody at all.
  await action.run({ account: 'mori' }, context)
  expect(await stillIn(mori)).toBe(401)
  const failed = (work: Promise<unknown>) => work.catch((error: KanpekiError) => error.code)
  expect(await failed(action.plan({ account: '../../mori' }, context))).toBe('not_found')
  expect(await failed(revoke('wrong').plan({ account: 'sato' }, context))).toBe('service_refused')
  expect(JSON.stringify([plan, receipt, said])).not.toMatch(/canary/)
})
