import type { Kysely } from 'kysely'
import type { ConnectionsTable, ConnectionTables } from './tables.ts'

export type ConnectionDb = Kysely<ConnectionTables>

export async function allConnections(db: ConnectionDb): Promise<ConnectionsTable[]> {
  return await db.selectFrom('respond_connections').selectAll().orderBy('name').execute()
}

export async function connectionById(db: ConnectionDb, id: string): Promise<ConnectionsTable | undefined> {
  return await db.selectFrom('respond_connections').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function connectionByName(db: ConnectionDb, name: string): Promise<ConnectionsTable | undefined> {
  return await db.selectFrom('respond_connections').selectAll().where('name', '=', name).executeTakeFirst()
}

export async function insertConnection(db: ConnectionDb, row: ConnectionsTable): Promise<void> {
  await db.insertInto('respond_connections').values(row).execute()
}

export async function changeConnection(
  db: ConnectionDb,
  id: string,
  change: Partial<Omit<ConnectionsTable, 'id' | 'scope'>>,
): Promise<void> {
  await db.updateTable('respond_connections').set(change).where('id', '=', id).execute()
}

export async function deleteConnection(db: ConnectionDb, id: string): Promise<void> {
  await db.deleteFrom('respond_connections').where('id', '=', id).execute()
}
