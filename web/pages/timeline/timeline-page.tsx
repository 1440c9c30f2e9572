import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EventRow } from '../../../src/server/schema.ts'
import { Problem } from '../../api/problem.ts'
import { eventsQuery, histogramQuery, sourcesQuery } from '../../api/queries.ts'
import { Code } from '../../components/copy.tsx'
import { curlLine } from '../../components/curl.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { TestAttackButton } from '../../components/test-attack.tsx'
import { useFormat } from '../../components/use-format.ts'
import { sameDay } from '../../format/time.ts'
import { fieldsOf, gistOf, KNOWN_FIELDS } from './document.ts'
import { EventPanel } from './event-panel.tsx'
import { ExportDialog } from './export-dialog.tsx'
import { Fields } from './fields.tsx'
import { Histogram } from './histogram.tsx'
import { QueryBar } from './query-bar.tsx'
import { narrowed } from './query-text.ts'
import { RuleDialog } from './rule-dialog.tsx'
import { SavedSearches } from './saved-searches.tsx'
import { aroundWindow, resolveWindow, SPANS, type Span, type Window, widened } from './window.ts'

const route = getRouteApi('/house/timeline')
const BUCKETS = 120

/** Every event: ask, see when, narrow by what stands out, open one, look a minute around it. */
export function TimelinePage(): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const format = useFormat()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/timeline' })
  const bar = useRef<HTMLInputElement>(null)
  const [asked, setAsked] = useState(() => Date.now())
  const [dialog, setDialog] = useState<'saved' | 'export' | 'rule' | undefined>()
  const judges = useMay()('alerts:write')
  const query = search.q ?? ''
  const window = useMemo(() => resolveWindow(search, asked), [search.from, search.to, search.span, asked])
  const events = useInfiniteQuery(eventsQuery({ query, ...window }))
  const histogram = useQuery(histogramQuery({ query, ...window, buckets: BUCKETS }))
  const rows = events.data?.pages.flatMap((page) => page.events) ?? []
  const short = Date.parse(window.to) - Date.parse(window.from) < 600_000
  const fixed = search.from !== undefined && search.to !== undefined

  const show = (event: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, event }), replace: true, resetScroll: false })
  const ask = (next: { q?: string; from?: string; to?: string; span?: Span }): void => {
    setAsked(Date.now())
    void navigate({ search: (before) => ({ ...before, ...next, event: undefined }) })
  }
  const setWindow = (next: Window): void => ask({ ...next })
  const pivot = (field: string, value: string, not: boolean): void => ask({ q: narrowed(query, field, value, not) })
  const move = (by: number): void => {
    const at = rows.findIndex((row) => row.id === search.event)
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))]
    if (next === undefined) return
    show(next.id)
    document.getElementById(`event-${next.id}`)?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({
    '/': () => bar.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    escape: () => show(undefined),
    r: () => setAsked(Date.now()),
  })
  const fields = useMemo(() => {
    const { known, other } = fieldsOf(rows.slice(0, 100).map((row) => row.doc))
    return [...new Set([...known, ...KNOWN_FIELDS, ...other])]
  }, [rows])
  const error = events.error ?? histogram.error

  return (
    <main className="hunt" id="main">
      <h1 className="sr">{common('room.timeline')}</h1>
      <div className="hunt-q">
        <QueryBar
          ref={bar}
          query={query}
          fields={fields}
          onSearch={(q) => ask({ q: q === '' ? undefined : q } as { q?: string })}
        />
        <select
          className="input span-pick"
          aria-label={t('span.label')}
          value={fixed ? 'fixed' : (search.span ?? '24h')}
          onChange={(event) => {
            const span = SPANS.find((one) => one === event.target.value)
            setAsked(Date.now())
            void navigate({ search: (before) => ({ q: before.q, span }) })
          }}
        >
          {fixed ? <option value="fixed">{t('span.fixed')}</option> : null}
          {SPANS.map((span) => (
            <option key={span} value={span}>
              {t(`span.${span}`)}
            </option>
          ))}
        </select>
        <button type="button" className="btn" onClick={() => setWindow(widened(window, Date.now()))}>
          {t('wider')}
        </button>
        <button
          type="button"
          className="btn square"
          aria-label={t('refresh')}
          title={t('refresh')}
          onClick={() => setAsked(Date.now())}
        >
          <Icon name="refresh" />
        </button>
        <button type="button" className="btn" aria-haspopup="dialog" onClick={() => setDialog('saved')}>
          {t('saved.open')}
        </button>
        {judges && query !== '' ? (
          <button type="button" className="btn" aria-haspopup="dialog" onClick={() => setDialog('rule')}>
            {t('rule.open')}
          </button>
        ) : null}
        <button
          type="button"
          className="btn square"
          aria-label={t('export.title')}
          title={t('export.title')}
          aria-haspopup="dialog"
          onClick={() => setDialog('export')}
        >
          <Icon name="download" />
        </button>
      </div>
      <div className="hunt-h">
        <div className="meta">
          <span className="num">
            <b>{histogram.data === undefined ? '–' : format.count(histogram.data.total)}</b>{' '}
            {t('events', { count: histogram.data?.total ?? 0 })}
          </span>
          <span className="num end">
            {t('from', {
              from: short ? format.exact(window.from) : format.dateTime(window.from),
              to: short ? format.exact(window.to) : format.dateTime(window.to),
            })}
          </span>
        </div>
        {histogram.data === undefined ? (
          <div className="histo" />
        ) : (
          <Histogram reply={histogram.data} window={window} onZoom={setWindow} />
        )}
      </div>
      <Fields events={rows.slice(0, 200)} asking={{ query, window, onPivot: pivot }} />
      <section className="events" aria-label={t('list')} aria-busy={events.isFetching}>
        {error === null ? null : (
          <div className="chart-p note-place">
            <ProblemNote error={error} {...(isQueryFault(error) ? {} : { retry: () => void events.refetch() })} />
          </div>
        )}
        {error === null && events.data !== undefined && rows.length === 0 ? <NoEvents asked={query !== '' || fixed} /> : null}
        {error === null ? <EventList rows={rows} open={search.event} /> : null}
        {error === null && events.hasNextPage ? (
          <More loading={events.isFetchingNextPage} onMore={() => void events.fetchNextPage()} />
        ) : null}
      </section>
      {search.event === undefined ? null : (
        <EventPanel
          key={search.event}
          id={search.event}
          loaded={rows.find((row) => row.id === search.event)}
          asking={{
            onPivot: pivot,
            onShow: show,
            onClose: () => show(undefined),
            onAround: (event, seconds) =>
              void navigate({ search: { ...aroundWindow(Date.parse(event.observed), seconds), event: event.id } }),
          }}
        />
      )}
      {dialog === 'saved' ? (
        <SavedSearches
          shown={{ query, span: search.span, from: search.from, to: search.to }}
          onClose={() => setDialog(undefined)}
        />
      ) : null}
      {dialog === 'rule' ? <RuleDialog query={query} onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'export' ? (
        <ExportDialog query={query} window={window} total={histogram.data?.total ?? 0} onClose={() => setDialog(undefined)} />
      ) : null}
    </main>
  )
}

/** What is asked again comes out the same. */
function isQueryFault(error: Error): boolean {
  return error instanceof Problem && error.code.startsWith('query_')
}

function EventList({ rows, open }: { rows: readonly EventRow[]; open: string | undefined }): ReactNode {
  const format = useFormat()
  return rows.map((row, index) => {
    const gist = gistOf(row.doc, row.parser)
    const at = Date.parse(row.observed)
    const before = rows[index - 1]
    const newDay = before === undefined || !sameDay(at, Date.parse(before.observed), format.timeZone)
    return (
      <div key={row.id} className="contents">
        {newDay ? <div className="day num">{format.date(at)}</div> : null}
        <Link
          id={`event-${row.id}`}
          className="evt"
          to="/timeline"
          search={(search) => ({ ...search, event: row.id })}
          replace
          resetScroll={false}
          aria-current={row.id === open ? 'true' : undefined}
        >
          <time className="num">{format.timeMs(at)}</time>
          <span className="host clip" title={gist.host}>
            {gist.host}
          </span>
          <span className="msg clip">
            <b className={row.parser === 'unknown' ? 'hatched' : ''}>{gist.what}</b>
            <span className="mono">{gist.detail}</span>
          </span>
        </Link>
      </div>
    )
  })
}

/** Loads the next page when its end comes into view; a button for those who do not scroll. */
function More({ loading, onMore }: { loading: boolean; onMore: () => void }): ReactNode {
  const { t } = useTranslation()
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(onMore)
  latest.current = onMore
  useEffect(() => {
    const node = place.current
    if (node === null || loading) return
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) latest.current()
    })
    observer.observe(node)
    return () => observer.disconnect()
  }, [loading])
  return (
    <div ref={place} className="more">
      <DeedButton type="button" className="btn sm" busy={loading} onClick={onMore}>
        {t('more')}
      </DeedButton>
    </div>
  )
}

/** Teaches: the forms a query takes, a wider span where events exist outside this one, or the first line to send. */
function NoEvents({ asked }: { asked: boolean }): ReactNode {
  const { t } = useTranslation('timeline')
  const { data: sources } = useQuery(sourcesQuery)
  const stored = sources?.totals.lastDay.stored ?? 0
  if (asked) {
    return (
      <div className="void-in empty">
        <h2>{t('none.title')}</h2>
        <p>{t('none.text')}</p>
        <ul className="bullets sec">
          {(['field', 'wild', 'range', 'exists', 'not'] as const).map((example) => (
            <li key={example}>{t(`example.${example}`)}</li>
          ))}
        </ul>
      </div>
    )
  }
  if (stored > 0) {
    return (
      <div className="void-in empty">
        <h2>{t('none.elsewhere')}</h2>
        <p>{t('none.elsewhereText', { stored })}</p>
        <div className="row void-row">
          <Link className="btn ink" to="/timeline" search={{ span: '5y' }}>
            {t('none.widen')}
          </Link>
        </div>
      </div>
    )
  }
  return (
    <div className="void-in empty">
      <h2>{t('none.first')}</h2>
      <p>{t('none.firstText')}</p>
      <Code prompt text={curlLine()} />
      <div className="row void-row">
        <TestAttackButton />
      </div>
    </div>
  )
}
