import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceSummary } from '../../../src/collect/schema.ts'
import { sourcesQuery } from '../../api/queries.ts'
import { Code } from '../../components/copy.tsx'
import { curlLine } from '../../components/curl.ts'
import { useMay } from '../../components/session.ts'
import { TestAttackButton } from '../../components/test-attack.tsx'

const MOST_ROWS = 12

/** An empty queue proves that it is quiet and not cut off: every source, every minute of the last hour. */
export function Quiet({ filtered }: { filtered: boolean }): ReactNode {
  const { t } = useTranslation('triage')
  const { t: common } = useTranslation()
  const may = useMay()
  const { data } = useQuery(sourcesQuery)
  const totals = data?.totals
  const sound = totals !== undefined && totals.sources > 0 && totals.silent + totals.failed === 0 && totals.lastHour.gaps === 0
  const title = filtered
    ? t('quiet.filtered')
    : totals?.sources === 0
      ? t('quiet.nothingArrives')
      : t(sound ? 'quiet.title' : 'quiet.doubt')
  return (
    <section className="detail" aria-label={title}>
      <div className="void-in empty">
        {data === undefined || data.sources.length === 0 ? null : <MinuteGrid sources={data.sources.slice(0, MOST_ROWS)} />}
        <h2>{title}</h2>
        {totals === undefined ? null : (
          <p>
            {totals.sources === 0
              ? t('quiet.firstText')
              : t('quiet.text', {
                  reporting: totals.reporting,
                  sources: totals.sources,
                  received: totals.lastHour.received,
                  stored: totals.lastHour.stored,
                  gaps: totals.lastHour.gaps,
                })}
          </p>
        )}
        {may('sources:write') ? (
          <>
            <Code prompt text={curlLine()} />
            <div className="row void-row">
              <TestAttackButton />
              <Link className="btn" to="/sources" search={{ add: 'curl' }}>
                {t('quiet.addSource')}
              </Link>
              <span className="label">{common('attack.receipt')}</span>
            </div>
          </>
        ) : null}
      </div>
    </section>
  )
}

/** One row a source, one cell a minute: filled where something arrived, an outline where nothing did. */
function MinuteGrid({ sources }: { sources: readonly SourceSummary[] }): ReactNode {
  const { t } = useTranslation('triage')
  const columns = Math.max(1, ...sources.map((source) => source.series.received.length))
  const step = 560 / columns
  return (
    <svg
      className="grid60"
      width="560"
      height={sources.length * 7}
      viewBox={`0 0 560 ${sources.length * 7}`}
      role="img"
      aria-label={t('quiet.grid', { sources: sources.length, minutes: columns })}
    >
      {sources.map((source, row) =>
        source.series.received.map((received, column) => {
          const last = column === source.series.received.length - 1
          return (
            <rect
              key={`${source.id}${column}`}
              x={(column * step + 0.4).toFixed(1)}
              y={row * 7 + 0.4}
              width={(step - 2.4).toFixed(1)}
              height="4.6"
              rx=".8"
              fill={received > 0 ? (last ? 'var(--ink-1)' : 'var(--ink-4)') : 'none'}
              stroke={received > 0 ? 'none' : 'var(--line-2)'}
              strokeWidth=".7"
              opacity={received > 0 && !last ? (0.3 + (0.5 * column) / columns).toFixed(2) : 1}
            />
          )
        }),
      )}
    </svg>
  )
}
