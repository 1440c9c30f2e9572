import { KanpekiError } from '../../../kernel/error.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import type { ActionDeps } from '../deps.ts'
import type { Messenger } from './messenger.ts'

/** A group of people, by mail; the mark becomes the Message-ID. */
export function mailGroup(
  mail: ActionDeps['mail'],
  { name, settings }: Pick<ConnectionOf<'mail'>, 'name' | 'settings'>,
): Messenger {
  return {
    name,
    async send({ title, text }, mark) {
      if (mail === undefined)
        throw new KanpekiError('no_connection', 'No mail can be sent here.', { remedy: 'Set up a mail server under Settings.' })
      await mail({ to: settings.to.split(',').map((one) => one.trim()), subject: title, text }, mark)
    },
  }
}
