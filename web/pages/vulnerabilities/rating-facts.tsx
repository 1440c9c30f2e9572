import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { useFormat } from '../../components/use-format.ts'

/** What was published, and who says what of it here. */
export function RatingFacts({ finding: { rating } }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('cvss')
  const format = useFormat()
  const { published, own, environment } = rating
  if (own === null && environment === null) return null
  return (
    <dl className="pairs">
      <dt>{t('published')}</dt>
      <dd>
        {published.vector === null || published.score === null ? (
          t('noPublished')
        ) : (
          <code>{t('publishedAs', { vector: published.vector, score: published.score.toFixed(1) })}</code>
        )}
      </dd>
      {own === null ? null : (
        <>
          <dt>{t('edit')}</dt>
          <dd>{t('own', { by: own.by, at: format.dateTime(own.at), reason: own.reason })}</dd>
        </>
      )}
      {environment === null ? null : (
        <>
          <dt>{t('group.environmental')}</dt>
          <dd>
            {t('environmentSaid', {
              metrics: environment.vector,
              by: environment.by,
              at: format.dateTime(environment.at),
              reason: environment.reason,
            })}
          </dd>
        </>
      )}
    </dl>
  )
}
