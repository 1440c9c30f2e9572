import { z } from 'zod'
import { manyLines, oneLine } from './plain-text.ts'

const MARK = '[Kanpeki]'

/** A title on one line. With what is put before it, no spreadsheet takes it for a formula, wherever it is exported to. */
export const titleInput = z
  .string()
  .min(1)
  .max(10_000)
  .transform((text) => `${MARK} ${oneLine(text, 180).replace(MARK, '').trimStart()}`)
export const textInput = z
  .string()
  .max(100_000)
  .default('')
  .transform((text) => manyLines(text, 20_000))
export const severityInput = z.coerce
  .number()
  .pipe(z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]))
  .default(3)
