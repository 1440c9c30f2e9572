export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type LogDetail = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, detail?: LogDetail): void
  info(message: string, detail?: LogDetail): void
  warn(message: string, detail?: LogDetail): void
  error(message: string, detail?: LogDetail): void
}

/** Our own tokens and sealed values, credentials of HTTP, keys, and secrets in URLs, wherever they stand in a text. */
const SECRETS: readonly [RegExp, string][] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g, '…'],
  [/PRIVATE\+KEY\+[^\s"]+/g, 'PRIVATE+KEY+…'],
  [/kpk_[a-z]+_[A-Za-z0-9_-]{10,}/g, 'kpk_…'],
  [/kpseal1:[0-9a-f]{12}:[A-Za-z0-9_-]+/g, 'kpseal1:…'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*/g, 'eyJ…'],
  [/\b(bearer|apikey|splunk|basic)\s+[A-Za-z0-9+/=_.-]{8,}/gi, '$1 …'],
  [/\b((?:__Host-)?kanpeki_[a-z_]+)=[^;\s"]+/g, '$1=…'],
  [/(\w+:\/\/)([^:/\s@"]*):[^/\s"]*@/g, '$1$2:…@'],
  [/\b(otpauth:\/\/[^?\s"]+)\?[^\s"]*/g, '$1?…'],
  [
    /([?&#;](?:[a-z_]*token|password|passwd|[a-z_]*secret|api_?key|code|state|nonce|assertion|samlresponse|signature|key)=)[^&\s"#]+/gi,
    '$1…',
  ],
]
const SECRET_KEYS = /passw|passphrase|secret|token|authorization|cookie|credential|api_?key|private_?key|recovery|otp/i
/** Deeper than any detail of ours; what is below may come from outside and have no end. */
const MAX_DEPTH = 8

export function redact(text: string): string {
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text)
}

function clean(value: unknown, key = '', depth = 0): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value
  if (SECRET_KEYS.test(key)) return '…'
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object') return redact(String(value))
  if (value instanceof Error) return redact(value.message)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return redact(value.href)
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (depth === MAX_DEPTH) return '…'
  if (Array.isArray(value)) return value.map((item) => clean(item, '', depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner, name, depth + 1)]))
}

/** A line stays one line, and a terminal obeys nothing that came from outside: controls are written as JSON writes them. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}

/** JSON lines, or short lines where a person watches. Nothing secret gets through either. */
export function createLog(options: {
  readonly write: (line: string) => void
  readonly pretty: boolean
  readonly now: () => number
  readonly least?: LogLevel
}): Log {
  const least = LOG_LEVELS.indexOf(options.least ?? 'info')
  const at =
    (level: LogLevel) =>
    (message: string, detail: LogDetail = {}): void => {
      if (LOG_LEVELS.indexOf(level) < least) return
      const time = new Date(options.now()).toISOString()
      const safe = clean(detail) as LogDetail
      if (!options.pretty) {
        options.write(`${visible(JSON.stringify({ time, level, message: redact(message), ...safe }))}\n`)
        return
      }
      const rest = Object.entries(safe).map(
        ([key, value]) => `${visible(key)}=${visible(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`,
      )
      options.write(
        `${time.slice(11, 19)} ${level === 'info' ? '' : `${level.toUpperCase()} `}${visible(redact(message))}${rest.length === 0 ? '' : `  ${rest.join(' ')}`}\n`,
      )
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
