import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import { storable } from './storable.ts'

/** What a row may be written with by `insertAlike`. */
type Cell = string | number | null

/**
 * A set of texts as one parameter, in words that SQLite and PostgreSQL share: the keys of a JSON object. Statements that ask
 * with it are the same text for any number, and are prepared once.
 */
function keysOf(texts: Iterable<string>, numberOf: (text: string) => number = () => 0): RawBuilder<unknown> {
  const members = [...new Set(texts)].map((text) => `${JSON.stringify(storable(text))}:${numberOf(text)}`)
  return sql`json_each(${`{${members.join()}}`})`
}

/** Whether a column holds one of these texts, however many they are. For handles that no scope limits: name the scope beside it. */
export function among(column: string, texts: Iterable<string>): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} in (select each_one.key from ${keysOf(texts)} as each_one)`
}

export interface AlikeOptions {
  /** What happens where a row is there already, as SQL; left out: the statement fails. */
  readonly conflict?: RawBuilder<unknown>
  /** A column with a whole number that follows from the text. */
  readonly counted?: { readonly column: string; readonly of: (text: string) => number }
}

/**
 * Writes rows that differ in one column only, by one statement: once for each of `texts` in that column. For handles that no
 * scope limits: name the scope among the values.
 */
export async function insertAlike<T>(
  db: Kysely<T>,
  table: keyof T & string,
  values: Readonly<Record<string, Cell>>,
  differing: string,
  texts: Iterable<string>,
  { conflict = sql``, counted }: AlikeOptions = {},
): Promise<void> {
  const columns = Object.keys(values)
  const names = [differing, ...(counted === undefined ? [] : [counted.column]), ...columns]
  // By way of a text: PostgreSQL turns no JSON into a number otherwise.
  const number = counted === undefined ? sql`` : sql`cast(cast(each_one.value as text) as bigint),`
  // `where true` keeps `on conflict` from being read as the condition of a join.
  await sql`insert into ${sql.table(table)} (${sql.join(names.map((column) => sql.ref(column)))})
    select each_one.key, ${number} ${sql.join(columns.map((column) => sql`${values[column]}`))}
    from ${keysOf(texts, counted?.of)} as each_one where true ${conflict}`.execute(db)
}
