import { z } from 'zod'

const time = z.iso.datetime({ precision: 3 })

/** A span relative to now (`15m`, `7d`, `5y`), or ends of its own, or neither. */
const what = {
  name: z.string().trim().min(1).max(120),
  query: z.string().max(4000),
  span: z
    .string()
    .regex(/^\d{1,3}[mhdy]$/)
    .nullable()
    .default(null),
  from: time.nullable().default(null),
  to: time.nullable().default(null),
}

export const newSearchSchema = z.strictObject({ ...what, shared: z.boolean().default(false) })
export type NewSearch = z.input<typeof newSearchSchema>

export const savedSearchSchema = z.object({
  id: z.string(),
  name: z.string(),
  query: z.string(),
  span: z.string().nullable(),
  from: time.nullable(),
  to: time.nullable(),
  shared: z.boolean(),
  owner: z.string(),
  /** Whether whoever asks may change it. */
  mine: z.boolean(),
  updated: time,
})
export type SavedSearch = z.infer<typeof savedSearchSchema>

export const savedSearchesSchema = z.object({ searches: z.array(savedSearchSchema) })
