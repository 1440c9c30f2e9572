import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { markOf } from '../../actions-support/mark.ts'
import { messengers } from '../../actions-support/messengers/open.ts'
import { onEach, undoEach } from '../../actions-support/places.ts'
import { severityInput, textInput, titleInput } from '../../actions-support/text-input.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({ title: titleInput, text: textInput, severity: severityInput, on: connectionName.optional() })

/** Tells people: mail, Slack, Teams, Mattermost, PagerDuty, LINE WORKS, signed webhooks. */
export function notify(deps: ActionDeps): Action<z.infer<typeof input>> {
  return {
    id: 'notify',
    title: { en: 'Tell people', ja: '関係者への通知' },
    input,
    // Most chats cannot be asked whether they already have a message.
    repeats: 'once',
    async plan({ title, on }, { scope }) {
      const all = await messengers(deps, scope, on)
      const names = all.map(({ name }) => name)
      return {
        summary: { en: `Tell ${names.join(', ')}: ${title}`, ja: `${names.join('、')} に通知します: ${title}` },
        targets: names.map((name) => ({ kind: 'message', name })),
        reversible: all.some(({ resolve }) => resolve !== undefined),
      }
    },
    async run({ on, ...message }, { scope, key, signal }) {
      const mark = markOf(key)
      return await onEach(await messengers(deps, scope, on), async (messenger) => {
        await messenger.send(message, mark, signal)
        return { outcome: 'done', ...(messenger.resolve === undefined ? {} : { undo: { mark } }) }
      })
    },
    undo: (receipt, { scope, signal }) =>
      undoEach(receipt, async ({ on, mark }) => {
        const [messenger] = await messengers(deps, scope, on)
        await messenger!.resolve?.(String(mark), signal)
      }),
  }
}
