import type { BodyLimits, BodyProcessor, ParsedBody, UploadedFile } from './body.ts'
import { type Disposition, readDisposition } from './multipart-disposition.ts'

/** Flags of which any one is a `MULTIPART_STRICT_ERROR`. */
const STRICT = [
  'MULTIPART_BOUNDARY_QUOTED',
  'MULTIPART_BOUNDARY_WHITESPACE',
  'MULTIPART_DATA_BEFORE',
  'MULTIPART_DATA_AFTER',
  'MULTIPART_HEADER_FOLDING',
  'MULTIPART_INVALID_HEADER_FOLDING',
  'MULTIPART_LF_LINE',
  'MULTIPART_MISSING_SEMICOLON',
  'MULTIPART_INVALID_QUOTING',
  'MULTIPART_INVALID_PART',
  'MULTIPART_FILE_LIMIT_EXCEEDED',
]

/** Header lines that one part may have. */
const MOST_HEADERS = 64

/** A name right before its colon, and no control bytes but the tab. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what must not be there
const HEADER = /^[!-9;-~]+:[^\x00-\x08\x0a-\x1f\x7f]*$/

/** A part whose headers give it no name; with the name of a file or without. */
export interface NamelessPart {
  readonly headers: readonly string[]
  readonly content: string
  readonly isFile: boolean
}

/**
 * Reads `multipart/form-data` (RFC 7578) line by line. Like a lenient server it reads on after most faults, and tells
 * each of them by its flag, so that a body which two readers may take differently is known as such.
 */
export const readMultipart: BodyProcessor = (body, limits) => readParts(body, limits).parsed

interface PartsRead {
  readonly parsed: ParsedBody
  readonly nameless: readonly NamelessPart[]
  /** True where parts were left unread, so that they could hold anything. */
  readonly isCut: boolean
}

/** The same, and the parts without a name once more by themselves. */
export function readParts(body: string, limits: BodyLimits): PartsRead {
  const flags = new Set<string>()
  const boundary = readBoundary(limits.contentType, flags)
  if (boundary === undefined) {
    const error = 'Multipart: no valid boundary in Content-Type'
    return { parsed: { args: [], flags: new Set(['MULTIPART_STRICT_ERROR']), error }, nameless: [], isCut: true }
  }
  const reader = new MultipartReader(body, boundary, flags, limits.argumentsLimit)
  const error = reader.read()
  if (error !== undefined || STRICT.some((flag) => flags.has(flag))) flags.add('MULTIPART_STRICT_ERROR')
  const { args, files, partHeaders, nameless, isCut } = reader
  const parsed: ParsedBody = { args, files, partHeaders, flags }
  return { parsed: error === undefined ? parsed : { ...parsed, error: `Multipart: ${error}` }, nameless, isCut }
}

function readBoundary(contentType: string, flags: Set<string>): string | undefined {
  // `boundary*0=` and its kin (RFC 2231) count as well: to some servers they are what counts.
  if ((contentType.match(/[;,\s]boundary[^=;,]*=/gi)?.length ?? 0) !== 1) return undefined
  const match = /;[ \t]*boundary([ \t]*)=([ \t]*)(?:"([^"]*)"(.*)|(.*))$/i.exec(contentType)
  if (match === null) return undefined
  const [, before, after, quoted, rest = '', bare = ''] = match
  if (before !== '' || after !== '') flags.add('MULTIPART_BOUNDARY_WHITESPACE')
  if (quoted !== undefined) {
    flags.add('MULTIPART_BOUNDARY_QUOTED')
    // What a backslash within quotes stands for is read in different ways.
    if (!/^[ \t]*(?:[;,]|$)/.test(rest) || quoted.includes('\\')) return undefined
  }
  const boundary = quoted ?? /^[^;,]*/.exec(bare)![0]
  const trimmed = boundary.replace(/[ \t]+$/, '')
  if (boundary !== trimmed) flags.add('MULTIPART_BOUNDARY_WHITESPACE')
  return trimmed === '' || trimmed.length > 1024 || /["\s]/.test(trimmed) ? undefined : trimmed
}

interface Part {
  readonly disposition: Disposition
  readonly headers: string[]
  readonly start: number
}

class MultipartReader {
  readonly #text: string
  readonly #mark: string
  readonly #flags: Set<string>
  readonly #limit: number
  readonly args: [string, string][] = []
  readonly files: UploadedFile[] = []
  readonly partHeaders: [string, string][] = []
  readonly nameless: NamelessPart[] = []
  isCut = false
  #at = 0
  #sawCrlf = false

  constructor(text: string, boundary: string, flags: Set<string>, limit: number) {
    this.#text = text
    this.#mark = `--${boundary}`
    this.#flags = flags
    this.#limit = limit
  }

  /** The fault that ended the reading, or undefined. */
  read(): string | undefined {
    const text = this.#text
    let part: Part | undefined
    let begun = false
    while (this.#at < text.length) {
      const start = this.#at
      const line = this.#line()
      const kind = line.startsWith('--') ? this.#boundaryKind(line) : 'none'
      if (kind === 'none') {
        if (!begun) this.#flags.add('MULTIPART_DATA_BEFORE')
        continue
      }
      if (kind === 'bad') {
        // To a server that sees no boundary here, what follows is still the part's.
        if (part !== undefined) this.#finish(part, text.length)
        return 'a boundary with text after it'
      }
      this.#noteEnding(start, line)
      // The end of the line before belongs to the boundary: where it is an LF alone, strict servers see no boundary.
      if (begun && this.#text[start - 2] !== '\r') this.#flags.add('MULTIPART_LF_LINE')
      begun = true
      if (part !== undefined) {
        const fault = this.#finish(part, start)
        if (fault !== undefined) return fault
      }
      if (kind === 'last') {
        if (/[^\t\n\r ]/.test(text.slice(this.#at))) this.#flags.add('MULTIPART_DATA_AFTER')
        return undefined
      }
      const read = this.#headers()
      if (typeof read === 'string') return read
      part = read
    }
    if (part !== undefined) this.#finish(part, text.length)
    return begun ? 'the last boundary is missing' : 'there is no part'
  }

  #cut(fault: string): string {
    this.isCut = true
    return fault
  }

  /** The line at the place, without its end. */
  #line(): string {
    const end = this.#text.indexOf('\n', this.#at)
    const stop = end < 0 ? this.#text.length : end
    const line = this.#text.slice(this.#at, this.#text[stop - 1] === '\r' && stop > this.#at ? stop - 1 : stop)
    this.#at = end < 0 ? stop : stop + 1
    return line
  }

  #boundaryKind(line: string): 'none' | 'next' | 'last' | 'bad' {
    if (!line.startsWith(this.#mark)) {
      // Some browsers' own dashes are common in text; only what could pass for a boundary elsewhere is told.
      if (/^--[^\s-]/.test(line)) this.#flags.add('MULTIPART_UNMATCHED_BOUNDARY')
      // To a server that takes the quotes for a part of the boundary, this is one.
      if (line[2] === '"' && this.#flags.has('MULTIPART_BOUNDARY_QUOTED')) this.#flags.add('MULTIPART_INVALID_PART')
      return 'none'
    }
    // Not even blanks may follow: servers disagree on whether the line is a boundary then.
    const rest = line.slice(this.#mark.length)
    if (rest === '') return 'next'
    return rest === '--' ? 'last' : 'bad'
  }

  /** Lines of boundaries and headers end in CR LF; others are told, and a mixture of both. */
  #noteEnding(start: number, line: string): void {
    if (start + line.length >= this.#text.length) return
    if (this.#text[start + line.length] === '\r') this.#sawCrlf = true
    else this.#flags.add('MULTIPART_LF_LINE')
    if (this.#sawCrlf && this.#flags.has('MULTIPART_LF_LINE')) this.#flags.add('MULTIPART_CRLF_LF_LINES')
  }

  #headers(): Part | string {
    const headers: string[] = []
    for (;;) {
      if (this.#at >= this.#text.length) return 'the headers of a part do not end'
      const start = this.#at
      const line = this.#line()
      this.#noteEnding(start, line)
      if (line === '') break
      if (/^[ \t]/.test(line)) {
        if (headers.length === 0) return this.#cut('a part begins with a folded header')
        this.#flags.add('MULTIPART_HEADER_FOLDING')
        headers.push(`${headers.pop()}${line}`)
      } else {
        if (headers.length >= MOST_HEADERS) return this.#cut('a part has too many headers')
        headers.push(line)
      }
    }
    const written = headers.filter((header) => /^content-disposition\s*:/i.test(header))
    if (written.length > 1) this.#flags.add('MULTIPART_INVALID_PART')
    const disposition = readDisposition(written[0], this.#flags)
    for (const header of headers) {
      if (!HEADER.test(header)) this.#flags.add('MULTIPART_INVALID_PART')
      this.partHeaders.push([disposition.name, header])
    }
    return { disposition, headers, start: this.#at }
  }

  /** `end` is where the line of the next boundary begins: the line's end before it belongs to the boundary. */
  #finish({ disposition, headers, start }: Part, end: number): string | undefined {
    const text = this.#text
    let stop = end
    if (stop > start && text[stop - 1] === '\n') stop -= text[stop - 2] === '\r' && stop - 1 > start ? 2 : 1
    const content = text.slice(start, Math.max(start, stop))
    if (this.args.length + this.files.length >= this.#limit) return this.#cut(`more than ${this.#limit} parts`)
    const { name, filenames, isField } = disposition
    if (name === '') this.nameless.push({ headers, content, isFile: filenames.some((filename) => filename !== '') })
    if (isField) this.args.push([name, content])
    for (const [index, filename] of filenames.entries()) {
      this.files.push({ name, filename, size: index === 0 ? content.length : 0, content: index === 0 ? content : '' })
    }
    return undefined
  }
}
