import type { VersionScheme } from './scheme.ts'
import { compareNumbers, compareText, isNumber } from './text.ts'

/**
 * Orders two labels as `rpmvercmp` does: runs of digits by value, runs of letters by text, a run of digits after a run of
 * letters; `~` sorts before everything, the end included, `^` after the end and before everything else. All other bytes only separate.
 * rpm.org, "Sorting of package versions".
 */
function compareLabels(a: string, b: string): number {
  if (a === b) return 0
  const left = a.match(/[0-9]+|[a-zA-Z]+|[~^]/g) ?? []
  const right = b.match(/[0-9]+|[a-zA-Z]+|[~^]/g) ?? []
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const one = left[i]
    const other = right[i]
    for (const [sign, first] of [
      ['~', -1],
      ['^', 1],
    ] as const) {
      if (one !== sign && other !== sign) continue
      if (one === other) break
      if (sign === '^' && one !== undefined && other !== undefined) return one === sign ? -1 : 1
      return one === sign ? first : -first
    }
    if (one === other) continue
    if (one === undefined) return -1
    if (other === undefined) return 1
    if (isNumber(one) !== isNumber(other)) return isNumber(one) ? 1 : -1
    const order = isNumber(one) ? compareNumbers(one, other) : compareText(one, other)
    if (order !== 0) return order
  }
  return 0
}

interface Evr {
  readonly epoch: string
  readonly version: string
  readonly release: string | undefined
}

/** Epoch, version and release of `[epoch:]version[-release]`. */
function splitEvr(text: string): Evr {
  const colon = text.indexOf(':')
  const epoch =
    colon >= 0 && !text.slice(0, colon).includes('-') && !/[+.]/.test(text.slice(0, colon)) ? text.slice(0, colon) : '0'
  const rest = epoch === '0' && !text.startsWith('0:') ? text : text.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return dash < 0
    ? { epoch, version: rest, release: undefined }
    : { epoch, version: rest.slice(0, dash), release: rest.slice(dash + 1) }
}

/** Red Hat, Fedora, SUSE, AlmaLinux, Rocky … */
export const rpm: VersionScheme = {
  id: 'rpm',
  compare(a, b) {
    const left = splitEvr(a)
    const right = splitEvr(b)
    return (
      compareLabels(left.epoch, right.epoch) ||
      compareLabels(left.version, right.version) ||
      compareLabels(left.release ?? '', right.release ?? '')
    )
  },
}

/** The places where `pacman` parts from rpm: a separator's length counts, and letters at the end make a version older (alpm's `rpmvercmp`). */
function compareArch(a: string, b: string): number {
  if (a === b) return 0
  const pattern = /([^0-9a-zA-Z]*)([0-9]+|[a-zA-Z]+)/g
  const left = [...a.matchAll(pattern)]
  const right = [...b.matchAll(pattern)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [, before = '', one = ''] = left[i]!
    const [, between = '', other = ''] = right[i]!
    if (before.length !== between.length) return before.length < between.length ? -1 : 1
    if (isNumber(one) !== isNumber(other)) return isNumber(one) ? 1 : -1
    const order = isNumber(one) ? compareNumbers(one, other) : compareText(one, other)
    if (order !== 0) return order
  }
  if (left.length === right.length) return 0
  const longer = left.length > right.length ? left : right
  const sign = left.length > right.length ? 1 : -1
  const [, separator = '', rest = ''] = longer[Math.min(left.length, right.length)]!
  return separator === '' && !isNumber(rest) ? -sign : sign
}

/** Arch Linux (alpm): a release counts only where both have one. */
export const alpm: VersionScheme = {
  id: 'alpm',
  compare(a, b) {
    const left = splitEvr(a)
    const right = splitEvr(b)
    const order = compareLabels(left.epoch, right.epoch) || compareArch(left.version, right.version)
    if (order !== 0 || left.release === undefined || right.release === undefined) return order
    return compareArch(left.release, right.release)
  },
}
