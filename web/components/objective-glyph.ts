import type { ObjectiveView } from '../../src/declare/schema.ts'
import type { GlyphState } from './state-glyph.tsx'

/** An objective's state as the glyphs tell it. */
export function glyphOf(objective: Pick<ObjectiveView, 'state' | 'atRisk'>): GlyphState {
  if (objective.state === 'unmet') return 'miss'
  if (objective.state === 'unproven') return 'gone'
  return objective.atRisk ? 'risk' : 'met'
}
