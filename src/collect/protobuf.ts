/**
 * A field of a protobuf message (protobuf.dev, "Encoding"): `bytes` for wire type 2, `value` for the numbers; unsigned, as
 * they stand on the wire.
 */
export type Field =
  | { readonly number: number; readonly wire: 2; readonly bytes: Buffer }
  | { readonly number: number; readonly wire: 0 | 1 | 5; readonly value: bigint }

/** Field numbers end at 2^29 - 1. */
const MAX_TAG = 0xffffffffn

/**
 * The fields of one message in the order of the wire; slices, nothing is copied. Unknown fields are the caller's to pass over.
 * @throws RangeError for bytes that are no message (cut, a group, a varint without end).
 */
export function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint => {
    let small = 0
    // Seven groups fit a double exactly, and nearly every varint is one byte.
    for (let shift = 1, count = 0; count < 7; count++, shift *= 128) {
      const byte = byteAt(message, at++)
      small += (byte & 0x7f) * shift
      if (byte < 0x80) return BigInt(small)
    }
    let value = BigInt(small)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = byteAt(message, at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new RangeError('a varint is longer than ten bytes')
  }
  const take = (length: number): Buffer => {
    if (length > message.length - at) throw new RangeError(`a field of ${length} bytes, and ${message.length - at} are left`)
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const tag = varint()
    if (tag > MAX_TAG) throw new RangeError('a field number is out of range')
    const number = Number(tag >> 3n)
    if (number === 0) throw new RangeError('a field has the number 0')
    const wire = Number(tag & 7n)
    if (wire === 0) fields.push({ number, wire, value: varint() })
    else if (wire === 1) fields.push({ number, wire, value: take(8).readBigUInt64LE() })
    else if (wire === 5) fields.push({ number, wire, value: BigInt(take(4).readUInt32LE()) })
    else if (wire === 2) fields.push({ number, wire, bytes: take(Number(varint())) })
    else throw new RangeError(`wire type ${wire} is none that is in use`)
  }
  return fields
}

function byteAt(message: Buffer, at: number): number {
  const byte = message[at]
  if (byte === undefined) throw new RangeError('the message ends inside a varint')
  return byte
}

/** The last field of this number that holds bytes: a later one replaces an earlier one. */
export function bytesOf(fields: readonly Field[], number: number): Buffer | undefined {
  const field = fields.findLast((one) => one.number === number && one.wire === 2)
  return field?.wire === 2 ? field.bytes : undefined
}

export function allBytesOf(fields: readonly Field[], number: number): Buffer[] {
  return fields.flatMap((field) => (field.number === number && field.wire === 2 ? [field.bytes] : []))
}

export function numberOf(fields: readonly Field[], number: number): bigint | undefined {
  const field = fields.findLast((one) => one.number === number && one.wire !== 2)
  return field === undefined || field.wire === 2 ? undefined : field.value
}

/** Text and small numbers as one message: all that our replies hold. */
export function encodeFields(fields: readonly (readonly [number: number, value: string | number | Uint8Array])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [encodeVarint(number << 3), encodeVarint(value)]
      const bytes = Buffer.from(value as string)
      return [encodeVarint((number << 3) | 2), encodeVarint(bytes.length), bytes]
    }),
  )
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return Buffer.from(bytes)
}
