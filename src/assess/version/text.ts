/** Compares two runs of digits of any length by value. */
export function compareNumbers(a: string, b: string): number {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

/** Compares by code units: what `strcmp` does for ASCII. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const isNumber = (text: string): boolean => /^[0-9]+$/.test(text)

/** Compares item by item; a list that ends first is continued by `filler`. */
export function compareLists(
  a: readonly string[],
  b: readonly string[],
  compare: (a: string, b: string) => number,
  filler: string,
): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compare(a[i] ?? filler, b[i] ?? filler)
    if (order !== 0) return order
  }
  return 0
}

/** Splits once at the first `separator`; the second part is undefined where there is none. */
export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}

/**
 * Compares `_alpha2_p1` and its like, suffix by suffix: by the place of its word, then by its number.
 * @param order words from old to new, `''` where a version without a suffix stands; a word that is not among them is the oldest.
 */
export function compareSuffixes(a: string, b: string, order: readonly string[]): number {
  const read = (text: string): RegExpExecArray[] => [...text.matchAll(/_([a-z]+)([0-9]*)/g)]
  const [left, right] = [read(a), read(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [, kind = '', number = ''] = left[i] ?? []
    const [, otherKind = '', otherNumber = ''] = right[i] ?? []
    const found = order.indexOf(kind) - order.indexOf(otherKind) || compareNumbers(number, otherNumber)
    if (found !== 0) return found
  }
  return 0
}
