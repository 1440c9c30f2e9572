let buffer = Buffer.allocUnsafe(16_384)

/**
 * Room for at least `length` bytes, to build one value in: the same memory each time, so that a value must be taken out (`taken`)
 * before anything else asks for room.
 */
export function room(length: number): Buffer {
  if (buffer.length < length) buffer = Buffer.allocUnsafe(Math.max(length, buffer.length * 2))
  return buffer
}

/** The first bytes of the room as a byte string. */
export function taken(from: Buffer, length: number): string {
  return from.toString('latin1', 0, length)
}

/** Starts a value in the room with the first `length` bytes of a byte string. */
export function begun(value: string, length: number): Buffer {
  const into = room(value.length)
  if (length > 0) into.write(value, 0, length, 'latin1')
  return into
}

/** By byte: the value of the hexadecimal digit, or 255. */
export const HEX: Uint8Array = (() => {
  const table = new Uint8Array(65_536).fill(255)
  for (let digit = 0; digit < 10; digit += 1) table[48 + digit] = digit
  for (let digit = 10; digit < 16; digit += 1) {
    table[55 + digit] = digit
    table[87 + digit] = digit
  }
  return table
})()

/** C's `isspace`: tab, line feed, vertical tab, form feed, carriage return, space. */
export function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13)
}

/** The value of two hexadecimal digits at an index, or -1. Beyond the end there is no digit. */
export function hexPair(value: string, at: number): number {
  if (at + 1 >= value.length) return -1
  const high = HEX[value.charCodeAt(at)]!
  const low = HEX[value.charCodeAt(at + 1)]!
  return (high | low) > 15 ? -1 : high * 16 + low
}

/** Applies a change to each byte. */
export function eachByte(value: string, change: (byte: number) => number): string {
  const into = room(value.length)
  let changed = false
  for (let at = 0; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    const made = change(byte)
    if (made !== byte) changed = true
    into[at] = made
  }
  return changed ? taken(into, value.length) : value
}
