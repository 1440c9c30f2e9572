import { z } from 'zod'

/** What is followed of whom; the console has a name for each in both languages. */
export const BEHAVIOUR_FEATURES = [
  'user-network',
  'user-country',
  'user-host',
  'user-hosts',
  'user-process',
  'user-action',
  'user-actions',
  'user-signins',
  'user-failures',
  'user-files',
  'user-changes',
  'user-bytes',
  'user-events',
  'user-hours',
  'user-odd-hours',
  'user-travel',
  'host-process',
  'host-parent',
  'host-destination',
  'host-destinations',
  'host-user',
  'host-bytes',
  'host-dns',
  'host-failures',
  'host-processes',
  'host-events',
  'host-hours',
] as const
export type BehaviourFeature = (typeof BEHAVIOUR_FEATURES)[number]

const feature = z.enum(BEHAVIOUR_FEATURES)
const share = z.number().nonnegative()
const time = z.iso.datetime()

/** Why something is odd, in figures; the words are the reader's language's. */
export const signalDetail = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('new'),
    value: z.string(),
    /** New ones on that day. */
    count: z.int(),
    usual: z.array(z.string()),
    /** How many others have it. */
    others: z.int(),
  }),
  z.object({ type: z.literal('rare'), value: z.string(), days: z.int(), others: z.int() }),
  z.object({
    type: z.literal('volume'),
    now: z.number(),
    low: z.number(),
    high: z.number(),
    days: z.array(z.number()),
    unit: z.enum(['count', 'bytes']),
    peers: z.literal(true).optional(),
  }),
  z.object({ type: z.literal('hours'), hour: z.int(), weekend: z.boolean(), share, hours: z.array(z.number()) }),
  z.object({
    type: z.literal('travel'),
    from: z.string(),
    to: z.string(),
    km: z.number(),
    minutes: z.number(),
    kmh: z.number(),
  }),
])

export const signalView = z.object({ feature, score: z.number(), at: time, event: z.string() }).and(signalDetail)
export type SignalView = z.infer<typeof signalView>

export const behaviourKind = z.enum(['user', 'host'])
export const entityParams = z.object({ kind: behaviourKind, name: z.string().min(1).max(256) })

export const oddEntity = z.object({
  kind: behaviourKind,
  name: z.string(),
  /** As it is now: what was found odd, decayed. */
  score: z.number(),
  lastSeen: time,
  signals: z.array(signalView),
})

export const behaviourStatus = z.object({
  entities: z.int(),
  /** Below this score nobody is told of. */
  least: z.number(),
  halfLifeHours: z.number(),
  learningDays: z.int(),
  limits: z.object({ entities: z.int(), values: z.int() }),
  /** What the bounds have cost, in the whole installation. */
  costs: z.object({ evicted: z.int(), forgotten: z.int(), late: z.int() }),
  odd: z.array(oddEntity),
})

export const entityProfile = oddEntity.extend({
  peers: z.string(),
  /** Days on which it was active, before the last. */
  days: z.int(),
  learning: z.boolean(),
  /** Share of working days and weekend days on which it was active, by hour. */
  hours: z.object({ working: z.array(share), weekend: z.array(share) }),
  volumes: z.array(
    z.object({
      feature,
      unit: z.enum(['count', 'bytes']),
      low: z.number(),
      high: z.number(),
      days: z.array(z.number()),
      today: z.number(),
    }),
  ),
  values: z.array(
    z.object({
      feature,
      /** The latest first. */
      values: z.array(z.object({ value: z.string(), days: z.int(), lastDay: z.iso.date() })),
      count: z.int(),
    }),
  ),
})
export type EntityProfile = z.infer<typeof entityProfile>
export type BehaviourStatus = z.infer<typeof behaviourStatus>
