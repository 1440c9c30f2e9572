import type { Kysely } from 'kysely'
import type {
  BadgesTable,
  CardsTable,
  CredentialsTable,
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

/** As above: 10 a row. */
const READINGS_A_STATEMENT = 1000

export async function insertReadings(db: Db, rows: readonly ReadingsTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += READINGS_A_STATEMENT)
    await db
      .insertInto('declare_readings')
      .values(rows.slice(at, at + READINGS_A_STATEMENT))
      .onConflict((conflict) => conflict.columns(['card_id', 'objective', 'at']).doNothing())
      .execute()
}

/** The newest points of a series, oldest first. */
export async function seriesOf(
  db: Db,
  cardId: string,
  objective: string,
  limit: number,
): Promise<Pick<ReadingsTable, 'at' | 'value' | 'state'>[]> {
  const rows = await db
    .selectFrom('declare_readings')
    .select(['at', 'value', 'state'])
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

// ── Many cards at once ──

/** What judging these cards takes, in four questions however many they are. */
export interface ManyCards {
  readonly versions: readonly VersionsTable[]
  readonly signatures: readonly SignaturesTable[]
  readonly objectives: readonly ObjectivesTable[]
  readonly credentials: readonly Pick<CredentialsTable, 'card_id' | 'hash'>[]
}

/** @param ids at most 1000. Signatures are oldest first; of versions and credentials those in force alone. */
export async function manyCards(db: Db, ids: readonly string[]): Promise<ManyCards> {
  if (ids.length === 0) return { versions: [], signatures: [], objectives: [], credentials: [] }
  const [versions, signatures, objectives, credentials] = await Promise.all([
    db.selectFrom('declare_versions').selectAll().where('card_id', 'in', ids).where('state', '=', 'in-force').execute(),
    db.selectFrom('declare_signatures').selectAll().where('card_id', 'in', ids).orderBy('at').orderBy('id').execute(),
    db.selectFrom('declare_objectives').selectAll().where('card_id', 'in', ids).execute(),
    db
      .selectFrom('declare_credentials')
      .select(['card_id', 'hash'])
      .where('card_id', 'in', ids)
      .where('ended', 'is', null)
      .execute(),
  ])
  return { versions, signatures, objectives, credentials }
}

export async function cardsById(db: Db, ids: readonly string[]): Promise<CardsTable[]> {
  return ids.length === 0 ? [] : await db.selectFrom('declare_cards').selectAll().where('id', 'in', ids).orderBy('id').execute()
}

/** Cards of which a look found nothing new. */
export async function noteEvaluated(db: Db, ids: readonly string[], at: number): Promise<void> {
  if (ids.length === 0) return
  await db.updateTable('declare_cards').set({ evaluated_at: at }).where('id', 'in', ids).where('evaluated_at', '<', at).execute()
}

/** Parameters a statement may carry are limited (SQLite 32,766): 20 a row. */
const OBJECTIVES_A_STATEMENT = 500

export async function saveObjectives(db: Db, rows: readonly ObjectivesTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += OBJECTIVES_A_STATEMENT)
    await db
      .insertInto('declare_objectives')
      .values(rows.slice(at, at + OBJECTIVES_A_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(['card_id', 'objective']).doUpdateSet((e) => ({
          spec: e.ref('excluded.spec'),
          not_met_since: e.ref('excluded.not_met_since'),
          unproven_since: e.ref('excluded.unproven_since'),
          value: e.ref('excluded.value'),
          good: e.ref('excluded.good'),
          bad: e.ref('excluded.bad'),
          unknown: e.ref('excluded.unknown'),
          detail: e.ref('excluded.detail'),
          missing: e.ref('excluded.missing'),
          measured_at: e.ref('excluded.measured_at'),
          as_of: e.ref('excluded.as_of'),
          recorded_at: e.ref('excluded.recorded_at'),
          recorded_value: e.ref('excluded.recorded_value'),
          recorded_state: e.ref('excluded.recorded_state'),
          outbox: e.ref('excluded.outbox'),
        })),
      )
      .execute()
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
