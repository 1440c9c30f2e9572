import type { Kysely } from 'kysely'
import type {
  BadgesTable,
  CardsTable,
  DeclareTables,
  ObjectivesTable,
  ReadingsTable,
  SignaturesTable,
  VersionsTable,
} from './tables.ts'

/** `state.scoped(scope)` for a caller; the whole store for evaluation and the public badge. */
export type Db = Kysely<DeclareTables>

// ── Cards ──

export async function allCards(db: Db): Promise<CardsTable[]> {
  return await db.selectFrom('declare_cards').selectAll().orderBy('id').execute()
}

export async function cardById(db: Db, id: string): Promise<CardsTable | undefined> {
  return await db.selectFrom('declare_cards').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertCard(db: Db, row: CardsTable): Promise<void> {
  await db.insertInto('declare_cards').values(row).execute()
}

export type CardUpdate = Partial<Omit<CardsTable, 'id' | 'scope'>>

export async function updateCard(db: Db, id: string, change: CardUpdate): Promise<void> {
  await db.updateTable('declare_cards').set(change).where('id', '=', id).execute()
}

/** Only for a card that never held a badge: everything else stays for the record. */
export async function deleteCard(db: Db, id: string): Promise<void> {
  await db.deleteFrom('declare_cards').where('id', '=', id).execute()
  await db.deleteFrom('declare_versions').where('card_id', '=', id).execute()
  await db.deleteFrom('declare_signatures').where('card_id', '=', id).execute()
  await db.deleteFrom('declare_objectives').where('card_id', '=', id).execute()
  await db.deleteFrom('declare_readings').where('card_id', '=', id).execute()
  await db.deleteFrom('declare_badges').where('card_id', '=', id).execute()
}

// ── Versions and signatures ──

export async function versionsOf(db: Db, cardId: string): Promise<VersionsTable[]> {
  return await db
    .selectFrom('declare_versions')
    .selectAll()
    .where('card_id', '=', cardId)
    .orderBy('at', 'desc')
    .orderBy('hash')
    .execute()
}

export async function versionOf(db: Db, cardId: string, hash: string): Promise<VersionsTable | undefined> {
  return await db
    .selectFrom('declare_versions')
    .selectAll()
    .where('card_id', '=', cardId)
    .where('hash', '=', hash)
    .executeTakeFirst()
}

export async function insertVersion(db: Db, row: VersionsTable): Promise<void> {
  await db.insertInto('declare_versions').values(row).execute()
}

/** Puts one version in force and what was in force before into the past. */
export async function setInForce(db: Db, cardId: string, hash: string): Promise<void> {
  await db
    .updateTable('declare_versions')
    .set({ state: 'past' })
    .where('card_id', '=', cardId)
    .where('state', '=', 'in-force')
    .execute()
  await db
    .updateTable('declare_versions')
    .set({ state: 'in-force' })
    .where('card_id', '=', cardId)
    .where('hash', '=', hash)
    .execute()
}

export async function signaturesOf(db: Db, cardId: string): Promise<SignaturesTable[]> {
  return await db.selectFrom('declare_signatures').selectAll().where('card_id', '=', cardId).orderBy('at').orderBy('id').execute()
}

export async function insertSignature(db: Db, row: SignaturesTable): Promise<void> {
  await db.insertInto('declare_signatures').values(row).execute()
}

// ── Readings ──

export async function objectivesOf(db: Db, cardId: string): Promise<ObjectivesTable[]> {
  return await db.selectFrom('declare_objectives').selectAll().where('card_id', '=', cardId).execute()
}

export async function saveObjective(db: Db, row: ObjectivesTable): Promise<void> {
  const { card_id: _card, objective: _objective, scope: _scope, ...change } = row
  await db
    .insertInto('declare_objectives')
    .values(row)
    .onConflict((conflict) => conflict.columns(['card_id', 'objective']).doUpdateSet(change))
    .execute()
}

export async function insertReadings(db: Db, rows: readonly ReadingsTable[]): Promise<void> {
  if (rows.length === 0) return
  await db
    .insertInto('declare_readings')
    .values([...rows])
    .onConflict((conflict) => conflict.columns(['card_id', 'objective', 'at']).doNothing())
    .execute()
}

/** The newest points of a series, oldest first. */
export async function seriesOf(db: Db, cardId: string, objective: string, limit: number): Promise<ReadingsTable[]> {
  const rows = await db
    .selectFrom('declare_readings')
    .selectAll()
    .where('card_id', '=', cardId)
    .where('objective', '=', objective)
    .orderBy('at', 'desc')
    .limit(limit)
    .execute()
  return rows.reverse()
}

export async function forgetReadings(db: Db, before: number): Promise<void> {
  await db.deleteFrom('declare_readings').where('at', '<', before).execute()
}

// ── Badge ──

/** Newest first. */
export async function badgesOf(db: Db, cardId: string, limit: number): Promise<BadgesTable[]> {
  return await db
    .selectFrom('declare_badges')
    .selectAll()
    .where('card_id', '=', cardId)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute()
}

export async function insertBadge(db: Db, row: BadgesTable): Promise<void> {
  await db.insertInto('declare_badges').values(row).execute()
}
