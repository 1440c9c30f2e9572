import { isIP } from 'node:net'
import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { messageOf } from '../../../kernel/error.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { namesOf } from '../../actions-support/facts/dns.ts'
import { registrationOf } from '../../actions-support/facts/rdap.ts'
import { whoisOf } from '../../actions-support/facts/whois.ts'

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\.?$/i
const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i

const input = z.strictObject({
  value: z
    .string()
    .trim()
    .max(253)
    .refine((text) => (isIP(text) !== 0 && !text.includes('%')) || DOMAIN.test(text) || HASH.test(text), {
      error: 'This is no address, no domain and no hash.',
    })
    .transform((text) => text.toLowerCase()),
})

/** Says what is known of an address, a domain or a hash: names, registration, own indicator lists, place. */
export function enrich({ known, connections, outgoing, nameServers }: ActionDeps): Action<z.infer<typeof input>> {
  return {
    id: 'enrich',
    title: { en: 'Look up an address, domain or hash', ja: 'IPアドレス・ドメイン・ハッシュの調査' },
    input,
    repeats: 'repeat',
    plan: async ({ value }) => ({
      summary: { en: `Look up ${value}`, ja: `${value} を調べます` },
      targets: [{ kind: 'nothing', name: '' }],
      reversible: false,
    }),
    async run({ value }, { scope, signal }) {
      const isHash = HASH.test(value)
      const failed: string[] = []
      const asked = async (what: string, work: Promise<JsonValue | undefined>): Promise<JsonObject> => {
        try {
          const found = await work
          return found === undefined ? {} : { [what]: found }
        } catch (error) {
          signal.throwIfAborted()
          failed.push(`${what}: ${messageOf(error)}`)
          return {}
        }
      }
      // Who registered what is asked of others only where somebody set that up: the question says what we are looking at.
      const registry = await connections.of(scope, ['rdap']).catch(() => [])
      const older = await connections.of(scope, ['whois']).catch(() => [])
      const parts = await Promise.all([
        isHash ? {} : asked('dns', namesOf(value, nameServers, signal)),
        isHash || registry.length === 0 ? {} : asked('registration', registrationOf(outgoing, registry[0]!, value, signal)),
        isHash || older.length === 0 ? {} : asked('whois', whoisOf(outgoing, older[0]!, value, signal)),
        asked('indicators', Promise.resolve(known?.indicators(scope, value)) as Promise<JsonValue | undefined>),
        isIP(value) === 0 ? {} : asked('place', Promise.resolve(known?.place(value))),
      ])
      return {
        outcome: 'done',
        detail: Object.assign({ value }, ...parts) as JsonObject,
        ...(failed.length === 0 ? {} : { problem: failed.join(' ') }),
      }
    },
  }
}
