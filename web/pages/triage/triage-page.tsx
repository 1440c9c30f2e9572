import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Verdict } from '../../../src/detect/schema.ts'
import { alertCountsQuery, queueQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { AlertView } from './alert-detail.tsx'
import { gravest, groupOf, SECTIONS, sectionOf, splitNews, verdictTargets } from './groups.ts'
import { QueueRow } from './queue-row.tsx'
import { Quiet } from './quiet.tsx'
import { type LastVerdict, useVerdict } from './use-verdict.ts'
import { VERDICT_KEYS, VerdictBar } from './verdict-bar.tsx'

const route = getRouteApi('/house/triage')
const TABS = ['waiting', 'mine', 'closed'] as const

/** How long Q keeps quiet what was just found to be nothing. */
const QUIET_HOURS = 24

function canQuiet({ verdict, quietHours }: LastVerdict): boolean {
  return (verdict === 'false' || verdict === 'expected') && quietHours === undefined
}

/** The queue on the left, the alert on the right, one key a verdict. */
export function TriagePage(): ReactNode {
  const { t } = useTranslation('triage')
  const { t: common } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/triage' })
  const tab = search.tab ?? 'waiting'
  const list = useRef<HTMLDivElement>(null)
  const filter = useRef<HTMLInputElement>(null)
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [atTop, setAtTop] = useState(true)
  const seen = useRef<ReadonlySet<string>>(new Set())
  const counts = useQuery(alertCountsQuery)
  const queue = useInfiniteQuery(
    queueQuery({
      state: tab === 'closed' ? 'closed' : 'open',
      ...(tab === 'mine' ? { assignee: 'me' } : {}),
      ...(search.q === undefined ? {} : { q: search.q }),
    }),
  )
  const verdict = useVerdict()
  const judges = useMay()('alerts:write')

  const all = queue.data?.pages.flatMap((page) => page.groups) ?? []
  const totals = queue.data?.pages[0]?.totals
  const { shown: groups, news } = splitNews(all, seen.current, atTop)
  useEffect(() => {
    seen.current = new Set(groups.map((group) => group.id))
  })

  // What is on show: the address says it; otherwise the first of the queue.
  const current = groupOf(groups, search.alert) ?? (search.alert === undefined ? groups[0] : undefined)
  const shownId = search.alert ?? (current === undefined ? undefined : gravest(current)?.id)
  const shown = current?.alerts.find((alert) => alert.id === shownId)
  const targets = verdictTargets(current, shown, picked)

  const show = useCallback(
    (alert: string | undefined) =>
      void navigate({ search: (before) => ({ ...before, alert }), replace: true, resetScroll: false }),
    [navigate],
  )
  const move = (by: number): void => {
    if (groups.length === 0) return
    const at = current === undefined ? -1 : groups.indexOf(current)
    const next = groups[Math.min(groups.length - 1, Math.max(0, at + by))]
    if (next === undefined) return
    show(gravest(next)?.id)
    document.getElementById(`group-${next.id}`)?.scrollIntoView({ block: 'nearest' })
  }
  const judge = (given: Verdict): void => {
    if (!judges || targets.length === 0 || verdict.busy) return
    const at = current === undefined ? -1 : groups.indexOf(current)
    const next = given === 'escalated' ? current : (groups[at + 1] ?? groups[at - 1])
    verdict.give({ ids: targets, verdict: given, name: current?.entity.name ?? shownId ?? '' })
    setPicked(new Set())
    show(next === undefined ? undefined : gravest(next)?.id)
  }
  const pick = (ids: readonly string[]): void =>
    setPicked((before) => {
      const next = new Set(before)
      const everyone = ids.every((id) => next.has(id))
      for (const id of ids) {
        if (everyone) next.delete(id)
        else next.add(id)
      }
      return next
    })

  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => pick(shownId === undefined ? [] : [shownId]),
    'shift+x': () => pick(current?.alerts.map((alert) => alert.id) ?? []),
    u: verdict.undo,
    q: () => verdict.quiet(QUIET_HOURS),
    '/': () => filter.current?.focus(),
    escape: () => setPicked(new Set()),
    ...Object.fromEntries(VERDICT_KEYS.map(({ verdict: given, key }) => [key, () => judge(given)])),
  })

  const showNews = (): void => {
    list.current?.scrollTo({ top: 0 })
    setAtTop(true)
  }

  return (
    <main className="split" id="main">
      <section className="queue" aria-label={t('queue')}>
        <div className="q-h">
          <h1>{common('room.triage')}</h1>
          <span className="grow" />
          {totals === undefined ? null : (
            <span className="label num">{t('totals', { groups: totals.groups, detections: totals.detections })}</span>
          )}
        </div>
        <div className="q-f">
          <Segmented
            label={t('tabs')}
            value={tab}
            choices={TABS.map((value) => ({
              value,
              label: (
                <>
                  {t(`tab.${value}`)}
                  {value === 'closed' || counts.data === undefined ? null : (
                    <span className="num"> {format.count(value === 'mine' ? counts.data.mine : counts.data.openGroups)}</span>
                  )}
                </>
              ),
            }))}
            onChange={(value) => {
              setPicked(new Set())
              void navigate({ search: value === 'waiting' ? {} : { tab: value } })
            }}
          />
          <FilterInput
            ref={filter}
            value={search.q ?? ''}
            onChange={(q) =>
              void navigate({ search: (before) => ({ ...before, q: q === '' ? undefined : q, alert: undefined }), replace: true })
            }
          />
        </div>
        {news > 0 ? (
          <button type="button" className="pill" onClick={showNews}>
            {t('news', { count: news })}
          </button>
        ) : null}
        <div ref={list} className="q-list" onScroll={(event) => setAtTop(event.currentTarget.scrollTop < 4)}>
          {queue.error === null ? null : <ProblemNote error={queue.error} retry={() => void queue.refetch()} />}
          {queue.isPending ? <p className="loading">{common('loading')}</p> : null}
          {tab === 'closed'
            ? groups.map((group) => (
                <QueueRow
                  key={group.id}
                  group={group}
                  shownAlert={group === current ? shownId : undefined}
                  picked={picked}
                  now={now}
                />
              ))
            : SECTIONS.map((section) => {
                const rows = groups.filter((group) => sectionOf(group, now, format.timeZone) === section)
                return rows.length === 0 ? null : (
                  <div key={section}>
                    <div className="q-g">
                      <h2 className="q-t">{t(`section.${section}`)}</h2>
                      {section === 'first' ? <span>{t('section.order')}</span> : null}
                    </div>
                    {rows.map((group) => (
                      <QueueRow
                        key={group.id}
                        group={group}
                        shownAlert={group === current ? shownId : undefined}
                        picked={picked}
                        now={now}
                      />
                    ))}
                  </div>
                )
              })}
          {queue.hasNextPage ? (
            <div className="more">
              <DeedButton
                type="button"
                className="btn sm"
                busy={queue.isFetchingNextPage}
                onClick={() => void queue.fetchNextPage()}
              >
                {common('more')}
              </DeedButton>
            </div>
          ) : null}
        </div>
        {verdict.last === undefined ? null : (
          <div className="toast" role="status">
            <span>
              {t('given', {
                name: verdict.last.name,
                verdict: t(`verdict.${verdict.last.verdict}`),
                count: verdict.last.ids.length,
              })}
              {verdict.last.quietHours === undefined ? null : ` · ${t('quietDone', { hours: verdict.last.quietHours })}`}
            </span>
            {canQuiet(verdict.last) ? (
              <button type="button" onClick={() => verdict.quiet(QUIET_HOURS)} aria-keyshortcuts="Q" title={t('quietHint')}>
                {t('quietFor', { hours: QUIET_HOURS })}
                <kbd>Q</kbd>
              </button>
            ) : null}
            <button type="button" onClick={verdict.undo} aria-keyshortcuts="U">
              {t('undo')}
              <kbd>U</kbd>
            </button>
          </div>
        )}
        <KeyHints />
      </section>
      {shownId === undefined ? (
        queue.isPending ? (
          <section className="detail" aria-busy="true" />
        ) : (
          <Quiet filtered={search.q !== undefined || tab !== 'waiting'} />
        )
      ) : (
        <section className="detail" aria-label={t('alert')}>
          <AlertView id={shownId} />
          {judges ? <VerdictBar targets={targets.length} busy={verdict.busy} onVerdict={judge} /> : null}
        </section>
      )}
    </main>
  )
}

function FilterInput({
  ref,
  value,
  onChange,
}: {
  ref: React.RefObject<HTMLInputElement | null>
  value: string
  onChange: (q: string) => void
}): ReactNode {
  const { t } = useTranslation('triage')
  const [text, setText] = useState(value)
  const [composing, setComposing] = useState(false)
  useEffect(() => {
    if (composing || text === value) return
    const timer = setTimeout(() => onChange(text), 250)
    return () => clearTimeout(timer)
  }, [text, value, composing, onChange])
  return (
    <input
      ref={ref}
      className="input sm"
      type="search"
      value={text}
      placeholder={t('filter')}
      aria-label={t('filter')}
      aria-keyshortcuts="/"
      onChange={(event) => setText(event.target.value)}
      onCompositionStart={() => setComposing(true)}
      onCompositionEnd={() => setComposing(false)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.nativeEvent.isComposing) event.currentTarget.blur()
      }}
    />
  )
}

function KeyHints(): ReactNode {
  const { t } = useTranslation('triage')
  const { t: common } = useTranslation()
  return (
    <div className="q-k" aria-hidden="true">
      <span>
        <kbd>J</kbd>
        <kbd>K</kbd>
        {t('hint.move')}
      </span>
      <span>
        <kbd>X</kbd>
        {t('hint.select')}
      </span>
      <span>
        <kbd>⇧X</kbd>
        {t('hint.group')}
      </span>
      <span className="x">
        <kbd>/</kbd>
        {t('hint.filter')}
      </span>
      <span>
        <kbd>?</kbd>
        {common('help.title')}
      </span>
    </div>
  )
}
