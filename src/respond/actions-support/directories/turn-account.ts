import { z } from 'zod'
import type { Action, ActionContext } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { connectionName } from '../../connections/schema.ts'
import type { ActionDeps } from '../deps.ts'
import { onEach, undoEach } from '../places.ts'
import { oneLine } from '../plain-text.ts'
import type { AccountState } from './directory.ts'
import { directories } from './open.ts'

export const accountInput = z.strictObject({
  account: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .refine((text) => oneLine(text, 256) === text, { error: 'This is no account name.' }),
  on: connectionName.optional(),
})
type Input = z.infer<typeof accountInput>

/** What a plan found at each directory that has the account. */
type Before = Readonly<Record<string, AccountState>>

/**
 * Closes or reopens an account wherever it is. What the plan found decides what is put back, so that a try after a crash does not take
 * its own work for how it was.
 */
export function turnAccount(
  deps: ActionDeps,
  {
    id,
    title,
    closing,
    words,
  }: Pick<Action, 'id' | 'title'> & {
    readonly closing: boolean
    readonly words: { en(account: string, places: string): string; ja(account: string, places: string): string }
  },
): Action<Input> {
  const found = async ({ account, on }: Input, { scope, signal }: ActionContext): Promise<Before> => {
    const before: Record<string, AccountState> = {}
    for (const directory of await directories(deps, scope, on)) {
      const state = await directory.look(account, signal)
      if (state !== undefined) before[directory.name] = state
    }
    if (Object.keys(before).length > 0) return before
    throw new KanpekiError('not_found', 'No directory has this account.', {
      remedy: 'Look at how the account is called there, and at the base of the connection.',
    })
  }
  return {
    id,
    title,
    input: accountInput,
    repeats: 'repeat',
    async plan(input, context) {
      const before = await found(input, context)
      const names = Object.keys(before)
      return {
        summary: { en: words.en(input.account, names.join(', ')), ja: words.ja(input.account, names.join('、')) },
        targets: [{ kind: 'account', name: input.account, also: Object.values(before).map(({ id: found }) => found) }],
        reversible: true,
        before: before as unknown as JsonObject,
      }
    },
    async run(input, context) {
      const before = (context.before as unknown as Before | undefined) ?? (await found(input, context))
      return await onEach(
        Object.entries(before).map(([name, state]) => ({ name, state })),
        async ({ name, state }) => {
          if (state.closed === closing) return { outcome: 'already', detail: { id: state.id } }
          const [directory] = await directories(deps, context.scope, name)
          await (closing
            ? directory!.close(state, input.account, context.signal)
            : directory!.reopen(reopened(state), input.account, context.signal))
          return {
            outcome: 'done',
            detail: { id: state.id },
            undo: { account: input.account, state: state as unknown as JsonObject },
          }
        },
      )
    },
    async undo(receipt, { scope, signal }) {
      return await undoEach(receipt, async ({ on, account, state }) => {
        const [directory] = await directories(deps, scope, on)
        const was = state as unknown as AccountState
        await (closing ? directory!.reopen(was, String(account), signal) : directory!.close(was, String(account), signal))
      })
    },
  }
}

/** How an account that was found closed looks open. */
function reopened(state: AccountState): AccountState {
  const isLocal = typeof state.value['locked'] === 'boolean'
  return { ...state, value: isLocal ? { locked: false, expiry: '' } : {} }
}
