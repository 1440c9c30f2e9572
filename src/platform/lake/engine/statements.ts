/** An insert with its data apart, as the native interface takes it. */
export interface InsertStatement {
  readonly table: string
  readonly columns: readonly string[]
  readonly settings: Readonly<Record<string, string | number>>
  readonly format: string
}

const INSERT = /^\s*INSERT\s+INTO\s+(\w+)\s*\(([\w\s,]+)\)\s*(?:SETTINGS\s+(.+?)\s+)?FORMAT\s+(\w+)\s*$/is
const SETTING = /^(\w+)\s*=\s*(?:(\d+)|'([^'\\]*)')$/

/** Reads the one form of insert that the lake writes; undefined for anything else. */
export function readInsert(sql: string): InsertStatement | undefined {
  const parts = INSERT.exec(sql)
  if (parts === null) return undefined
  const [, table = '', columns = '', settings, format = ''] = parts
  const read: Record<string, string | number> = {}
  for (const text of settings === undefined ? [] : settings.split(/\s*,\s*/)) {
    const setting = SETTING.exec(text)
    if (setting === null) return undefined
    const [, name = '', number, literal = ''] = setting
    read[name] = number === undefined ? literal : Number(number)
  }
  return { table, columns: columns.split(',').map((column) => column.trim()), settings: read, format }
}

const TEXT_ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '0': '\0', b: '\b', f: '\f' }

/**
 * Puts bound values into a statement as literals. The embedded engine's own binding is process-wide, so that it lets
 * only one statement with parameters run at a time; a search must not wait for another.
 * @param values as the HTTP interface carries them: ClickHouse's escaped text form of each value.
 * @throws RangeError if a parameter has no value.
 */
export function bindParameters(sql: string, values: ReadonlyMap<string, string>): string {
  // Quoted text and names are matched first, so that what looks like a parameter inside them stays as it is.
  return sql.replace(/'(?:[^'\\]|\\.|'')*'|`[^`]*`|\{(\w+):([^{}]+)\}/gs, (whole: string, name?: string, type?: string) => {
    if (name === undefined || type === undefined) return whole
    const value = values.get(name)
    if (value === undefined)
      throw new RangeError(`Code: 456. DB::Exception: Substitution ${name} is not set. (UNKNOWN_QUERY_PARAMETER)`)
    if (type.trim() === 'String') return literal(value.replaceAll(/\\(.)/gs, (_, sign: string) => TEXT_ESCAPES[sign] ?? sign))
    return `CAST(${literal(value)} AS ${type})`
  })
}

/** Inside quotation marks only these two signs mean something to the engine. */
function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}
