import { isIPv4 } from 'node:net'
import { KanpekiError } from '../../../kernel/error.ts'
import { runProgram } from '../../../platform/run-program.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import type { Firewall } from './firewall.ts'

/** Our own table: nothing that an administrator wrote is ever touched. */
const TABLE = { family: 'inet', table: 'kanpeki' } as const
const MARK = 'kanpeki '
/** Before any filter of the host's (NF_IP_PRI_FILTER is 0), after connection tracking. */
const PRIORITY = -150

const CHAINS = ['input', 'forward', 'output'] as const

interface Listed {
  readonly nftables: readonly { readonly set?: { readonly elem?: readonly Element[] } }[]
}
type Element = string | { readonly elem: { readonly val: string; readonly comment?: string } }

/**
 * Keeps addresses out, in both directions, by sets of nftables. Every command is one argument of JSON (libnftables-json(5)),
 * so that an address can be nothing but an address.
 */
export function nftables({ name, settings }: Pick<ConnectionOf<'nftables'>, 'name' | 'settings'>): Firewall {
  const nft = async (commands: readonly object[], signal: AbortSignal): Promise<string> => {
    const within = settings.namespace === undefined ? [] : ['ip', 'netns', 'exec', settings.namespace]
    // Not by standard input: nft opens /dev/stdin anew, which a socket (what Node gives a child) does not allow.
    const [file, ...args] = [...within, 'nft', '-j', JSON.stringify({ nftables: commands })]
    const ran = await runProgram(file!, args, { signal })
    if (ran.code === 0) return ran.stdout
    throw new KanpekiError('firewall_failed', `nftables refused: ${said(ran.stderr || ran.stdout)}.`, {
      remedy: 'Kanpeki needs the capability CAP_NET_ADMIN for this, and nftables on this host.',
    })
  }
  const members = async (address: string, signal: AbortSignal): Promise<readonly Element[] | undefined> => {
    let listed: string
    try {
      listed = await nft([{ list: { set: { ...TABLE, name: setOf(address) } } }], signal)
    } catch (error) {
      if (error instanceof KanpekiError && /No such file or directory/.test(error.message)) return undefined
      throw error
    }
    const { nftables: parts } = JSON.parse(listed) as Listed
    return parts.flatMap(({ set }) => set?.elem ?? [])
  }
  const element = (address: string, comment?: string) => ({
    element: { ...TABLE, name: setOf(address), elem: [comment === undefined ? address : { elem: { val: address, comment } }] },
  })
  const holder = async (address: string, signal: AbortSignal): Promise<string | undefined> => {
    for (const one of (await members(address, signal)) ?? []) {
      const { val, comment = '' } = typeof one === 'string' ? { val: one } : one.elem
      if (val === address) return comment.startsWith(MARK) ? comment.slice(MARK.length) : ''
    }
    return undefined
  }
  return {
    name,
    holder,
    async block(address, key, signal) {
      if ((await members(address, signal)) === undefined) await nft(tableCommands(), signal)
      if ((await holder(address, signal)) === undefined) await nft([{ add: element(address, MARK + key.slice(0, 100)) }], signal)
    },
    async unblock(address, signal) {
      if ((await holder(address, signal)) !== undefined) await nft([{ delete: element(address) }], signal)
    },
  }
}

function setOf(address: string): string {
  return isIPv4(address) ? 'denied4' : 'denied6'
}

/** The whole table in one transaction of nftables: it is there with all its rules, or not at all. */
function tableCommands(): readonly object[] {
  const { family, table } = TABLE
  const sets = [
    { ...TABLE, name: 'denied4', type: 'ipv4_addr' },
    { ...TABLE, name: 'denied6', type: 'ipv6_addr' },
  ]
  const rule = (chain: string, protocol: 'ip' | 'ip6', field: 'saddr' | 'daddr') => ({
    add: {
      rule: {
        ...TABLE,
        chain,
        expr: [
          { match: { op: '==', left: { payload: { protocol, field } }, right: protocol === 'ip' ? '@denied4' : '@denied6' } },
          { counter: null },
          { drop: null },
        ],
      },
    },
  })
  return [
    { add: { table: { family, name: table } } },
    ...sets.map((set) => ({ add: { set } })),
    ...CHAINS.map((hook) => ({
      add: { chain: { ...TABLE, name: hook, type: 'filter', hook, prio: PRIORITY, policy: 'accept' } },
    })),
    ...CHAINS.flatMap((chain) =>
      (['ip', 'ip6'] as const).flatMap((protocol) => [
        ...(chain === 'output' ? [] : [rule(chain, protocol, 'saddr')]),
        ...(chain === 'input' ? [] : [rule(chain, protocol, 'daddr')]),
      ]),
    ),
  ]
}

function said(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 200)
}
