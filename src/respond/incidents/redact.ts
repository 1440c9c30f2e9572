import type { Kysely } from 'kysely'
import { enter, HOUSE } from './enter.ts'
import { type Db, incidentById, REDACTED_COLUMNS, type RedactedTable, redactColumns } from './queries.ts'

/** Stands where a name stood: the same in both languages, and of no other meaning. */
const ERASED = '［消去 / erased］'

/**
 * Takes a person out of what incidents copied: titles, entities, comments, messages, reports. What the ledger was told stays there, as
 * a ledger does; of each incident that changed it is also told that names were erased, never which.
 * @param names as they were asked for; without case, and never within a longer word.
 * @returns how many incidents changed.
 */
export async function redactIncidents<T>(
  trx: Kysely<T>,
  scope: string | undefined,
  names: readonly string[],
  erasure: string,
  now: number,
): Promise<number> {
  const db = trx as unknown as Db
  const pattern = patternOf(names)
  if (pattern === undefined) return 0
  const touched = new Set<string>()
  for (const table of Object.keys(REDACTED_COLUMNS) as RedactedTable[])
    for (const id of await redactColumns(db, table, scope, (text) => text.replace(pattern, ERASED))) touched.add(id)
  for (const id of [...touched].sort()) {
    const incident = await incidentById(db, id)
    if (incident === undefined) continue
    const text = {
      en: `Names were erased from the incident at somebody’s request (erasure ${erasure}).`,
      ja: `個人データの消去依頼に基づき、インシデント内の名前を消去しました（消去 ${erasure}）。`,
    }
    await enter(db, incident, HOUSE, { kind: 'redacted', text, facts: { erasure } }, now)
  }
  return touched.size
}

/** How many incidents hold one of these names. */
export async function incidentsNaming<T>(db: Kysely<T>, scope: string | undefined, names: readonly string[]): Promise<number> {
  const pattern = patternOf(names)
  if (pattern === undefined) return 0
  const found = new Set<string>()
  for (const table of Object.keys(REDACTED_COLUMNS) as RedactedTable[])
    for (const id of await redactColumns(db as unknown as Db, table, scope, (text) => text.replace(pattern, ERASED), false))
      found.add(id)
  return found.size
}

function patternOf(names: readonly string[]): RegExp | undefined {
  const all = new Set(names.filter((name) => name.length > 1))
  if (all.size === 0) return undefined
  const escaped = [...all].sort((a, b) => b.length - a.length).map((name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
  // A letter or a digit beside it makes it another name; in Japanese, where no space parts words, only those of the same script do.
  return new RegExp(`(?<![\\p{Script=Latin}\\p{N}_])(?:${escaped.join('|')})(?![\\p{Script=Latin}\\p{N}_])`, 'giu')
}
