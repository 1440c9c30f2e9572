import type { ReactNode } from 'react'

const TICKS = 61

/** Validity as a ruler: days behind in ink, days ahead pale, today a line. `done` is the share that has passed, 0 to 1. */
export function Ruler({ done, struck = false }: { done: number; struck?: boolean }): ReactNode {
  const today = Math.min(1, Math.max(0, done))
  return (
    <svg className="ruler" viewBox="0 0 400 13" preserveAspectRatio="none" aria-hidden="true">
      {Array.from({ length: TICKS }, (_, index) => {
        const share = index / (TICKS - 1)
        const past = share <= today
        return (
          <path
            key={index}
            d={`M${(2 + share * 396).toFixed(1)} 13V${index % 5 === 0 ? 4.5 : 8.5}`}
            stroke={past ? 'currentColor' : 'var(--ink-4)'}
            opacity={past ? 1 : 0.55}
          />
        )
      })}
      {struck ? (
        <path d="M0 7.500H400M0 10.500H400" stroke="var(--shu-text)" />
      ) : (
        <path d={`M${(2 + today * 396).toFixed(1)} 0v13`} stroke="var(--ink-1)" strokeWidth="2" />
      )}
    </svg>
  )
}
