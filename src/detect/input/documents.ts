/** One JSON value found in a text, with the 1-based line (within that text) where it begins. */
export interface ScannedValue {
  readonly text: string
  readonly line: number
  /** False when the text ends inside the value, or another document begins inside it. */
  readonly complete: boolean
}

const QUOTE = 34
const BACKSLASH = 92

/**
 * Cuts concatenated or pretty-printed JSON into its values by following brackets and strings; it does not validate. Text arrives line by
 * line. A top-level array gives its elements. An object that begins in column 0 while another is still open ends that one as incomplete, so
 * that one broken document does not swallow the rest of the file.
 */
export class DocumentScanner {
  readonly #found: (value: ScannedValue) => void
  readonly #longest: number
  #parts: string[] = []
  #length = 0
  /** The brackets that are open, innermost last. */
  readonly #open: number[] = []
  #inString = false
  #inArray = false
  #line: number
  #startLine = 0
  #tooLong = false

  constructor(found: (value: ScannedValue) => void, longest: number, firstLine = 1) {
    this.#found = found
    this.#longest = longest
    this.#line = firstLine
  }

  /** A line without its end. */
  push(line: string): void {
    // JSON strings hold no line ends: a string that is still open was never closed.
    this.#inString = false
    if (this.#open.length > 0 && line.charCodeAt(0) === 123 && this.#parts.length > 0 && !this.#endsOpen()) this.#flush(false)
    this.#scan(line)
    this.#line += 1
  }

  end(): void {
    if (this.#open.length > 0) this.#flush(false)
  }

  /** After `:`, `[` and, inside an array, `,` an object is expected, wherever it is written; an object's `,` is followed by a name. */
  #endsOpen(): boolean {
    const last = this.#parts.findLast((part) => part.trim() !== '')?.trimEnd()
    return last !== undefined && (this.#open.at(-1) === 91 ? /[,:[]$/ : /[:[]$/).test(last)
  }

  #scan(line: string): void {
    let start = this.#open.length > 0 ? 0 : -1
    for (let at = 0; at < line.length; at += 1) {
      const unit = line.charCodeAt(at)
      if (this.#inString) {
        if (unit === BACKSLASH) at += 1
        else if (unit === QUOTE) this.#inString = false
      } else if (this.#open.length === 0) {
        if (unit === 91 && !this.#inArray) this.#inArray = true
        else if (unit === 93 && this.#inArray) this.#inArray = false
        else if (unit === 123 || unit === 91) {
          this.#open.push(unit)
          this.#startLine = this.#line
          start = at
        } else if (unit === QUOTE || (unit > 32 && unit !== 44)) at = this.#scalar(line, at)
      } else if (unit === QUOTE) this.#inString = true
      else if (unit === 123 || unit === 91) this.#open.push(unit)
      else if (unit === 125 || unit === 93) {
        this.#open.pop()
        if (this.#open.length === 0) {
          this.#keep(line.slice(start, at + 1))
          this.#flush(true)
          start = -1
        }
      }
    }
    if (this.#open.length > 0) this.#keep(`${line.slice(start)}\n`)
  }

  /** A value that is no object: reported whole, so that it is counted. Returns its last position. */
  #scalar(line: string, from: number): number {
    const match = /"(?:[^"\\]|\\.)*"?|[^\s,\]{}[]+|[\s\S]/y
    match.lastIndex = from
    const text = match.exec(line)![0]
    this.#found({ text, line: this.#line, complete: true })
    return from + text.length - 1
  }

  #keep(part: string): void {
    this.#length += part.length
    if (this.#length > this.#longest) {
      this.#tooLong = true
      this.#parts = []
    } else if (!this.#tooLong) this.#parts.push(part)
  }

  #flush(complete: boolean): void {
    this.#found({ text: this.#parts.join(''), line: this.#startLine, complete: complete && !this.#tooLong })
    this.#parts = []
    this.#length = 0
    this.#open.length = 0
    this.#inString = false
    this.#tooLong = false
  }
}
