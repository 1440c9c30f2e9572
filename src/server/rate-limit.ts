import type { IncomingMessage } from 'node:http'
import { addressOf, networkOf } from '../access/sign-in/address.ts'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { Caller } from '../platform/http/route.ts'

/** Buckets kept of each kind; beyond, the one unused longest is forgotten: its owner then starts with a full one. */
const MOST_BUCKETS = 20_000
const MINUTE_MS = 60_000

interface Bucket {
  tokens: number
  /** Milliseconds UTC of the last take. */
  at: number
}

/** Takes one from the bucket of `key`. @returns milliseconds to wait, 0 if there was one. */
export type TokenBuckets = (key: string, now: number) => number

/** A minute's worth may be taken at once, then it trickles. @param perMinute 0 for no limit. */
export function tokenBuckets(perMinute: number, most = MOST_BUCKETS): TokenBuckets {
  const buckets = new Map<string, Bucket>()
  const perMs = perMinute / MINUTE_MS
  return (key, now) => {
    if (perMinute === 0) return 0
    const bucket = buckets.get(key) ?? { tokens: perMinute, at: now }
    // A clock that was set back adds nothing and takes nothing.
    bucket.tokens = Math.min(perMinute, bucket.tokens + Math.max(0, now - bucket.at) * perMs)
    bucket.at = now
    buckets.delete(key)
    buckets.set(key, bucket)
    if (buckets.size > most) buckets.delete(buckets.keys().next().value!)
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perMs)
    bucket.tokens -= 1
    return 0
  }
}

/**
 * Limits what one network may ask without being known, and what one caller may ask. Events are not counted here: their
 * door has its own back-pressure.
 */
export interface RateLimit {
  /** Counts a request nobody stands behind, or whose credential is wrong. @throws KanpekiError `too_many_requests`. */
  stranger(request: IncomingMessage): void
  /** Counts a request once its caller is known. @throws KanpekiError `too_many_requests`. */
  known(caller: Caller, request: IncomingMessage): void
}

export interface RateLimits {
  /** Requests a minute, 0 for no limit. */
  readonly strangers: number
  readonly callers: number
}

export function createRateLimit(limits: RateLimits, clock: Clock): RateLimit {
  const networks = tokenBuckets(limits.strangers)
  const callers = tokenBuckets(limits.callers)
  const refuse = (wait: number, who: string): void => {
    if (wait === 0) return
    const seconds = Math.ceil(wait / 1000)
    throw new KanpekiError('too_many_requests', `Too many requests ${who}.`, {
      remedy: `Wait ${seconds} s, or ask less often.`,
      retryAfter: seconds,
    })
  }
  const stranger = (request: IncomingMessage): void =>
    refuse(networks(networkOf(addressOf(request)), clock.now()), 'without a valid credential from this network')
  return {
    stranger,
    known: (caller, request) => {
      if (caller.kind === 'anonymous') stranger(request)
      else refuse(callers(`${caller.kind} ${caller.id}`, clock.now()), `by ${caller.name}`)
    },
  }
}
