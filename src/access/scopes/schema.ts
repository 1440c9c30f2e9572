import { z } from 'zod'

/** A scope's name goes into headers, links and the ledger: short, lower case, never changed. */
export const scopeNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'Lower-case letters, digits and hyphens, at most 40, beginning with a letter or digit.')

const labelKey = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._/-]{0,62}$/u, 'Letters, digits and . _ / - , at most 63, beginning with a letter or digit.')

/** Labels of an asset, or those that a scope asks for. Keys and values are compared exactly. */
export const labelsSchema = z
  .record(labelKey, z.string().trim().min(1).max(120))
  .refine((labels) => Object.keys(labels).length <= 32, { error: 'At most 32 labels.' })
export type Labels = z.infer<typeof labelsSchema>

const titleSchema = z.string().trim().min(1).max(80)

export const scopeSchema = z.object({
  scope: z.string(),
  title: z.string(),
  /** The scope every installation has; it takes what belongs to no other, and cannot be changed. */
  shared: z.boolean(),
  /** An asset that carries all of these belongs to the scope; without any, none does by its labels. */
  labels: labelsSchema,
  created: z.iso.datetime({ precision: 3 }).nullable(),
  assets: z.int().nonnegative(),
  /** People with a role in this scope alone; those of every scope are not counted. */
  people: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
})
export type ScopeView = z.infer<typeof scopeSchema>
export const scopesReplySchema = z.object({ items: z.array(scopeSchema) })

export const newScopeSchema = z.object({ scope: scopeNameSchema, title: titleSchema, labels: labelsSchema.default({}) })
export const scopeChangeSchema = z
  .object({ title: titleSchema.optional(), labels: labelsSchema.optional() })
  .refine((change) => change.title !== undefined || change.labels !== undefined, { error: 'Give a title or labels.' })
export const scopeParamsSchema = z.object({ scope: scopeNameSchema })
/** `moved` assets changed their scope by this. */
export const scopeReplySchema = z.object({ scope: scopeSchema, moved: z.int().nonnegative() })

/** The scopes that whoever asks may work in, by name, with what to call them. */
export const ownScopesReplySchema = z.object({ items: z.array(z.object({ scope: z.string(), title: z.string() })) })
