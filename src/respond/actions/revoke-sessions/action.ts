import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { oidcProvider } from '../../actions-support/identity/oidc.ts'
import { onEach } from '../../actions-support/places.ts'
import { oneLine } from '../../actions-support/plain-text.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({
  account: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .refine((text) => oneLine(text, 256) === text, { error: 'This is no account name.' }),
  /** One provider; Kanpeki itself and all of them where absent. */
  on: connectionName.optional(),
})

/** Where an account has sessions: Kanpeki itself, or a provider with its id there. */
interface Place {
  readonly name: string
  readonly open: number | undefined
  readonly end: (signal: AbortSignal) => Promise<JsonObject>
}
const HERE = 'kanpeki'

/** Ends what an account is signed in with: at Kanpeki itself, and at the OpenID Connect providers that are set up. */
export function revokeSessions({ sessions, connections, outgoing }: ActionDeps): Action<z.infer<typeof input>> {
  const places = async (
    { account, on }: z.infer<typeof input>,
    scope: string,
    by: string,
    signal: AbortSignal,
  ): Promise<Place[]> => {
    const found: Place[] = []
    const own = on === undefined ? await sessions?.count(scope, account) : undefined
    if (own !== undefined)
      found.push({ name: HERE, open: own, end: async () => ({ ended: (await sessions?.end(scope, account, by)) ?? 0 }) })
    const set = await connections.of(scope, ['oidc'], on).catch((error: unknown) => {
      if (on === undefined && error instanceof KanpekiError && error.code === 'no_connection') return []
      throw error
    })
    for (const connection of set) {
      const provider = oidcProvider(outgoing, connection)
      const id = await provider.find(account, signal)
      if (id === undefined) continue
      const open = await provider.count(id, signal)
      found.push({
        name: provider.name,
        open,
        async end(ending) {
          await provider.end(id, ending)
          return { id, ...(open === undefined ? {} : { ended: open }) }
        },
      })
    }
    if (found.length > 0) return found
    throw new KanpekiError('not_found', 'There is no such account here.')
  }
  return {
    id: 'revoke-sessions',
    title: { en: 'End an account’s sessions', ja: 'セッションの失効' },
    input,
    repeats: 'repeat',
    async plan(asked, { scope, by, signal }) {
      const all = await places(asked, scope, by, signal)
      const said = (open: string, joined: string) =>
        all.map(({ name, open: count }) => `${name}${count === undefined ? '' : open.replace('#', String(count))}`).join(joined)
      return {
        summary: {
          en: `End the sessions of ${asked.account} at ${said(' (# open)', ', ')}`,
          ja: `${asked.account} のセッションを ${said('（# 件）', '、')} で失効させます`,
        },
        targets: [{ kind: 'session', name: asked.account }],
        reversible: false,
      }
    },
    async run(asked, { scope, by, signal }) {
      return await onEach(await places(asked, scope, by, signal), async ({ end, open }) => ({
        outcome: open === 0 ? 'already' : 'done',
        detail: await end(signal),
      }))
    },
  }
}
