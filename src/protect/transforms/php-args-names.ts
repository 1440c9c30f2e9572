import type { Transform } from './transform.ts'

/** The name under which PHP stores a parameter: leading spaces go, ` `, `.` and an unmatched `[` become `_`, and what follows the last pair of brackets goes. */
export const phpArgsNames: Transform = (value) => {
  const trimmed = value.replace(/^ +/, '')
  if (trimmed.startsWith('[')) return ''
  const open = trimmed.indexOf('[')
  const close = open < 0 ? -1 : trimmed.indexOf(']', open)
  const made = close < 0 ? flat(trimmed, open) : nested(trimmed, open)
  return made === value ? value : made
}

function flat(name: string, open: number): string {
  if (open < 0) return name.replace(/[ .]/g, '_')
  // PHP replaces the first stray bracket and then leaves the rest of the name alone.
  return `${name.slice(0, open).replace(/[ .]/g, '_')}_${name.slice(open + 1)}`
}

function nested(name: string, open: number): string {
  let end = open
  let indexes = ''
  while (name.charAt(end) === '[') {
    const close = name.indexOf(']', end)
    if (close < 0) break
    indexes += `[${name.slice(end + 1, close).replace(/^ +/, '')}]`
    end = close + 1
  }
  return name.slice(0, open).replace(/[ .]/g, '_') + indexes
}
