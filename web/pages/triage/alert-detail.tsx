import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AlertDetail, AlertSummary, EntityKind } from '../../../src/detect/schema.ts'
import { tell } from '../../api/client.ts'
import { alertQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Icon, type IconName } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { SeverityTag } from '../../components/severity.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { draftOf } from '../exceptions/draft.ts'
import { ExceptionDialog } from '../exceptions/exception-dialog.tsx'
import { BehaviourWhy, behaviourOf } from './behaviour-why.tsx'
import { EntityTimeline, entityQuery } from './entity-timeline.tsx'
import { IncidentOf } from './incident-of.tsx'
import { RiskSum } from './risk.tsx'
import { WhyFired } from './why-fired.tsx'

const ENTITY_ICON: Readonly<Record<EntityKind, IconName>> = {
  host: 'host',
  user: 'user',
  address: 'address',
  other: 'declarations',
}

/** One alert, top to bottom in the order a person asks: what, why, what else, what it rests on. */
export function AlertView({ id }: { id: string }): ReactNode {
  const { t } = useTranslation()
  const { data: alert, error, refetch, isPlaceholderData } = useQuery(alertQuery(id))
  if (alert === undefined) {
    return (
      <div className="d-in">
        {error === null ? <p className="dim">{t('loading')}</p> : <ProblemNote error={error} retry={() => void refetch()} />}
      </div>
    )
  }
  const behaviour = behaviourOf(alert)
  return (
    <div className="d-in" aria-busy={isPlaceholderData} key={alert.id}>
      <Head alert={alert} />
      {behaviour === undefined ? <WhyFired alert={alert} /> : <BehaviourWhy alert={alert} signals={behaviour} />}
      <RiskSum alert={alert} />
      <EntityTimeline alert={alert} />
      <Facts alert={alert} />
      <Related alert={alert} />
      <HistoryList alert={alert} />
    </div>
  )
}

function Head({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const format = useFormat()
  const now = useNow(1)
  const description = format.text({ en: alert.description, ja: alert.descriptionJa })
  const waited = (now - Date.parse(alert.raisedAt)) / 1000
  return (
    <div className="row d-top">
      <div className="d-h grow">
        <div className="meta">
          <SeverityTag severity={alert.severity} word />
          {alert.techniques.map((technique) => (
            <Link key={technique} className="chip mono" to="/rules" search={{ technique }}>
              {technique}
            </Link>
          ))}
          <Link className="chip" to="/timeline" search={{ q: entityQuery(alert) }}>
            <Icon name={ENTITY_ICON[alert.entity.kind]} small />
            {alert.entity.name}
          </Link>
          <Assignee alert={alert} />
          {alert.verdict === null ? null : <span className="chip">{t(`verdict.${alert.verdict}`)}</span>}
          {alert.quietUntil === null || Date.parse(alert.quietUntil) < now ? null : (
            <span className="chip">{t('quietUntil', { when: format.dateTime(alert.quietUntil) })}</span>
          )}
          <Except alert={alert} />
          <IncidentOf alert={alert} />
        </div>
        <h2>{format.text({ en: alert.rule.title, ja: alert.rule.titleJa })}</h2>
        <p className="ink2">{description}</p>
      </div>
      <div className="clocks">
        <div>
          <span className="label">{t('clock.detectedIn')}</span>
          <div className="fig num">{format.duration(Math.max(0, alert.delaySeconds.fromReceived))}</div>
        </div>
        <div>
          <span className="label">{t(alert.state === 'open' ? 'clock.waiting' : 'clock.raised')}</span>
          <div className="fig num">
            {alert.state === 'open' ? format.duration(Math.max(0, Math.floor(waited))) : format.minute(alert.raisedAt)}
          </div>
        </div>
      </div>
    </div>
  )
}

/** What is known here is no alert: from this one to an exception. */
function Except({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const may = useMay()
  const [open, setOpen] = useState(false)
  useKeys(may('alerts:write') ? { n: () => setOpen(true) } : {})
  if (!may('alerts:write')) return null
  return (
    <>
      <button type="button" className="chip as-button" aria-haspopup="dialog" aria-keyshortcuts="N" onClick={() => setOpen(true)}>
        {t('except')} <kbd>N</kbd>
      </button>
      {open ? <ExceptionDialog rule={alert.rule} draft={draftOf(alert)} onClose={() => setOpen(false)} /> : null}
    </>
  )
}

function Assignee({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const client = useQueryClient()
  const may = useMay()
  const assign = useMutation({
    mutationFn: (assignee: string | null) =>
      tell(`/api/v1/alerts/${encodeURIComponent(alert.id)}/assign`, { method: 'POST', body: { assignee } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
  return (
    <DeedButton
      type="button"
      className="chip as-button"
      busy={assign.isPending}
      disabled={!may('alerts:write')}
      onClick={() => assign.mutate(alert.assignee === null ? 'me' : null)}
    >
      <Icon name="user" small />
      {alert.assignee === null ? t('take') : t('assigned', { name: alert.assignee })}
    </DeedButton>
  )
}

function Facts({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const format = useFormat()
  return (
    <div className="facts sec">
      <div>
        <span className="label">{t('fact.events')}</span>
        <b className="num">{t('fact.eventsValue', { count: alert.eventCount, detections: alert.count })}</b>
      </div>
      <div>
        <span className="label">{t('fact.span')}</span>
        <b className="num">
          {t('fact.spanValue', {
            from: format.time(alert.firstObserved),
            to: format.time(alert.lastObserved),
            day: format.date(alert.lastObserved),
          })}
        </b>
      </div>
      <div>
        <span className="label">{t('fact.before', { days: alert.before.days })}</span>
        <b>{t('fact.beforeValue', { same: alert.before.sameEntity, any: alert.before.anyEntity })}</b>
      </div>
      <div>
        <span className="label">{t('fact.evidence')}</span>
        <b className="num">
          <EntryLink index={alert.evidence?.index} />
        </b>
      </div>
    </div>
  )
}

function Related({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  if (alert.related.length === 0) return null
  return (
    <div className="sec">
      <h3>{t('related')}</h3>
      <ul className="rows boxed">
        {alert.related.slice(0, 8).map((other) => (
          <RelatedRow key={other.id} alert={other} />
        ))}
      </ul>
    </div>
  )
}

function RelatedRow({ alert }: { alert: AlertSummary }): ReactNode {
  const { t } = useTranslation('triage')
  const { t: common } = useTranslation()
  const format = useFormat()
  return (
    <li>
      <SeverityTag severity={alert.severity} />
      <Link className="grow" to="/triage" search={(before) => ({ ...before, alert: alert.id })}>
        {common('pair', { name: alert.entity.name, text: format.text({ en: alert.rule.title, ja: alert.rule.titleJa }) })}
      </Link>
      {alert.verdict === null ? null : <span className="chip">{t(`verdict.${alert.verdict}`)}</span>}
      <span className="num dim">×{format.count(alert.count)}</span>
      <time className="num dim">{format.dateTime(alert.lastObserved)}</time>
    </li>
  )
}

function HistoryList({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const format = useFormat()
  return (
    <div className="sec">
      <h3>{t('history.title')}</h3>
      <ul className="hist">
        {alert.history.map((entry) => (
          <li key={`${entry.at}${entry.action}`}>
            <time className="num dim">{format.exact(entry.at)}</time>
            <span>
              {t(`history.${entry.action}`, {
                verdict: entry.verdict === null ? '' : t(`verdict.${entry.verdict}`),
                assignee: entry.assignee ?? t('nobody'),
              })}
              {entry.note === '' ? null : <span className="dim"> — {entry.note}</span>}
            </span>
            <span className="dim">{entry.by}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
