import type { IncomingMessage } from 'node:http'
import { KanpekiError } from '../../kernel/error.ts'
import { addressOf, networkOf } from './address.ts'

const WINDOW_MS = 60_000
const MOST_A_WINDOW = 60
const MOST_NETWORKS = 10_000

/** What anybody may begin without a word of who they are writes a row: one network begins no more than 60 a minute. */
export function createBeginLimit(): (request: IncomingMessage, now: number) => void {
  let counts = new Map<string, number>()
  let since = Number.NEGATIVE_INFINITY
  return (request, now) => {
    if (now - since >= WINDOW_MS || counts.size > MOST_NETWORKS) {
      counts = new Map()
      since = now
    }
    const network = networkOf(addressOf(request))
    const count = (counts.get(network) ?? 0) + 1
    counts.set(network, count)
    if (count > MOST_A_WINDOW) {
      throw new KanpekiError('too_many_requests', 'Too much was begun from this network.', { remedy: 'Try again in a minute.' })
    }
  }
}
