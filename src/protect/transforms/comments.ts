import { begun, room, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

/**
 * Takes out C and HTML comments; `--` and `#` end the value. As in ModSecurity, the byte after a comment is taken as it is (and
 * is the NUL of the string's end where the comment is the last), and a comment that is not closed leaves a space.
 */
export const removeComments: Transform = (value) => {
  if (!/\/\*|--|#/.test(value)) return value
  const into = room(value.length + 1)
  let length = 0
  let inside = false
  let at = 0
  while (at < value.length) {
    if (!inside) {
      if (value.startsWith('/*', at)) {
        inside = true
        at += 2
      } else if (value.startsWith('<!--', at)) {
        inside = true
        at += 4
      } else if (value.startsWith('--', at) || value.charCodeAt(at) === 35) break
      else into[length++] = value.charCodeAt(at++)
      continue
    }
    const closed = value.startsWith('*/', at) ? 2 : value.startsWith('-->', at) ? 3 : 0
    if (closed === 0) at += 1
    else {
      inside = false
      at += closed
      into[length++] = at < value.length ? value.charCodeAt(at) : 0
      at += 1
    }
  }
  if (inside) into[length++] = 32
  return taken(into, length)
}

const MARKS = /\/\*|\*\/|<!--|-->|--|#/

/** Takes out the marks of comments and leaves their text. */
export const removeCommentsChar: Transform = (value) =>
  MARKS.test(value) ? value.replace(/\/\*|\*\/|<!--|-->|--|#/g, '') : value

/** Each C comment becomes one space, also one that is not closed. A closing mark alone stays. */
export const replaceComments: Transform = (value) => {
  let open = value.indexOf('/*')
  if (open < 0) return value
  const into = begun(value, open)
  let length = open
  for (;;) {
    into[length++] = 32
    const close = value.indexOf('*/', open + 2)
    if (close < 0) return taken(into, length)
    open = value.indexOf('/*', close + 2)
    const upTo = open < 0 ? value.length : open
    for (let at = close + 2; at < upTo; at += 1) into[length++] = value.charCodeAt(at)
    if (open < 0) return taken(into, length)
  }
}
