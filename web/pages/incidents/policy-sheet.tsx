import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type AudienceView, type IncidentDetail, type PolicyView, policyView } from '../../../src/respond/incidents/schema.ts'
import { call } from '../../api/client.ts'
import { incidentPolicyQuery } from '../../api/incidents.ts'
import { channelsQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { Clocks, Tasks } from './policy-work.tsx'

const ROLES = ['commander', 'communications', 'technical-lead', 'scribe'] as const

/** How incidents are worked on here: what opens them, the clocks, who is told by which channel, who is on call. */
export function PolicySheet({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useQuery(incidentPolicyQuery)
  return (
    <Dialog label={t('policy.title')} className="slide" onClose={onClose}>
      <div className="slide-h">
        <h2 className="grow">{t('policy.title')}</h2>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {data === undefined ? null : <Policy policy={data} />}
      </div>
    </Dialog>
  )
}

function usePolicyChange() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ path, method, body }: { path: string; method: 'PUT' | 'POST' | 'DELETE'; body?: unknown }) =>
      call(policyView, path, { method, ...(body === undefined ? {} : { body }) }),
    onSuccess: (view) => client.setQueryData(incidentPolicyQuery.queryKey, view),
  })
}

function Policy({ policy }: { policy: PolicyView }): ReactNode {
  const { t } = useTranslation('incidents')
  const may = useMay()
  const change = usePolicyChange()
  const writes = may('incidents:write')
  const put = (body: object): void => change.mutate({ path: '/api/v1/incident-policy', method: 'PUT', body })
  return (
    <>
      <section className="stack tight-l">
        <h3>{t('policy.automatic')}</h3>
        <p className="ink2">{t('policy.automaticText')}</p>
        <select
          className="input auto"
          aria-label={t('policy.automatic')}
          disabled={!writes}
          value={policy.openAutomatically}
          onChange={(event) =>
            change.mutate({
              path: '/api/v1/incident-policy',
              method: 'PUT',
              body: { openAutomatically: Number(event.target.value) },
            })
          }
        >
          {[0, 1, 2, 3, 4].map((value) => (
            <option key={value} value={value}>
              {value === 0 ? t('policy.never') : t('policy.from', { severity: `P${value}` })}
            </option>
          ))}
        </select>
      </section>
      {change.error === null ? null : <ProblemNote error={change.error} />}
      <Clocks policy={policy} writes={writes} busy={change.isPending} change={(clocks) => put({ clocks })} />
      <Tasks policy={policy} writes={writes} busy={change.isPending} change={(tasks) => put({ tasks })} />
      <section className="stack tight-l">
        <h3>{t('policy.audiences')}</h3>
        <p className="ink2">{t('policy.audiencesText')}</p>
        <ul className="rows">
          {policy.audiences.map((audience) => (
            <Audience
              key={audience.id}
              audience={audience}
              disabled={!writes}
              onChange={(next) =>
                change.mutate({
                  path: '/api/v1/incident-policy',
                  method: 'PUT',
                  body: {
                    audiences: [
                      {
                        id: audience.id,
                        channel: audience.channel,
                        contact: audience.contact,
                        automatic: audience.automatic,
                        ...next,
                      },
                    ],
                  },
                })
              }
            />
          ))}
        </ul>
      </section>
      <Rota policy={policy} writes={writes} change={change.mutate} busy={change.isPending} />
    </>
  )
}

function Audience({
  audience,
  disabled,
  onChange,
}: {
  audience: AudienceView
  disabled: boolean
  onChange: (next: Partial<Pick<AudienceView, 'channel' | 'automatic'>>) => void
}): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const { data } = useQuery(channelsQuery)
  const when =
    audience.when === 'opened' || audience.when === 'contained' || audience.when === 'closed'
      ? t(`when.${audience.when}`)
      : t('when.phase', { phase: t(`phase.${audience.when}`) })
  return (
    <li className="wrap">
      <span className="grow">
        <b>{format.text(audience.audience)}</b>
        <span className="label block">{format.text(audience.about)}</span>
        <span className="label block num">
          {t('policy.rule', { severity: `P${audience.severity}`, when, time: format.duration(audience.withinMinutes * 60) })}
        </span>
      </span>
      <span className="stack tight">
        <select
          className="input auto"
          aria-label={t('told.channel')}
          disabled={disabled}
          value={audience.channel ?? ''}
          onChange={(event) => onChange({ channel: event.target.value === '' ? null : event.target.value })}
        >
          <option value="">{t('policy.byHand')}</option>
          {(data?.channels ?? []).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        {audience.channel === null ? null : (
          <label className="check">
            <input
              type="checkbox"
              disabled={disabled}
              checked={audience.automatic}
              onChange={(event) => onChange({ automatic: event.target.checked })}
            />
            {t('policy.atOnce')}
          </label>
        )}
      </span>
    </li>
  )
}

function Rota({
  policy,
  writes,
  change,
  busy,
}: {
  policy: PolicyView
  writes: boolean
  change: (asked: { path: string; method: 'POST' | 'DELETE'; body?: unknown }, options?: { onSuccess?: () => void }) => void
  busy: boolean
}): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const [role, setRole] = useState<IncidentDetail['roles'][number]['role']>('commander')
  const [person, setPerson] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const ready = person.trim() !== '' && from !== '' && to !== '' && from < to
  return (
    <section>
      <h3>{t('policy.rota')}</h3>
      {policy.rota.length === 0 ? <p className="dim">{t('policy.rotaNone')}</p> : null}
      <ul className="rows">
        {policy.rota.map((turn) => (
          <li key={turn.id}>
            <span className="grow">
              <b>{turn.person}</b> <span className="label">{t(`role.${turn.role}`)}</span>
              {turn.now ? <span className="chip">{t('policy.now')}</span> : null}
              <span className="label block num">
                {format.dateTime(turn.from)} – {format.dateTime(turn.to)}
              </span>
            </span>
            {writes ? (
              <SureButton
                label={t('policy.remove')}
                sure={t('policy.removeSure')}
                yes={t('policy.remove')}
                pending={busy}
                onSure={() => change({ path: `/api/v1/on-call/${turn.id}`, method: 'DELETE' })}
              />
            ) : null}
          </li>
        ))}
      </ul>
      {writes ? (
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault()
            const body = { role, person, from: new Date(from).toISOString(), to: new Date(to).toISOString() }
            if (ready) change({ path: '/api/v1/on-call', method: 'POST', body }, { onSuccess: () => setPerson('') })
          }}
        >
          <Field label={t('policy.role')}>
            <select className="input" value={role} onChange={(event) => setRole(event.target.value as typeof role)}>
              {ROLES.map((one) => (
                <option key={one} value={one}>
                  {t(`role.${one}`)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('people.who')}>
            <input className="input" value={person} maxLength={120} onChange={(event) => setPerson(event.target.value)} />
          </Field>
          <Field label={t('policy.begins')}>
            <input className="input" type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
          </Field>
          <Field label={t('policy.ends')}>
            <input className="input" type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
          </Field>
          <DeedButton type="submit" className="btn" busy={busy} disabled={!ready}>
            {t('policy.add')}
          </DeedButton>
        </form>
      ) : null}
    </section>
  )
}
