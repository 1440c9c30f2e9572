import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { oneLine } from '../../actions-support/plain-text.ts'

const input = z.strictObject({
  account: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .refine((text) => oneLine(text, 256) === text, { error: 'This is no account name.' }),
})

/** Ends what an account of Kanpeki itself is signed in with. */
export function revokeSessions({ sessions }: ActionDeps): Action<z.infer<typeof input>> {
  return {
    id: 'revoke-sessions',
    title: { en: 'End an account’s sessions', ja: 'セッションの失効' },
    input,
    repeats: 'repeat',
    async plan({ account }, { scope }) {
      const open = await sessions?.count(scope, account)
      if (open === undefined) throw new KanpekiError('not_found', 'There is no such account here.')
      return {
        summary: { en: `End ${open} sessions of ${account}`, ja: `${account} のセッション ${open} 件を失効させます` },
        targets: [{ kind: 'session', name: account }],
        reversible: false,
      }
    },
    async run({ account }, { scope, by }) {
      const ended = (await sessions?.end(scope, account, by)) ?? 0
      return { outcome: ended === 0 ? 'already' : 'done', detail: { account, ended } }
    },
  }
}
