/** Undefined for what is no address or network. */
export function networkOf(text: string): { readonly value: bigint; readonly bits: number; readonly width: 32 | 128 } | undefined {
  const [address = '', length, more] = text.split('/')
  if (more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  const width = v4 === null ? 128 : 32
  const value = v4 === null ? v6Value(address) : v4Value(v4.slice(1))
  const bits = length === undefined ? width : Number(length)
  if (value === undefined || bits > width) return undefined
  // An IPv4 address written as IPv6 is the same address.
  if (width === 128 && value >> 32n === 0xffffn && bits >= 96) return { value: value & 0xffffffffn, bits: bits - 96, width: 32 }
  return { value, bits, width }
}

function v4Value(parts: readonly string[]): bigint | undefined {
  let value = 0n
  for (const part of parts) {
    if (Number(part) > 255) return undefined
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function v6Value(text: string): bigint | undefined {
  const embedded = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  let written = text
  if (embedded !== null) {
    const v4 = v4Value(embedded.slice(2))
    if (v4 === undefined) return undefined
    written = `${embedded[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`
  }
  const halves = written.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0)
  if (head === undefined || (halves.length === 1 ? missing !== 0 : missing < 1)) return undefined
  const groups = [...head, ...(tail === undefined ? [] : [...Array<string>(missing).fill('0'), ...tail])]
  let value = 0n
  for (const group of groups) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
    value = (value << 16n) | BigInt(`0x${group}`)
  }
  return value
}
