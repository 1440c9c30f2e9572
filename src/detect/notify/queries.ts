import type { Kysely } from 'kysely'
import type { ChannelsTable, DeliveriesTable, MailServerTable, NotifyTables } from './tables.ts'

export type NotifyDb = Kysely<NotifyTables>

const ROWS_A_STATEMENT = 500

export async function channels(db: NotifyDb): Promise<ChannelsTable[]> {
  return await db.selectFrom('detect_channels').selectAll().orderBy('name').orderBy('id').execute()
}

export async function enabledChannels(db: NotifyDb): Promise<ChannelsTable[]> {
  return await db.selectFrom('detect_channels').selectAll().where('enabled', '=', 1).orderBy('id').execute()
}

export async function channelById(db: NotifyDb, id: string): Promise<ChannelsTable | undefined> {
  return await db.selectFrom('detect_channels').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertChannel(db: NotifyDb, row: ChannelsTable): Promise<void> {
  await db.insertInto('detect_channels').values(row).execute()
}

export async function changeChannel(
  db: NotifyDb,
  id: string,
  change: Partial<Omit<ChannelsTable, 'id' | 'scope'>>,
): Promise<void> {
  await db.updateTable('detect_channels').set(change).where('id', '=', id).execute()
}

export async function deleteChannel(db: NotifyDb, id: string): Promise<void> {
  await db.deleteFrom('detect_deliveries').where('channel_id', '=', id).execute()
  await db.deleteFrom('detect_channels').where('id', '=', id).execute()
}

/** Per channel and state: how many, and since when the first waits. */
export async function deliveryCounts(db: NotifyDb) {
  return await db
    .selectFrom('detect_deliveries')
    .where('state', '!=', 'sent')
    .groupBy(['channel_id', 'state'])
    .select((eb) => ['channel_id', 'state', eb.fn.countAll<number>().as('n'), eb.fn.min<number>('created').as('first')])
    .execute()
}

export async function insertDeliveries(db: NotifyDb, rows: readonly DeliveriesTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await db
      .insertInto('detect_deliveries')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .execute()
}

/** Of every scope; those that are not kept any more are left out. */
export async function deliveriesByIds(db: NotifyDb, ids: readonly string[]): Promise<DeliveriesTable[]> {
  if (ids.length === 0) return []
  return await db
    .selectFrom('detect_deliveries')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute()
}

/** What is due at a time, of enabled channels, oldest first. */
export async function dueDeliveries(db: NotifyDb, now: number, limit: number): Promise<DeliveriesTable[]> {
  return await db
    .selectFrom('detect_deliveries')
    .selectAll('detect_deliveries')
    .where('state', '=', 'waiting')
    .where('next', '<=', now)
    .where('channel_id', 'in', (eb) => eb.selectFrom('detect_channels').select('id').where('enabled', '=', 1))
    .orderBy('created')
    .orderBy('id')
    .limit(limit)
    .execute()
}

export async function changeDeliveries(
  db: NotifyDb,
  ids: readonly string[],
  change: Partial<Omit<DeliveriesTable, 'id' | 'scope'>>,
): Promise<void> {
  await db
    .updateTable('detect_deliveries')
    .set(change)
    .where('id', 'in', [...ids])
    .execute()
}

/** Has what was given up tried again. */
export async function retryFailed(db: NotifyDb, channelId: string, now: number): Promise<void> {
  await db
    .updateTable('detect_deliveries')
    .set({ state: 'waiting', next: now, tries: 0, created: now })
    .where('channel_id', '=', channelId)
    .where('state', '!=', 'sent')
    .execute()
}

export async function forgetSent(db: NotifyDb, doneBefore: number): Promise<void> {
  await db.deleteFrom('detect_deliveries').where('state', '=', 'sent').where('done', '<', doneBefore).execute()
}

export const MAIL_SERVER = 'default'

export async function storedMailServer(db: NotifyDb): Promise<MailServerTable | undefined> {
  return await db.selectFrom('detect_mail_server').selectAll().where('id', '=', MAIL_SERVER).executeTakeFirst()
}

export async function storeMailServer(db: NotifyDb, row: MailServerTable): Promise<void> {
  const { id: _, ...rest } = row
  await db
    .insertInto('detect_mail_server')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
    .execute()
}

export async function dropMailServer(db: NotifyDb): Promise<void> {
  await db.deleteFrom('detect_mail_server').execute()
}
