import { z } from 'zod'
import { UNITS } from '../../kernel/measure.ts'
import { bilingual, COMPARATORS, evidenceRef, OBJECTIVE_KINDS } from '../schema.ts'

/** What a person must know of a measure before promising anything with it. */
export const about = z.object({
  /** What exactly is counted. */
  definition: bilingual,
  /** Where it comes from. */
  source: bilingual,
  /** How old its figures may be, and what makes them stale. */
  freshness: bilingual,
  /** What stands in the ledger for it, so that somebody else can check. */
  proof: bilingual,
  /** Parameters that a card may give. */
  params: z.array(z.object({ name: z.string(), meaning: bilingual })),
})
export type About = z.infer<typeof about>

/** A promise as it is usually made, ready for a card. */
export const usual = z.object({
  comparator: z.enum(COMPARATORS),
  target: z.number(),
  window: z.string(),
  maxEvidenceAge: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.array(z.int()), z.array(z.string())])),
})
export type Usual = z.infer<typeof usual>

/** A figure that no room can supply yet: how its series is named and what to give, so that a card is complete on day one. */
export const template = z.object({
  /** The name of the series. */
  series: z.string(),
  unit: z.enum(UNITS),
  title: bilingual,
  definition: bilingual,
  /** Where such figures usually are. */
  source: bilingual,
  /** The measure that a card names, with `params`. */
  measure: z.string(),
  usual,
})
export type Template = z.infer<typeof template>

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
