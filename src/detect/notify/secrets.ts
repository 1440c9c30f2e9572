import type { Sealer } from '../../platform/secrets/sealer.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { MailRoute } from './mail.ts'
import type { ChannelsTable, MailServerTable } from './tables.ts'

/** What a webhook is called by; both are secrets. */
export interface WebhookSecret {
  readonly url: string
  readonly secret: string
}

export const channelContext = (id: string): string => `detect_channels:${id}`
export const mailServerContext = (id: string): string => `detect_mail_server:${id}`

export function openWebhook(row: ChannelsTable, sealer: Sealer): WebhookSecret {
  return readJson<WebhookSecret>(sealer.open(row.secret ?? '', channelContext(row.id)).toString('utf8'))
}

export function mailRouteOf(row: MailServerTable, sealer: Sealer): MailRoute {
  const { host, port, security, user, sender } = row
  const password = row.secret === null ? undefined : sealer.open(row.secret, mailServerContext(row.id)).toString('utf8')
  return { host, port, security, user, sender, password }
}

/** Whom a mail goes to and in which language, or a webhook's host. */
export interface Shown {
  readonly to?: readonly string[]
  readonly language?: 'en' | 'ja'
  readonly host?: string
}

export function shownOf(row: Pick<ChannelsTable, 'shown'>): Shown {
  return readJson<Shown>(row.shown)
}
