import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type Application,
  applicationParamsSchema,
  applicationSchema,
  type ExclusionView,
  exclusionViewSchema,
  type Suggestion,
} from '../../../src/protect/schema.ts'
import { call } from '../../api/client.ts'
import { applicationsQuery, exclusionsQuery, suggestionsQuery, TUNING } from '../../api/protect-tuning.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { DeedsHead } from '../../components/deeds-head.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { ExclusionDraft } from './exclusion-draft.tsx'

/** What rules do not look at: in force, and over; and what could be added, learned from harmless traffic. */
export function ExclusionsPanel({ now }: { now: number }): ReactNode {
  const { t } = useTranslation('protect')
  const listed = useQuery(exclusionsQuery)
  const suggested = useQuery(suggestionsQuery)
  const [chosen, setChosen] = useState<Suggestion | undefined>()
  const all = listed.data?.exclusions ?? []
  const inForce = all.filter(({ state }) => state === 'active')
  const over = all.filter(({ state }) => state !== 'active')
  const suggestions = suggested.data?.suggestions ?? []
  const error = listed.error ?? suggested.error
  return (
    <section className="sheet rules-place" aria-label={t('exclusions')}>
      <div className="panel-h">
        <h2>{t('exclusions')}</h2>
        <span className="label num">{t('inForce', { count: inForce.length })}</span>
      </div>
      {error === null ? null : (
        <ProblemNote error={error} retry={() => void Promise.all([listed.refetch(), suggested.refetch()])} />
      )}
      {listed.data !== undefined && all.length === 0 ? <p className="chart-p dim">{t('noExclusions')}</p> : null}
      <ul className="rows chart-p">
        {[...inForce, ...over].map((each) => (
          <ExclusionRow key={each.id} exclusion={each} />
        ))}
      </ul>
      {suggestions.length === 0 ? null : (
        <>
          <div className="panel-h">
            <h3>{t('suggestions')}</h3>
          </div>
          <p className="chart-p ink2">{t('suggestionsText', { days: suggested.data?.days ?? 0 })}</p>
          <ul className="rows chart-p">
            {suggestions.map((each) => (
              <li key={`${each.rule} ${each.variable} ${each.path}`}>
                <p>
                  <bdi className="mono">{`${each.rule} ${each.variable ?? ''} ${each.path}`}</bdi>
                </p>
                <p className="ink2">{t('suggestion', { requests: each.requests, clients: each.clients, all: each.all })}</p>
                <button
                  type="button"
                  className="btn sm"
                  aria-pressed={chosen === each}
                  onClick={() => setChosen(chosen === each ? undefined : each)}
                >
                  {t('exclude')}
                </button>
                {chosen === each ? (
                  <ExclusionDraft what={{ rule: each.rule, path: each.path, variable: each.variable }} now={now} />
                ) : null}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function ExclusionRow({ exclusion }: { exclusion: ExclusionView }): ReactNode {
  const { t } = useTranslation('protect')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const end = useMutation({
    mutationFn: () =>
      call(exclusionViewSchema, `/api/v1/waf/exclusions/${encodeURIComponent(exclusion.id)}`, { method: 'DELETE' }),
    onSuccess: () => void client.invalidateQueries({ queryKey: TUNING }),
  })
  const { state, rule, path, variable, reason, owner, createdBy, createdAt, expiresAt } = exclusion
  return (
    <li>
      <p>
        <bdi className="mono">{`${rule} ${variable ?? t('wholeRule')} ${path}`}</bdi>
      </p>
      <p>
        <bdi>{reason}</bdi>
      </p>
      <p className="ink2">
        {t(`exclusionState.${state}`, { day: format.longDay(Date.parse(expiresAt)) })} ·{' '}
        {t('writtenBy', { by: createdBy, owner, when: format.dateTime(createdAt) })}
      </p>
      {state === 'active' && may('alerts:write') ? (
        <SureButton label={t('end')} sure={t('endSure')} yes={t('end')} pending={end.isPending} onSure={() => end.mutate()} />
      ) : null}
      {end.error === null ? null : <ProblemNote error={end.error} />}
    </li>
  )
}

/** Applications that ought to be behind a firewall, and what it reported of each in a day. */
export function ApplicationsPanel(): ReactNode {
  const { t } = useTranslation('protect')
  const may = useMay()
  const format = useFormat()
  const { data, error, refetch } = useQuery(applicationsQuery)
  const applications = data?.applications ?? []
  return (
    <section className="sheet rules-place" aria-label={t('applications')}>
      <div className="panel-h">
        <h2>{t('applications')}</h2>
        <span className="label num">
          {t('applicationsSub', {
            covered: applications.filter(({ requests }) => requests > 0).length,
            all: applications.length,
          })}
        </span>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data?.applications.length === 0 ? <p className="chart-p dim">{t('noApplications')}</p> : null}
      {applications.length === 0 ? null : (
        <table className="srcs">
          <thead>
            <tr>
              <th>{t('application.name')}</th>
              <th>{t('application.hosts')}</th>
              <th>{t('application.owner')}</th>
              <th className="r">{t('application.requests')}</th>
              <th className="r">{t('application.stopped')}</th>
              <th>{t('application.state')}</th>
              <DeedsHead />
            </tr>
          </thead>
          <tbody>
            {applications.map((each) => (
              <tr key={each.name}>
                <td>{each.name}</td>
                <td className="mono">
                  <bdi>{each.hosts.join(', ')}</bdi>
                </td>
                <td>
                  <bdi>{each.owner}</bdi>
                </td>
                <td className="r num">{format.count(each.requests)}</td>
                <td className="r num">{format.count(each.stopped)}</td>
                <td>{t(`applicationState.${stateOf(each)}`)}</td>
                <td>{may('sources:write') ? <Withdraw name={each.name} /> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {may('sources:write') ? <DeclareForm /> : null}
    </section>
  )
}

function stateOf({ requests, watched }: Application): 'silent' | 'watched' | 'guarded' {
  if (requests === 0) return 'silent'
  return watched > 0 ? 'watched' : 'guarded'
}

function Withdraw({ name }: { name: string }): ReactNode {
  const { t } = useTranslation('protect')
  const client = useQueryClient()
  const withdraw = useMutation({
    mutationFn: () => call(applicationParamsSchema, `/api/v1/waf/applications/${name}`, { method: 'DELETE' }),
    onSuccess: () => void client.invalidateQueries({ queryKey: TUNING }),
  })
  return (
    <>
      <SureButton
        label={t('withdraw')}
        sure={t('withdrawSure')}
        yes={t('withdraw')}
        pending={withdraw.isPending}
        onSure={() => withdraw.mutate()}
      />
      {withdraw.error === null ? null : <ProblemNote error={withdraw.error} />}
    </>
  )
}

function DeclareForm(): ReactNode {
  const { t } = useTranslation('protect')
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [hosts, setHosts] = useState('')
  const [owner, setOwner] = useState('')
  const declare = useMutation({
    mutationFn: () =>
      call(applicationSchema, `/api/v1/waf/applications/${name}`, {
        method: 'PUT',
        body: {
          hosts: hosts
            .toLowerCase()
            .split(/[\s,]+/)
            .filter((host) => host !== ''),
          owner,
        },
      }),
    onSuccess: () => {
      setName('')
      setHosts('')
      void client.invalidateQueries({ queryKey: TUNING })
    },
  })
  return (
    <form
      className="chart-p stack"
      onSubmit={(event) => {
        event.preventDefault()
        declare.mutate()
      }}
    >
      <div className="row declare-row">
        <Field label={t('application.name')} hint={t('application.nameHint')}>
          <input
            className="input"
            required
            pattern="[a-z0-9\-]{1,60}"
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={t('application.hosts')} hint={t('application.hostsHint')}>
          <input className="input" required maxLength={2000} value={hosts} onChange={(event) => setHosts(event.target.value)} />
        </Field>
        <Field label={t('application.owner')}>
          <input className="input" required maxLength={200} value={owner} onChange={(event) => setOwner(event.target.value)} />
        </Field>
        <DeedButton type="submit" className="btn" busy={declare.isPending}>
          {t('declare')}
        </DeedButton>
      </div>
      {declare.error === null ? null : <ProblemNote error={declare.error} />}
    </form>
  )
}
