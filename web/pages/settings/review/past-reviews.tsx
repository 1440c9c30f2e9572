import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ReviewView } from '../../../../src/access/reviews/schema.ts'
import { withScope } from '../../../api/scope.ts'
import { CopyButton } from '../../../components/copy.tsx'
import { DeedsHead } from '../../../components/deeds-head.tsx'
import { useMay } from '../../../components/session.ts'
import { useFormat } from '../../../components/use-format.ts'

/** Reviews there were, newest first, each with its list as CSV and its entry in the ledger. */
export function PastReviews({
  reviews,
  open,
  onOpen,
}: {
  reviews: readonly ReviewView[]
  open: string | undefined
  onOpen: (id: string) => void
}): ReactNode {
  const { t } = useTranslation('review')
  const format = useFormat()
  const may = useMay()
  return (
    <section className="sheet" aria-labelledby="reviews">
      <div className="panel-h">
        <h2 id="reviews">{t('all')}</h2>
      </div>
      <table className="srcs">
        <thead>
          <tr>
            <th>{t('col.review')}</th>
            <th>{t('col.state')}</th>
            <th className="r">{t('keep')}</th>
            <th className="r">{t('change')}</th>
            <th className="r">{t('remove')}</th>
            <th className="x">{t('col.hash')}</th>
            <DeedsHead />
          </tr>
        </thead>
        <tbody>
          {reviews.map((review) => (
            <tr key={review.id} aria-selected={review.id === open} onClick={() => onOpen(review.id)}>
              <td>
                <button type="button" className="name" onClick={() => onOpen(review.id)}>
                  {review.name}
                </button>
              </td>
              <td className="num">
                {review.finished === null
                  ? t(review.overdue ? 'overdue' : 'due', { day: format.date(review.due) })
                  : t('finished', { day: format.date(review.finished) })}
              </td>
              <td className="r num">{format.count(review.totals.keep)}</td>
              <td className="r num">{format.count(review.totals.change)}</td>
              <td className="r num">{format.count(review.totals.remove)}</td>
              <td className="x">
                {review.hash === null ? null : (
                  <span className="row-copy">
                    <span className="mono" title={review.hash}>
                      {review.hash.slice(0, 12)}…
                    </span>
                    <CopyButton text={review.hash} />
                  </span>
                )}
              </td>
              <td className="r">
                <span className="row nw links">
                  {may('audit:read') ? (
                    <Link to="/audit" search={{ action: 'review.' }} onClick={(event) => event.stopPropagation()}>
                      {t('evidence')}
                    </Link>
                  ) : null}
                  <a
                    href={withScope(`/api/v1/reviews/${review.id}/export`)}
                    download
                    onClick={(event) => event.stopPropagation()}
                  >
                    {t('csv')}
                  </a>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
