import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { quoted, type Span, STOPPED, TRANSACTIONS, transactionsQuery, WOULD_STOP } from '../../api/protect-queries.ts'
import { histogramQuery, topQuery } from '../../api/queries.ts'
import { CopyButton } from '../../components/copy.tsx'
import { MiniBars } from '../../components/figures/bars.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { SignInsPanel } from './sign-ins.tsx'
import { transactionOf } from './transaction.ts'
import { TransactionDrawer } from './transaction-drawer.tsx'
import { ApplicationsPanel, ExclusionsPanel } from './tuning.tsx'

const route = getRouteApi('/house/protect')
const HOUR = 3_600_000
const HOURS = { '1': 1, '24': 24, '168': 168 } as const
const LATEST = 50
const BUCKETS = 48
/** So that figures asked for at about the same time are one request. */
const MINUTE = 60_000

/** What stands at the door: requests, what was stopped and why, and one request by its reference. */
export function ProtectPage(): ReactNode {
  const { t } = useTranslation('protect')
  const { t: common } = useTranslation()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/protect' })
  const now = useNow(60)
  const hours = search.hours ?? '24'
  const minute = Math.ceil(now / MINUTE) * MINUTE
  const span = useMemo<Span>(
    () => ({ from: new Date(minute - HOURS[hours] * HOUR).toISOString(), to: new Date(minute).toISOString() }),
    [minute, hours],
  )
  const which = search.passed === true ? WOULD_STOP : STOPPED
  const query = search.rule === undefined ? which : `${which} AND rule.id:${quoted(search.rule)}`
  const all = useQuery(histogramQuery({ query: TRANSACTIONS, ...span, buckets: BUCKETS }))
  const latest = useQuery(transactionsQuery(query, span, LATEST))
  const rules = useQuery(topQuery({ query: which, ...span, field: 'rule.id', limit: 10 }))
  const go = (change: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const error = all.error ?? latest.error
  const events = latest.data?.events ?? []
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.protect')}</h1>
          <p>{t('lead')}</p>
        </div>
        <Segmented
          label={t('span')}
          value={hours}
          choices={(['1', '24', '168'] as const).map((value) => ({ value, label: t(`hours.${value}`) }))}
          onChange={(value) => go({ hours: value })}
        />
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void Promise.all([all.refetch(), latest.refetch()])} />}
      {all.data === undefined ? null : all.data.total === 0 ? (
        <Empty />
      ) : (
        <>
          <Tiles
            span={span}
            total={all.data.total}
            seconds={HOURS[hours] * 3600}
            counts={all.data.buckets.map(({ count }) => count)}
          />
          <section className="sheet rules-place">
            <div className="panel-h list-h">
              <Segmented
                label={t('which')}
                value={search.passed === true ? 'passed' : 'stopped'}
                choices={[
                  { value: 'stopped', label: t('stopped') },
                  { value: 'passed', label: t('passed') },
                ]}
                onChange={(value) => go({ passed: value === 'passed' ? true : undefined, rule: undefined })}
              />
              <FindReference onFind={(reference) => go({ reference })} />
            </div>
            {(rules.data?.values ?? []).length === 0 ? null : (
              <div className="panel-h list-h">
                <span className="label">{t('byRule')}</span>
                {rules.data?.values.map(({ value, count }) => (
                  <button
                    key={value}
                    type="button"
                    className="btn sm quiet"
                    aria-pressed={search.rule === value}
                    onClick={() => go({ rule: search.rule === value ? undefined : value })}
                  >
                    <bdi>{value}</bdi> <span className="num">{count}</span>
                  </button>
                ))}
              </div>
            )}
            <Latest events={events} onOpen={(reference) => go({ reference })} />
          </section>
        </>
      )}
      <SignInsPanel span={span} />
      <ApplicationsPanel />
      <ExclusionsPanel now={minute} />
      {search.reference === undefined ? null : (
        <TransactionDrawer reference={search.reference} now={minute} onClose={() => go({ reference: undefined })} />
      )}
    </main>
  )
}

function Tiles({
  span,
  total,
  seconds,
  counts,
}: {
  span: Span
  total: number
  seconds: number
  counts: readonly number[]
}): ReactNode {
  const { t } = useTranslation('protect')
  const format = useFormat()
  const stopped = useQuery(histogramQuery({ query: STOPPED, ...span, buckets: BUCKETS }))
  const passed = useQuery(histogramQuery({ query: WOULD_STOP, ...span, buckets: BUCKETS }))
  const clients = useQuery(topQuery({ query: STOPPED, ...span, field: 'source.ip', limit: 1 }))
  const [first] = clients.data?.values ?? []
  const tiles = [
    {
      name: 'requests',
      figure: format.decimal(total / seconds, total < seconds ? 4 : 1),
      sub: t('tile.requestsSub', { count: total }),
      bars: counts,
    },
    {
      name: 'stopped',
      figure: stopped.data === undefined ? '–' : format.count(stopped.data.total),
      sub: t('tile.stoppedSub', { share: format.decimal(((stopped.data?.total ?? 0) / total) * 100, 2) }),
      bars: stopped.data?.buckets.map(({ count }) => count) ?? [],
    },
    {
      name: 'passed',
      figure: passed.data === undefined ? '–' : format.count(passed.data.total),
      sub: t('tile.passedSub'),
      bars: passed.data?.buckets.map(({ count }) => count) ?? [],
    },
    {
      name: 'client',
      figure: first === undefined ? '–' : format.count(first.count),
      sub: first === undefined ? t('tile.clientNone') : t('tile.clientSub', { client: first.value }),
      bars: [],
    },
  ] as const
  return (
    <section className="sheet tiles">
      {tiles.map(({ name, figure, sub, bars }) => (
        <div key={name} className="tile">
          <span className="label">{t(`tile.${name}`)}</span>
          <div className="fig num">{figure}</div>
          <div className="sub">{sub}</div>
          {bars.length === 0 ? null : (
            <MiniBars values={bars} width={180} height={28} label={t('tile.bars', { what: t(`tile.${name}`) })} />
          )}
        </div>
      ))}
    </section>
  )
}

type Events = readonly { readonly id: string; readonly observed: string; readonly doc: Parameters<typeof transactionOf>[0] }[]

function Latest({ events, onOpen }: { events: Events; onOpen: (reference: string) => void }): ReactNode {
  const { t } = useTranslation('protect')
  const format = useFormat()
  if (events.length === 0) return <p className="chart-p ink2">{t('nothing')}</p>
  return (
    <table className="srcs">
      <thead>
        <tr>
          <th>{t('col.when')}</th>
          <th>{t('col.client')}</th>
          <th>{t('col.request')}</th>
          <th>{t('col.why')}</th>
          <th className="r">{t('col.status')}</th>
        </tr>
      </thead>
      <tbody>
        {events.map(({ id, observed, doc }) => {
          const { reference, client, method, original, reason, status } = transactionOf(doc)
          return (
            <tr key={id} onClick={() => onOpen(reference)}>
              <td className="num">
                <button type="button" className="name row" onClick={() => onOpen(reference)}>
                  {format.dateTime(observed)}
                </button>
              </td>
              <td>
                <bdi>{client}</bdi>
              </td>
              <td className="mono">
                <bdi>{`${method} ${original.slice(0, 80)}`}</bdi>
              </td>
              <td>
                <bdi>{reason}</bdi>
              </td>
              <td className="r num">{status ?? '–'}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function FindReference({ onFind }: { onFind: (reference: string) => void }): ReactNode {
  const { t } = useTranslation('protect')
  const [value, setValue] = useState('')
  return (
    <form
      className="end"
      onSubmit={(event) => {
        event.preventDefault()
        const reference = value.trim().toUpperCase()
        if (reference !== '') onFind(reference)
      }}
    >
      <input
        className="input"
        aria-label={t('reference')}
        placeholder={t('reference')}
        value={value}
        maxLength={40}
        onChange={(event) => setValue(event.target.value)}
      />
    </form>
  )
}

const COMMAND = `./kanpeki waf --listen 0.0.0.0:8080 --upstream http://127.0.0.1:3000 --rules content/protect --mode detect --events /var/log/kanpeki-waf.jsonl`

function Empty(): ReactNode {
  const { t } = useTranslation('protect')
  return (
    <section className="sheet">
      <div className="empty add-first">
        <h2>{t('none')}</h2>
        <p>{t('noneText')}</p>
        <p className="mono">
          {COMMAND} <CopyButton text={COMMAND} />
        </p>
        <p>{t('noneSource')}</p>
      </div>
    </section>
  )
}
