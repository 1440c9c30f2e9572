import { z } from 'zod'

/** What the pipeline sets itself, and what identifies an event: never masked. */
export const OURS: ReadonlySet<string> = new Set(['@timestamp', 'event.id', 'event.ingested', 'kanpeki'])

const FIELD = /^(\*|[A-Za-z0-9@_-]+(\.[A-Za-z0-9@_-]+)*(\.\*)?)$/

/**
 * One rule a file. What it masks never reaches the disk: the lake, alerts and the ledger get the document as masked.
 * `fields`: dotted names, `name.*` for all below, `*` for every text and member name. Without `pattern` the whole value is
 * masked, and the same value is masked wherever else it stands in the document.
 */
export const maskingRule = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes'),
    title: z.string().min(1).max(200),
    ja: z.strictObject({ title: z.string().min(1).max(200) }).optional(),
    enabled: z.boolean().default(true),
    fields: z.array(z.string().regex(FIELD, 'a dotted name, name.* or *')).min(1).max(200),
    /** RE2 syntax: no look-around, no back references; always linear time. */
    pattern: z.string().min(1).max(1000).optional(),
    /** A text without one of these holds no match: looked for first, because it is quick. */
    contains: z.array(z.string().min(1).max(100)).max(20).optional(),
    /** Only matches whose digits pass this check are masked. */
    check: z.enum(['luhn']).optional(),
    /** What stands there instead; `$1` for groups is not known. */
    replace: z.string().max(100).optional(),
    /** Instead of a text a keyed hash: the same value gives the same hash in this installation, and nowhere else. */
    hash: z.literal(true).optional(),
  })
  .refine((rule) => (rule.replace === undefined) !== (rule.hash === undefined), { error: 'give either replace or hash' })
  .refine((rule) => !rule.fields.some((field) => OURS.has(field)), { error: `these cannot be masked: ${[...OURS].join(', ')}` })
  .refine((rule) => rule.pattern !== undefined || !rule.fields.includes('*'), { error: 'the field * needs a pattern' })
  .refine((rule) => rule.pattern !== undefined || (rule.contains === undefined && rule.check === undefined), {
    error: 'contains and check need a pattern',
  })
export type MaskingRule = z.infer<typeof maskingRule>

/** A file in the user's folder that only says whether one of our own rules is in force. */
export const maskingSwitch = z.strictObject({ id: maskingRule.shape.id, enabled: z.boolean() })

export const maskingView = z.object({
  rules: z.array(
    z.object({
      id: z.string(),
      title: z.object({ en: z.string(), ja: z.string() }),
      enabled: z.boolean(),
      fields: z.array(z.string()),
      hash: z.boolean(),
      /** Values masked in this scope since ever, and when last. */
      masked: z.int().nonnegative(),
      lastAt: z.iso.datetime().nullable(),
    }),
  ),
})
export type MaskingView = z.infer<typeof maskingView>
