import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { signalView } from '../../../src/detect/behaviour/schema.ts'
import type { AlertDetail } from '../../../src/detect/schema.ts'
import { Signals } from '../../components/behaviour/signals.tsx'
import { useFormat } from '../../components/use-format.ts'

/** What an alert about behaviour rests on; undefined for every other alert. */
export function behaviourOf({ fields }: Pick<AlertDetail, 'fields'>) {
  const parsed = signalView.array().safeParse(fields['behaviour.signals'])
  return parsed.success ? parsed.data : undefined
}

/** Why behaviour is odd: the signals in words with their charts, instead of conditions and fields. */
export function BehaviourWhy({
  alert,
  signals,
}: {
  alert: AlertDetail
  signals: NonNullable<ReturnType<typeof behaviourOf>>
}): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  const figure = (field: string): number => Number(alert.fields[field] ?? 0)
  const { kind, name } = alert.entity
  return (
    <div className="sec">
      <h3>
        {t('why')}
        <span className="label">
          {t('whyLabel', {
            score: format.decimal(figure('behaviour.score'), 1),
            bar: format.decimal(figure('behaviour.bar'), 1),
            days: figure('behaviour.days'),
          })}
        </span>
        {kind === 'user' || kind === 'host' ? (
          <Link to="/behaviour" search={{ kind, name }}>
            {t('open', { name })}
          </Link>
        ) : null}
      </h3>
      <Signals signals={signals} />
    </div>
  )
}
