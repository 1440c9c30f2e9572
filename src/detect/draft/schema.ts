import { z } from 'zod'
import { LEVELS } from '../../kernel/detection.ts'

export const draftBody = z.strictObject({
  title: z.string().trim().min(1).max(200),
  level: z.enum(LEVELS).default('medium'),
  query: z.string().max(4000),
})
export const draftReply = z.object({ yaml: z.string() })
