/**
 * Decompresses one Snappy block (google/snappy, format_description.txt). The size it claims is checked before anything is
 * set aside for it.
 * @throws RangeError for bytes that are no block, or one that is larger than `maxBytes`.
 */
export function unsnap(block: Buffer, maxBytes: number): Buffer {
  let at = 0
  const byte = (): number => {
    const value = block[at++]
    if (value === undefined) throw new RangeError('the block ends early')
    return value
  }
  const little = (bytes: number): number => {
    let value = 0
    for (let place = 0; place < bytes; place++) value += byte() * 256 ** place
    return value
  }
  let size = 0
  for (let shift = 1; ; shift *= 128) {
    const part = byte()
    size += (part & 0x7f) * shift
    if (part < 0x80) break
    if (shift > 128 ** 3) throw new RangeError('the size is longer than five bytes')
  }
  if (size > maxBytes) throw new RangeError(`${size} bytes where ${maxBytes} are allowed`)
  // A copy of 64 bytes takes three: no block grows more than this, so that a claim costs no memory that was not paid for.
  if (size > block.length * 22) throw new RangeError('the size cannot be right')
  const out = Buffer.allocUnsafe(size)
  let end = 0
  while (at < block.length) {
    const tag = byte()
    const kind = tag & 3
    if (kind === 0) {
      const code = tag >> 2
      const length = (code < 60 ? code : little(code - 59)) + 1
      if (length > block.length - at || length > size - end) throw new RangeError('a literal runs over the end')
      block.copy(out, end, at, at + length)
      at += length
      end += length
      continue
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const offset = kind === 1 ? ((tag >> 5) << 8) + byte() : little(kind === 2 ? 2 : 4)
    if (offset === 0 || offset > end || length > size - end) throw new RangeError('a copy reaches outside')
    // Byte by byte: a copy may overlap what it writes.
    for (let copied = 0; copied < length; copied++, end++) out[end] = out[end - offset]!
  }
  if (end !== size) throw new RangeError(`${end} bytes came out where ${size} were said`)
  return out
}
