import { z } from 'zod'

/** Why something does not concern a product: the words of OpenVEX and of CSAF's flags. */
export const JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const
export type Justification = (typeof JUSTIFICATIONS)[number]

const instant = z.iso.datetime({ precision: 3 })

/** Which weakness is meant, as `/api/v1/vulnerabilities` names it. */
const which = {
  asset: z.string().min(1).max(253),
  package: z.string().min(1).max(1000),
  id: z.string().min(1).max(300),
}

/** What is absent stays as it is; null takes it away. */
export const workBody = z.strictObject({
  ...which,
  owner: z.string().trim().min(1).max(200).nullable().optional(),
  due: z.iso.datetime({ offset: true }).nullable().optional(),
  ticket: z.string().trim().min(1).max(500).nullable().optional(),
  note: z.string().max(2000).optional(),
})
export const workReply = z.object({
  ...which,
  owner: z.string().nullable(),
  due: instant.nullable(),
  ticket: z.string().nullable(),
  note: z.string(),
})

const why = z.string().trim().min(10, { error: 'Say in a sentence why.' }).max(2000)
/** How grave it is here; null takes it back: what was published counts again. */
export const ratingBody = z.strictObject({ ...which, vector: z.string().trim().min(1).max(500).nullable(), reason: why })
export const ratingReply = z.object({
  ...which,
  vector: z.string().nullable(),
  score: z.number().nullable(),
  severity: z.enum(['none', 'low', 'medium', 'high', 'critical']).nullable(),
})
/** Metrics that all findings of an asset share (`CR:H/MAV:L`); null takes them back. */
export const environmentBody = z.strictObject({
  asset: which.asset,
  metrics: z.string().trim().min(1).max(200).nullable(),
  reason: why,
})
export const environmentReply = z.object({ asset: z.string(), metrics: z.string().nullable() })

/** A ticket about a weakness, in words of one language; `on` names the connection where there are several. */
export const ticketBody = z.strictObject({
  ...which,
  language: z.enum(['en', 'ja']).default('en'),
  on: z.string().min(1).max(100).optional(),
})

const MOST_DAYS = 365
const days = z.int().min(1).max(MOST_DAYS)
const reason = why

export const newWaiver = z.strictObject({
  /** Null: wherever it is. */
  asset: z.string().min(1).max(253).nullable(),
  package: which.package,
  id: which.id,
  /** `accept`: it concerns us and is borne; `not_affected`: it does not concern us, and why. */
  kind: z.enum(['accept', 'not_affected']),
  justification: z.enum(JUSTIFICATIONS).optional(),
  reason,
  days,
})

export const waiver = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['accept', 'statement', 'document']),
  asset: z.string().nullable(),
  reason: z.string(),
  statements: z.int(),
  state: z.enum(['waiting', 'active', 'refused', 'ended', 'expired']),
  createdBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
  decidedBy: z.string().nullable(),
  mayDecide: z.boolean(),
})
export type WaiverView = z.infer<typeof waiver>
export const waiverList = z.object({ exceptions: z.array(waiver) })
export const waiverParams = z.object({ id: z.uuid() })
export const waiverDecision = z.strictObject({
  decision: z.enum(['approve', 'refuse']),
  note: z.string().max(2000).default(''),
})

export const vexBody = z.strictObject({
  /** OpenVEX 0.2, CSAF 2.0 or 2.1, or CycloneDX as text. */
  document: z.string().min(1),
  name: z.string().min(1).max(200).default('VEX'),
  reason,
  days: days.default(MOST_DAYS),
})
export const vexQuery = z.object({
  format: z.enum(['openvex', 'cyclonedx', 'csaf']).default('openvex'),
  asset: z.string().max(253).optional(),
})
