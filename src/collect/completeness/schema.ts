import { z } from 'zod'
import { MINIMUM_KINDS } from '../minimum-events/schema.ts'

export const HOST_STATES = ['all', 'silent', 'skewed', 'gaps'] as const
export const hostsQuery = z.object({
  state: z.enum(HOST_STATES).default('all'),
  source: z.string().max(80).optional(),
  /** A part of the host's name. */
  q: z.string().max(120).default(''),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export type HostsQuery = z.infer<typeof hostsQuery>

const count = z.int().nonnegative()

/** `sparse`: its sender leaves numbers out, so that nobody can say what is lost. */
export const numberedStream = z.object({
  name: z.string(),
  density: z.enum(['dense', 'sparse', 'new']),
  /** Numbers that never came; a loss only where the stream is dense. */
  missing: count,
  duplicates: count,
  resets: count,
})

/** A host as one source hears it. */
export const hostView = z.object({
  source: z.string(),
  host: z.string(),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  events: count,
  /** Heard too short a time to be expected. */
  young: z.boolean(),
  silent: z.boolean(),
  /** How long it may be silent: what its source says, or half as long again as is usual for it. */
  allowedSeconds: count,
  /** How far its clock is ahead of ours; negative: behind, or everything comes late. Null where its events carry no time. */
  clockErrorMs: z.int().nullable(),
  skewed: z.boolean(),
  /** The zone that the error looks like, minutes east of what is assumed. */
  zoneLikeMinutes: z.int().nullable(),
  /** Events observed too far in the future, or too long ago, to be believed. */
  ahead: count,
  behind: count,
  streams: z.array(numberedStream),
})
export type HostView = z.infer<typeof hostView>

export const hostList = z.object({
  now: z.iso.datetime(),
  totals: z.object({
    watched: count,
    young: count,
    silent: count,
    skewed: count,
    /** Hosts with numbers that never came, in streams without holes of their own. */
    withGaps: count,
    /** Events of hosts that were not followed because there were too many. */
    unfollowed: count,
  }),
  /** How many the question matches. */
  matched: count,
  hosts: z.array(hostView),
})
export type HostList = z.infer<typeof hostList>

const words = z.object({ en: z.string(), ja: z.string() })

/** `stale`: none for a week. */
export const minimumEventView = z.object({
  id: z.enum(MINIMUM_KINDS),
  title: words,
  state: z.enum(['received', 'stale', 'missing']),
  firstSeenAt: z.iso.datetime().nullable(),
  lastSeenAt: z.iso.datetime().nullable(),
  /** Hosts by source that ever sent one. */
  hosts: count,
  query: z.string(),
  ways: z.array(z.object({ source: words, how: words })),
})
export type MinimumEventView = z.infer<typeof minimumEventView>
export const minimumEventList = z.object({ now: z.iso.datetime(), received: count, events: z.array(minimumEventView) })
export type MinimumEventList = z.infer<typeof minimumEventList>
