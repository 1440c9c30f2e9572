import { readFileSync } from 'node:fs'
import { hashFile } from '../../collectors/file-hash.ts'
import { readProcess } from '../../collectors/proc.ts'
import { isolate, release } from '../firewall.ts'
import { killResponder } from '../kill.ts'
import { recordPackets } from '../packets.ts'
import { quarantineResponders } from '../quarantine.ts'

/** What of an agent's work is possible with the rights that this process was started with: one line of JSON, `name: why not` or null. */
interface Asked {
  readonly victim: number
  readonly name: string
  readonly secret: string
  readonly evil: string
  readonly store: string
}

const asked = JSON.parse(readFileSync(0, 'utf8')) as Asked
const signal = new AbortController().signal
const about = { key: 'probe', signal } as never
const { quarantine, restore } = quarantineResponders({
  store: asked.store,
  largestFile: () => 1_000_000,
  largestStore: () => 1_000_000,
  own: [],
})
const refuse = (why: string): never => {
  throw new Error(why)
}

const works: Readonly<Record<string, () => Promise<unknown>>> = {
  programs: async () => readProcess('/proc', asked.victim)?.executable ?? refuse('hidden'),
  files: async () => await hashFile(asked.secret),
  isolate: async () => {
    await isolate({ server: { addresses: ['192.0.2.1'], port: 443 }, allow: [], resolvers: [], seconds: 60 })
    await release()
  },
  packets: async () => {
    const why = await recordPackets(`${asked.store}/probe.pcap`, 1, signal)
    if (why !== undefined) refuse(why)
  },
  quarantine: async () => {
    const { detail } = await quarantine({ path: asked.evil }, about)
    await restore({ item: String(detail['item']) })
  },
  kill: async () => await killResponder({ root: '/proc', never: [] })({ pid: asked.victim, name: asked.name }),
}

const said: Record<string, string | null> = {}
for (const [name, work] of Object.entries(works)) {
  try {
    await work()
    said[name] = null
  } catch (error) {
    said[name] = (error as Error).message
  }
}
process.stdout.write(JSON.stringify(said))
