import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ReviewView } from '../../../src/app/weekly/schema.ts'
import { reviewQuery } from '../../api/queries.ts'
import { withScope } from '../../api/scope.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { Panel } from '../settings/panel.tsx'
import { Changed } from './changed.tsx'
import { DecideList } from './decide-list.tsx'
import { HoldForm } from './hold-form.tsx'
import { ItemLine } from './item-line.tsx'
import { ReviewMailDrawer } from './mail-drawer.tsx'

const route = getRouteApi('/house/review')

/** The weekly ten minutes: what changed, what is at risk, what to decide. */
export function WeeklyReviewPage(): ReactNode {
  const { t } = useTranslation('weekly')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { week } = route.useSearch()
  const { data, error, refetch } = useQuery(reviewQuery(week))
  const [mailing, setMailing] = useState(false)
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.review')}</h1>
          <p>{t('lead')}</p>
        </div>
        <button type="button" className="btn" aria-haspopup="dialog" onClick={() => setMailing(true)}>
          <Icon name="send" />
          {t('mail.open')}
        </button>
        {data === undefined ? null : (
          <a
            className="btn"
            href={withScope(`/api/v1/review/report?week=${data.week}&language=${format.lang}`)}
            target="_blank"
            rel="noreferrer"
          >
            <Icon name="download" />
            PDF
          </a>
        )}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : <Review view={data} />}
      {mailing ? <ReviewMailDrawer onClose={() => setMailing(false)} /> : null}
    </main>
  )
}

function Review({ view }: { view: ReviewView }): ReactNode {
  const { t } = useTranslation('weekly')
  const may = useMay()
  const decides = view.current && may('cards:write')
  return (
    <>
      <WeekLine view={view} />
      <Tiles view={view} />
      <div className="two">
        <div className="stack">
          <Panel title={t('decide.title')} text={t('decide.text')}>
            <DecideList view={view} decides={decides} />
          </Panel>
          {decides && view.held === null ? <HoldForm view={view} /> : null}
        </div>
        <div className="stack">
          <Panel title={t('risk.title')} text={t('risk.text')}>
            {view.atRisk.length === 0 ? (
              <p className="dim">{t(view.current || view.held !== null ? 'risk.none' : 'risk.unknown')}</p>
            ) : (
              <ul className="rows">
                {view.atRisk.map((item) => (
                  <ItemLine key={item.id} item={item} />
                ))}
              </ul>
            )}
          </Panel>
          <Panel title={t('changed.title')} text={t('changed.text')}>
            <Changed groups={view.changed} />
          </Panel>
        </div>
      </div>
    </>
  )
}

function WeekLine({ view }: { view: ReviewView }): ReactNode {
  const { t } = useTranslation('weekly')
  const format = useFormat()
  return (
    <div className="row week-line">
      <Link className="btn sm" to="/review" search={{ week: view.previous }} aria-label={t('previous', { week: view.previous })}>
        ←
      </Link>
      <b className="num">{t('week', { year: view.week.slice(0, 4), number: Number(view.week.slice(6)) })}</b>
      <span className="ink2">{t('span', { from: format.longDay(view.days.first), to: format.longDay(view.days.last) })}</span>
      {view.next === null ? null : (
        <Link className="btn sm" to="/review" search={{ week: view.next }} aria-label={t('next', { week: view.next })}>
          →
        </Link>
      )}
      <span className="grow" />
      {view.held === null ? (
        <span className="label">{t(view.current ? 'notHeld' : 'neverHeld')}</span>
      ) : (
        <span className="label">
          {t('heldBy', { name: view.held.by, time: format.dateTime(view.held.at) })} <EntryLink index={view.held.entry} />
        </span>
      )}
    </div>
  )
}

function Tiles({ view }: { view: ReviewView }): ReactNode {
  const { t } = useTranslation('weekly')
  const format = useFormat()
  return (
    <section className="sheet tiles" aria-label={t('figures')}>
      {view.figures.map(({ id, value, of, before, href, tone }) => (
        <a key={id} className="tile" href={withScope(href)} data-tone={tone}>
          <span className="label">{t(`figure.${id}`)}</span>
          <div className="fig num">
            {format.count(value)}
            {of === null ? null : <small>/ {format.count(of)}</small>}
          </div>
          <div className="sub">{before === null ? t(`sub.${id}`) : t('before', { count: before })}</div>
        </a>
      ))}
    </section>
  )
}
