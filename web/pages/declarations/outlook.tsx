import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ObjectiveView } from '../../../src/declare/schema.ts'
import { ShareBar } from '../../components/figures/share-bar.tsx'
import { useFormat } from '../../components/use-format.ts'

/** One line under an objective on the wall, only where something is about to be lost. */
export function ShortOutlook({ objective }: { objective: ObjectiveView }): ReactNode {
  const format = useFormat()
  const next = objective.outlook.forecasts.find(({ kind }) => kind === 'lost' || kind === 'withdrawn')
  return next === undefined ? null : <span className="obj-note ahead">{format.text(next.text)}</span>
}

/** What is left of the budget, how fast it goes, how the window was, and where the figures lead: in words and small bars. */
export function FullOutlook({ objective, now }: { objective: ObjectiveView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const { budget, burn, shares, known, forecasts } = objective.outlook
  const sharesText =
    shares === null
      ? undefined
      : t('outlook.shares', {
          age: format.age(shares.since, now),
          met: format.percent(shares.met),
          unmet: format.percent(shares.unmet),
          unproven: format.percent(shares.unproven),
        })
  return (
    <div className="obj-note outlook">
      {forecasts.map(({ kind, text }) => (
        <p key={kind} className={kind === 'lost' || kind === 'withdrawn' ? 'ahead' : undefined}>
          {format.text(text)}
        </p>
      ))}
      {budget === null ? null : (
        <p>
          <ShareBar met={budget.left} missed={0} gone={0} label={t('outlook.left', { left: format.percent(budget.left) })} />
          <span>
            {budget.total === 0
              ? t('outlook.none')
              : t(`outlook.${budget.kind}`, {
                  left: format.percent(budget.left),
                  used: spent(budget.kind, budget.used),
                  total: spent(budget.kind, budget.total),
                })}
            {burn === null || burn.recent + burn.window === 0 ? null : (
              <>
                {' '}
                <span className={burn.recent > 1 ? 'ahead' : undefined}>
                  {t('outlook.burn', { recent: format.decimal(burn.recent, 1), window: format.decimal(burn.window, 1) })}
                </span>
              </>
            )}
          </span>
        </p>
      )}
      {shares === null || sharesText === undefined ? null : (
        <p>
          <ShareBar met={shares.met} missed={shares.unmet} gone={shares.unproven} label={sharesText} />
          <span>{sharesText}</span>
        </p>
      )}
      {known === null || known === 100 ? null : (
        <p>{t('outlook.known', { known: format.percent(known), unknown: objective.unknown })}</p>
      )}
    </div>
  )

  function spent(kind: 'items' | 'time', amount: number): string {
    return kind === 'items' ? format.decimal(amount, 1) : format.duration(Math.round(amount / 1000))
  }
}
