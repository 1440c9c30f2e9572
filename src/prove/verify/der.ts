/** One value of X.690 DER. */
export interface Der {
  readonly tag: number
  readonly content: Uint8Array
  /** With tag and length. */
  readonly raw: Uint8Array
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Bytes that are not the DER that was expected. */
export class DerFault extends Error {}

/** Reads exactly one value. @throws DerFault for anything after it, and for lengths that are not DER's. */
export function readDer(bytes: Uint8Array): Der {
  const [one, ...more] = readAll(bytes)
  if (one === undefined || more.length > 0) throw new DerFault('one DER value was expected')
  return one
}

/** The values inside one. @throws DerFault. */
export function childrenOf(der: Der): readonly Der[] {
  return readAll(der.content)
}

/** The values inside a SEQUENCE. @throws DerFault if it is none. */
export function sequenceOf(der: Der | undefined): readonly Der[] {
  return readAll(contentOf(der, TAG.sequence))
}

/** @throws DerFault unless the value is there and of this tag. */
export function contentOf(der: Der | undefined, tag: number): Uint8Array {
  if (der?.tag !== tag) throw new DerFault(`DER of tag ${tag.toString(16)} was expected`)
  return der.content
}

/** Tag of a context-specific value; `constructed` also for EXPLICIT ones. */
export function contextTag(number: number, constructed = true): number {
  return (constructed ? 0xa0 : 0x80) + number
}

/** The one value in an EXPLICIT `[number]`. @throws DerFault. */
export function explicitOf(der: Der | undefined, number: number): Der {
  return readDer(contentOf(der, contextTag(number)))
}

/** Dotted decimal. @throws DerFault. */
export function oidOf(der: Der | undefined): string {
  const parts: number[] = []
  let value = 0
  for (const byte of contentOf(der, TAG.oid)) {
    value = value * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(value)) throw new DerFault('an object identifier has too large a part')
    if ((byte & 0x80) !== 0) continue
    parts.push(value)
    value = 0
  }
  const [first = 0, ...rest] = parts
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - top * 40, ...rest].join('.')
}

/** With as many digits of a second as anybody's clock has. */
const MOST_TIME_BYTES = 64

/** Milliseconds UTC of a UTCTime or GeneralizedTime in DER's form. @throws DerFault. */
export function timeOf(der: Der | undefined): number {
  const content = contentOf(der, der?.tag === TAG.utcTime ? TAG.utcTime : TAG.generalizedTime)
  if (content.length > MOST_TIME_BYTES) throw new DerFault('a time is not in DER’s form')
  const text = String.fromCharCode(...content)
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\.\d*[1-9])?Z$/.exec(text)
  const digits = der?.tag === TAG.utcTime ? 2 : 4
  if (match === null || match[1]!.length !== digits) throw new DerFault('a time is not in DER’s form')
  // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the last century.
  const year = digits === 4 ? match[1]! : `${Number(match[1]) >= 50 ? 19 : 20}${match[1]}`
  const time = Date.parse(`${year}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`)
  if (Number.isNaN(time)) throw new DerFault('a time is none')
  return time + Math.floor(Number(`0${match[7] ?? ''}`) * 1000)
}

/** DER of a value with these contents. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0)
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 + bytesOf(length).length, ...bytesOf(length)]
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  let at = head.length
  for (const part of contents) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** An object identifier from dotted decimal. */
export function writeOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const groups = [part & 0x7f]
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 | (left & 0x7f))
    return groups
  })
  return writeDer(TAG.oid, Uint8Array.from(bytes))
}

/** A non-negative integer from its big-endian bytes. */
export function writeInteger(bytes: Uint8Array): Uint8Array {
  const from = bytes.findIndex((byte) => byte !== 0)
  const least = from < 0 ? Uint8Array.of(0) : bytes.subarray(from)
  return least[0]! < 0x80 ? writeDer(TAG.integer, least) : writeDer(TAG.integer, Uint8Array.of(0), least)
}

function bytesOf(length: number): readonly number[] {
  const bytes: number[] = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256)
  return bytes
}

function readAll(bytes: Uint8Array): readonly Der[] {
  const found: Der[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!
    const { length, from } = lengthAt(bytes, at + 1)
    const end = from + length
    if ((tag & 0x1f) === 0x1f || end > bytes.length) throw new DerFault('DER ends too early')
    found.push({ tag, content: bytes.subarray(from, end), raw: bytes.subarray(at, end) })
    at = end
  }
  return found
}

function lengthAt(bytes: Uint8Array, at: number): { readonly length: number; readonly from: number } {
  const first = bytes[at]
  if (first === undefined || first === 0x80 || first > 0x84) throw new DerFault('a length is not DER’s')
  if (first < 0x80) return { length: first, from: at + 1 }
  const from = at + 1 + (first & 0x7f)
  const length = bytes.subarray(at + 1, from).reduce((sum, byte) => sum * 256 + byte, 0)
  if (from > bytes.length || length < 0x80) throw new DerFault('a length is not DER’s')
  return { length, from }
}
