export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type LogDetail = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, detail?: LogDetail): void
  info(message: string, detail?: LogDetail): void
  warn(message: string, detail?: LogDetail): void
  error(message: string, detail?: LogDetail): void
}

/** Our own tokens, Authorization values and URL passwords, wherever they stand in a text. */
const SECRETS: readonly [RegExp, string][] = [
  [/kpk_[a-z]+_[A-Za-z0-9_-]{10,}/g, 'kpk_…'],
  [/\b(bearer|apikey|splunk|basic)\s+[A-Za-z0-9+/=_.-]{8,}/gi, '$1 …'],
  [/(\w+:\/\/[^:/\s@]+):[^@/\s]+@/g, '$1:…@'],
  [/([?&](?:token|password|secret)=)[^&\s]+/gi, '$1…'],
]
const SECRET_KEYS = /password|secret|token|authorization|cookie/i

export function redact(text: string): string {
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text)
}

function clean(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return SECRET_KEYS.test(key) ? '…' : redact(value)
  if (Array.isArray(value)) return value.map((item) => clean(item))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner, name)]))
  return value
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
        options.write(`${JSON.stringify({ time, level, message: redact(message), ...safe })}\n`)
        return
      }
      const rest = Object.entries(safe).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      options.write(
        `${time.slice(11, 19)} ${level === 'info' ? '' : `${level.toUpperCase()} `}${redact(message)}${rest.length === 0 ? '' : `  ${rest.join(' ')}`}\n`,
      )
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
