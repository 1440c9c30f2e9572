/** One directive as written: its words, with quotes taken off. `line` is 1-based, that of the directive's first line. */
export interface Statement {
  readonly file: string
  readonly line: number
  readonly words: readonly string[]
}

/**
 * Splits a file of SecLang into statements. A backslash at the end of a line joins the next one to it; a line that
 * begins with `#` is a comment. Reads any bytes; never throws: an open quote runs to the end of its line.
 */
export function readStatements(text: string, file: string): Statement[] {
  const statements: Statement[] = []
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const first = index
    let line = withoutReturn(lines[index]!)
    if (/^\s*#/.test(line)) continue
    while (line.endsWith('\\') && index + 1 < lines.length) {
      index += 1
      line = line.slice(0, -1) + withoutReturn(lines[index]!)
    }
    const words = splitWords(line)
    if (words.length > 0) statements.push({ file, line: first + 1, words })
  }
  return statements
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/** Words are parted by blanks; a word may stand in double or single quotes, where a backslash keeps the quote itself. */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let at = 0
  for (;;) {
    while (at < line.length && isBlank(line.charCodeAt(at))) at += 1
    if (at >= line.length) return words
    const quote = line[at]
    if (quote === '"' || quote === "'") {
      const end = closingQuote(line, at + 1, quote)
      words.push(line.slice(at + 1, end).replaceAll(`\\${quote}`, quote))
      at = end + 1
    } else {
      const start = at
      while (at < line.length && !isBlank(line.charCodeAt(at))) at += 1
      words.push(line.slice(start, at))
    }
  }
}

function closingQuote(line: string, from: number, quote: string): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === '\\') at += 1
    else if (line[at] === quote) return at
  }
  return line.length
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}
