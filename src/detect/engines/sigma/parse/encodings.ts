/** Value transformations of Sigma's encoding modifiers. Bytes travel as latin1 strings: one unit a byte. */

const DASHES = ['-', '/', '–', '—', '―'] as const

export function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

export function utf16Bytes(text: string, order: 'le' | 'be', mark: boolean): string {
  const bytes = Buffer.from(text, 'utf16le')
  if (order === 'be') bytes.swap16()
  return `${mark ? (order === 'le' ? '\xff\xfe' : '\xfe\xff') : ''}${bytes.toString('latin1')}`
}

export function base64(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('base64')
}

/**
 * The part of the Base64 text that does not depend on what stands before and after the value, for each of the
 * three alignments. A value too short to leave such a part gives fewer texts.
 */
export function base64Offsets(bytes: string): string[] {
  const skippedAtStart = [0, 2, 3]
  const cutAtEnd = [0, 3, 2]
  const texts: string[] = []
  for (let shift = 0; shift < 3; shift += 1) {
    const encoded = base64(' '.repeat(shift) + bytes)
    const text = encoded.slice(skippedAtStart[shift], encoded.length - cutAtEnd[(bytes.length + shift) % 3]!)
    if (text !== '') texts.push(text)
  }
  return texts
}

/** Places of a `-` or `/` that begins a flag: not inside a word, and a word follows. */
export function flagDashes(text: string): number[] {
  const places: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    if (!(DASHES as readonly string[]).includes(text[at]!)) continue
    const insideWord = at > 0 && /\w/.test(text[at - 1]!)
    if (!insideWord && at + 1 < text.length && /\w/.test(text[at + 1]!)) places.push(at)
  }
  return places
}

/** Every way to write the flags of a text with one of Windows' five dash characters each: 5^flags texts, the original first. */
export function windash(text: string, places: readonly number[] = flagDashes(text)): string[] {
  let texts = [text]
  for (const place of places) {
    texts = texts.flatMap((variant) => [
      variant,
      ...DASHES.filter((dash) => dash !== variant[place]).map(
        (dash) => variant.slice(0, place) + dash + variant.slice(place + 1),
      ),
    ])
  }
  return texts
}
