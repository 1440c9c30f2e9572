import type { Severity } from '../../kernel/detection.ts'

/** Times are milliseconds UTC. */
export interface ChannelsTable {
  id: string
  scope: string
  name: string
  kind: 'mail' | 'webhook'
  /** JSON: whom a mail goes to and in which language, or the host of a webhook. */
  shown: string
  /** Sealed for `detect_channels:ID`: JSON of a webhook's address and key; null for mail. */
  secret: string | null
  /** As grave as this or graver. */
  severity: Severity
  enabled: 0 | 1
  by_name: string
  created: number
  last_sent: number | null
  error: string | null
}

/** What has to be told and was not yet, or could not be. Sent ones are kept for a while. */
export interface DeliveriesTable {
  /** Stays the same over all tries, so that a receiver can tell a repetition. */
  id: string
  scope: string
  channel_id: string
  alert_id: string
  /** JSON of a `Notice`, as things were when it was written. */
  notice: string
  state: 'waiting' | 'sent' | 'failed'
  tries: number
  /** Not before then. */
  next: number
  created: number
  done: number | null
}

/** At most one row: how mail goes out. */
export interface MailServerTable {
  id: string
  scope: string
  host: string
  port: number
  security: 'tls' | 'starttls' | 'none'
  user: string
  /** Sealed for `detect_mail_server:ID`; null without a password. */
  secret: string | null
  sender: string
  updated: number
}

export interface NotifyTables {
  detect_channels: ChannelsTable
  detect_deliveries: DeliveriesTable
  detect_mail_server: MailServerTable
}
