import { z } from 'zod'

const instant = z.iso.datetime({ precision: 3 })
const text = z.object({ en: z.string(), ja: z.string() })
export type Text = z.infer<typeof text>

export const weekName = z.string().regex(/^\d{4}-W\d{2}$/)
export const TONES = ['plain', 'good', 'risk', 'bad', 'gone'] as const

/** Where in the console a line opens; a path with its search. */
const href = z.string().startsWith('/')

/** A number at the top of the review, with the week before where that says something. */
export const figureView = z.object({
  id: z.enum(['badges', 'objectives', 'alerts', 'waiting']),
  value: z.number(),
  of: z.number().nullable(),
  before: z.number().nullable(),
  tone: z.enum(TONES),
  href,
})

/** One line of the review. `id` stays the same while the matter does. */
export const reviewItem = z.object({
  id: z.string(),
  /** What it is about; the console has words for it. */
  kind: z.enum([
    'badge',
    'card',
    'rule',
    'source',
    'exception',
    'access',
    'setting',
    'objective',
    'expiry',
    'card-review',
    'risk',
    'silent',
    'pending',
    'unsigned',
  ]),
  tone: z.enum(TONES),
  title: text,
  detail: text.nullable(),
  at: instant.nullable(),
  href,
  /** The entry of the ledger that it stands on. */
  entry: z.int().nullable(),
})
export type ReviewItem = z.infer<typeof reviewItem>

/** A kind of change, how often it happened, and the newest of it. */
export const changeGroup = z.object({
  kind: z.enum(['card', 'rule', 'source', 'exception', 'access', 'setting']),
  count: z.int(),
  /** True where more were made than are read. */
  atLeast: z.boolean(),
  items: z.array(reviewItem),
})
export type ChangeGroup = z.infer<typeof changeGroup>

export const CHOICES = ['act', 'accept', 'postpone'] as const
export type Choice = (typeof CHOICES)[number]

export const decisionView = z.object({
  item: z.string(),
  title: text,
  choice: z.enum(CHOICES),
  note: z.string(),
  owner: z.string(),
  due: z.iso.date().nullable(),
  by: z.string(),
  at: instant,
  entry: z.int().nullable(),
})
export type DecisionView = z.infer<typeof decisionView>

export const reviewView = z.object({
  scope: z.string(),
  week: weekName,
  from: instant,
  to: instant,
  /** Its Monday and its Sunday, whatever the reader's zone. */
  days: z.object({ first: z.iso.date(), last: z.iso.date() }),
  /** False for a week that is over: what is at risk and to decide is then as it was when the review was held. */
  current: z.boolean(),
  previous: weekName,
  next: weekName.nullable(),
  computed: instant,
  figures: z.array(figureView),
  changed: z.array(changeGroup),
  atRisk: z.array(reviewItem),
  toDecide: z.array(reviewItem),
  decisions: z.array(decisionView),
  /** Who held the review, once it was. */
  held: z.object({ by: z.string(), at: instant, note: z.string(), entry: z.int().nullable() }).nullable(),
})
export type ReviewView = z.infer<typeof reviewView>

/** What is kept of a review that was held. */
export const keptReview = reviewView.pick({ figures: true, changed: true, atRisk: true, toDecide: true })

export const reviewQuery = z.object({ week: weekName.optional() })
export const reportQuery = z.object({
  week: weekName.optional(),
  format: z.enum(['html', 'pdf']).default('pdf'),
  language: z.enum(['en', 'ja']).default('en'),
})
export const decideBody = z.object({
  week: weekName,
  item: z.string().min(1).max(300),
  choice: z.enum(CHOICES),
  /** Why, or what will be done. To accept or postpone something needs a reason. */
  note: z.string().trim().max(2000).default(''),
  owner: z.string().trim().max(200).default(''),
  due: z.iso.date().nullable().default(null),
})
export const holdBody = z.object({ week: weekName, note: z.string().trim().max(2000).default('') })

/** A person's choice to get the review by mail. */
export const reviewMail = z.object({
  enabled: z.boolean(),
  email: z.union([z.email().max(200), z.literal('')]),
  /** 1 is Monday. */
  weekday: z.int().min(1).max(7),
  hour: z.int().min(0).max(23),
  language: z.enum(['en', 'ja']),
})
export type ReviewMail = z.infer<typeof reviewMail>
export const reviewMailView = reviewMail.extend({
  /** Whether a mail server is set up at all. */
  server: z.boolean(),
  sent: instant.nullable(),
  error: z.string().nullable(),
})
