import { z } from 'zod'
import { nameSchema } from '../schema.ts'

/** A PKCS #10 request in PEM. */
const csrSchema = z.string().min(1).max(16_384)

export const enrolSchema = z.object({ name: nameSchema, csr: csrSchema })
export const renewSchema = z.object({ csr: csrSchema })

export const issuedSchema = z.object({
  agent: z.object({ id: z.uuid(), name: z.string(), scope: z.string() }),
  /** PEM. */
  certificate: z.string(),
  /** The authorities that this server trusts for machines, PEM, the issuing one first. */
  chain: z.string(),
  notAfter: z.iso.datetime(),
  /** When to ask for the next certificate: after two thirds of this one's life. */
  renewAfter: z.iso.datetime(),
})

export const agentSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  created: z.iso.datetime(),
  lastSeen: z.iso.datetime().nullable(),
  certificateExpires: z.iso.datetime().nullable(),
  revoked: z.iso.datetime().nullable(),
})

export const enrolmentSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  usesLeft: z.number().int(),
  uses: z.number().int(),
  by: z.string(),
  created: z.iso.datetime(),
  expires: z.iso.datetime(),
})
/** Short-lived by design: 30 days at most. */
export const newEnrolmentSchema = z.object({
  name: nameSchema,
  hours: z.number().int().min(1).max(720).default(24),
  uses: z.number().int().min(1).max(10_000).default(1),
})
export const createdEnrolmentSchema = enrolmentSchema.extend({ token: z.string() })

export const authoritySchema = z.object({
  id: z.uuid(),
  subject: z.string(),
  fingerprint: z.string(),
  issuing: z.boolean(),
  trustedUntil: z.iso.datetime(),
})
