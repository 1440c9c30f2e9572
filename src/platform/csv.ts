import { KanpekiError } from '../kernel/error.ts'

const SEPARATORS = [',', ';', '\t'] as const

/**
 * The records of a CSV text (RFC 4180; also `;` or tab where the first line has more of those, and any line end). Blank
 * lines are none.
 * @throws KanpekiError `bad_csv` with the line, for a quote that is never closed or text behind a closing one.
 */
export function parseCsv(text: string): string[][] {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const separator = separatorOf(source)
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  let line = 1

  const quotedCell = (): string => {
    const began = line
    let cell = ''
    for (at += 1; at < source.length; at += 1) {
      if (source[at] === '\n') line += 1
      if (source[at] !== '"') cell += source[at]
      else if (source[at + 1] === '"') {
        cell += '"'
        at += 1
      } else {
        at += 1
        return cell
      }
    }
    throw bad('A quote is never closed', began)
  }
  const plainCell = (): string => {
    const from = at
    while (at < source.length && source[at] !== separator && source[at] !== '\n' && source[at] !== '\r') at += 1
    return source.slice(from, at)
  }

  while (at < source.length || record.length > 0) {
    record.push(source[at] === '"' ? quotedCell() : plainCell())
    const next = source[at]
    if (next === separator) {
      at += 1
      continue
    }
    if (next !== undefined && next !== '\n' && next !== '\r') throw bad('Text stands behind a closing quote', line)
    at += next === '\r' && source[at + 1] === '\n' ? 2 : 1
    line += 1
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  return records
}

function separatorOf(text: string): string {
  const first = text.slice(0, text.search(/\r|\n|$/))
  const count = (separator: string): number => first.split(separator).length
  return SEPARATORS.reduce((best, one) => (count(one) > count(best) ? one : best))
}

function bad(what: string, line: number): KanpekiError {
  return new KanpekiError('bad_csv', `${what}.`, {
    place: { line },
    remedy: 'Write the file as RFC 4180 says: quotes inside quotes are doubled.',
  })
}

/** What a formula may begin with (OWASP ASVS 5.0, 1.2.10), also full-width, as Japanese spreadsheets read it. */
const FORMULA = /^[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]/

/** One line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula is led by an apostrophe. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellText).join(',')}\r\n`
}

/** A line of column names: the `@` of `@timestamp`, which would begin a formula, is left out. */
export function csvHead(names: readonly string[]): string {
  return csvLine(names.map((name) => name.replace(/^@/, '')))
}

function cellText(cell: string | number | null): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
