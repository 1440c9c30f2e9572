import { isIPv4 } from 'node:net'
import { runTool } from './run-tool.ts'

/** Our own tables: whoever else keeps rules is not touched, and what we set goes with its table. */
const ISOLATION = 'kanpeki_isolation'
const BLOCKS = 'kanpeki_blocks'

export interface Isolation {
  readonly server: { readonly addresses: readonly string[]; readonly port: number }
  readonly allow: readonly string[]
  /** Resolvers that stay reachable, for DNS alone. */
  readonly resolvers: readonly string[]
  /** After this time without `prolong` the kernel itself lets everything through again, even if no agent runs. */
  readonly seconds: number
}

const v4 = (addresses: readonly string[]): string[] => addresses.filter((one) => isIPv4(one.split('/', 1)[0]!))
const v6 = (addresses: readonly string[]): string[] => addresses.filter((one) => !isIPv4(one.split('/', 1)[0]!))

/** Rules for one direction; `end` is the side that is not this host. */
function accepting(end: 'saddr' | 'daddr', { server, allow, resolvers }: Isolation): string[] {
  const port = end === 'saddr' ? 'sport' : 'dport'
  const rule = (family: 'ip' | 'ip6', addresses: readonly string[], rest: string): string[] =>
    addresses.length === 0 ? [] : [`${family} ${end} { ${addresses.join(', ')} } ${rest}accept`]
  const both = (addresses: readonly string[], rest: string): string[] => [
    ...rule('ip', v4(addresses), rest),
    ...rule('ip6', v6(addresses), rest),
  ]
  return [
    ...both(server.addresses, `tcp ${port} ${server.port} `),
    ...both(resolvers, `udp ${port} 53 `),
    ...both(resolvers, `tcp ${port} 53 `),
    ...both(allow, ''),
  ]
}

/** Without these a host cannot even find its gateway, or loses its address: neighbours (RFC 4861) and the lease of DHCP. */
const STAYS = [
  'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
  'udp sport { 67, 68 } udp dport { 67, 68 } accept',
  'udp sport { 546, 547 } udp dport { 546, 547 } accept',
]

/** The rules of an isolation as `nft -f` takes them, replaced in one transaction. */
export function isolationRules(isolation: Isolation): string {
  const drop = 'meta nfproto @armed counter drop'
  const chain = (name: string, rules: readonly string[]): string =>
    `  chain ${name} {\n    type filter hook ${name} priority -160; policy accept;\n    ${rules.join('\n    ')}\n  }\n`
  return (
    `table inet ${ISOLATION} {}\ndelete table inet ${ISOLATION}\ntable inet ${ISOLATION} {\n` +
    `  set armed { typeof meta nfproto; flags timeout; elements = { ${armed(isolation.seconds)} } }\n` +
    chain('input', ['iifname "lo" accept', ...STAYS, ...accepting('saddr', isolation), drop]) +
    chain('output', ['oifname "lo" accept', ...STAYS, ...accepting('daddr', isolation), drop]) +
    chain('forward', [drop]) +
    '}\n'
  )
}

const armed = (seconds: number): string => `ipv4 timeout ${seconds}s, ipv6 timeout ${seconds}s`

export async function isolate(isolation: Isolation): Promise<void> {
  await runTool('nft', ['-f', '-'], isolationRules(isolation))
}

/** Winds the kernel's clock up again. @throws KanpekiError `tool_failed` where nothing is isolated. */
export async function prolong(seconds: number): Promise<void> {
  const set = `inet ${ISOLATION} armed`
  await runTool('nft', ['-f', '-'], `flush set ${set}\nadd element ${set} { ${armed(seconds)} }\n`)
}

export async function release(): Promise<void> {
  await runTool('nft', ['-f', '-'], `table inet ${ISOLATION} {}\ndelete table inet ${ISOLATION}\n`)
}

/** Drops what comes from and goes to these addresses, and no others any more. */
export async function block(addresses: readonly string[]): Promise<void> {
  await runTool('nft', ['-f', '-'], blockRules(addresses))
}

export function blockRules(addresses: readonly string[]): string {
  const gone = `table inet ${BLOCKS} {}\ndelete table inet ${BLOCKS}\n`
  if (addresses.length === 0) return gone
  const set = (name: string, type: string, elements: readonly string[]): string =>
    `  set ${name} { type ${type}; ${elements.length === 0 ? '' : `elements = { ${elements.join(', ')} } `}}\n`
  const chain = (hook: string, ends: readonly string[]): string =>
    `  chain ${hook} {\n    type filter hook ${hook} priority -160; policy accept;\n` +
    ends.map((end) => `    ip ${end} @v4 counter drop\n    ip6 ${end} @v6 counter drop\n`).join('') +
    '  }\n'
  return (
    `${gone}table inet ${BLOCKS} {\n` +
    set('v4', 'ipv4_addr', v4(addresses)) +
    set('v6', 'ipv6_addr', v6(addresses)) +
    chain('input', ['saddr']) +
    chain('output', ['daddr']) +
    chain('forward', ['saddr', 'daddr']) +
    '}\n'
  )
}
