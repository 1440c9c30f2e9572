import { z } from 'zod'

/** Settings of a file tail. Sizes are bytes, times milliseconds. */
export const fileConfig = z
  .object({
    /** Absolute paths or globs (`/var/log/nginx/*.log`). */
    paths: z.array(z.string().min(1).max(1024)).min(1).max(64),
    /** Where to begin in a file that already had content when it was first seen. Later files are read from their start. */
    startAt: z.enum(['beginning', 'end']).default('beginning'),
    pollMs: z.int().min(20).max(60_000).default(250),
    /** A rotated file is read on until it has been quiet this long: writers keep it open until they are told. */
    rotatedMs: z.int().min(20).max(3_600_000).default(30_000),
    maxLineBytes: z.int().min(1024).max(16_777_216).default(1_048_576),
  })
  .strict()
export type FileConfig = z.infer<typeof fileConfig>
