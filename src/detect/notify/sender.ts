import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error.ts'
import type { Log } from '../../platform/log.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { keepError } from '../../platform/state/kept-error.ts'
import { letterMail } from './letter.ts'
import { sendMail } from './mail.ts'
import { mailText } from './mail-text.ts'
import {
  changeChannel,
  changeDeliveries,
  channelById,
  dueDeliveries,
  forgetSent,
  type NotifyDb,
  storedMailServer,
} from './queries.ts'
import type { Letter, Notice } from './schema.ts'
import { mailRouteOf, openWebhook, shownOf } from './secrets.ts'
import type { ChannelsTable, DeliveriesTable } from './tables.ts'
import { postWebhook } from './webhook.ts'

export interface SenderDeps {
  readonly db: NotifyDb
  readonly clock: Clock
  readonly sealer: Sealer
  readonly outgoing: Outgoing
  /** The console's address as people reach it, without a trailing slash. */
  readonly origin: () => string
  readonly log: Pick<Log, 'warn'>
}

const SECOND = 1000
const HOUR = 3_600_000
/** Pauses before the second, third … try; the last one repeats. */
const PAUSES = [10 * SECOND, 30 * SECOND, 120 * SECOND, 600 * SECOND, 1800 * SECOND, HOUR] as const
/** After this it is given up, kept and shown; a person can have it tried again. */
const GIVEN_UP_AFTER = 72 * HOUR
const SENT_KEPT = 7 * 24 * HOUR
const AT_ONCE = 200

/**
 * Sends what waits. At least once: a crash between sending and writing it down sends the same message, with the same id,
 * again. A channel that does not answer holds up no other; what it was to be told is tried again with growing pauses.
 */
export function createSender(deps: SenderDeps) {
  const { db, clock } = deps

  /** One round over everything that is due. @returns how many messages arrived. */
  return async function run(): Promise<number> {
    const due = await dueDeliveries(db, clock.now(), AT_ONCE)
    const byChannel = Map.groupBy(due, (row) => row.channel_id)
    const sent = await Promise.all(
      [...byChannel].map(async ([id, rows]) => {
        const channel = await channelById(db, id)
        return channel === undefined ? 0 : await toChannel(channel, rows)
      }),
    )
    await forgetSent(db, clock.now() - SENT_KEPT)
    return sent.reduce((sum, count) => sum + count, 0)
  }

  async function toChannel(channel: ChannelsTable, rows: readonly DeliveriesTable[]): Promise<number> {
    let arrived = 0
    for (const parcel of parcelsOf(channel, rows)) {
      try {
        await deliver(channel, parcel)
      } catch (error) {
        await later(channel, parcelsOf(channel, rows).flat().slice(arrived), error)
        return arrived
      }
      const now = clock.now()
      await changeDeliveries(
        db,
        parcel.map(({ id }) => id),
        { state: 'sent', done: now },
      )
      await changeChannel(db, channel.id, { last_sent: now, error: null })
      arrived += parcel.length
    }
    return arrived
  }

  async function deliver(channel: ChannelsTable, parcel: readonly DeliveriesTable[]): Promise<void> {
    const [first] = parcel
    if (first === undefined) return
    if (channel.kind === 'webhook') {
      const notice = readJson<Notice | Letter>(first.notice)
      const body = jsonText({ ...notice, data: { ...notice.data, url: deps.origin() + notice.data.url } })
      return await postWebhook(deps.outgoing, openWebhook(channel, deps.sealer), first.id, body, clock.now())
    }
    const server = await storedMailServer(db)
    if (server === undefined) throw new Error('No mail server is set up.')
    const { to = [], language = 'en' } = shownOf(channel)
    const written = readJson<Notice | Letter>(first.notice)
    const text =
      written.type === 'incident.update'
        ? letterMail(written, deps.origin())
        : mailText(
            parcel.map((row) => readJson<Notice>(row.notice)),
            language,
            deps.origin(),
          )
    await sendMail(deps.outgoing, mailRouteOf(server, deps.sealer), to, first.id, text)
  }

  /** Everything of the channel waits together: it stays in order, and a dead receiver is asked once a round. */
  async function later(channel: ChannelsTable, rows: readonly DeliveriesTable[], error: unknown): Promise<void> {
    const now = clock.now()
    deps.log.warn('a notification did not arrive and is tried again', {
      channel: channel.name,
      waiting: rows.length,
      reason: messageOf(error).slice(0, 500),
    })
    await changeChannel(db, channel.id, { error: keepError(error) })
    for (const [tries, same] of Map.groupBy(rows, (row) => row.tries)) {
      const over = same.filter((row) => now - row.created >= GIVEN_UP_AFTER)
      const again = same.filter((row) => now - row.created < GIVEN_UP_AFTER)
      const next = now + PAUSES[Math.min(tries, PAUSES.length - 1)]!
      if (again.length > 0)
        await changeDeliveries(
          db,
          again.map(({ id }) => id),
          { tries: tries + 1, next },
        )
      if (over.length > 0)
        await changeDeliveries(
          db,
          over.map(({ id }) => id),
          { state: 'failed', tries: tries + 1, done: now },
        )
    }
  }
}

/**
 * What goes together. Alerts that wait for one mailbox are one mail (a hundred alerts are not a hundred mails); what a
 * person wrote goes by itself.
 */
function parcelsOf({ kind }: ChannelsTable, rows: readonly DeliveriesTable[]): readonly (readonly DeliveriesTable[])[] {
  if (kind !== 'mail') return rows.map((row) => [row])
  const [letters, alerts] = [rows.filter(isLetter), rows.filter((row) => !isLetter(row))]
  return [...(alerts.length === 0 ? [] : [alerts]), ...letters.map((row) => [row])]
}

function isLetter({ notice }: DeliveriesTable): boolean {
  return readJson<Notice | Letter>(notice).type === 'incident.update'
}
