import { BODY_LIMITS, type BodyLimits, type IngestBody, type SplitBody } from './body.ts'
import { splitBulk } from './bulk.ts'
import { splitLines } from './lines.ts'

/** Takes any body apart; runs in the writer's thread. @throws KanpekiError `too_many_records`. */
export function splitBody(input: IngestBody, limits: BodyLimits = BODY_LIMITS): SplitBody {
  return input.format === 'bulk' ? splitBulk(input, limits) : splitLines(input, limits)
}
