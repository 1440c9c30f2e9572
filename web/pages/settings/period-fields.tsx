import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** A span of the ledger in days, UTC, as date fields give them; the last day is not part of it, `''` is open. */
export interface PeriodDays {
  readonly from: string
  readonly to: string
}

export const NO_PERIOD: PeriodDays = { from: '', to: '' }

/** As the API takes it: the first moments of both days. */
export function periodOfDays({ from, to }: PeriodDays): { from: string | null; to: string | null } {
  return { from: dayBegins(from), to: dayBegins(to) }
}

export function daysOfPeriod(period: { from: string | null; to: string | null } | null): PeriodDays {
  return { from: period?.from?.slice(0, 10) ?? '', to: period?.to?.slice(0, 10) ?? '' }
}

function dayBegins(day: string): string | null {
  return day === '' ? null : `${day}T00:00:00.000Z`
}

/** What an outside auditor may read of the ledger. */
export function PeriodFields({ days, onChange }: { days: PeriodDays; onChange: (days: PeriodDays) => void }): ReactNode {
  const { t } = useTranslation('settings')
  const { from, to } = days
  return (
    <>
      <label className="field" title={t('tokens.periodHint')}>
        <span>{t('tokens.periodFrom')}</span>
        <input
          className="input"
          type="date"
          value={from}
          max={to}
          onChange={(event) => onChange({ from: event.target.value, to })}
        />
      </label>
      <label className="field" title={t('tokens.periodHint')}>
        <span>{t('tokens.periodTo')}</span>
        <input
          className="input"
          type="date"
          value={to}
          min={from}
          onChange={(event) => onChange({ from, to: event.target.value })}
        />
      </label>
    </>
  )
}
