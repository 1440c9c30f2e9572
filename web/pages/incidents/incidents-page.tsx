import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type IncidentSummary, incidentDetail } from '../../../src/respond/incidents/schema.ts'
import { call } from '../../api/client.ts'
import { incidentsQuery } from '../../api/incidents.ts'
import { Code } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { SeverityTag } from '../../components/severity.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { IncidentView } from './incident-view.tsx'
import { PolicySheet } from './policy-sheet.tsx'

const route = getRouteApi('/house/incidents')
const STATES = ['open', 'closed', 'all'] as const

/** What people work on: gravest questions first, then each in its phases. */
export function IncidentsPage(): ReactNode {
  const { incident, part = 'work' } = route.useSearch()
  const navigate = useNavigate({ from: '/incidents' })
  return (
    <main className="main" id="main">
      {incident === undefined ? (
        <List />
      ) : (
        <IncidentView
          key={incident}
          id={incident}
          tab={part}
          onTab={(next) =>
            void navigate({ search: (before) => ({ ...before, part: next === 'work' ? undefined : next }), replace: true })
          }
        />
      )}
    </main>
  )
}

function List(): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const { state = 'open', q, exercises = 'without', open } = route.useSearch()
  const navigate = useNavigate({ from: '/incidents' })
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(
    incidentsQuery({ state, exercises, ...(q === undefined ? {} : { q }) }),
  )
  const rows = (data?.pages ?? []).flatMap(({ incidents }) => incidents)
  const totals = data?.pages[0]?.totals
  const sheet = (next: 'new' | 'policy' | undefined): void =>
    void navigate({ search: (before) => ({ ...before, open: next }), replace: true })
  return (
    <>
      <div className="head">
        <div className="grow">
          <h1>{common('room.incidents')}</h1>
          <p>{t('lead')}</p>
        </div>
        <button type="button" className="btn" aria-haspopup="dialog" onClick={() => sheet('policy')}>
          {t('policy.open')}
        </button>
        {may('incidents:write') ? (
          <button type="button" className="btn ink" aria-haspopup="dialog" onClick={() => sheet('new')}>
            <Icon name="plus" />
            {t('new.open')}
          </button>
        ) : null}
      </div>
      {totals === undefined ? null : (
        <section className="sheet tiles three" aria-label={t('figures')}>
          {(['open', 'overdueTasks', 'openFollowUps'] as const).map((id) => (
            <div key={id} className="tile" data-tone={id === 'overdueTasks' && totals[id] > 0 ? 'risk' : undefined}>
              <span className="label">{t(`figure.${id}`)}</span>
              <div className="fig num">{format.count(totals[id])}</div>
              <div className="sub">{t(`sub.${id}`)}</div>
            </div>
          ))}
        </section>
      )}
      <div className="filters">
        <Segmented
          label={t('filter.state')}
          value={state}
          choices={STATES.map((value) => ({ value, label: t(`filter.${value}`) }))}
          onChange={(next) =>
            void navigate({ search: (before) => ({ ...before, state: next === 'open' ? undefined : next }), replace: true })
          }
        />
        <input
          className="input"
          type="search"
          aria-label={t('filter.words')}
          placeholder={t('filter.words')}
          defaultValue={q ?? ''}
          onChange={(event) => {
            const words = event.target.value.trim()
            void navigate({ search: (before) => ({ ...before, q: words === '' ? undefined : words }), replace: true })
          }}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={exercises !== 'without'}
            onChange={(event) => {
              const next = event.target.checked ? ('with' as const) : undefined
              void navigate({ search: (before) => ({ ...before, exercises: next }), replace: true })
            }}
          />
          {t('filter.exercises')}
        </label>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
      {data !== undefined && rows.length === 0 ? (
        <section className="sheet empty add-first">
          <h2>{t(state === 'open' && q === undefined ? 'noneTitle' : 'noneFound')}</h2>
          <p>{t('noneText')}</p>
          <Code text="./kanpeki incidents open --alert ID --severity 2" />
        </section>
      ) : null}
      {rows.length === 0 ? null : (
        <section className="sheet">
          <table className="srcs">
            <thead>
              <tr>
                <th>{t('col.incident')}</th>
                <th>{t('col.phase')}</th>
                <th>{t('col.tasks')}</th>
                <th className="x">{t('col.commander')}</th>
                <th className="r x">{t('col.opened')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {hasNextPage ? (
        <button type="button" className="btn start" onClick={() => void fetchNextPage()}>
          {t('more')}
        </button>
      ) : null}
      {open === 'new' ? <NewIncident onClose={() => sheet(undefined)} /> : null}
      {open === 'policy' ? <PolicySheet onClose={() => sheet(undefined)} /> : null}
    </>
  )
}

function Row({ row }: { row: IncidentSummary }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const now = useNow()
  const { tasks } = row
  return (
    <tr className={row.state === 'open' ? undefined : 'ended'}>
      <td className="named">
        <span className="row">
          <SeverityTag severity={row.severity} />
          <Link className="name" to="/incidents" search={{ incident: row.id }}>
            <bdi>{format.text({ en: row.title, ja: row.titleJa })}</bdi>
          </Link>
          {row.exercise === null ? null : <span className="chip exercise">{t('exercise')}</span>}
        </span>
        <div className="label num">
          INC-{row.number} · {t('alertCount', { count: row.alerts })}
          {row.outcome === null ? null : ` · ${t(`outcome.${row.outcome}`)}`}
        </div>
      </td>
      <td>{row.state === 'open' ? t(`phase.${row.phase}`) : t(`state.${row.state}`)}</td>
      <td className="num">
        {tasks.overdue > 0 ? (
          <span className="late">{t('overdueCount', { count: tasks.overdue })}</span>
        ) : tasks.nextDue !== null ? (
          t('tasks.left', { time: format.duration(Math.max(0, Date.parse(tasks.nextDue) - now) / 1000) })
        ) : (
          <span className="dim">–</span>
        )}
      </td>
      <td className="x">{row.commander ?? <span className="dim">–</span>}</td>
      <td className="r num x" title={format.dateTime(row.opened)}>
        {format.dateTime(row.opened)}
      </td>
    </tr>
  )
}

function NewIncident({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate({ from: '/incidents' })
  const [title, setTitle] = useState('')
  const [severity, setSeverity] = useState<'1' | '2' | '3' | '4'>('2')
  const [summary, setSummary] = useState('')
  const open = useMutation({
    mutationFn: () =>
      call(incidentDetail, '/api/v1/incidents', { method: 'POST', body: { title, severity: Number(severity), summary } }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['incidents'] })
      await navigate({ search: { incident: id } })
    },
  })
  return (
    <Dialog label={t('new.title')} className="slide" typed onClose={onClose}>
      <div className="slide-h">
        <h2 className="grow">{t('new.title')}</h2>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <form
        className="slide-b form"
        onSubmit={(event) => {
          event.preventDefault()
          open.mutate()
        }}
      >
        <p className="ink2">{t('new.text')}</p>
        <Field label={t('new.name')}>
          <input className="input" value={title} maxLength={300} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Segmented
          label={t('severity')}
          value={severity}
          choices={(['1', '2', '3', '4'] as const).map((value) => ({ value, label: `P${value}` }))}
          onChange={setSeverity}
        />
        <Field label={t('new.summary')}>
          <textarea className="input" rows={4} value={summary} onChange={(event) => setSummary(event.target.value)} />
        </Field>
        {open.error === null ? null : <ProblemNote error={open.error} />}
        <DeedButton type="submit" className="btn ink start" busy={open.isPending} disabled={title.trim() === ''}>
          {t('new.do')}
        </DeedButton>
      </form>
    </Dialog>
  )
}
