import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ExceptionPreview } from '../../../src/detect/exceptions/schema.ts'
import { useFormat } from '../../components/use-format.ts'

const SHOWN = 8

/** What would have been missed: how much, what people had found it to be, and which alerts. */
export function Preview({ preview }: { preview: ExceptionPreview }): ReactNode {
  const { t } = useTranslation('exceptions')
  const { t: triage } = useTranslation('triage')
  const format = useFormat()
  const { alerts, days, hidden, smaller, verdicts, techniquesLost, list, partly } = preview
  if (alerts === 0) return <p className="dim">{t('preview.nothing', { days })}</p>
  return (
    <div className="stack">
      <p>
        <b>{t('preview.hidden', { hidden, alerts, days })}</b> {smaller === 0 ? null : t('preview.smaller', { count: smaller })}
      </p>
      {verdicts.true === 0 ? null : (
        <p className="note-missed" role="alert">
          <b>{t('preview.missed', { count: verdicts.true })}</b>
        </p>
      )}
      {hidden === 0 ? null : (
        <p className="label num">
          {t('preview.verdicts', { expected: verdicts.expected, false: verdicts.false, open: verdicts.open })}
        </p>
      )}
      {techniquesLost.length === 0 ? null : (
        <p>
          {t('preview.techniques')} <span className="mono">{techniquesLost.join(' ')}</span>
        </p>
      )}
      {partly === 0 ? null : <p className="label">{t('preview.partly', { count: partly })}</p>}
      {list.length === 0 ? null : (
        <ul className="rows boxed">
          {list.slice(0, SHOWN).map((alert) => (
            <li key={alert.id}>
              <Link className="grow" to="/triage" search={{ alert: alert.id }} target="_blank">
                {alert.entity}
              </Link>
              <span className="chip">{alert.verdict === null ? t('preview.open') : triage(`verdict.${alert.verdict}`)}</span>
              <span className="num dim">×{format.count(alert.count)}</span>
              <time className="num dim">{format.dateTime(alert.raisedAt)}</time>
            </li>
          ))}
          {hidden > SHOWN ? <li className="dim">{t('preview.more', { count: hidden - SHOWN })}</li> : null}
        </ul>
      )}
    </div>
  )
}
