import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'

/** What blocking would cut the host off from itself, or what is no host's address. */
const never = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['224.0.0.0', 3],
] as const)
  never.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 127],
  ['ff00::', 8],
] as const)
  never.addSubnet(network, bits, 'ipv6')

/** One address as RFC 5952 writes it; an IPv4 address within IPv6 is that IPv4 address. */
export const addressInput = z
  .string()
  .trim()
  .max(64)
  .refine((text) => isIPv4(text) || (isIPv6(text) && !text.includes('%')), { error: 'This is not an IP address.' })
  .transform(canonical)
  .refine((text) => !never.check(text, isIPv4(text) ? 'ipv4' : 'ipv6'), {
    error: 'This is the address of no other host; blocking it could only do harm.',
  })

function canonical(text: string): string {
  if (isIPv4(text)) return text
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short)
  if (mapped === null) return short
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
