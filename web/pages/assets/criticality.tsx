import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Criticality } from '../../../src/access/assets/schema.ts'

const WEIGHT = { critical: 's1', high: 's2', medium: 's3', low: 's5' } as const

/** How much an asset matters: a word whose weight of ink follows it. */
export function CriticalityTag({ criticality }: { criticality: Criticality }): ReactNode {
  const { t } = useTranslation('assets')
  return (
    <span className={`sev ${WEIGHT[criticality]}`}>
      <i aria-hidden="true">
        <b />
        <b />
        <b />
        <b />
      </i>
      {t(`criticality.${criticality}`)}
    </span>
  )
}
