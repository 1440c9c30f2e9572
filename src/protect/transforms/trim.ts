import { isSpace } from './bytes.ts'
import type { Transform } from './transform.ts'

export const trimLeft: Transform = (value) => {
  let from = 0
  while (from < value.length && isSpace(value.charCodeAt(from))) from += 1
  return from === 0 ? value : value.slice(from)
}

export const trimRight: Transform = (value) => {
  let to = value.length
  while (to > 0 && isSpace(value.charCodeAt(to - 1))) to -= 1
  return to === value.length ? value : value.slice(0, to)
}

export const trim: Transform = (value) => trimLeft(trimRight(value))
