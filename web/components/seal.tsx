import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { BadgeState } from '../../src/kernel/measure.ts'
import { StateGlyph } from './state-glyph.tsx'

const EDGE =
  'M6.500 3.200 22 2.600l18 .5 17.200-.3c2.600.1 4 1.600 4.100 4l-.4 16 .5 17.500-.4 17c-.2 2.700-1.600 4-4.200 4.100L40 61l-17.500.6-15.600-.5C4.300 61 3 59.600 2.800 57.200L3.200 40l-.5-18 .4-15C3.200 4.500 4.300 3.300 6.500 3.200z'
/** 完璧 as a seal is cut: two columns, read from the right. */
const KANPEKI =
  'M8 36.500V10h10v6.500H8M11.500 22h6.500v9.500h-6.500zM25 8v4.500M20.500 12.500h9M22.800 15.200v4M27.200 15.200v4M20.500 22h9M21 28h8M25 22v14.500M8.500 41h20.500M10.500 47.800h16.500M8 55h21.500M18.700 41v14M23.500 50.500l1.800 1.800M45.500 8.500v5M35.500 20v-6.500h20V20M39 24.500h13M35.500 31h20M41.500 31v18h-6.500v6.500M49.500 31v24.500h6.500v-6'
/** 完 alone, for sizes below 32 px. */
const KAN = 'M32 9v8M13 27V17h38v10M20 26h24M14 37h36M25 37v9c0 5-4 8-11 9M39 37v18h12v-7'

/** The mark of the house beside its name. */
export function BrandMark(): ReactNode {
  return (
    <svg width="24" height="24" viewBox="0 0 64 64" aria-hidden="true">
      <path d={EDGE} fill="var(--shu-seal)" />
      <path d={KAN} stroke="var(--on-shu)" strokeWidth="4.4" fill="none" />
    </svg>
  )
}

/** The whole seal, filled: for sign-in and other first impressions. */
export function FullSeal({ size }: { size: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true">
      {FIGURES.held}
    </svg>
  )
}

const STRUCK = (
  <>
    <g opacity=".5">
      <path d={EDGE} fill="none" stroke="var(--shu-seal)" strokeWidth="1.6" />
      <path d={KANPEKI} stroke="var(--shu-seal)" strokeWidth="1.9" fill="none" />
    </g>
    <path className="strike" d="M-1 40.500 65 16M-1 47.500 65 23" stroke="var(--shu-text)" strokeWidth="2" />
  </>
)

const FIGURES: Readonly<Record<BadgeState, ReactNode>> = {
  held: (
    <>
      <path d={EDGE} fill="var(--shu-seal)" />
      <path d={KANPEKI} stroke="var(--on-shu)" strokeWidth="2.5" fill="none" strokeLinejoin="round" />
    </>
  ),
  'at-risk': (
    <>
      <path d={EDGE} fill="none" stroke="var(--shu-seal)" strokeWidth="2.4" />
      <path d={KANPEKI} stroke="var(--shu-seal)" strokeWidth="2.3" fill="none" strokeLinejoin="round" />
    </>
  ),
  withdrawn: STRUCK,
  expired: STRUCK,
  draft: (
    <>
      <rect
        x="4"
        y="4"
        width="56"
        height="56"
        rx="4"
        fill="none"
        stroke="var(--line-3)"
        strokeWidth="1.3"
        strokeDasharray="3 4"
      />
      <circle cx="32" cy="32" r="13" fill="none" stroke="var(--ink-4)" strokeWidth="1.2" />
      <text x="32" y="37.5" textAnchor="middle" fontSize="15" fill="var(--ink-3)" fontFamily="var(--font-display)">
        印
      </text>
    </>
  ),
}

const CLASS: Readonly<Record<BadgeState, string>> = {
  held: 'held',
  'at-risk': 'risk',
  withdrawn: 'void',
  expired: 'void',
  draft: 'blank',
}

/** A card's seal with its word. `earned` stamps it and `struck` cancels it once, when that has just happened. */
export function Seal({
  state,
  word,
  earned = false,
  struck = false,
}: {
  state: BadgeState
  word: string
  earned?: boolean
  struck?: boolean
}): ReactNode {
  return (
    <div className={`seal ${CLASS[state]}${earned ? ' earned' : ''}${struck ? ' struck' : ''}`}>
      <svg viewBox="0 0 64 64" aria-hidden="true" overflow="visible">
        {FIGURES[state]}
      </svg>
      <span>
        {state === 'at-risk' ? <StateGlyph state="risk" silent /> : null}
        <span>{word}</span>
      </span>
    </div>
  )
}

/** Thirteen pixels of seal, for counts in a row. */
export function SealDot({ state }: { state: BadgeState }): ReactNode {
  const { t } = useTranslation('declarations')
  const label = t(`badge.${state}`)
  return (
    <svg width="13" height="13" viewBox="0 0 64 64" role="img" aria-label={label}>
      <title>{label}</title>
      {state === 'held' ? <path d={EDGE} fill="var(--shu-seal)" /> : null}
      {state === 'at-risk' ? <path d={EDGE} fill="none" stroke="var(--shu-seal)" strokeWidth="7" /> : null}
      {state === 'withdrawn' || state === 'expired' ? (
        <>
          <path d={EDGE} fill="none" stroke="var(--line-3)" strokeWidth="5" />
          <path d="M0 42 64 14" stroke="var(--shu-text)" strokeWidth="7" />
        </>
      ) : null}
      {state === 'draft' ? <path d={EDGE} fill="none" stroke="var(--line-3)" strokeWidth="5" strokeDasharray="9 9" /> : null}
    </svg>
  )
}
