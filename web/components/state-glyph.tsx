import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** Met, near its limit, missed, without evidence. Shape and word say it; colour only repeats it. */
export type GlyphState = 'met' | 'risk' | 'miss' | 'gone'

const SHAPES: Readonly<Record<GlyphState, ReactNode>> = {
  met: (
    <>
      <circle cx="7" cy="7" r="5.6" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="m4.5 7.2 1.8 1.8 3.3-3.8" fill="none" stroke="currentColor" strokeWidth="1.3" />
    </>
  ),
  risk: (
    <>
      <path d="M7 1.8 12.8 12H1.2z" fill="none" stroke="currentColor" strokeWidth="1.2" strokeLinejoin="round" />
      <path d="M7 5.5v3M7 10.2v.01" stroke="currentColor" strokeWidth="1.3" strokeLinecap="round" />
    </>
  ),
  miss: (
    <>
      <rect x="1.3" y="1.3" width="11.4" height="11.4" rx="1.5" fill="currentColor" />
      <path d="m4.5 4.5 5 5M9.5 4.5l-5 5" stroke="var(--paper-sheet)" strokeWidth="1.4" />
    </>
  ),
  gone: (
    <>
      <circle cx="7" cy="7" r="5.6" fill="var(--paper-sheet)" stroke="currentColor" strokeWidth="1.2" strokeDasharray="2 1.8" />
      <path
        d="M5.5 5.7c0-2 3-2 3 0 0 1.1-1.5 1.2-1.5 2.3M7 9.900v.01"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.2"
        strokeLinecap="round"
      />
    </>
  ),
}

/** `silent` leaves the word out where the text beside it already says it. */
export function StateGlyph({ state, silent = false }: { state: GlyphState; silent?: boolean }): ReactNode {
  const { t } = useTranslation()
  return (
    <span className={`st ${state}`}>
      <svg viewBox="0 0 14 14" aria-hidden="true">
        {SHAPES[state]}
      </svg>
      {silent ? null : <span className="sr">{t(`state.${state}`)}</span>}
    </span>
  )
}
