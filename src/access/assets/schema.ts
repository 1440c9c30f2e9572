import { z } from 'zod'
import { labelsSchema } from '../scopes/schema.ts'

export const CRITICALITIES = ['low', 'medium', 'high', 'critical'] as const
export type Criticality = (typeof CRITICALITIES)[number]

/** Host names, addresses and cloud ids; compared without case. */
const names = z
  .array(z.string().trim().min(1).max(253))
  .min(1, { error: 'At least one name or address is needed.' })
  .max(64, { error: 'At most 64 names.' })
const owner = z.string().trim().min(1).max(120)

export const assetSchema = z.object({
  id: z.string(),
  /** The scope that its events go to and whose people see it. */
  scope: z.string(),
  /** It belongs to this scope by its labels; its names and those labels are kept by the installation's administrators. */
  assigned: z.boolean(),
  names: z.array(z.string()),
  labels: labelsSchema,
  criticality: z.enum(CRITICALITIES),
  owner: z.string().nullable(),
  created: z.iso.datetime({ precision: 3 }),
  updated: z.iso.datetime({ precision: 3 }),
})
export type AssetView = z.infer<typeof assetSchema>

export const assetsQuerySchema = z.object({
  /** Words that must all occur in names, labels or owner. */
  q: z.string().max(200).default(''),
  criticality: z.enum(CRITICALITIES).optional(),
  cursor: z.string().max(400).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
/** By name; `next` is null on the last page; `total` counts every match. */
export const assetsPageSchema = z.object({ items: z.array(assetSchema), next: z.string().nullable(), total: z.int() })
export type AssetsPage = z.infer<typeof assetsPageSchema>

export const newAssetSchema = z.object({
  names,
  labels: labelsSchema.default({}),
  criticality: z.enum(CRITICALITIES).default('medium'),
  owner: owner.nullable().default(null),
})
export type NewAsset = z.infer<typeof newAssetSchema>
export const assetChangeSchema = z
  .object({
    names: names.optional(),
    labels: labelsSchema.optional(),
    criticality: z.enum(CRITICALITIES).optional(),
    owner: owner.nullable().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), { error: 'Nothing is to be changed.' })
export type AssetChange = z.infer<typeof assetChangeSchema>
export const assetParamsSchema = z.object({ id: z.uuid() })

export const IMPORT_BYTES = 4 * 1024 * 1024
export const IMPORT_ROWS = 10_000
/**
 * CSV with a header line (`names`, `labels`, `criticality`, `owner`; several names or `key=value` labels in one cell stand
 * apart by `;`), or a JSON array of objects with these keys. A row whose first name is an asset's already changes that asset.
 */
export const importSchema = z.object({
  format: z.enum(['csv', 'json']),
  text: z.string().min(1).max(IMPORT_BYTES),
  /** Only says what would be done. */
  dryRun: z.boolean().default(false),
})
export type ImportRequest = z.infer<typeof importSchema>
/** Rows count from 1, the header not among them. Rows with errors are left out; the others are taken. */
export const importReplySchema = z.object({
  rows: z.int(),
  created: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  errors: z.array(z.object({ row: z.int(), code: z.string(), message: z.string() })),
  /** More rows had errors than are listed. */
  errorsLeftOut: z.int(),
})
export type ImportReply = z.infer<typeof importReplySchema>
