import { createHash } from 'node:crypto'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import { parseCsv } from '../../platform/csv.ts'
import type { Caller } from '../../platform/http/route.ts'
import type { Db } from '../queries.ts'
import { adminEvidence } from '../routes-deps.ts'
import { findAssetByName } from './queries.ts'
import { IMPORT_ROWS, type ImportReply, type NewAsset, newAssetSchema } from './schema.ts'
import { changeAsset, createAsset, folded } from './write.ts'

const ERRORS_LISTED = 100
const COLUMNS = ['names', 'labels', 'criticality', 'owner'] as const
type Column = (typeof COLUMNS)[number]

/** A row as it was written, or why it cannot be one. */
type Row = { readonly asset: NewAsset; readonly given: ReadonlySet<string> } | { readonly problem: string }

/**
 * Takes assets from a file into the caller's scope, row by row; a bad row is told and left out. What a row does not name
 * stays as it is on an asset that exists.
 * @throws KanpekiError `bad_csv`, `bad_import` where no row can be told apart.
 */
export async function importAssets(
  db: Db,
  caller: Caller,
  format: 'csv' | 'json',
  text: string,
  now: number,
): Promise<{ readonly reply: ImportReply; readonly evidence: readonly Evidence[] }> {
  const rows = format === 'csv' ? csvRows(text) : jsonRows(text)
  if (rows.length > IMPORT_ROWS)
    throw new KanpekiError('bad_import', `The file has ${rows.length} rows; at most ${IMPORT_ROWS} are taken at once.`, {
      remedy: 'Split it.',
    })
  const errors: ImportReply['errors'] = []
  const evidence: Evidence[] = []
  const count = { created: 0, changed: 0, unchanged: 0 }
  for (const [at, row] of rows.entries()) {
    try {
      if ('problem' in row) throw new KanpekiError('bad_row', row.problem)
      const known = await findAssetByName(db, caller.scope, folded(row.asset.names[0]!))
      const change = Object.fromEntries(Object.entries(row.asset).filter(([key]) => row.given.has(key)))
      const done =
        known === undefined ? await createAsset(db, caller, row.asset, now) : await changeAsset(db, caller, known.id, change, now)
      evidence.push(...done.evidence)
      count[known === undefined ? 'created' : done.evidence.length > 0 ? 'changed' : 'unchanged'] += 1
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      errors.push({ row: at + 1, code: error.code, message: messageOf(error) })
    }
  }
  const reply = {
    rows: rows.length,
    ...count,
    errors: errors.slice(0, ERRORS_LISTED),
    errorsLeftOut: Math.max(0, errors.length - ERRORS_LISTED),
  }
  const sha256 = createHash('sha256').update(text).digest('hex')
  const body = { format, sha256, rows: rows.length, ...count, refused: errors.length }
  return { reply, evidence: [adminEvidence(caller, now, 'asset.import', body), ...evidence] }
}

function csvRows(text: string): Row[] {
  const [header, ...records] = parseCsv(text)
  const columns = (header ?? []).map((cell) => cell.trim().toLowerCase())
  const stray = columns.find((column) => !isColumn(column))
  if (header === undefined || stray !== undefined || !columns.includes('names'))
    throw new KanpekiError(
      'bad_import',
      stray === undefined ? 'The first line does not name the columns.' : `There is no column ${stray.slice(0, 80)}.`,
      {
        remedy: `Name the columns in the first line: ${COLUMNS.join(', ')}; names is needed.`,
      },
    )
  return records.map((record) => {
    if (record.length !== columns.length) return { problem: `The row has ${record.length} cells, not ${columns.length}.` }
    const cells = new Map(columns.map((column, at) => [column, record[at]!.trim()]))
    const cell = (column: Column): string | undefined => cells.get(column) || undefined
    const pairs = listIn(cell('labels')).map((pair) => [
      pair.slice(0, pair.indexOf('=')).trim(),
      pair.slice(pair.indexOf('=') + 1).trim(),
    ])
    const wrong = listIn(cell('labels')).find((pair) => !pair.includes('='))
    if (wrong !== undefined) return { problem: `The label ${wrong.slice(0, 80)} is not KEY=VALUE.` }
    return rowOf({
      names: listIn(cell('names')),
      ...(cell('labels') === undefined ? {} : { labels: Object.fromEntries(pairs) }),
      ...(cell('criticality') === undefined ? {} : { criticality: cell('criticality')?.toLowerCase() }),
      ...(cell('owner') === undefined ? {} : { owner: cell('owner') }),
    })
  })
}

function isColumn(text: string): text is Column {
  return (COLUMNS as readonly string[]).includes(text)
}

function listIn(cell: string | undefined): string[] {
  return (cell ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function jsonRows(text: string): Row[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new KanpekiError('bad_import', `The file is not JSON: ${messageOf(error)}.`)
  }
  if (!Array.isArray(value)) throw new KanpekiError('bad_import', 'The file is not a JSON array of assets.')
  return value.map(rowOf)
}

function rowOf(value: unknown): Row {
  const parsed = newAssetSchema.strict().safeParse(value)
  if (parsed.success) return { asset: parsed.data, given: new Set(Object.keys(value as object)) }
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') ?? ''
  return { problem: where === '' ? (issue?.message ?? 'It is no asset.') : `${where}: ${issue?.message ?? ''}` }
}
