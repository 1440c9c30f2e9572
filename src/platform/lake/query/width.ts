const FULL_WIDTH = /[\uff01-\uff5e\u3000\u201c\u201d]/g

/**
 * Full-width Latin letters, digits and signs as their plain forms (what NFKC does to them), the ideographic space and
 * curly quotation marks too. One character stays one character, so that columns do not move.
 */
export function plainWidth(text: string): string {
  return text.replace(FULL_WIDTH, (sign) => {
    if (sign === '\u3000') return ' '
    if (sign === '\u201c' || sign === '\u201d') return '"'
    return String.fromCharCode(sign.charCodeAt(0) - 0xfee0)
  })
}

/** A letter or digit that has a plain form: in a stored value it may stand either way. */
export function isWide(sign: string): boolean {
  return /[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/.test(sign)
}

/** Half-width kana as the usual ones; a sign that makes the letter before it voiced melts into it. */
export function wholeKana(text: string): string {
  return text.replaceAll(/[\uff61-\uff9f]+/g, (kana) => kana.normalize('NFKC'))
}
