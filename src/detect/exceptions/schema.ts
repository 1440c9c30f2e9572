import { z } from 'zod'
import { VERDICTS } from '../schema.ts'

const instant = z.iso.datetime({ precision: 3 })

export const CONDITION_OPS = ['is', 'starts', 'ends', 'contains', 'cidr'] as const
export type ConditionOp = (typeof CONDITION_OPS)[number]

/** One field of the event, or of what the rule groups by; any of the values suffices. Texts compare without case. */
export const exceptionCondition = z.strictObject({
  field: z.string().trim().min(1).max(300),
  op: z.enum(CONDITION_OPS).default('is'),
  values: z.array(z.string().min(1).max(1000)).min(1).max(100),
})
export type ExceptionCondition = z.infer<typeof exceptionCondition>

/** All conditions must hold; without any, everything that the rule finds is hidden: the rule is switched off. */
export const exceptionWhat = z.strictObject({
  rule: z.string().min(1).max(200),
  conditions: z.array(exceptionCondition).max(20),
})
export type ExceptionWhat = z.infer<typeof exceptionWhat>

/** The longest that one may hide anything before somebody has to look again. */
export const MOST_DAYS = 365
export const newException = exceptionWhat.extend({
  reason: z.string().trim().min(10, { error: 'Say in a sentence why.' }).max(2000),
  /** Who answers for it; whoever proposes it where absent. */
  owner: z.string().trim().min(1).max(200).optional(),
  days: z.int().min(1).max(MOST_DAYS),
})
export type NewException = z.infer<typeof newException>

/** `expired` is an active one whose time is over. */
export const EXCEPTION_STATES = ['waiting', 'active', 'refused', 'ended', 'expired'] as const
export type ExceptionState = (typeof EXCEPTION_STATES)[number]

/** What it would have hidden of the alerts of a span of days. */
export const exceptionPreview = z.object({
  days: z.int(),
  /** Alerts of the rule that were looked at, and how many are hidden whole or lose some of their detections. */
  alerts: z.int(),
  hidden: z.int(),
  smaller: z.int(),
  /** Of the hidden: what people found them to be. `open` were not judged. */
  verdicts: z.object({ true: z.int(), expected: z.int(), false: z.int(), open: z.int() }),
  /** Hidden alerts, those that were true first; at most 50. */
  list: z.array(
    z.object({
      id: z.string(),
      entity: z.string(),
      raisedAt: instant,
      count: z.int(),
      verdict: z.enum(VERDICTS).nullable(),
    }),
  ),
  /** Techniques that no other alert of these days proves. */
  techniquesLost: z.array(z.string()),
  /** Alerts whose events are partly gone from the lake, or too many to be looked at one by one: judged by what is there. */
  partly: z.int(),
})
export type ExceptionPreview = z.infer<typeof exceptionPreview>

export const exceptionView = z.object({
  id: z.string(),
  rule: z.object({ id: z.string(), title: z.string(), titleJa: z.string() }),
  conditions: z.array(exceptionCondition),
  reason: z.string(),
  owner: z.string(),
  state: z.enum(EXCEPTION_STATES),
  createdBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
  decidedBy: z.string().nullable(),
  decidedAt: instant.nullable(),
  /** Whether whoever asks may decide about it: they hold the permission and did not propose it. */
  mayDecide: z.boolean(),
  /** Detections that it hid, and when it last did. */
  hidden: z.int(),
  lastHidden: instant.nullable(),
  /** The last events behind them, newest first. */
  lastEvents: z.array(z.string()),
  /** As it was when it was proposed. */
  preview: exceptionPreview,
})
export type ExceptionView = z.infer<typeof exceptionView>

export const exceptionList = z.object({ exceptions: z.array(exceptionView) })
export const exceptionParams = z.object({ id: z.uuid() })
export const decision = z.strictObject({ decision: z.enum(['approve', 'refuse']), note: z.string().max(2000).default('') })
