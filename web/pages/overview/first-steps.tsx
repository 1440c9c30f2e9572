import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Overview } from '../../../src/server/schema.ts'
import { alertCountsQuery, tokensQuery } from '../../api/queries.ts'
import { useMay } from '../../components/session.ts'
import { TestAttackButton } from '../../components/test-attack.tsx'

/** The first five minutes: token, events, an injected attack, its receipt. Goes away once all four are done. */
export function FirstSteps({ overview }: { overview: Overview }): ReactNode {
  const { t } = useTranslation('overview')
  const may = useMay()
  const tokens = useQuery({ ...tokensQuery, enabled: may('tokens:read') })
  const counts = useQuery(alertCountsQuery)
  const hasToken = (tokens.data?.items.length ?? 0) > 0
  const hasEvents = overview.ingest.sources.total > 0
  const hasAlert = counts.data?.lastRaised != null
  if (counts.data === undefined || (hasEvents && hasAlert) || !may('sources:write')) return null
  const steps = [
    { id: 'token', done: hasToken || hasEvents, to: '/settings/tokens' },
    { id: 'events', done: hasEvents, to: '/sources' },
    { id: 'attack', done: hasAlert, to: '/triage' },
    { id: 'receipt', done: false, to: '/evidence' },
  ] as const
  return (
    <section className="sheet start empty" aria-label={t('start.title')}>
      <h2>{t('start.title')}</h2>
      <p>{t('start.text')}</p>
      <ol>
        {steps.map((step, index) => (
          <li key={step.id} className={step.done ? 'done' : ''}>
            <span className="dot">{step.done ? '✓' : index + 1}</span>
            <span>
              <b>{step.done ? t(`start.${step.id}`) : <Link to={step.to}>{t(`start.${step.id}`)}</Link>}</b>
              <span className="label">{t(`start.${step.id}Sub`)}</span>
            </span>
          </li>
        ))}
      </ol>
      <div className="row draft-row">
        <TestAttackButton />
        <Link className="btn" to="/sources" search={{ add: 'curl' }}>
          {t('start.addSource')}
        </Link>
      </div>
    </section>
  )
}
