import type { BodyProcessor } from './body.ts'

/**
 * Splits `a=1&b=2` into names and values, decoded; parts without a name and a value are left out, as ModSecurity does.
 * `broken` tells of a `%` that two hexadecimal digits do not follow; `more`, that there were more than `limit`: the rest is then
 * one last value without a name, so that rules still see it.
 */
export function readArguments(
  text: string,
  separator: string,
  limit: number,
): { args: [string, string][]; broken: boolean; more: boolean } {
  const args: [string, string][] = []
  let broken = false
  let start = 0
  while (start <= text.length) {
    let end = text.indexOf(separator, start)
    if (end < 0) end = text.length
    if (end > start) {
      if (args.length >= limit) {
        args.push(['', decodeComponent(text.slice(start))])
        return { args, broken, more: true }
      }
      let equals = text.indexOf('=', start)
      if (equals < 0 || equals > end) equals = end
      const name = text.slice(start, equals)
      const value = text.slice(Math.min(equals + 1, end), end)
      broken ||= hasBrokenEscape(name) || hasBrokenEscape(value)
      args.push([decodeComponent(name), decodeComponent(value)])
    }
    start = end + separator.length
  }
  return { args, broken, more: false }
}

const ESCAPE = /%([0-9a-fA-F]{2})/g

/** `+` is a blank, `%41` a byte; anything else stays as it is. */
export function decodeComponent(text: string): string {
  return decodeEscapes(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

/** `%41` is a byte; anything else stays as it is. */
export function decodeEscapes(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

function hasBrokenEscape(text: string): boolean {
  return text.includes('%') && /%(?![0-9a-fA-F]{2})/.test(text)
}

export const readUrlencoded: BodyProcessor = (body, limits) => {
  const { args, broken, more } = readArguments(body, limits.argumentSeparator, limits.argumentsLimit)
  return {
    args,
    ...(broken ? { flags: new Set(['URLENCODED_ERROR']) } : {}),
    ...(more ? { error: `more than ${limits.argumentsLimit} arguments` } : {}),
  }
}
