import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { newWebhookSecret } from '../../platform/outgoing/webhook-signature.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { flag, jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { rfc3339 } from '../alerts-view.ts'
import { deliveryOf } from './enqueue.ts'
import {
  changeChannel,
  channelById,
  deleteChannel,
  dropMailServer,
  insertChannel,
  insertDeliveries,
  MAIL_SERVER,
  type NotifyDb,
  retryFailed,
  storedMailServer,
  storeMailServer,
} from './queries.ts'
import type { ChannelChange, MailServer, NewChannel, Notice } from './schema.ts'
import { channelContext, mailServerContext, openWebhook, shownOf } from './secrets.ts'
import type { ChannelsTable } from './tables.ts'

type Who = Pick<Caller, 'id' | 'name' | 'scope'>

/** @returns the signing secret too, which is shown this once. */
export async function createChannel(
  db: NotifyDb,
  asked: NewChannel,
  sealer: Sealer,
  by: Who,
  now: number,
): Promise<{ readonly row: ChannelsTable; readonly secret: string | null }> {
  const { name, severity, target } = asked
  const id = randomUUID()
  const secret = target.kind === 'webhook' ? newWebhookSecret() : null
  const shown = target.kind === 'mail' ? { to: target.to, language: target.language } : { host: new URL(target.url).host }
  const row: ChannelsTable = {
    id,
    scope: by.scope,
    name,
    kind: target.kind,
    shown: jsonText(shown),
    secret: target.kind === 'webhook' ? sealer.seal(jsonText({ url: target.url, secret: secret! }), channelContext(id)) : null,
    severity,
    enabled: 1,
    by_name: by.name,
    created: now,
    last_sent: null,
    error: null,
  }
  await insertChannel(db, row)
  await tell(db, 'channel.create', row, by, now, { after: { ...shown, severity } })
  return { row, secret }
}

/** @throws KanpekiError `not_found`, `invalid_input` where a webhook is given addresses of mail. */
export async function alterChannel(db: NotifyDb, id: string, asked: ChannelChange, by: Who, now: number): Promise<ChannelsTable> {
  const row = await known(db, id)
  if (row.kind === 'webhook' && (asked.to !== undefined || asked.language !== undefined))
    throw new KanpekiError('invalid_input', 'A webhook has no mail addresses.', { remedy: 'Make a channel for mail.' })
  const { to, language, enabled, ...plain } = asked
  const before = shownOf(row)
  const change = {
    ...(plain.name === undefined ? {} : { name: plain.name }),
    ...(plain.severity === undefined ? {} : { severity: plain.severity }),
    ...(enabled === undefined ? {} : { enabled: flag(enabled) }),
    shown: jsonText({ ...before, ...(to === undefined ? {} : { to }), ...(language === undefined ? {} : { language }) }),
  }
  await changeChannel(db, id, change)
  const of = ({ severity, enabled, shown }: Pick<ChannelsTable, 'severity' | 'enabled' | 'shown'>): JsonObject => ({
    ...(shownOf({ shown }) as JsonObject),
    severity,
    enabled: enabled === 1,
  })
  await tell(db, 'channel.change', row, by, now, { before: of(row), after: of({ ...row, ...change }) })
  return { ...row, ...change }
}

export async function removeChannel(db: NotifyDb, id: string, by: Who, now: number): Promise<void> {
  const row = await known(db, id)
  await deleteChannel(db, id)
  await tell(db, 'channel.delete', row, by, now, {})
}

/** Gives a webhook another signing secret, which holds from the next message on. */
export async function renewSecret(db: NotifyDb, id: string, sealer: Sealer, by: Who, now: number) {
  const row = await known(db, id)
  if (row.kind !== 'webhook') throw new KanpekiError('invalid_input', 'Mail is not signed with a secret of ours.')
  const secret = newWebhookSecret()
  const sealed = sealer.seal(jsonText({ ...openWebhook(row, sealer), secret }), channelContext(id))
  await changeChannel(db, id, { secret: sealed })
  await tell(db, 'channel.renew', row, by, now, {})
  return { row: { ...row, secret: sealed }, secret }
}

/** Writes down a test message; the sender takes it like any other. */
export async function sendTest(db: NotifyDb, id: string, by: Who, now: number): Promise<ChannelsTable> {
  const row = await known(db, id)
  const notice: Notice = {
    type: 'test',
    timestamp: rfc3339(now),
    data: {
      id: 'test',
      scope: by.scope,
      title: 'Test message from Kanpeki',
      titleJa: 'Kanpeki からのテスト通知',
      severity: 5,
      entity: { kind: 'other', name: by.name },
      rule: 'test',
      techniques: [],
      count: 1,
      lastObserved: rfc3339(now),
      url: '/settings',
    },
  }
  await insertDeliveries(db, [deliveryOf(id, row.scope, 'test', notice, now)])
  return row
}

/** Has everything that waits or was given up tried at once. */
export async function retryChannel(db: NotifyDb, id: string, by: Who, now: number): Promise<ChannelsTable> {
  const row = await known(db, id)
  await retryFailed(db, id, now)
  await tell(db, 'channel.retry', row, by, now, {})
  return row
}

/** A password that is left out stays, as long as it goes to the same server for the same user. */
export async function setMailServer(db: NotifyDb, asked: MailServer, sealer: Sealer, by: Who, now: number): Promise<void> {
  const before = await storedMailServer(db)
  const same = before !== undefined && before.host === asked.host && before.user === asked.user
  const { password, user, ...rest } = asked
  const kept = same && user !== '' ? before.secret : null
  const secret = password === undefined ? kept : sealer.seal(password, mailServerContext(MAIL_SERVER))
  await storeMailServer(db, {
    id: MAIL_SERVER,
    scope: by.scope,
    ...rest,
    user,
    secret: user === '' ? null : secret,
    updated: now,
  })
  const { host, port, security, sender } = asked
  await evidence(db, 'mail-server.set', by, now, { name: host, port, security, sender })
}

export async function unsetMailServer(db: NotifyDb, by: Who, now: number): Promise<void> {
  const before = await storedMailServer(db)
  if (before === undefined) return
  await dropMailServer(db)
  await evidence(db, 'mail-server.unset', by, now, { name: before.host })
}

async function known(db: NotifyDb, id: string): Promise<ChannelsTable> {
  const row = await channelById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such channel.')
  return row
}

async function tell(db: NotifyDb, action: string, row: ChannelsTable, by: Who, now: number, more: JsonObject): Promise<void> {
  await evidence(db, action, by, now, { name: row.name, channel: row.id, kind: row.kind, ...more })
}

async function evidence(db: NotifyDb, action: string, by: Who, now: number, more: JsonObject): Promise<void> {
  const body: JsonObject = { action, by: { id: by.id, name: by.name }, ...more }
  const entry: Evidence = { type: 'admin', scope: by.scope, observed: now, received: now, body }
  await recordEvidence(db, [entry], { now: () => now })
}
