import { z } from 'zod'
import { entity } from '../../detect/schema.ts'

const instant = z.iso.datetime({ precision: 3 })

export const MOST_REPLAY_DAYS = 90
export const replayBody = z.strictObject({ days: z.int().min(1).max(MOST_REPLAY_DAYS).default(7) })
export const replayParams = z.object({ id: z.string().min(1).max(200) })

/** What a rule finds in what is stored, and what it costs. */
export const replayView = z.object({
  days: z.int(),
  /** Events that were looked at, of how many there are; the oldest are looked at first. */
  events: z.int(),
  total: z.int(),
  detections: z.int(),
  /** What would be alerts; at most 100 are listed, the latest first. */
  alerts: z.int(),
  list: z.array(
    z.object({
      entity,
      first: instant,
      last: instant,
      detections: z.int(),
      /** The first event behind it. */
      event: z.string(),
    }),
  ),
  /** What the rule adds by itself, measured over some of these events: matching only, without reading them. */
  microsecondsPerEvent: z.number(),
  seconds: z.number(),
})
export type ReplayView = z.infer<typeof replayView>
