/**
 * The bytes of an address: 4 or 16; an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is 4. Undefined for what is none. Quick, as
 * every event's addresses go through it.
 */
export function addressBytes(text: string): readonly number[] | undefined {
  return text.includes(':') ? sixteen(text) : four(text)
}

function four(text: string): readonly number[] | undefined {
  const bytes: number[] = []
  let value = -1
  for (let at = 0; at <= text.length; at += 1) {
    const code = at === text.length ? 46 : text.charCodeAt(at)
    if (code === 46) {
      if (value < 0 || bytes.length === 4) return undefined
      bytes.push(value)
      value = -1
    } else {
      if (code < 48 || code > 57) return undefined
      value = (value < 0 ? 0 : value * 10) + code - 48
      if (value > 255) return undefined
    }
  }
  return bytes.length === 4 ? bytes : undefined
}

function sixteen(text: string): readonly number[] | undefined {
  const [head, tail, more] = text.split('::')
  if (head === undefined || more !== undefined) return undefined
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  if (before === undefined || after === undefined) return undefined
  const missing = 16 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 0) return undefined
  const bytes = [...before, ...new Array<number>(missing).fill(0), ...after]
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  return isMapped ? bytes.slice(12) : bytes
}

function groups(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const inner = index === parts.length - 1 ? four(part) : undefined
      if (inner === undefined) return undefined
      bytes.push(...inner)
      continue
    }
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
    const value = Number.parseInt(part, 16)
    bytes.push(value >> 8, value & 255)
  }
  return bytes
}
