import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { IncidentDetail, Outcome } from '../../../src/respond/incidents/schema.ts'
import { incidentQuery } from '../../api/incidents.ts'
import { withScope } from '../../api/scope.ts'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { SeverityTag } from '../../components/severity.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { Panel } from '../settings/panel.tsx'
import { Custody, Links } from './custody.tsx'
import { IncidentGraph } from './graph.tsx'
import { Learn, Similar } from './learn.tsx'
import { MessageList } from './message-list.tsx'
import { People } from './people.tsx'
import { PhaseRail } from './phase-rail.tsx'
import { TaskList } from './task-list.tsx'
import { TimelineList } from './timeline-list.tsx'
import { type AskedDeed, useDeed } from './use-deed.ts'

export const TABS = ['work', 'timeline', 'graph', 'learn'] as const
export type Tab = (typeof TABS)[number]
type Act = (asked: AskedDeed, done?: () => void) => void

/** One incident: where it stands, what has to be done, who was told, what is to be learnt. */
export function IncidentView({ id, tab, onTab }: { id: string; tab: Tab; onTab: (tab: Tab) => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const may = useMay()
  const { data: incident, error, refetch } = useQuery(incidentQuery(id))
  const act = useDeed(id)
  const writes = may('incidents:write') ? act : undefined
  if (incident === undefined)
    return error === null ? (
      <p className="loading">{common('loading')}</p>
    ) : (
      <ProblemNote error={error} retry={() => void refetch()} />
    )
  const open = incident.state === 'open' ? writes : undefined
  const after = incident.state === 'merged' ? undefined : writes
  return (
    <>
      <Head incident={incident} act={writes} />
      <PhaseRail incident={incident} onPhase={open === undefined ? undefined : (phase) => open({ do: 'phase', phase })} />
      <Segmented
        label={t('tabs')}
        value={tab}
        choices={TABS.map((value) => ({ value, label: t(`tab.${value}`) }))}
        onChange={onTab}
      />
      <div className="inc-body">
        {tab === 'work' ? (
          <div className="two">
            <div className="stack">
              <TaskList incident={incident} act={open} />
              <MessageList incident={incident} act={after} />
            </div>
            <div className="stack">
              <Runs incident={incident} />
              <People incident={incident} act={open} />
              <Alerts incident={incident} />
              <Custody incident={incident} act={after} />
              <Links incident={incident} act={after} />
              <Similar incident={incident} />
            </div>
          </div>
        ) : tab === 'timeline' ? (
          <TimelineList incident={incident} act={writes} />
        ) : tab === 'graph' ? (
          <IncidentGraph id={id} />
        ) : (
          <div className="stack">
            <Learn incident={incident} act={after} />
          </div>
        )}
      </div>
    </>
  )
}

function Head({ incident, act }: { incident: IncidentDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const may = useMay()
  const format = useFormat()
  const [closing, setClosing] = useState(false)
  return (
    <>
      <div className="head inc-head">
        <div className="grow">
          <div className="row meta">
            <Link className="chip" to="/incidents">
              ← {t('all')}
            </Link>
            <span className="chip mono">INC-{incident.number}</span>
            <SeverityTag severity={incident.severity} word />
            <span className="chip">{t(`state.${incident.state}`)}</span>
            {incident.outcome === null ? null : <span className="chip">{t(`outcome.${incident.outcome}`)}</span>}
            {incident.exercise === null ? null : <span className="chip exercise">{t('exercise')}</span>}
            {incident.automatic ? <span className="chip">{t('automatic')}</span> : null}
          </div>
          <h1>
            <bdi>{format.text({ en: incident.title, ja: incident.titleJa })}</bdi>
          </h1>
          {incident.summary === '' ? null : <p>{incident.summary}</p>}
          {incident.mergedInto === null ? null : (
            <p>
              {t('mergedInto')}{' '}
              <Link to="/incidents" search={{ incident: incident.mergedInto.id }}>
                INC-{incident.mergedInto.number} {format.text({ en: incident.mergedInto.title, ja: incident.mergedInto.titleJa })}
              </Link>
            </p>
          )}
        </div>
        <div className="stack end-deeds">
          <Clocks incident={incident} />
          <div className="row links">
            {act !== undefined && incident.state === 'open' && incident.acknowledged === null ? (
              <button type="button" className="btn ink" onClick={() => act({ do: 'acknowledge' })}>
                {t('acknowledge')}
              </button>
            ) : null}
            {act === undefined || incident.state !== 'open' ? null : <Grade incident={incident} act={act} />}
            <a
              className="btn"
              href={withScope(`/api/v1/incidents/${incident.id}/report?language=${format.lang}`)}
              target="_blank"
              rel="noreferrer"
            >
              <Icon name="download" />
              {t('report')}
            </a>
            {may('ledger:read') ? (
              <a className="btn" href={withScope(`/api/v1/ledger/bundle?incident=${incident.id}&format=zip`)} download>
                <Icon name="evidence" />
                {t('evidence')}
              </a>
            ) : null}
            {act === undefined || incident.state === 'merged' ? null : incident.state === 'open' ? (
              <button type="button" className="btn" aria-expanded={closing} onClick={() => setClosing(!closing)}>
                {t('close')}
              </button>
            ) : (
              <button type="button" className="btn" onClick={() => act({ do: 'reopen', note: t('reopenNote') })}>
                {t('reopen')}
              </button>
            )}
          </div>
        </div>
      </div>
      {closing && act !== undefined && incident.state === 'open' ? (
        <CloseForm incident={incident} act={act} onClose={() => setClosing(false)} />
      ) : null}
    </>
  )
}

function Clocks({ incident }: { incident: IncidentDetail }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const now = useNow()
  const since = (now - Date.parse(incident.detected ?? incident.opened)) / 1000
  const running = incident.state === 'open'
  return (
    <div className="clocks">
      {(['detect', 'acknowledge', 'contain', 'resolve'] as const).map((clock) => {
        const value = incident.clocks[clock]
        const waits = value === null && running && clock !== 'detect'
        return (
          <div key={clock} data-running={waits}>
            <span className="label">{t(`clock.${clock}`)}</span>
            <div className="fig num">
              {value !== null ? format.duration(value) : waits ? `${format.duration(Math.max(0, since))}…` : '–'}
            </div>
          </div>
        )
      })}
    </div>
  )
}

function Grade({ incident, act }: { incident: IncidentDetail; act: Act }): ReactNode {
  const { t } = useTranslation('incidents')
  return (
    <select
      className="input auto"
      aria-label={t('severity')}
      value={incident.severity}
      onChange={(event) => act({ do: 'change', severity: Number(event.target.value) as 1 | 2 | 3 | 4 })}
    >
      {[1, 2, 3, 4].map((grade) => (
        <option key={grade} value={grade}>
          P{grade}
        </option>
      ))}
    </select>
  )
}

function CloseForm({ incident, act, onClose }: { incident: IncidentDetail; act: Act; onClose: () => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const [outcome, setOutcome] = useState<Outcome>('true')
  const [note, setNote] = useState('')
  return (
    <form
      className="sheet stack close-form"
      onSubmit={(event) => {
        event.preventDefault()
        act({ do: 'close', outcome, note }, onClose)
      }}
    >
      <Segmented
        label={t('outcomeWhat')}
        value={outcome}
        choices={(['true', 'expected', 'false'] as const).map((value) => ({ value, label: t(`outcome.${value}`) }))}
        onChange={setOutcome}
      />
      <Field
        label={t('closeNote')}
        {...(incident.tasks.open === 0 ? {} : { hint: t('closeOpen', { count: incident.tasks.open }) })}
      >
        <textarea className="input" rows={2} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      <div className="row">
        <button type="submit" className="btn ink">
          {t('close')}
        </button>
        <button type="button" className="btn quiet" onClick={onClose}>
          {common('cancel')}
        </button>
      </div>
    </form>
  )
}

function Alerts({ incident }: { incident: IncidentDetail }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  return (
    <Panel title={t('alerts.title')} end={<span className="label num">{format.count(incident.alertList.length)}</span>}>
      {incident.alertList.length === 0 ? <p className="dim">{t('alerts.none')}</p> : null}
      <ul className="rows">
        {incident.alertList.map((alert) => (
          <li key={alert.id}>
            <SeverityTag severity={alert.severity as 1 | 2 | 3 | 4 | 5} />
            <span className="grow">
              <Link className="tablink" to="/triage" search={{ alert: alert.id }}>
                {format.text(alert.title)}
              </Link>
              <span className="label block">
                <bdi>{alert.entity.name}</bdi> · {format.dateTime(alert.raised)}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {incident.entities.length === 0 ? null : (
        <div className="chips">
          {incident.entities.map(({ kind, name }) => (
            <span key={`${kind} ${name}`} className="chip" title={t(`entity.${kind as 'host'}`)}>
              {name}
            </span>
          ))}
        </div>
      )}
    </Panel>
  )
}

function Runs({ incident }: { incident: IncidentDetail }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: playbooks } = useTranslation('playbooks')
  const format = useFormat()
  if (incident.runs.length === 0) return null
  return (
    <Panel title={t('runs.title')}>
      <ul className="rows">
        {incident.runs.map((run) => (
          <li key={run.id}>
            <span className="grow">
              <bdi>{format.text(run.title)}</bdi>
              {run.simulated ? <span className="chip exercise">{t('runs.simulated')}</span> : null}
              <span className="label block">{format.dateTime(run.started)}</span>
            </span>
            <span className="label">{playbooks(`run.${run.state}`)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
