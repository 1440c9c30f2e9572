import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AlertDetail } from '../../../src/detect/schema.ts'
import { SeverityTag } from '../../components/severity.tsx'
import { useFormat } from '../../components/use-format.ts'

/** What the findings about the entity add up to, as a sum that can be checked: every factor of every part is shown. */
export function RiskSum({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const format = useFormat()
  const { points, threshold, halfLifeDays, parts, otherParts } = alert.risk
  if (parts.length === 0) return null
  const heaviest = Math.max(...parts.map((part) => part.points), 1)
  return (
    <div className="sec">
      <h3>
        {t('risk.title', { entity: alert.entity.name })}
        <span className="label num">
          {t('risk.sub', { points: format.decimal(points, 1), threshold: format.count(threshold), days: halfLifeDays })}
        </span>
      </h3>
      <table className="risk">
        <thead>
          <tr>
            <th scope="col">{t('risk.finding')}</th>
            <th scope="col" className="r">
              {t('risk.severity')}
            </th>
            <th scope="col" className="r">
              {t('risk.asset')}
            </th>
            <th scope="col" className="r">
              {t('risk.right')}
            </th>
            <th scope="col" className="r">
              {t('risk.repeat')}
            </th>
            <th scope="col" className="r">
              {t('risk.age')}
            </th>
            <th scope="col" className="r">
              {t('risk.points')}
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.alertId} className={part.alertId === alert.id ? 'this' : ''}>
              <td>
                <SeverityTag severity={part.severity} />{' '}
                <Link to="/triage" search={(before) => ({ ...before, alert: part.alertId })}>
                  {format.text({ en: part.title, ja: part.titleJa })}
                </Link>
              </td>
              <td className="r num">{format.count(part.severityPoints)}</td>
              <td className="r num" title={part.criticality === null ? t('risk.unknownAsset') : part.criticality}>
                ×{format.decimal(part.criticalityFactor, 1)}
              </td>
              <td className="r num">×{format.decimal(part.confidence, 2)}</td>
              <td className="r num">×{format.decimal(part.repeatFactor, 2)}</td>
              <td className="r num">×{format.decimal(part.ageFactor, 2)}</td>
              <td className="r num">
                <svg className="risk-bar" width={Math.round((part.points / heaviest) * 48)} height={7} aria-hidden="true" />
                <b>{format.decimal(part.points, 1)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {otherParts === 0 ? null : <p className="label">{t('risk.others', { count: otherParts })}</p>}
    </div>
  )
}
