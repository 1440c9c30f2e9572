import { z } from 'zod'

const text = z.object({ en: z.string().trim().min(1).max(200), ja: z.string().trim().min(1).max(200) })
export type Text = z.infer<typeof text>

/** The plan of the founding paper, a step a day; `seal` is where it leads. */
export const STEPS = ['path', 'card', 'objectives', 'evidence', 'triggers', 'review', 'seal'] as const
export type StepId = (typeof STEPS)[number]

export const stepView = z.object({
  id: z.enum(STEPS),
  /** Told by how things really are, never by a tick that somebody set. */
  done: z.boolean(),
  /** How far, where that can be counted. */
  count: z.int().nullable(),
  of: z.int().nullable(),
})
export type StepView = z.infer<typeof stepView>

export const firstWeekView = z.object({
  path: z.object({ card: z.string(), name: text, by: z.string(), at: z.iso.datetime({ precision: 3 }) }).nullable(),
  /** The card of the path, once it is there. */
  card: z.object({ id: z.string(), name: text, version: z.string(), state: z.string(), badgeUrl: z.string() }).nullable(),
  steps: z.array(stepView),
  /** Objectives that a first card can begin with. */
  offered: z.array(
    z.object({
      id: z.string(),
      title: text,
      target: text,
      /** False where the figure has to come from outside. */
      own: z.boolean(),
    }),
  ),
})
export type FirstWeekView = z.infer<typeof firstWeekView>

export const chooseBody = z.object({
  name: text,
  /** What belongs to the path. */
  description: text,
  objectives: z.array(z.string()).min(1).max(20),
})
export type ChooseBody = z.infer<typeof chooseBody>
/** The card as YAML, to be read, changed and proposed. */
export const chooseReply = z.object({ yaml: z.string(), view: firstWeekView })
