import { z } from 'zod'
import { UNITS } from '../../kernel/measure.ts'
import { bilingual, evidenceRef, OBJECTIVE_KINDS } from '../schema.ts'
import { about, template, usual } from './entry.ts'

/** A measure as the catalogue shows it. */
export const measureInfo = z.object({
  id: z.string(),
  unit: z.enum(UNITS),
  title: bilingual,
  /** Null for a measure that nothing is written of. */
  about: about.nullable(),
  usual: usual.nullable(),
  /** Objectives of this scope's cards that use it, with their newest reading in the ledger. */
  used: z.array(
    z.object({
      card: z.string(),
      objective: z.string(),
      kind: z.enum(OBJECTIVE_KINDS),
      title: bilingual,
      value: z.number().nullable(),
      measuredAt: z.iso.datetime({ precision: 3 }).nullable(),
      evidence: evidenceRef.nullable(),
    }),
  ),
})
export type MeasureInfo = z.infer<typeof measureInfo>

export const templateInfo = template.extend({
  /** Whether the series is there in this scope. */
  made: z.boolean(),
})
export type TemplateInfo = z.infer<typeof templateInfo>

export const measuresResponse = z.object({ measures: z.array(measureInfo), templates: z.array(templateInfo) })
