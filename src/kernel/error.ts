/** Where a fault lies, so that a person can go there. `line` and `column` are 1-based. */
export interface Place {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly field?: string
}

/**
 * The one error that crosses rooms. `code` is for programs and tests, `message` says what happened,
 * `remedy` what to do about it.
 */
export class KanpekiError extends Error {
  readonly code: string
  readonly place: Place | undefined
  readonly remedy: string | undefined
  /** Seconds after which the same may work. */
  readonly retryAfter: number | undefined

  constructor(
    code: string,
    message: string,
    options: { place?: Place; remedy?: string; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'KanpekiError'
    this.code = code
    this.place = options.place
    this.remedy = options.remedy
    this.retryAfter = options.retryAfter
  }

  /** One line for a terminal: `file:line: message. remedy`. */
  describe(): string {
    const at = formatPlace(this.place)
    return `${at === '' ? '' : `${at}: `}${this.message}${this.remedy === undefined ? '' : ` ${this.remedy}`}`
  }
}

export function formatPlace(place: Place | undefined): string {
  if (place === undefined) return ''
  const alone = place.file === undefined && place.line === undefined && place.column !== undefined
  const position = alone
    ? `column ${place.column}`
    : [place.file, place.line, place.column].filter((part) => part !== undefined).join(':')
  return [position, place.field].filter((part) => part !== undefined && part !== '').join(' ')
}

/** The message of anything that was thrown; never the stack. */
export function messageOf(error: unknown): string {
  if (error instanceof KanpekiError) return error.describe()
  return error instanceof Error ? error.message : String(error)
}
