import type { Buffer } from 'node:buffer'
import type { JsonValue } from '../../kernel/json.ts'

/** The types of [MS-EVEN6] §2.2.12 that the reader treats by themselves. */
export const NULL_TYPE = 0x00
export const STRING_TYPE = 0x01
export const BIN_XML_TYPE = 0x21
const ARRAY = 0x80

/** Bytes of one value, `undefined` where the type has no fixed size. */
const SIZES: readonly (number | undefined)[] = [
  undefined,
  undefined,
  undefined,
  1,
  1,
  2,
  2,
  4,
  4,
  8,
  8,
  4,
  8,
  4,
  undefined,
  16,
  undefined,
  8,
  16,
  undefined,
  4,
  8,
]

type Decoder = (bytes: Buffer, start: number, end: number) => JsonValue

/** By type; each gets bytes of the size that its type has. What has no decoder is shown as hexadecimal. */
const DECODERS: readonly (Decoder | undefined)[] = [
  () => null,
  (bytes, start, end) => utf16(bytes, start, end),
  (bytes, start, end) => ansi.decode(bytes.subarray(start, end)).replace(/\0+$/, ''),
  (bytes, start) => bytes.readInt8(start),
  (bytes, start) => bytes.readUInt8(start),
  (bytes, start) => bytes.readInt16LE(start),
  (bytes, start) => bytes.readUInt16LE(start),
  (bytes, start) => bytes.readInt32LE(start),
  (bytes, start) => bytes.readUInt32LE(start),
  (bytes, start) => whole(bytes.readBigInt64LE(start)),
  (bytes, start) => whole(bytes.readBigUInt64LE(start)),
  (bytes, start) => real(bytes.readFloatLE(start)),
  (bytes, start) => real(bytes.readDoubleLE(start)),
  (bytes, start) => bytes.readUInt32LE(start) !== 0,
  (bytes, start, end) => hexadecimal(bytes, start, end),
  (bytes, start) => guid(bytes, start),
  (bytes, start, end) => (end - start === 4 ? hex32(bytes, start) : hex64(bytes, start)),
  (bytes, start) => fileTime(bytes, start),
  (bytes, start) => systemTime(bytes, start),
  (bytes, start, end) => sid(bytes, start, end),
  (bytes, start) => hex32(bytes, start),
  (bytes, start) => hex64(bytes, start),
]

const ansi = new TextDecoder('windows-1252')

/**
 * A substituted value as evtx dumpers write it in JSON: GUIDs in capitals without braces, times in RFC 3339 with microseconds, binary in
 * hexadecimal, whole numbers beyond 2^53 as text. Arrays become lists. Bytes that do not fit their type are shown as hexadecimal.
 * @param type [MS-EVEN6] §2.2.12, with 0x80 for an array; never BinXml. @param start, end within `bytes`.
 */
export function decodeValue(type: number, bytes: Buffer, start: number, end: number): JsonValue {
  if ((type & ARRAY) !== 0) return decodeArray(type & ~ARRAY, bytes, start, end)
  const decode = DECODERS[type]
  const size = type === 0x10 ? (end - start === 4 ? 4 : 8) : SIZES[type]
  if (decode === undefined || (size !== undefined && size !== end - start)) {
    return start === end ? null : hexadecimal(bytes, start, end)
  }
  return decode(bytes, start, end)
}

function decodeArray(type: number, bytes: Buffer, start: number, end: number): JsonValue {
  if (start === end) return null
  if (type === STRING_TYPE) return utf16(bytes, start, end).split('\0')
  if (type === 0x02) return (decodeValue(type, bytes, start, end) as string).split('\0')
  const items: JsonValue[] = []
  for (let at = start; at < end; ) {
    const size = itemSize(type, bytes, at, end)
    if (size === undefined || at + size > end) return hexadecimal(bytes, start, end)
    items.push(decodeValue(type, bytes, at, at + size))
    at += size
  }
  return items
}

function itemSize(type: number, bytes: Buffer, at: number, end: number): number | undefined {
  if (type === 0x10) return (end - at) % 8 === 0 ? 8 : 4
  if (type === 0x13) return at + 2 > end ? undefined : 8 + 4 * bytes[at + 1]!
  return SIZES[type]
}

/** Without the NULs that end it. */
function utf16(bytes: Buffer, start: number, end: number): string {
  let stop = start + ((end - start) & ~1)
  while (stop > start && bytes[stop - 1] === 0 && bytes[stop - 2] === 0) stop -= 2
  return bytes.toString('utf16le', start, stop).toWellFormed()
}

function whole(value: bigint): JsonValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

function real(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value)
}

function hexadecimal(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('hex', start, end).toUpperCase()
}

function hex32(bytes: Buffer, start: number): string {
  return `0x${bytes.readUInt32LE(start).toString(16)}`
}

function hex64(bytes: Buffer, start: number): string {
  return `0x${bytes.readBigUInt64LE(start).toString(16)}`
}

/** The first three parts are little-endian numbers, the others bytes. */
export function guid(bytes: Buffer, start: number): string {
  const part = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  const first = part(bytes.readUInt32LE(start), 8)
  const second = part(bytes.readUInt16LE(start + 4), 4)
  const third = part(bytes.readUInt16LE(start + 6), 4)
  const fourth = bytes.toString('hex', start + 8, start + 10)
  return `${first}-${second}-${third}-${fourth}-${bytes.toString('hex', start + 10, start + 16)}`.toUpperCase()
}

/** Milliseconds from 1601 to 1970. */
const SINCE_1601 = 11_644_473_600_000
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** 100 ns since 1601 UTC; the last of its seven digits is left out, as in all dumpers' JSON. */
function fileTime(bytes: Buffer, start: number): string {
  const ticks = bytes.readBigUInt64LE(start)
  const milliseconds = Number(ticks / 10_000n) - SINCE_1601
  if (milliseconds > LATEST) return hex64(bytes, start)
  const micros = String(Number((ticks / 10n) % 1000n)).padStart(3, '0')
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${micros}Z`
}

/** Year, month, weekday, day, hour, minute, second, millisecond; UTC. */
function systemTime(bytes: Buffer, start: number): string {
  const part = (index: number): number => bytes.readUInt16LE(start + index * 2)
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  const date = `${pad(part(0), 4)}-${pad(part(1))}-${pad(part(3))}`
  return `${date}T${pad(part(4))}:${pad(part(5))}:${pad(part(6))}.${pad(part(7), 3)}Z`
}

/** [MS-DTYP] §2.4.2.1: an authority beyond 32 bits is written in hexadecimal. */
function sid(bytes: Buffer, start: number, end: number): string {
  if (end - start < 8 || end - start !== 8 + 4 * bytes[start + 1]!) return hexadecimal(bytes, start, end)
  const authority = bytes.readUIntBE(start + 2, 6)
  const parts: (string | number)[] = [bytes[start]!, authority < 2 ** 32 ? authority : `0x${authority.toString(16)}`]
  for (let at = start + 8; at < end; at += 4) parts.push(bytes.readUInt32LE(at))
  return `S-${parts.join('-')}`
}
