import { z } from 'zod'
import { RUN_STATES } from '../playbooks/schema.ts'

/** The phases of SANS (PICERL), in their order. An incident opens in `identification`. */
export const PHASES = ['preparation', 'identification', 'containment', 'eradication', 'recovery', 'lessons-learned'] as const
export type Phase = (typeof PHASES)[number]

/** P1 … P4. */
export const GRADES = [1, 2, 3, 4] as const
export type Grade = (typeof GRADES)[number]

const time = z.iso.datetime({ precision: 3 })
const instant = z.iso.datetime({ offset: true })
const both = z.object({ en: z.string(), ja: z.string() })
/** Ids are random; what follows them in an address is never more than that. */
const id = z.string().min(1).max(100)
const alertId = z.string().min(1).max(500)
const line = z.string().trim().min(1).max(300)
const person = z.string().trim().min(1).max(120)
const words = z.string().trim().min(1).max(10_000)
const note = z.string().trim().max(2000).default('')

export const INCIDENT_STATES = ['open', 'closed', 'merged'] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** What it turned out to be: `true` was one, `expected` was meant (a test, maintenance), `false` was nothing. */
export const OUTCOMES = ['true', 'expected', 'false'] as const
export type Outcome = (typeof OUTCOMES)[number]

export const INCIDENT_ROLES = ['commander', 'communications', 'technical-lead', 'scribe'] as const
export type IncidentRole = (typeof INCIDENT_ROLES)[number]

export const ENTITY_KINDS = ['host', 'user', 'address', 'domain', 'file', 'other'] as const
export type IncidentEntityKind = (typeof ENTITY_KINDS)[number]

export const grade = z.literal([...GRADES])
export const phase = z.enum(PHASES)

/** `planned` waits for somebody, `queued` waits for the channel, `said` was told by mouth, `simulated` belongs to an exercise. */
export const MESSAGE_STATES = ['planned', 'queued', 'sent', 'failed', 'said', 'simulated', 'dropped'] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

// ── What is shown ──

export const incidentSummary = z.object({
  id: z.string(),
  /** Counts from 1 in each scope: INC-1, INC-2 … */
  number: z.int(),
  title: z.string(),
  titleJa: z.string(),
  severity: grade,
  phase,
  state: z.enum(INCIDENT_STATES),
  outcome: z.enum(OUTCOMES).nullable(),
  /** The exercise that it is part of: nothing of it is real. */
  exercise: z.string().nullable(),
  commander: z.string().nullable(),
  opened: time,
  updated: time,
  closed: time.nullable(),
  contained: time.nullable(),
  containedBy: z.enum(['playbook', 'person']).nullable(),
  alerts: z.int(),
  tasks: z.object({ open: z.int(), overdue: z.int(), done: z.int(), nextDue: time.nullable() }),
})
export type IncidentSummary = z.infer<typeof incidentSummary>

export const taskView = z.object({
  id: z.string(),
  phase,
  title: both,
  assignee: z.string().nullable(),
  /** Null until its phase begins. */
  due: time.nullable(),
  done: time.nullable(),
  doneBy: z.string().nullable(),
  note: z.string(),
  overdue: z.boolean(),
})
export type TaskView = z.infer<typeof taskView>

export const incidentAlert = z.object({
  id: z.string(),
  rule: z.string(),
  title: both,
  severity: z.int(),
  entity: z.object({ kind: z.string(), name: z.string() }),
  techniques: z.array(z.string()),
  firstObserved: time,
  raised: time,
  added: time,
})
export type IncidentAlert = z.infer<typeof incidentAlert>

export const messageView = z.object({
  id: z.string(),
  audience: both,
  /** What they have to hear. */
  about: both,
  due: time.nullable(),
  channel: z.object({ id: z.string(), name: z.string() }).nullable(),
  contact: z.string(),
  state: z.enum(MESSAGE_STATES),
  overdue: z.boolean(),
  subject: z.string(),
  text: z.string(),
  sent: time.nullable(),
  by: z.string().nullable(),
  /** The id that the receiver has of it, and SHA-256 (hexadecimal) of subject and text. */
  proof: z.object({ message: z.string(), sha256: z.string() }).nullable(),
  error: z.string().nullable(),
})
export type MessageView = z.infer<typeof messageView>

export const followUpView = z.object({
  id: z.string(),
  title: z.string(),
  owner: z.string(),
  due: time.nullable(),
  done: z.object({ at: time, by: z.string(), note: z.string() }).nullable(),
  verified: z.object({ at: time, by: z.string(), note: z.string() }).nullable(),
  overdue: z.boolean(),
})
export type FollowUpView = z.infer<typeof followUpView>

export const postMortem = z.object({
  happened: z.string().max(20_000).default(''),
  cause: z.string().max(20_000).default(''),
  well: z.string().max(20_000).default(''),
  badly: z.string().max(20_000).default(''),
})
export type PostMortem = z.infer<typeof postMortem>

export const similarIncident = z.object({
  id: z.string(),
  number: z.int(),
  title: z.string(),
  titleJa: z.string(),
  severity: grade,
  state: z.enum(INCIDENT_STATES),
  outcome: z.enum(OUTCOMES).nullable(),
  opened: time,
  /** Why: what both have. */
  shared: z.object({
    rules: z.array(both),
    techniques: z.array(z.string()),
    entities: z.array(z.object({ kind: z.string(), name: z.string() })),
  }),
})
export type SimilarIncident = z.infer<typeof similarIncident>

export const incidentDetail = incidentSummary.extend({
  summary: z.string(),
  openedBy: z.string(),
  automatic: z.boolean(),
  /** The first event of its alerts, and when the first of them was raised. */
  firstObserved: time.nullable(),
  detected: time.nullable(),
  acknowledged: time.nullable(),
  /** Seconds; null while it has not come to that. */
  clocks: z.object({
    detect: z.number().nullable(),
    acknowledge: z.number().nullable(),
    contain: z.number().nullable(),
    resolve: z.number().nullable(),
  }),
  /** When each phase began last. */
  phases: z.array(z.object({ phase, at: time, by: z.string() })),
  roles: z.array(z.object({ role: z.enum(INCIDENT_ROLES), person: z.string(), since: time })),
  taskList: z.array(taskView),
  alertList: z.array(incidentAlert),
  entities: z.array(z.object({ kind: z.string(), name: z.string(), note: z.string() })),
  artefacts: z.array(z.object({ id: z.string(), name: z.string(), sha256: z.string(), added: time, by: z.string() })),
  links: z.array(
    z.object({ id: z.string(), number: z.int(), title: z.string(), titleJa: z.string(), state: z.enum(INCIDENT_STATES) }),
  ),
  mergedInto: z.object({ id: z.string(), number: z.int(), title: z.string(), titleJa: z.string() }).nullable(),
  messages: z.array(messageView),
  postMortem: postMortem.extend({ by: z.string(), at: time }).nullable(),
  followUps: z.array(followUpView),
  similar: z.array(similarIncident),
  runs: z.array(
    z.object({
      id: z.string(),
      title: both,
      state: z.enum(RUN_STATES),
      started: time,
      ended: time.nullable(),
      simulated: z.boolean(),
    }),
  ),
})
export type IncidentDetail = z.infer<typeof incidentDetail>

export const TIMELINE_KINDS = ['event', 'alert', 'deed', 'run'] as const
export const timelineItem = z.object({
  at: time,
  kind: z.enum(TIMELINE_KINDS),
  /** A deed's kind (`phase`, `task-done` …), an event's lane, a run's state. */
  what: z.string(),
  by: z.string().nullable(),
  text: both,
  note: z.string(),
  /** The event, alert or run. */
  ref: z.string().nullable(),
  /** A deed's place in the ledger, once it is there. */
  entry: z.int().nullable(),
})
export type TimelineItem = z.infer<typeof timelineItem>
export const timelineReply = z.object({
  items: z.array(timelineItem),
  /** Events that its alerts name but that are not shown, for there are too many, or they are not kept any more. */
  hiddenEvents: z.int(),
})

export const timelineQuery = z.object({
  format: z.enum(['json', 'csv']).default('json'),
  /** Of a CSV. */
  language: z.enum(['en', 'ja']).default('en'),
})

export const graphReply = z.object({
  nodes: z.array(z.object({ id: z.string(), kind: z.string(), label: both, count: z.int() })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), count: z.int() })),
  hidden: z.int(),
})
export type GraphReply = z.infer<typeof graphReply>

export const incidentsQuery = z.object({
  state: z.enum(['open', 'closed', 'all']).default('open'),
  severity: z
    .string()
    .regex(/^[1-4](,[1-4])*$/)
    .optional(),
  q: z.string().max(200).optional(),
  /** The incidents that hold this alert. */
  alert: alertId.optional(),
  exercises: z.enum(['with', 'without', 'only']).default('without'),
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export type IncidentsQuery = z.infer<typeof incidentsQuery>
export const incidentsReply = z.object({
  incidents: z.array(incidentSummary),
  next: z.string().nullable(),
  totals: z.object({ open: z.int(), overdueTasks: z.int(), openFollowUps: z.int() }),
})
export type IncidentsReply = z.infer<typeof incidentsReply>

// ── What is asked ──

export const idParams = z.object({ id })
export const newIncident = z.strictObject({
  /** The gravest alert's title where absent. */
  title: line.optional(),
  /** The gravest alert's where absent. */
  severity: grade.optional(),
  summary: z.string().trim().max(10_000).default(''),
  alerts: z.array(alertId).max(200).default([]),
})
export type NewIncident = z.infer<typeof newIncident>

/** Everything that can be done to an incident: one deed is one entry of its timeline and of the ledger. */
export const deed = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('change'),
    title: line.optional(),
    severity: grade.optional(),
    summary: z.string().trim().max(10_000).optional(),
    note,
  }),
  z.strictObject({ do: z.literal('acknowledge'), note }),
  z.strictObject({ do: z.literal('phase'), phase, note }),
  z.strictObject({ do: z.literal('contained'), note }),
  z.strictObject({ do: z.literal('close'), outcome: z.enum(OUTCOMES), note }),
  z.strictObject({ do: z.literal('reopen'), note: line }),
  z.strictObject({ do: z.literal('comment'), text: words }),
  z.strictObject({
    do: z.literal('task'),
    title: line,
    phase: phase.optional(),
    assignee: person.nullable().default(null),
    due: instant.nullable().default(null),
  }),
  z.strictObject({
    do: z.literal('task-change'),
    task: id,
    assignee: person.nullable().optional(),
    due: instant.nullable().optional(),
  }),
  z.strictObject({ do: z.literal('task-done'), task: id, note }),
  z.strictObject({ do: z.literal('task-again'), task: id, note }),
  z.strictObject({ do: z.literal('role'), role: z.enum(INCIDENT_ROLES), person: person.nullable() }),
  z.strictObject({ do: z.literal('hand-over'), to: person, note: words }),
  z.strictObject({ do: z.literal('alerts'), alerts: z.array(alertId).min(1).max(200) }),
  z.strictObject({ do: z.literal('entity'), kind: z.enum(ENTITY_KINDS), name: line, note }),
  z.strictObject({ do: z.literal('link'), incident: id, note }),
  z.strictObject({ do: z.literal('merge'), into: id, note }),
  z.strictObject({ do: z.literal('artefact'), artefact: id, note }),
  z.strictObject({
    do: z.literal('message'),
    audience: line,
    about: z.string().trim().max(300).default(''),
    channel: id.nullable().default(null),
    contact: z.string().trim().max(300).default(''),
    due: instant.nullable().default(null),
  }),
  z.strictObject({ do: z.literal('message-send'), message: id, channel: id.optional(), subject: line, text: words }),
  z.strictObject({ do: z.literal('message-said'), message: id, how: line, text: words }),
  z.strictObject({ do: z.literal('message-drop'), message: id, note: line }),
  postMortem.extend({ do: z.literal('post-mortem') }).strict(),
  z.strictObject({ do: z.literal('follow-up'), title: line, owner: person, due: instant.nullable().default(null) }),
  z.strictObject({ do: z.literal('follow-up-done'), followUp: id, note }),
  z.strictObject({ do: z.literal('follow-up-verified'), followUp: id, note }),
  z.strictObject({ do: z.literal('follow-up-again'), followUp: id, note: line }),
])
export type Deed = z.infer<typeof deed>
export type DeedKind = Deed['do']

export const reportQuery = z.object({
  language: z.enum(['en', 'ja']).default('en'),
  format: z.enum(['pdf', 'html']).default('pdf'),
})

// ── How a scope works on incidents ──

export const audienceView = z.object({
  id: z.string(),
  audience: both,
  about: both,
  /** Told of incidents as grave as this or graver. */
  severity: grade,
  /** Asked for when an incident is opened, enters this phase, or is closed. */
  when: z.enum(['opened', 'contained', 'closed', ...PHASES]),
  withinMinutes: z.int(),
  channel: z.string().nullable(),
  contact: z.string(),
  /** Sent without asking, as soon as it is due to be told. */
  automatic: z.boolean(),
})
export type AudienceView = z.infer<typeof audienceView>

export const rotaView = z.object({
  id: z.string(),
  role: z.enum(INCIDENT_ROLES),
  person: z.string(),
  from: time,
  to: time,
  now: z.boolean(),
})

export const policyView = z.object({
  /** Alerts as grave as this or graver open an incident by themselves; 0 is none. */
  openAutomatically: z.int().min(0).max(4),
  /** Minutes that the tasks of a phase have, by severity. */
  clocks: z.array(z.object({ severity: grade, phase, minutes: z.int() })),
  /** What has to be done in a phase of incidents as grave as this or graver. */
  tasks: z.array(z.object({ phase, severity: grade, title: both })),
  /** Whether the scope set these of its own, in place of what ships. */
  own: z.object({ clocks: z.boolean(), tasks: z.boolean() }),
  audiences: z.array(audienceView),
  rota: z.array(rotaView),
})
export type PolicyView = z.infer<typeof policyView>

const MOST_MINUTES = 525_600
const ownTitle = z.string().trim().min(1).max(300)

export const policyChange = z.strictObject({
  openAutomatically: z.int().min(0).max(4).optional(),
  /** Those that change; null for what ships. They count for phases that begin after. */
  clocks: z
    .array(z.strictObject({ severity: grade, phase, minutes: z.int().min(1).max(MOST_MINUTES) }))
    .min(1)
    .max(24)
    .nullable()
    .optional(),
  /** The whole list, in its order; null for what ships. Incidents that are open keep theirs. */
  tasks: z
    .array(z.strictObject({ phase, severity: grade, title: z.strictObject({ en: ownTitle, ja: ownTitle }) }))
    .min(1)
    .max(100)
    .nullable()
    .optional(),
  audiences: z
    .array(
      z.strictObject({
        id,
        channel: id.nullable().default(null),
        contact: z.string().trim().max(300).default(''),
        automatic: z.boolean().default(false),
      }),
    )
    .max(50)
    .optional(),
})
export const newTurn = z
  .strictObject({ role: z.enum(INCIDENT_ROLES), person, from: instant, to: instant })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { error: 'A turn ends after it begins.', path: ['to'] })
