import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { markOf } from '../../actions-support/mark.ts'
import { textInput, titleInput } from '../../actions-support/text-input.ts'

const address = z.email().max(254)
const input = z.strictObject({
  to: z.union([address.transform((one) => [one]), z.array(address).min(1).max(50)]),
  subject: titleInput,
  text: textInput,
})

/** Sends a mail through the mail server that is set up. */
export function sendMail({ mail }: ActionDeps): Action<z.infer<typeof input>> {
  const mailer = (): NonNullable<ActionDeps['mail']> => {
    if (mail !== undefined) return mail
    throw new KanpekiError('no_connection', 'No mail can be sent here.', { remedy: 'Set up a mail server under Settings.' })
  }
  return {
    id: 'send-mail',
    title: { en: 'Send a mail', ja: 'メールの送信' },
    input,
    // A repetition has the same Message-ID: mailboxes show it once (RFC 5322, 3.6.4).
    repeats: 'key',
    async plan({ to, subject }) {
      mailer()
      return {
        summary: { en: `Mail ${to.join(', ')}: ${subject}`, ja: `${to.join('、')} にメールを送ります: ${subject}` },
        targets: to.map((name) => ({ kind: 'message', name })),
        reversible: false,
      }
    },
    async run({ to, subject, text }, { key }) {
      const id = markOf(key)
      await mailer()({ to, subject, text }, id)
      return { outcome: 'done', detail: { to, id } }
    },
    // No mail server can be asked; better the same mail twice than never.
    find: async () => undefined,
  }
}
