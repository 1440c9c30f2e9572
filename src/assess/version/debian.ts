import type { VersionScheme } from './scheme.ts'
import { compareNumbers } from './text.ts'

/** A character's weight in a part that is not digits: `~` before the end of the part, letters before all others (deb-version(7)). */
function weight(character: string | undefined): number {
  if (character === undefined) return 0
  if (character === '~') return -1
  return /[a-zA-Z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256
}

/** Compares two upstream versions or revisions: runs of other characters and runs of digits by turns. */
function comparePart(a: string, b: string): number {
  const left: string[] = a.match(/[^0-9]+|[0-9]+/g) ?? []
  const right: string[] = b.match(/[^0-9]+|[0-9]+/g) ?? []
  if (/^[0-9]/.test(a)) left.unshift('')
  if (/^[0-9]/.test(b)) right.unshift('')
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const one = left[i] ?? ''
    const other = right[i] ?? ''
    if (i % 2 === 1) {
      const order = compareNumbers(one, other)
      if (order !== 0) return order
      continue
    }
    for (let k = 0; k < Math.max(one.length, other.length); k++) {
      const order = weight(one[k]) - weight(other[k])
      if (order !== 0) return order
    }
  }
  return 0
}

function split(version: string): { epoch: string; upstream: string; revision: string } {
  const [, epoch = '0', rest = ''] = /^(?:([0-9]+):)?(.*)$/s.exec(version.trim()) ?? []
  const dash = rest.lastIndexOf('-')
  return dash < 0
    ? { epoch, upstream: rest, revision: '' }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) }
}

/** Debian, Ubuntu and their kin, after deb-version(7) and Debian Policy 5.6.12. */
export const debian: VersionScheme = {
  id: 'deb',
  compare(a, b) {
    const left = split(a)
    const right = split(b)
    return (
      compareNumbers(left.epoch, right.epoch) ||
      comparePart(left.upstream, right.upstream) ||
      comparePart(left.revision, right.revision)
    )
  },
}
