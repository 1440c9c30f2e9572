import { lookup } from 'node:dns/promises'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { ParamsOf } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { readIfThere } from '../../platform/read-if-there.ts'
import { isolate, prolong, release } from './firewall.ts'

const keptSchema = z.object({
  since: z.number(),
  deadManSeconds: z.number(),
  addresses: z.array(z.string()),
  port: z.number(),
  allow: z.array(z.string()),
  resolvers: z.array(z.string()),
  /** When the server last answered, milliseconds UTC by this host's clock. */
  reached: z.number(),
})
type Kept = z.infer<typeof keptSchema>

export interface IsolationOptions {
  /** The agent's own. */
  readonly folder: string
  /** The server's address as the agent calls it. */
  readonly url: string
  /** Where the isolation's own setting is absent. */
  readonly deadManSeconds: () => number
  readonly warn: (message: string) => void
  /** Tells what happened by itself, as an event. */
  readonly tell: (action: string, detail: { readonly reason: string }) => void
}

/** The network isolation of this host, and its dead-man's switch. */
export interface Isolator {
  readonly isolate: (params: ParamsOf<'isolate'>) => Promise<AgentReceipt>
  readonly release: () => Promise<AgentReceipt>
  readonly state: () => { readonly since: number; readonly deadManSeconds: number } | null
  /** Where the server is while names may not be asked for; undefined while they may. */
  readonly addresses: () => readonly string[] | undefined
  /** The server answered. */
  readonly reached: () => Promise<void>
  /** Isolates again after a restart, unless the time is over. */
  readonly resume: () => Promise<void>
  /** Looks whether the server has been lost for too long: called every second. */
  readonly check: () => Promise<void>
}

const fileOf = (folder: string): string => join(folder, 'isolation.json')

/**
 * The switch is held twice. The agent lifts the isolation when the server has not answered for longer than set; and the
 * rule that drops packets holds only while an element with that time-out is in the kernel's set, which each answer of the
 * server winds up again. So a host comes back even where the agent was killed and never started again.
 */
export function createIsolator({ folder, url, deadManSeconds, warn, tell }: IsolationOptions): Isolator {
  let kept: Kept | undefined
  /** By a clock that nobody sets. */
  let reachedAt = performance.now()
  let woundAt = performance.now()

  /** Whether it would be taken up again after a restart. */
  let stored = false
  const write = async (): Promise<void> => {
    try {
      await writeFileAtomically(fileOf(folder), JSON.stringify(kept))
      stored = true
    } catch (error) {
      // Whoever fills the disk must not be safe from isolation; the kernel's own clock ends it whatever becomes of us.
      stored = false
      warn(`the isolation holds, but would not be taken up after a restart: ${messageOf(error)}`)
    }
  }
  const left = (): number => (kept === undefined ? 0 : kept.deadManSeconds - (performance.now() - reachedAt) / 1_000)
  const rules = ({ addresses, port, allow, resolvers }: Kept, seconds: number) =>
    isolate({ server: { addresses, port }, allow, resolvers, seconds: Math.max(1, Math.ceil(seconds)) })
  const end = async (): Promise<void> => {
    await release()
    kept = undefined
    await rm(fileOf(folder), { force: true })
  }

  /** Somebody at the host said `kanpeki agent release`: that holds. */
  const releasedHere = (): boolean => {
    if (kept === undefined || !stored || existsSync(fileOf(folder))) return false
    kept = undefined
    tell('isolation-released', { reason: 'somebody at the host released it' })
    return true
  }
  async function check(): Promise<void> {
    if (kept === undefined || releasedHere() || left() > 0) return
    const seconds = kept.deadManSeconds
    try {
      await end()
      tell('isolation-released', { reason: `the server was out of reach for ${seconds} seconds` })
      warn(`the isolation was lifted: the server was out of reach for ${seconds} seconds`)
    } catch (error) {
      warn(`the isolation could not be lifted, and it is tried again: ${messageOf(error)}`)
    }
  }

  return {
    async isolate({ allow, dns = false, deadManSeconds: asked }) {
      releasedHere()
      const held = kept
      // Without resolvers nobody answers what the server's name means while it holds.
      const server = held?.resolvers.length === 0 ? { addresses: held.addresses, port: held.port } : await serverAt(url)
      const same = kept !== undefined && JSON.stringify([kept.allow, kept.resolvers.length > 0]) === JSON.stringify([allow, dns])
      const seconds = asked ?? deadManSeconds()
      const next: Kept = {
        since: kept?.since ?? Date.now(),
        deadManSeconds: seconds,
        ...server,
        allow: [...allow],
        resolvers: dns ? await resolvers() : [],
        reached: Date.now(),
      }
      // Written first: an agent that is killed in between takes it up again, and its switch with it.
      const before = kept
      kept = next
      reachedAt = performance.now()
      woundAt = reachedAt
      await write()
      try {
        await rules(next, seconds)
      } catch (error) {
        kept = before
        if (before === undefined) await rm(fileOf(folder), { force: true })
        else await write()
        throw error
      }
      return {
        outcome: same && before?.deadManSeconds === seconds ? 'already' : 'done',
        detail: { server: [...server.addresses], port: server.port, allow: [...allow], dns, deadManSeconds: seconds },
        undo: {},
      }
    },
    async release() {
      const was = kept !== undefined
      await end()
      return { outcome: was ? 'done' : 'already', detail: {} }
    },
    state: () => (kept === undefined ? null : { since: kept.since, deadManSeconds: kept.deadManSeconds }),
    addresses: () => kept?.addresses,
    async reached() {
      reachedAt = performance.now()
      if (kept === undefined || releasedHere() || (reachedAt - woundAt) / 1_000 < kept.deadManSeconds / 10) return
      woundAt = reachedAt
      kept = { ...kept, reached: Date.now() }
      await write()
      try {
        await prolong(kept.deadManSeconds)
      } catch {
        // Somebody took the table away, or the time was over in the kernel: what is to hold is set again.
        await rules(kept, kept.deadManSeconds)
      }
    },
    async resume() {
      const text = await readIfThere(fileOf(folder))
      if (text === undefined) return
      try {
        kept = keptSchema.parse(JSON.parse(text))
        stored = true
      } catch {
        warn('what was kept of an isolation cannot be read: it is lifted')
        return await end()
      }
      // A clock that was set back does not hold a host for longer; one that was set forward lets it go early, which is the safe side.
      const lost = Math.min(Math.max(0, Date.now() - kept.reached), kept.deadManSeconds * 1_000)
      reachedAt = performance.now() - lost
      woundAt = reachedAt
      if (left() <= 0) return await check()
      await rules(kept, left())
    },
    check,
  }
}

/** `kanpeki agent release`, at the host itself: also where no agent runs. @returns false where nothing was isolated. */
export async function releaseHere(folder: string): Promise<boolean> {
  const was = existsSync(fileOf(folder))
  await rm(fileOf(folder), { force: true })
  await release()
  return was
}

/** @throws KanpekiError `agent_refuses` where the server is this host itself: nobody would reach it any more. */
async function serverAt(url: string): Promise<{ addresses: string[]; port: number }> {
  const { hostname, port } = new URL(url)
  const name = hostname.replaceAll(/[[\]]/g, '')
  const addresses = isIP(name) > 0 ? [name] : [...new Set((await lookup(name, { all: true })).map(({ address }) => address))]
  const own = new BlockList()
  own.addSubnet('127.0.0.0', 8)
  own.addAddress('::1', 'ipv6')
  for (const one of Object.values(networkInterfaces()).flat())
    if (one !== undefined) own.addAddress(one.address, one.family === 'IPv4' ? 'ipv4' : 'ipv6')
  if (addresses.some((address) => own.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')))
    throw new KanpekiError('agent_refuses', 'The server runs on this host: isolated, nobody would reach it.', {
      remedy: 'Block addresses, or end processes instead.',
    })
  return { addresses, port: port === '' ? 443 : Number(port) }
}

async function resolvers(): Promise<string[]> {
  const text = (await readIfThere('/etc/resolv.conf')) ?? ''
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address]) => address!).filter((address) => isIP(address) > 0)
}
