import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { EntrySummaryView } from '../../../src/prove/schema.ts'
import { useFormat } from '../../components/use-format.ts'

const PLACES = [6, 270, 530] as const

/** Observed, received, logged: three clocks and the time between them; one that runs backwards is said. */
export function Clocks({ entry }: { entry: EntrySummaryView }): ReactNode {
  const { t } = useTranslation('evidence')
  const format = useFormat()
  const clocks = [
    { name: t('clock.observed'), at: entry.observed, note: t('clock.observedNote') },
    { name: t('clock.received'), at: entry.received, note: t('clock.receivedNote') },
    { name: t('clock.logged'), at: entry.logged, note: t('clock.loggedNote', { index: format.count(entry.index) }) },
  ]
  return (
    <svg
      className="times"
      viewBox="0 0 760 80"
      role="img"
      aria-label={clocks.map((clock) => `${clock.name} ${format.exact(clock.at)}`).join(', ')}
    >
      <path d="M6 14H530" stroke="var(--ink-1)" strokeWidth="1.2" />
      {clocks.map((clock, index) => {
        const x = PLACES[index] ?? 0
        const next = clocks[index + 1]
        const step = next === undefined ? undefined : Date.parse(next.at) - Date.parse(clock.at)
        const middle = (x + (PLACES[index + 1] ?? x)) / 2
        return (
          <g key={clock.name}>
            {step === undefined ? null : (
              <>
                <rect x={middle - 46} y="4" width="92" height="20" fill="var(--paper-raised)" />
                <text className="s" x={middle} y="18" textAnchor="middle">
                  {format.step(step)}
                </text>
              </>
            )}
            <circle cx={x} cy="14" r="5" fill="var(--paper-raised)" stroke="var(--ink-1)" strokeWidth="1.8" />
            <text x={x - 5} y="40" fontWeight="600">
              {clock.name}
            </text>
            <text x={x - 5} y="57">
              {format.exact(clock.at)}
            </text>
            <text className="s" x={x - 5} y="74">
              {clock.note}
            </text>
          </g>
        )
      })}
    </svg>
  )
}
