import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { fenced } from '../plain-text.ts'
import type { Message, Messenger } from './messenger.ts'

type Chat = 'slack' | 'teams' | 'mattermost'

/** What each takes at its incoming webhook. Text stays text: no mention, no link, no image of an attacker is drawn. */
const BODY_OF: Readonly<Record<Chat, (message: Message) => object>> = {
  slack: ({ title, text }) => ({
    // For notifications; here `<!channel>` would still mean something.
    text: title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title.slice(0, 150), emoji: false } },
      { type: 'section', text: { type: 'plain_text', text: text.slice(0, 3000), emoji: false } },
    ],
  }),
  teams: ({ title, text }) => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          // Unlike TextBlock, a TextRun knows no Markdown.
          body: [
            { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: title, weight: 'bolder' }] },
            { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: text.slice(0, 20_000) }] },
          ],
        },
      },
    ],
  }),
  mattermost: ({ title, text }) => ({ text: fenced(`${title}\n\n${text.slice(0, 15_000)}`) }),
}

/** A chat behind an incoming webhook, whose address is the secret. */
export function chat(
  outgoing: Outgoing,
  { name, kind, secrets }: Pick<ConnectionOf<Chat>, 'name' | 'kind' | 'secrets'>,
): Messenger {
  return {
    name,
    async send(message, _mark, signal) {
      const reply = await outgoing.fetch(secrets.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(BODY_OF[kind](message)),
        redirect: 'manual',
        signal,
        maxBytes: 64 * 1024,
      })
      // The address is in no message: it is a secret.
      if (!reply.ok) throw new KanpekiError('service_refused', `${new URL(secrets.url).host} answered ${reply.status}.`)
    },
  }
}
