import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { KINDS, STEPS, type Step, type VulnerabilitiesReply } from '../../../src/assess/inventory/schema.ts'
import { vulnerabilitiesQuery } from '../../api/house-queries.ts'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { FindingDrawer } from './finding-drawer.tsx'
import { FindingTable, keyOf } from './finding-table.tsx'
import { Waivers } from './waivers.tsx'
import { WhereIs } from './where-is.tsx'

const route = getRouteApi('/house/vulnerabilities')
const TYPING_MS = 250
/** Feeds change daily; after a week what is missing in them matters. */
const DAY_MS = 86_400_000
const OLD_MS = 7 * DAY_MS

/** Of all that is known to be weak, what matters first; and where any package is. */
export function VulnerabilitiesPage(): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const { t: common } = useTranslation()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/vulnerabilities' })
  const step = search.step ?? 'all'
  const state = search.state ?? 'open'
  const reply = useQuery(
    vulnerabilitiesQuery({
      step: state === 'open' ? step : 'all',
      state,
      kind: search.kind,
      overdue: search.overdue === true ? 'true' : undefined,
      q: search.q,
      asset: search.asset,
    }),
  )
  const go = (change: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const items = reply.data?.items ?? []
  const open = items.find((one) => keyOf(one) === search.finding)
  const move = (by: number): void => {
    const at = open === undefined ? -1 : items.indexOf(open)
    const next = items[Math.min(items.length - 1, Math.max(0, at + by))]
    if (next !== undefined) go({ finding: keyOf(next) })
  }
  useKeys({ j: () => move(1), k: () => move(-1), '/': () => document.getElementById('vuln-q')?.focus() })
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.vulnerabilities')}</h1>
          <p>{t('lead')}</p>
        </div>
      </div>
      {reply.error === null ? null : <ProblemNote error={reply.error} retry={() => void reply.refetch()} />}
      {reply.data === undefined ? null : (
        <>
          <FeedsNote reply={reply.data} />
          {reply.data.pending === 0 ? null : (
            <p className="note-place" role="status">
              {t('pending', { count: reply.data.pending })}
            </p>
          )}
          {reply.data.policyProblem === null ? null : (
            <div className="problem card-problem">
              <div className="grow">
                <b>{t('policyProblem')}</b>
                <p className="mono">{reply.data.policyProblem}</p>
              </div>
            </div>
          )}
          <Funnel
            reply={reply.data}
            chosen={state === 'open' ? step : undefined}
            onChoose={(one) => go({ step: one === 'all' ? undefined : one, state: undefined, overdue: undefined })}
          />
          <section className="sheet rules-place">
            <div className="panel-h list-h">
              <Segmented
                label={t('state')}
                value={state}
                choices={[
                  { value: 'open', label: t('open') },
                  { value: 'waived', label: t('waived', { count: reply.data.waived }) },
                  { value: 'gone', label: t('gone') },
                ]}
                onChange={(value) => go({ state: value === 'open' ? undefined : value, finding: undefined })}
              />
              <select
                className="input sm span-pick"
                aria-label={t('kindPick')}
                value={search.kind ?? ''}
                onChange={(event) => go({ kind: KINDS.find((one) => one === event.target.value) })}
              >
                <option value="">{t('kind.all')}</option>
                {KINDS.map((kind) => (
                  <option key={kind} value={kind}>
                    {t(`kind.${kind}`)}
                  </option>
                ))}
              </select>
              <button
                type="button"
                className="btn sm"
                aria-pressed={search.overdue === true}
                onClick={() => go({ overdue: search.overdue === true ? undefined : true })}
              >
                {t('overdue', { count: reply.data.overdue })}
              </button>
              <Find value={search.q ?? ''} onChange={(q) => go({ q: q === '' ? undefined : q })} />
              {search.asset === undefined ? null : (
                <button
                  type="button"
                  className="btn sm"
                  title={t('everyAsset')}
                  aria-label={t('everyAsset')}
                  onClick={() => go({ asset: undefined, finding: undefined })}
                >
                  {t('onAsset', { asset: search.asset })} ×
                </button>
              )}
              <span className="label end num">{t('count', { count: reply.data.total })}</span>
            </div>
            <FindingTable items={items} state={state} open={search.finding} onShow={(finding) => go({ finding })} />
            {items.length < reply.data.total ? <p className="chart-p label">{t('more', { shown: items.length })}</p> : null}
            {reply.data.assets === 0 ? (
              <p className="chart-p ink2">{t('none')}</p>
            ) : items.length === 0 ? (
              <p className="chart-p ink2">{t('noMatch')}</p>
            ) : null}
          </section>
        </>
      )}
      <Waivers />
      <WhereIs
        name={search.name ?? ''}
        range={search.range ?? ''}
        onAsk={(name, range) => go({ name: name === '' ? undefined : name, range: range === '' ? undefined : range })}
      />
      {open === undefined ? null : <FindingDrawer finding={open} onClose={() => go({ finding: undefined })} />}
    </main>
  )
}

/** An empty or old feed says so: no finding would be no news. */
function FeedsNote({ reply: { feeds, unjudged, components, unsupported } }: { reply: VulnerabilitiesReply }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  const now = useNow(60)
  const age = feeds.newest === null ? undefined : now - Date.parse(feeds.newest)
  const old = age === undefined || age > OLD_MS
  return (
    <div className={old || unsupported.length > 0 ? 'problem card-problem' : 'note-place'}>
      <div className="grow">
        <b>
          {feeds.advisories === 0
            ? t('feeds.empty')
            : t('feeds.said', { count: feeds.advisories, day: feeds.newest === null ? '–' : format.longDay(feeds.newest) })}
        </b>
        <p>
          {feeds.kev === null ? t('feeds.noKev') : t('feeds.kev', { day: format.longDay(feeds.kev) })}{' '}
          {feeds.epss === null ? t('feeds.noEpss') : t('feeds.epss', { day: format.longDay(feeds.epss) })}{' '}
          {unjudged === 0 ? null : t('feeds.unjudged', { count: unjudged, all: components })}{' '}
          {feeds.unmatched === 0 ? null : t('feeds.unmatched', { count: feeds.unmatched })}{' '}
          {feeds.problems === 0 ? null : t('feeds.problems', { count: feeds.problems })}
        </p>
        {old && age !== undefined ? <p>{t('feeds.old', { days: Math.floor(age / DAY_MS) })}</p> : null}
        {old ? <p className="mono">{t('feeds.remedy')}</p> : null}
        {unsupported.map(({ release, ended, assets }) => (
          <p key={release}>{t('feeds.unsupported', { release, day: format.longDay(`${ended}T00:00:00Z`), assets })}</p>
        ))}
      </div>
    </div>
  )
}

function Funnel({
  reply: { funnel, assets, components },
  chosen,
  onChoose,
}: {
  reply: VulnerabilitiesReply
  chosen: Step | undefined
  onChoose: (step: Step) => void
}): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  const share = (count: number): string => ((100 * count) / Math.max(1, funnel.all)).toFixed(2)
  return (
    <section className="sheet tiles frameworks five" aria-label={t('funnel')}>
      {STEPS.map((step) => {
        const count = funnel[step]
        return (
          <button key={step} type="button" className="tile" aria-pressed={step === chosen} onClick={() => onChoose(step)}>
            <span className="label">{t(`step.${step}`)}</span>
            <span className="fig num">{count === null ? '–' : format.count(count)}</span>
            <svg className="shares" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect className="sh-rest" width="100" height="8" />
              {count === null ? null : (
                <rect className={step === 'exploited' ? 'sh-risk' : 'sh-met'} width={share(count)} height="8" />
              )}
            </svg>
            <span className="sub">{count === null ? t(`unknown.${step}`) : t(`stepSub.${step}`, { assets, components })}</span>
          </button>
        )
      })}
    </section>
  )
}

function Find({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => onChange(typed), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <input
      id="vuln-q"
      className="input sm rule-filter"
      type="search"
      aria-label={t('find')}
      placeholder={t('find')}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  )
}
