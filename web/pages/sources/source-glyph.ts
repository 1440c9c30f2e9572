import type { SourceSummary } from '../../../src/collect/schema.ts'
import type { GlyphState } from '../../components/state-glyph.tsx'

export const SOURCE_WORDS = ['ok', 'waiting', 'silent', 'never', 'failed', 'stopped', 'starting', 'off'] as const
export type SourceWord = (typeof SOURCE_WORDS)[number]

/** One word for a source: what stops it first, then its silence. */
export function wordOf(source: Pick<SourceSummary, 'enabled' | 'state' | 'silence'>): SourceWord {
  if (!source.enabled) return 'off'
  if (source.state === 'failed' || source.state === 'stopped' || source.state === 'starting') return source.state
  if (source.silence === 'silent') return 'silent'
  if (source.state === 'waiting') return 'waiting'
  return source.silence === 'never' ? 'never' : 'ok'
}

/** Silence and failure are missing evidence, never green; a wait is a risk. */
export function glyphOfSource(word: SourceWord): GlyphState {
  if (word === 'ok') return 'met'
  if (word === 'waiting' || word === 'starting') return 'risk'
  return 'gone'
}

/** Mean events a second over the newest minutes of the series, the growing one left out. */
export function recentRate(received: readonly number[], minutes = 5): number {
  const whole = received.slice(0, -1).slice(-minutes)
  return whole.length === 0 ? 0 : whole.reduce((sum, count) => sum + count, 0) / (whole.length * 60)
}
