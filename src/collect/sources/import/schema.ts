import { z } from 'zod'

/** Settings of a one-shot import. Sizes are bytes. */
export const importConfig = z
  .object({
    /** Files in the order to read them; `.gz` is found by its first bytes, not by its name. */
    paths: z.array(z.string().min(1).max(1024)).min(1).max(1000),
    maxRecordBytes: z.int().min(1024).max(16_777_216).default(1_048_576),
  })
  .strict()
export type ImportConfig = z.infer<typeof importConfig>
