import { HOT_COLUMNS, type HotColumn } from '../table.ts'

export const hotByField: ReadonlyMap<string, HotColumn> = new Map(HOT_COLUMNS.map((column) => [column.field, column]))
export const timeColumns: ReadonlyMap<string, string> = new Map([
  ['@timestamp', 'observed'],
  ['event.ingested', 'received'],
])
/** Fields of the row that are not, or not only, in the document. */
export const rowColumns: ReadonlyMap<string, string> = new Map([
  ['event.id', 'id'],
  ['_id', 'id'],
  ['kanpeki.source', 'source'],
  ['kanpeki.parser', 'parser'],
  ['kanpeki.scope', 'scope'],
])
/** Prose in the document: a value is looked for inside it, as in a `text` column. */
export const proseFields: ReadonlySet<string> = new Set(['message', 'event.original', 'error.message', 'error.stack_trace'])
