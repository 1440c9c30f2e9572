const INSERT = /^(\s*INSERT\s+INTO\s+\w+\s*\(.+\sFROM\s+)input\(('(?:[^'\\]|\\.)*')\)\s+FORMAT\s+(\w+)\s*$/is

/**
 * The one form of insert with its data beside it that the lake writes, `INSERT … FROM input('types') FORMAT name`, as one
 * that reads a file; undefined for anything else.
 */
export function insertFromFile(sql: string, path: string): string | undefined {
  const parts = INSERT.exec(sql)
  if (parts === null) return undefined
  const [, head = '', types = '', format = ''] = parts
  return `${head}file(${literal(path)}, '${format}', ${types})`
}

/** Inserts into tables go one after the other, beside the searches. */
export function isInsert(sql: string): boolean {
  return /^\s*INSERT\s+INTO\s+(?!FUNCTION\b)/i.test(sql)
}

/** What is carried out by merges, or by the threads that merge, and waits while they are held. */
export function needsMerges(sql: string): boolean {
  return /^\s*(?:ALTER|OPTIMIZE)\b/i.test(sql)
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
