import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type ReviewView, reviewSchema } from '../../../../src/access/reviews/schema.ts'
import { call } from '../../../api/client.ts'
import { reviewsQuery } from '../../../api/house-queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { SettingsHead } from '../settings-page.tsx'
import { PastReviews } from './past-reviews.tsx'
import { ReviewItems } from './review-items.tsx'

const route = getRouteApi('/house/settings/review')

/** Each quarter everyone’s access is looked at by somebody else: keep, change, remove. What is open, and what was. */
export function ReviewPage(): ReactNode {
  const { t } = useTranslation('review')
  const may = useMay()
  const client = useQueryClient()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/settings/review' })
  const { data, error, refetch } = useQuery(reviewsQuery)
  const reviews = data?.items ?? []
  const running = reviews.filter(({ state }) => state === 'open')
  const chosen = reviews.find(({ id }) => id === search.review) ?? running[0]
  const show = (review: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, review, show: undefined }) })
  const open = useMutation({
    mutationFn: () => call(reviewSchema, '/api/v1/reviews', { method: 'POST' }),
    onSuccess: async (review) => {
      await client.invalidateQueries({ queryKey: ['reviews'] })
      show(review.id)
    },
  })
  return (
    <>
      <SettingsHead title={t('title')} lead={t('lead')}>
        {may('access:write') ? (
          <DeedButton type="button" className="btn" busy={open.isPending} onClick={() => open.mutate()}>
            <Icon name="plus" />
            {t('open')}
          </DeedButton>
        ) : null}
      </SettingsHead>
      <div className="stack">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {open.error === null ? null : <ProblemNote error={open.error} />}
        {data !== undefined && chosen === undefined ? (
          <section className="sheet empty add-first">
            <h2>{t('emptyTitle')}</h2>
            <p>{t('emptyText')}</p>
          </section>
        ) : null}
        {chosen === undefined ? null : (
          <section className="sheet" aria-labelledby="review">
            <ReviewHead review={chosen} />
            <ReviewItems
              key={chosen.id}
              review={chosen}
              show={search.show ?? (chosen.state === 'open' ? 'waiting' : 'all')}
              onShow={(next) => void navigate({ search: (before) => ({ ...before, show: next }), replace: true })}
            />
          </section>
        )}
        {reviews.length > 1 || reviews.some(({ state }) => state === 'finished') ? (
          <PastReviews reviews={reviews} open={chosen?.id} onOpen={show} />
        ) : null}
      </div>
    </>
  )
}

function ReviewHead({ review }: { review: ReviewView }): ReactNode {
  const { t } = useTranslation('review')
  const format = useFormat()
  const { totals } = review
  return (
    <div className="review-h">
      <div className="grow">
        <h2 id="review">{t('name', { name: review.name })}</h2>
        <p className="ink2">
          {review.openedBy === null
            ? t('openedByQuarter', { day: format.date(review.opened) })
            : t('openedBy', { day: format.date(review.opened), name: review.openedBy })}
        </p>
        <p className="row">
          {review.state === 'finished' || review.overdue ? (
            <StateGlyph state={review.state === 'finished' ? 'met' : 'risk'} silent />
          ) : null}
          {review.state === 'finished' && review.finished !== null
            ? t('finished', { day: format.date(review.finished) })
            : t(review.overdue ? 'overdue' : 'due', { day: format.date(review.due) })}
        </p>
      </div>
      <div className="review-n">
        <div className="fig num">
          {format.count(totals.decided)}
          <small>/ {format.count(totals.items)}</small>
        </div>
        <svg className="sevbar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={t('progress', totals)}>
          <rect className="track" width="100" height="8" />
          <rect className="fill" width={totals.items === 0 ? 100 : (100 * totals.decided) / totals.items} height="8" />
        </svg>
        <p className="label num">{t('split', totals)}</p>
      </div>
    </div>
  )
}
