import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ControlState } from '../../../src/declare/frameworks/schema.ts'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'

const GLYPHS: Readonly<Record<Exclude<ControlState, 'not-covered'>, GlyphState>> = {
  proven: 'met',
  'at-risk': 'risk',
  'not-proven': 'gone',
}

/** The state of a control or ground by shape; a dash where Kanpeki has nothing to say. */
export function ControlMark({ state }: { state: ControlState }): ReactNode {
  const { t } = useTranslation('frameworks')
  return (
    <span title={t(`state.${state}`)}>
      {state === 'not-covered' ? (
        <span className="dim" aria-hidden="true">
          –
        </span>
      ) : (
        <StateGlyph state={GLYPHS[state]} silent />
      )}
      <span className="sr">{t(`state.${state}`)}</span>
    </span>
  )
}
