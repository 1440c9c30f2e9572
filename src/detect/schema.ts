import { z } from 'zod'
import { LEVELS, TACTICS } from '../kernel/detection.ts'
import type { JsonValue } from '../kernel/json.ts'
import { PROOF_STATES } from './scenarios/schema.ts'

/** RFC 3339 UTC with milliseconds, as every time in the API. */
const instant = z.iso.datetime({ precision: 3 })

const json: z.ZodType<JsonValue> = z.json()
const jsonObject = z.record(z.string(), json)

export const ALERT_STATES = ['open', 'closed'] as const
export type AlertState = (typeof ALERT_STATES)[number]

/** `true`, `expected` and `false` close the alert; `escalated` keeps it open for somebody else. */
export const VERDICTS = ['true', 'expected', 'false', 'escalated'] as const
export type Verdict = (typeof VERDICTS)[number]

/** How much an asset matters, least first, as the inventory says it. */
export const CRITICALITIES = ['low', 'medium', 'high', 'critical'] as const
export type Criticality = (typeof CRITICALITIES)[number]

export const ENTITY_KINDS = ['host', 'user', 'address', 'other'] as const
export type EntityKind = (typeof ENTITY_KINDS)[number]

/** 1 (critical) to 5 (informational): P1 … P5. */
export const severity = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)])

export const entity = z.object({ kind: z.enum(ENTITY_KINDS), name: z.string() })
export type Entity = z.infer<typeof entity>

export const alertRule = z.object({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  /** Japanese title where the rule has one, otherwise the same words. */
  titleJa: z.string(),
  level: z.enum(LEVELS),
  file: z.string(),
})

/** A row of the queue: what one rule says about one entity. */
export const alertSummary = z.object({
  id: z.string(),
  storyId: z.string(),
  rule: alertRule,
  severity,
  entity,
  techniques: z.array(z.string()),
  tactics: z.array(z.enum(TACTICS)),
  /** Detections grouped in this alert. */
  count: z.int(),
  /** Events behind them; a correlation counts many. */
  eventCount: z.int(),
  firstObserved: instant,
  lastObserved: instant,
  /** When the first event reached this server. */
  received: instant,
  raisedAt: instant,
  /** raisedAt − received, and raisedAt − firstObserved, in seconds. */
  delaySeconds: z.object({ fromReceived: z.number(), fromObserved: z.number() }),
  state: z.enum(ALERT_STATES),
  verdict: z.enum(VERDICTS).nullable(),
  assignee: z.string().nullable(),
  /** Until then it only counts what its rule finds about its entity, and nothing is raised for it. */
  quietUntil: instant.nullable(),
})
export type AlertSummary = z.infer<typeof alertSummary>

/** One entry of the queue: one entity within a span of time; its alerts tell the story, oldest first. */
export const queueGroup = z.object({
  id: z.string(),
  entity,
  /** The gravest of its alerts that match the filter. */
  severity,
  /** The gravest alert's title. */
  title: z.string(),
  titleJa: z.string(),
  rules: z.int(),
  alertCount: z.int(),
  /** Detections in all alerts. */
  count: z.int(),
  openCount: z.int(),
  techniques: z.array(z.string()),
  firstObserved: instant,
  lastObserved: instant,
  raisedAt: instant,
  /** What the findings about the entity add up to now. */
  risk: z.number(),
  state: z.enum(ALERT_STATES),
  /** At most 50; `alertCount` is the true number. */
  alerts: z.array(alertSummary),
})
export type QueueGroup = z.infer<typeof queueGroup>

export const queueQuery = z.object({
  state: z.enum([...ALERT_STATES, 'all']).default('open'),
  /** Comma-separated, e.g. `1,2`. */
  severity: z
    .string()
    .regex(/^[1-5](,[1-5])*$/)
    .optional(),
  /** Words looked for in titles, entity names, techniques and rule ids; all must occur. Full-width forms are folded. */
  q: z.string().max(200).optional(),
  /** `me`, or an account name. */
  assignee: z.string().optional(),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export type QueueQuery = z.infer<typeof queueQuery>

export const queueResponse = z.object({
  groups: z.array(queueGroup),
  next: z.string().nullable(),
  /** Over the whole filter, not this page. `detections` is what they were folded from. */
  totals: z.object({ groups: z.int(), alerts: z.int(), detections: z.int() }),
})
export type QueueResponse = z.infer<typeof queueResponse>

export const alertCondition = z.object({ text: z.string(), fields: z.array(z.string()) })

export const HISTORY_ACTIONS = ['raised', 'verdict', 'undo', 'assign'] as const
export const historyEntry = z.object({
  at: instant,
  by: z.string(),
  action: z.enum(HISTORY_ACTIONS),
  verdict: z.enum(VERDICTS).nullable(),
  assignee: z.string().nullable(),
  note: z.string(),
})
export type HistoryEntry = z.infer<typeof historyEntry>

/** Lanes of the entity timeline. */
export const LANES = ['web', 'process', 'file', 'network', 'authentication', 'other'] as const
export type Lane = (typeof LANES)[number]

export const timelineEvent = z.object({
  id: z.string(),
  observed: instant,
  source: z.string(),
  lane: z.enum(LANES),
  summary: z.string(),
})
export type TimelineEvent = z.infer<typeof timelineEvent>

export const entityTimeline = z.object({
  from: instant,
  to: instant,
  /** Oldest first, thinned when there are more than the page can show; `total` is the true number. */
  events: z.array(timelineEvent),
  total: z.int(),
})
export type EntityTimeline = z.infer<typeof entityTimeline>

/** Where the alert stands in the ledger; null until the outbox has been drained. */
export const ledgerPlace = z.object({ index: z.int() })

/** What the findings about an entity add up to now, and how each of them weighs. */
export const entityRisk = z.object({
  points: z.number(),
  /** Where an alert is raised for the sum itself. */
  threshold: z.number(),
  /** After so many days a finding counts half. */
  halfLifeDays: z.number(),
  /** points = severityPoints × criticalityFactor × confidence × repeatFactor × ageFactor; the heaviest first. */
  parts: z.array(
    z.object({
      alertId: z.string(),
      title: z.string(),
      titleJa: z.string(),
      severity,
      /** Null where the inventory does not know the asset: it counts as medium. */
      criticality: z.enum(CRITICALITIES).nullable(),
      verdict: z.enum(VERDICTS).nullable(),
      lastObserved: instant,
      points: z.number(),
      severityPoints: z.number(),
      criticalityFactor: z.number(),
      /** How often the rule was right, as judged; 1 where this alert itself was found to be true. */
      confidence: z.number(),
      repeatFactor: z.number(),
      ageFactor: z.number(),
    }),
  ),
  /** How many more there are. */
  otherParts: z.int(),
})
export type EntityRisk = z.infer<typeof entityRisk>

export const alertDetail = alertSummary.extend({
  risk: entityRisk,
  description: z.string(),
  descriptionJa: z.string(),
  /** The rule's group key, e.g. `{"host.name": "web-03"}`. */
  group: jsonObject,
  /** Fields that matched, with the values as they stand in the event. */
  fields: jsonObject,
  /** Why it fired: each condition and the fields it looked at (keys of `fields`). */
  conditions: z.array(alertCondition),
  /** Oldest first, at most 100; `eventCount` is the true number. */
  eventIds: z.array(z.string()),
  note: z.string(),
  canUndo: z.boolean(),
  history: z.array(historyEntry),
  /** Other alerts of the same story, then of the same entity, newest first, at most 20. */
  related: z.array(alertSummary),
  /** Null when the lake did not answer: then `timelineMissing` says why. */
  timeline: entityTimeline.nullable(),
  timelineMissing: z.string().nullable(),
  evidence: ledgerPlace.nullable(),
  /** How often this rule raised an alert in the last 90 days: here, and on any entity. */
  before: z.object({ days: z.int(), sameEntity: z.int(), anyEntity: z.int() }),
})
export type AlertDetail = z.infer<typeof alertDetail>

export const alertParams = z.object({ id: z.string().min(1).max(64) })

/** The longest that a closed alert may keep its rule quiet about its entity. What is longer is an exception. */
export const MOST_QUIET_HOURS = 168
export const verdictBody = z.object({
  verdict: z.enum(VERDICTS),
  note: z.string().max(2000).default(''),
  /** With a verdict that closes: for so many hours the same rule about the same entity only counts. */
  quietHours: z.int().min(0).max(MOST_QUIET_HOURS).default(0),
})
export const bulkVerdictBody = verdictBody.extend({ ids: z.array(z.string()).min(1).max(500) })
export const bulkUndoBody = z.object({ ids: z.array(z.string()).min(1).max(500) })
/** `me`, an account name, or null for nobody. */
export const assignBody = z.object({ assignee: z.string().max(200).nullable() })
export const verdictResponse = z.object({ alerts: z.array(alertSummary) })

export const alertCounts = z.object({
  openGroups: z.int(),
  openAlerts: z.int(),
  /** Open alerts by severity, `"1"` … `"5"`, all five present. */
  openBySeverity: z.record(z.string(), z.int()),
  mine: z.int(),
  closed24h: z.int(),
  raised24h: z.int(),
  detections24h: z.int(),
  lastRaised: instant.nullable(),
  /** p95 of raisedAt − received over 24 hours, seconds; null when nothing was raised. */
  delayP95Seconds: z.number().nullable(),
})
export type AlertCounts = z.infer<typeof alertCounts>

export const refusal = z.object({
  file: z.string(),
  line: z.int(),
  code: z.string(),
  reason: z.string(),
  /** The rule was loaded, used up its time, and is not evaluated any more. */
  quarantine: z
    .object({
      rule: z.string(),
      title: z.string(),
      since: instant,
      tookMs: z.int(),
      budgetMs: z.int(),
      events: z.int(),
      silenced: z.array(z.string()).readonly(),
    })
    .optional(),
})

export const ruleRow = z.object({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  titleJa: z.string(),
  description: z.string(),
  descriptionJa: z.string(),
  level: z.enum(LEVELS),
  severity,
  file: z.string(),
  /** Which engine runs it. */
  engine: z.string(),
  /** Fields that no event here has: the rule is known and cannot run. */
  missing: z.array(z.string()),
  /** Switched off by its author. */
  off: z.boolean(),
  techniques: z.array(z.string()),
  tactics: z.array(z.enum(TACTICS)),
  /** Over the last 30 days. */
  alerts: z.int(),
  detections: z.int(),
  judgedTrue: z.int(),
  judgedFalse: z.int(),
  judgedExpected: z.int(),
  /** Alerts a week, over those 30 days. */
  perWeek: z.number(),
  /** Of the judged ones, how many were true, in percent; null where none was judged. */
  precision: z.number().nullable(),
  lastRaised: instant.nullable(),
})
export type RuleRow = z.infer<typeof ruleRow>

/** One rule opened: its text and tests, its noise, what it costs, and when it was last seen at work. */
export const ruleDetail = ruleRow.extend({
  /** As it stands in its file; null where that is gone or another one since. */
  text: z.string().nullable(),
  /** The tests that stand inside it, run just now. */
  tests: z.array(z.object({ name: z.string(), match: z.boolean(), passes: z.boolean() })),
  /** Alerts raised in each of the last twelve weeks, oldest first. */
  weeks: z.array(z.object({ from: instant, alerts: z.int() })),
  /** Alone over the newest events of this scope; null where there are none, or it is no rule of its own. */
  cost: z.object({ microseconds: z.number(), events: z.int(), matches: z.int() }).nullable(),
  /** Scenarios that execute it. */
  scenarios: z.array(
    z.object({
      id: z.string(),
      title: z.object({ en: z.string(), ja: z.string() }),
      state: z.enum(PROOF_STATES),
      at: instant.nullable(),
    }),
  ),
})
export type RuleDetail = z.infer<typeof ruleDetail>

export const rulesQuery = z.object({
  q: z.string().max(200).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})
export const rulesResponse = z.object({
  rules: z.array(ruleRow),
  next: z.string().nullable(),
  total: z.int(),
  /** Rules that were not loaded, by name, line and reason: they count for nothing. */
  refused: z.array(refusal),
  refusedTotal: z.int(),
})
export type RulesResponse = z.infer<typeof rulesResponse>

/**
 * By the last execution of a scenario. `proven`: it passed within the days asked for · `older`: before that, or its rule
 * changed since, or it was not executed to its end · `failed` · `rule`: a rule exists, never executed · `nothing`.
 */
export const COVERAGE_STATES = ['proven', 'older', 'failed', 'rule', 'nothing'] as const
export type CoverageState = (typeof COVERAGE_STATES)[number]

export const coverageTechnique = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(COVERAGE_STATES),
  rules: z.int(),
  lastExecuted: instant.nullable(),
  /** The scenario that was executed then. */
  scenario: z.string().nullable(),
})

const coverageTotals = z.object({
  techniques: z.int(),
  proven: z.int(),
  older: z.int(),
  failed: z.int(),
  rule: z.int(),
  nothing: z.int(),
  /** proven / techniques × 100; null over an empty set. */
  percent: z.number().nullable(),
})

export const coverageQuery = z.object({ days: z.coerce.number().int().min(1).max(365).default(7) })
export const coverageResponse = z.object({
  /** Version of MITRE ATT&CK that names come from. */
  attack: z.string(),
  days: z.int(),
  /** How the set was made, for people, in both languages. */
  set: z.object({ en: z.string(), ja: z.string() }),
  tactics: z.array(
    z.object({
      id: z.enum(TACTICS),
      name: z.object({ en: z.string(), ja: z.string() }),
      techniques: z.array(coverageTechnique),
    }),
  ),
  /** A technique that stands under several tactics counts once. */
  totals: coverageTotals,
  /** Ids that rules name and this ATT&CK version does not have: unknown, and not counted as covered. */
  unknown: z.array(z.string()),
})
export type CoverageResponse = z.infer<typeof coverageResponse>

export const techniquesResponse = z.object({
  attack: z.string(),
  tactics: z.array(z.object({ id: z.enum(TACTICS), name: z.object({ en: z.string(), ja: z.string() }) })),
  /** Technique id → name. */
  techniques: z.record(z.string(), z.string()),
})
