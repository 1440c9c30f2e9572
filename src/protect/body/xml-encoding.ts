/** Encodings in which the bytes of ASCII always mean ASCII, so that rules read what the application reads. */
const PLAIN =
  /^(?:utf-?8|(?:us-)?ascii|ansi_x3\.4-\d+|iso[-_]?8859[-_:]?\d{1,2}(?::\d+)?|(?:iso-)?latin-?\d|windows-(?:31j|874|125\d)|cp-?(?:125\d|93[26]|949|950)|ms93[26]|koi8-[ru]|macintosh|(?:x-)?euc-?(?:jp|kr|cn|tw)|(?:x-)?s(?:hift)?[-_]?jis|gb2312|gbk|gb18030|big5(?:-hkscs)?|tis-620)$/i
const WIDE = /^(?:utf-?16(?:[bl]e)?|ucs-?2|iso-10646-ucs-2)$/i

/**
 * A document in bytes that can be read as ASCII and more: UTF-16, told by its mark or by the zero bytes around the first `<`,
 * becomes UTF-8. `fault`: it is said to be in an encoding that hides what it says from whoever does not decode it (UTF-7, EBCDIC, those with shifts).
 */
export function decodedXml(body: string, contentType: string): { readonly text: string; readonly fault: string | undefined } {
  const big = body.startsWith('\u00fe\u00ff') || body.startsWith('\0<')
  const little = body.startsWith('\u00ff\u00fe') || body.startsWith('<\0')
  const text = big || little ? fromUtf16(body, big) : body
  const said = [
    /^(?:\u00ef\u00bb\u00bf)?<\?xml[ \t\r\n][^>]{0,200}?encoding[ \t\r\n]*=[ \t\r\n]*["']([^"'>]*)["']/.exec(text)?.[1],
    /;[ \t]*charset[ \t]*=[ \t]*"?([^";,]*)/i.exec(contentType)?.[1],
  ]
  const strange = said.find((name) => name !== undefined && !isReadable(name.trim(), big || little))
  return { text, fault: strange === undefined ? undefined : `the encoding ${strange.slice(0, 40)} is not read` }
}

function isReadable(name: string, isWide: boolean): boolean {
  return name === '' || PLAIN.test(name) || (isWide && WIDE.test(name))
}

function fromUtf16(body: string, isBig: boolean): string {
  const bytes = Buffer.from(body, 'latin1')
  const even = bytes.subarray(0, bytes.length & ~1)
  return Buffer.from((isBig ? Buffer.from(even).swap16() : even).toString('utf16le'), 'utf8').toString('latin1')
}
