import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Overview } from '../../../src/server/schema.ts'
import { overviewQuery, sessionQuery } from '../../api/queries.ts'
import { MiniBars } from '../../components/figures/bars.tsx'
import { CoverageStrip } from '../../components/figures/coverage-strip.tsx'
import { RateChart } from '../../components/figures/rate-chart.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { SealDot } from '../../components/seal.tsx'
import { SeverityTag } from '../../components/severity.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { TestAttackButton } from '../../components/test-attack.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { FirstSteps } from './first-steps.tsx'
import { NeedRow } from './need-row.tsx'

const SEVERITIES = [1, 2, 3, 4, 5] as const

/** What needs a person now, what is declared, what is at risk, what arrives. Each figure opens. */
export function OverviewPage(): ReactNode {
  const { t } = useTranslation('overview')
  const { t: common } = useTranslation()
  const now = useNow()
  const { data: session } = useQuery(sessionQuery)
  const { data: overview, error, refetch } = useQuery({ ...overviewQuery, refetchInterval: 30_000 })
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.overview')}</h1>
          <p>
            {overview === undefined
              ? t('lead', { organisation: session?.organisation ?? '' })
              : t('sentence', { needs: overview.needs.length })}
          </p>
        </div>
        <TestAttackButton primary={false} />
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {overview === undefined ? null : (
        <>
          <div className="stack start-place">
            <FirstSteps overview={overview} />
          </div>
          <Tiles overview={overview} />
          <div className="two">
            <div className="stack">
              <section className="sheet needs" aria-labelledby="needs">
                <div className="panel-h">
                  <h2 id="needs">{t('needs')}</h2>
                  <Link to="/triage">{t('toTriage')}</Link>
                </div>
                {overview.needs.map((need) => (
                  <NeedRow key={`${need.kind}${'id' in need ? need.id : ''}`} need={need} now={now} />
                ))}
                {overview.needs.length === 0 ? (
                  <p className="chart-p all-quiet">
                    <StateGlyph state="met" silent />{' '}
                    {t('nothing', {
                      sources: overview.ingest.sources.total,
                      silent: overview.ingest.sources.silent,
                      gaps: overview.ingest.sources.gaps,
                    })}
                  </p>
                ) : null}
              </section>
            </div>
            <div className="stack">
              <section className="sheet" aria-labelledby="ingest">
                <div className="panel-h">
                  <h2 id="ingest">{t('ingest.title')}</h2>
                  <Link to="/sources">{common('room.sources')}</Link>
                </div>
                <div className="chart-p">
                  {overview.ingest.series.length < 2 ? (
                    <p className="dim">{t('ingest.none')}</p>
                  ) : (
                    <RateChart series={overview.ingest.series} />
                  )}
                </div>
              </section>
              <section className="sheet" aria-labelledby="open">
                <div className="panel-h">
                  <h2 id="open">{t('bySeverity')}</h2>
                </div>
                <SeverityBars overview={overview} />
              </section>
            </div>
          </div>
          <div className="strip-place">
            <CoverageStrip />
          </div>
        </>
      )}
    </main>
  )
}

function Tiles({ overview }: { overview: Overview }): ReactNode {
  const { t } = useTranslation('overview')
  const format = useFormat()
  const now = useNow()
  const { alerts, badges, ingest, ledger } = overview
  const cards = badges.held + badges.atRisk + badges.withdrawn + badges.draft
  const urgent = (alerts.bySeverity['1'] ?? 0) + (alerts.bySeverity['2'] ?? 0)
  const dots = [
    ...Array.from({ length: badges.held }, () => 'held' as const),
    ...Array.from({ length: badges.atRisk }, () => 'at-risk' as const),
    ...Array.from({ length: badges.withdrawn }, () => 'withdrawn' as const),
    ...Array.from({ length: badges.draft }, () => 'draft' as const),
  ]
  return (
    <section className="sheet tiles">
      <div className="tile">
        <span className="label">{t('tile.alerts')}</span>
        <div className="fig num">
          <Link className="tablink" to="/triage">
            {format.count(alerts.open)}
          </Link>
        </div>
        <div className="sub">{t('tile.alertsSub', { urgent })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.seals')}</span>
        <div className="fig num">
          <Link className="tablink" to="/declarations">
            {format.count(badges.held + badges.atRisk)}
          </Link>
          <small>/ {format.count(cards)}</small>
        </div>
        <div className="aux dots">
          {dots.slice(0, 18).map((state, index) => (
            <SealDot key={index} state={state} />
          ))}
        </div>
        <div className="sub">{t('tile.sealsSub', { atRisk: badges.atRisk, withdrawn: badges.withdrawn })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.ingest')}</span>
        <div className="fig num">
          <Link className="tablink" to="/sources">
            {format.rate(ingest.ratePerSecond)}
          </Link>
          <small>{t('tile.perSecond')}</small>
        </div>
        <div className="aux">
          <MiniBars values={ingest.series.slice(-30).map((point) => point.count)} width={92} height={26} />
        </div>
        <div className="sub">
          {t('tile.ingestSub', {
            ok: ingest.sources.total - ingest.sources.silent,
            total: ingest.sources.total,
            gaps: ingest.sources.gaps,
          })}
        </div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.ledger')}</span>
        <div className="fig num">
          <Link className="tablink" to="/evidence">
            {format.count(ledger.size)}
          </Link>
          <small>{t('tile.entries')}</small>
        </div>
        <div className="sub">
          <Icon name="evidence" small />
          {ledger.signedAt === null ? t('tile.unsigned') : t('tile.signed', { age: format.age(ledger.signedAt, now) })}
        </div>
      </div>
    </section>
  )
}

function SeverityBars({ overview }: { overview: Overview }): ReactNode {
  const format = useFormat()
  const counts = SEVERITIES.map((severity) => overview.alerts.bySeverity[`${severity}`] ?? 0)
  const most = Math.max(1, ...counts)
  return (
    <div className="sevbars">
      {SEVERITIES.map((severity, index) => (
        <div key={severity} className="contents">
          <SeverityTag severity={severity} />
          <svg className="sevbar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect className="track" width="100" height="8" />
            <rect className="fill" width={(100 * (counts[index] ?? 0)) / most} height="8" />
          </svg>
          <span className="num">{format.count(counts[index] ?? 0)}</span>
        </div>
      ))}
    </div>
  )
}
