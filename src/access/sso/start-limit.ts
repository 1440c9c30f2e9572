import { KanpekiError } from '../../kernel/error.ts'

const WINDOW_MS = 60_000
const MOST_PER_WINDOW = 60
const MOST_ADDRESSES = 10_000

/** A start writes a row and may call the provider: one address begins no more than 60 a minute. */
export function createStartLimit(): (address: string, now: number) => void {
  let counts = new Map<string, number>()
  let since = Number.NEGATIVE_INFINITY
  return (address, now) => {
    if (now - since >= WINDOW_MS || counts.size > MOST_ADDRESSES) {
      counts = new Map()
      since = now
    }
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    if (count > MOST_PER_WINDOW) throw new KanpekiError('sso_busy', 'Too many sign-ins were begun from this address.')
  }
}
