import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { JsonObject } from '../../../kernel/json.ts'

const TIMEOUT_MS = 5000
const MOST = 20
/** No such name, or none of this type: an answer, too. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA'])

/** Names of an address, or addresses, mail servers and name servers of a domain, by the system's resolvers unless others are given. */
export async function namesOf(value: string, servers: readonly string[] | undefined, signal: AbortSignal): Promise<JsonObject> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const all = async <T>(work: Promise<readonly T[]>): Promise<T[]> => {
    try {
      return (await work).slice(0, MOST)
    } catch (error) {
      if (NOTHING.has((error as NodeJS.ErrnoException).code ?? '')) return []
      throw error
    }
  }
  try {
    if (isIP(value) !== 0) return { names: await all(resolver.reverse(value)) }
    const [four, six, mail, servers] = await Promise.all([
      all(resolver.resolve4(value)),
      all(resolver.resolve6(value)),
      all(resolver.resolveMx(value)),
      all(resolver.resolveNs(value)),
    ])
    return { addresses: [...four, ...six], mail: mail.map(({ exchange }) => exchange), servers }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
