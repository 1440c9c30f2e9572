import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErasureView } from '../../../../src/app/erasure/schema.ts'
import { useFormat } from '../../../components/use-format.ts'

export function ErasureTable({ erasures }: { erasures: readonly ErasureView[] }): ReactNode {
  const { t } = useTranslation('keeping')
  const format = useFormat()
  if (erasures.length === 0) return <p className="dim">{t('erasure.none')}</p>
  return (
    <table className="srcs still">
      <thead>
        <tr>
          <th>{t('erasure.col.reason')}</th>
          <th className="x">{t('erasure.col.by')}</th>
          <th className="r">{t('erasure.col.events')}</th>
          <th className="r">{t('erasure.col.held')}</th>
          <th>{t('erasure.col.state')}</th>
        </tr>
      </thead>
      <tbody>
        {erasures.map(({ id, reason, by, created, events, held, state, finished }) => (
          <tr key={id}>
            <td className="named">
              <bdi>{reason}</bdi>
            </td>
            <td className="x">
              <bdi>{by}</bdi>
              <div className="label">{format.dateTime(created)}</div>
            </td>
            <td className="r num">{format.count(events)}</td>
            <td className="r num">{format.count(held)}</td>
            <td>
              {state === 'running' ? t('erasure.running') : t('erasure.done', { at: format.dateTime(finished ?? created) })}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
