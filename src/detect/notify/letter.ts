import { KanpekiError } from '../../kernel/error.ts'
import { deliveryOf } from './enqueue.ts'
import type { MailText } from './mail-text.ts'
import { channelById, insertDeliveries, type NotifyDb } from './queries.ts'
import type { Letter } from './schema.ts'

/**
 * Hands what somebody wrote to a channel, in their transaction.
 * @param trx limited to one scope.
 * @returns the channel's name, and the id that the receiver sees.
 * @throws KanpekiError `not_found`, or `conflict` for a channel that is stopped.
 */
export async function enqueueLetter(
  trx: NotifyDb,
  channelId: string,
  letter: Letter,
  now: number,
): Promise<{ readonly channel: string; readonly delivery: string }> {
  const channel = await channelById(trx, channelId)
  if (channel === undefined)
    throw new KanpekiError('not_found', 'There is no such channel.', { remedy: 'Set one up under Settings, Notifications.' })
  if (channel.enabled === 0)
    throw new KanpekiError('conflict', `The channel ${channel.name} is stopped.`, {
      remedy: 'Start it under Settings, Notifications.',
    })
  const row = deliveryOf(channel.id, channel.scope, letter.data.id, letter, now)
  await insertDeliveries(trx, [row])
  return { channel: channel.name, delivery: row.id }
}

/** The mail as it was written: what would start another header, or turn text around, is a space. */
export function letterMail({ data }: Letter, origin: string): MailText {
  return {
    subject: clean(data.subject, false).slice(0, 200),
    text: `${clean(data.text, true)}\n\n${origin}${data.url}\n`,
  }
}

function clean(text: string, lines: boolean): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant.
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g,
      ' ',
    )
    .replaceAll(/\n+/g, (found) => (lines ? found : ' '))
}
