import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { WallResponse } from '../../../src/declare/schema.ts'
import { wallQuery } from '../../api/queries.ts'
import { Tally } from '../../components/figures/bars.tsx'
import { CoverageStrip } from '../../components/figures/coverage-strip.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { SealDot } from '../../components/seal.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { DeclarationCard } from './card.tsx'
import { CardDetails } from './card-details.tsx'
import { wallOrder } from './card-state.ts'
import { DraftCard } from './draft-card.tsx'
import { FirstCard } from './first-card.tsx'
import { MeasuresSheet } from './measures-sheet.tsx'
import { Propose } from './propose.tsx'
import { SeriesSheet } from './series-sheet.tsx'

const route = getRouteApi('/house/declarations')

/** The wall of cards: what is promised, measured from our own data, and the seals that stand or fell. */
export function DeclarationsPage(): ReactNode {
  const { t } = useTranslation('declarations')
  const { t: common } = useTranslation()
  const now = useNow()
  const wall = useQuery(wallQuery)
  const { card: open } = route.useSearch()
  const navigate = useNavigate()
  const [proposing, setProposing] = useState<{ readonly card?: string }>()
  const may = useMay()
  const cards = wallOrder(wall.data?.cards ?? [])
  const opened = cards.find((card) => card.id === open)
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.declarations')}</h1>
          <p>{t('lead')}</p>
        </div>
        <Link className="btn" to="/first-week">
          {t('firstWeek')}
        </Link>
        {may('cards:write') ? (
          <button type="button" className="btn ink" onClick={() => setProposing({})}>
            {t('new')}
          </button>
        ) : null}
      </div>
      {wall.error === null ? null : <ProblemNote error={wall.error} retry={() => void wall.refetch()} />}
      {wall.data === undefined ? null : <Tiles wall={wall.data} />}
      <CoverageStrip />
      {wall.data?.problems.map((problem) => (
        <div key={`${problem.file}:${problem.line}:${problem.code}`} className="problem card-problem">
          <div className="grow">
            <b>{problem.message}</b>
            <p className="mono dim">{[problem.file, problem.line, problem.field].filter((part) => part !== null).join(':')}</p>
            <p>{problem.remedy}</p>
          </div>
        </div>
      ))}
      <section className="wall" aria-label={common('room.declarations')}>
        {cards.map((card) =>
          card.badge.state === 'draft' ? (
            <DraftCard key={card.id} card={card} now={now} />
          ) : (
            <DeclarationCard key={card.id} card={card} now={now} />
          ),
        )}
        {wall.data !== undefined && cards.length === 0 ? <FirstCard onPropose={() => setProposing({})} /> : null}
      </section>
      <SeriesSheet now={now} />
      <MeasuresSheet />
      {opened === undefined ? null : (
        <CardDetails
          card={opened}
          now={now}
          onRewrite={may('cards:write') ? () => setProposing({ card: opened.id }) : undefined}
          onClose={() => void navigate({ to: '/declarations', search: {} })}
        />
      )}
      {proposing === undefined ? null : <Propose card={proposing.card} onClose={() => setProposing(undefined)} />}
    </main>
  )
}

function Tiles({ wall }: { wall: WallResponse }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const { totals } = wall
  const gone = totals.withdrawn + totals.expired
  const fresh = totals.objectives === 0 ? undefined : (100 * (totals.objectives - totals.unproven)) / totals.objectives
  const lapse = totals.nextToLapse
  const lapsing = wall.cards.find((card) => card.id === lapse?.id)
  return (
    <section className="sheet tiles">
      <div className="tile">
        <span className="label">{t('tile.held')}</span>
        <div className="fig num">
          {format.count(totals.held + totals.atRisk)}
          <small>/ {format.count(totals.cards)}</small>
        </div>
        <div className="aux dots">
          {wallOrder(wall.cards)
            .toReversed()
            .toSorted((a, b) => SEAL_ORDER.indexOf(a.badge.state) - SEAL_ORDER.indexOf(b.badge.state))
            .slice(0, 18)
            .map((card) => (
              <SealDot key={card.id} state={card.badge.state} />
            ))}
        </div>
        <div className="sub">{t('tile.heldSub', { gone, draft: totals.draft, atRisk: totals.atRisk })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.met')}</span>
        <div className="fig num">
          {format.count(totals.met)}
          <small>/ {format.count(totals.objectives)}</small>
        </div>
        <div className="aux">
          <Tally
            met={totals.met}
            missed={totals.unmet}
            gone={totals.unproven}
            label={t('tile.metSub', { unmet: totals.unmet, unproven: totals.unproven })}
          />
        </div>
        <div className="sub">{t('tile.metSub', { unmet: totals.unmet, unproven: totals.unproven })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.fresh')}</span>
        <div className="fig num">
          {fresh === undefined ? '–' : format.decimal(fresh, 1)}
          <small>%</small>
        </div>
        <div className="sub">{t('tile.freshSub', { unproven: totals.unproven, objectives: totals.objectives })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.lapse')}</span>
        <div className="fig num">{lapse === null ? '–' : format.days(lapse.daysLeft)}</div>
        <div className="sub">
          {lapse === null
            ? t('tile.lapseNone')
            : t('tile.lapseSub', {
                name: format.text(lapse.name),
                day: lapsing === undefined ? '' : format.day(lapsing.validity.until),
              })}
        </div>
      </div>
    </section>
  )
}

const SEAL_ORDER = ['held', 'at-risk', 'withdrawn', 'expired', 'draft'] as const
