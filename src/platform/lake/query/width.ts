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
