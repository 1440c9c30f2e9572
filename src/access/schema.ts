import { z } from 'zod'

/** What an API token is for. */
export const GRANTS = ['ingest', 'read', 'audit', 'samples', 'metrics', 'scim', 'admin'] as const
export type Grant = (typeof GRANTS)[number]

/** What a person can be in a scope, from least to most; roles.ts says what each may do. */
export const ROLES = ['examiner', 'viewer', 'analyst', 'responder', 'engineer', 'auditor', 'approver', 'administrator'] as const
export type Role = (typeof ROLES)[number]

/** NIST SP 800-63B: length is what counts; no composition rules. */
export const passwordSchema = z.string().min(12).max(256)
export const nameSchema = z.string().trim().min(1).max(80)

export const setupSchema = z.object({ token: z.string().min(1).max(200), name: nameSchema, password: passwordSchema })
export const signInSchema = z.object({ name: z.string().max(80), password: z.string().max(256) })

export const sessionSchema = z.object({
  user: z.object({ id: z.string(), name: z.string(), roles: z.array(z.enum(ROLES)) }),
  organisation: z.string(),
  version: z.string(),
  /** The scope this answer is for, and those that may be asked for (`*`: all). */
  scope: z.string(),
  scopes: z.array(z.string()),
  permissions: z.array(z.string()),
  methods: z.array(z.string()),
  /** `enrol`: nothing else is allowed until a second factor is set up. */
  next: z.enum(['enrol']).nullable(),
  /** When the person last showed who they are; dangerous actions ask again after 15 minutes (`confirm_identity`). */
  confirmed: z.iso.datetime().nullable(),
  /** Signed in by the emergency account: pages say so. */
  breakGlass: z.boolean(),
})

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(GRANTS),
  created: z.iso.datetime(),
  lastUsed: z.iso.datetime().nullable(),
  expires: z.iso.datetime().nullable(),
  /** What its events count for, whatever the client says; null where the client may say. */
  source: z.string().nullable(),
  /** Until when the secret before the last rotation is good; null where none is. */
  formerSecretUntil: z.iso.datetime().nullable(),
})
/** A span of the ledger that an outside auditor looks at; an end that is null is open. */
export const auditPeriod = z
  .object({ from: z.iso.datetime().nullable(), to: z.iso.datetime().nullable() })
  .refine(({ from, to }) => from === null || to === null || Date.parse(from) < Date.parse(to), 'from must be before to')
export const newTokenSchema = z.object({
  name: nameSchema,
  scope: z.enum(GRANTS),
  /** By default what the installation's settings say. */
  expiresInDays: z.number().int().min(1).max(3650).optional(),
  /** For `ingest`: the one source `http:NAME` that its events count for. */
  source: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .optional(),
  /** For `audit`: which entries of the ledger it may read, by when they were logged; the end is not included. */
  period: auditPeriod.optional(),
})
/** How long the secret before stays good, so that machines can be given the new one. */
export const rotateTokenSchema = z.object({ overlapHours: z.number().int().min(0).max(720).default(24) })
export const createdTokenSchema = tokenSchema.extend({ token: z.string() })

export const setupQuerySchema = z.object({ token: z.string().min(1).max(200) })
export const setupStatusSchema = z.object({ valid: z.boolean() })
