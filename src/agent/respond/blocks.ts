import { BlockList, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { readKept, writeKept } from '../kept.ts'
import { block } from './firewall.ts'

const MOST = 10_000

export interface Blocks {
  readonly block: (address: string) => Promise<AgentReceipt>
  readonly unblock: (address: string) => Promise<AgentReceipt>
  readonly count: () => number
  /** Sets again after a restart what was blocked. */
  readonly resume: () => Promise<void>
}

/** Addresses that this host speaks with no more, kept over restarts. `server` is asked each time: it must stay reachable. */
export function createBlocks(folder: string, server: () => Promise<readonly string[]>): Blocks {
  const file = join(folder, 'blocks.json')
  let held = new Map<string, string>()
  const set = async (next: Map<string, string>): Promise<void> => {
    await block([...next.keys()])
    held = next
    await writeKept(file, held)
  }
  return {
    count: () => held.size,
    async block(text) {
      const address = canonical(text)
      if (held.has(address)) return { outcome: 'already', detail: { address } }
      const fault = faultOf(address, (await server()).map(canonical))
      if (fault !== undefined) throw new KanpekiError('agent_refuses', `${address} is not blocked: ${fault}.`)
      if (held.size >= MOST) throw new KanpekiError('agent_refuses', `${MOST} addresses are blocked already.`)
      await set(new Map(held).set(address, new Date().toISOString()))
      return { outcome: 'done', detail: { address }, undo: { address } }
    },
    async unblock(text) {
      const address = canonical(text)
      if (!held.has(address)) return { outcome: 'already', detail: { address } }
      const next = new Map(held)
      next.delete(address)
      await set(next)
      return { outcome: 'done', detail: { address } }
    },
    async resume() {
      held = (await readKept(file)) ?? new Map()
      if (held.size > 0) await block([...held.keys()])
    },
  }
}

/** One text for each address; an IPv4 address in an IPv6 one is the IPv4 address. */
function canonical(text: string): string {
  if (isIPv4(text)) return text
  const host = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? []
  if (high === undefined || low === undefined) return host
  const value = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16)
  return [24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join('.')
}

/** Why an address must not be blocked. */
function faultOf(address: string, server: readonly string[]): string | undefined {
  if (server.includes(address)) return 'it is the server'
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const special = new BlockList()
  special.addSubnet('127.0.0.0', 8)
  special.addSubnet('0.0.0.0', 8)
  special.addSubnet('224.0.0.0', 3)
  special.addAddress('::', 'ipv6')
  special.addAddress('::1', 'ipv6')
  special.addSubnet('ff00::', 8, 'ipv6')
  if (special.check(address, family)) return 'it is no address of one other host'
  const own = Object.values(networkInterfaces()).flat()
  return own.some((one) => one?.address === address) ? "it is this host's own" : undefined
}
