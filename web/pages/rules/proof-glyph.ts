import type { ProofState } from '../../../src/detect/scenarios/schema.ts'
import type { GlyphState } from '../../components/state-glyph.tsx'

const GLYPHS: Readonly<Record<ProofState, GlyphState>> = {
  passed: 'met',
  failed: 'miss',
  stale: 'risk',
  unknown: 'gone',
  never: 'gone',
}

export function glyphOfProof(state: ProofState): GlyphState {
  return GLYPHS[state]
}
