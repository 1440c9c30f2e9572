import type { Transform } from './transform.ts'

/** Segments that go away or take others with them. A path of plain segments is left as it is. */
const TOUCHED = /\/\/|(?:^|\/)\.\.?(?:\/|$)/

/** Leaves out empty segments and `.`; `..` takes the segment before it, except at the beginning of a relative path. */
export const normalisePath: Transform = (value) => {
  if (!TOUCHED.test(value)) return value
  const isAbsolute = value.startsWith('/')
  const kept: string[] = []
  const segments = value.split('/')
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') kept.push(segment)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!isAbsolute) kept.push('..')
  }
  const isFolder = segments.at(-1) === ''
  const path = `${isAbsolute ? '/' : ''}${kept.join('/')}`
  const made = isFolder && kept.length > 0 ? `${path}/` : path
  return made === value ? value : made
}

export const normalisePathWin: Transform = (value) => normalisePath(value.includes('\\') ? value.replaceAll('\\', '/') : value)
