import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { metricsOf } from '../../../src/assess/cvss/metrics.ts'
import { ASSET_METRICS, readEnvironment, writeVector } from '../../../src/assess/cvss/vector.ts'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { environmentReply, ratingReply } from '../../../src/assess/work/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { CvssEditor, draftOf, MetricChoice, scoreOf } from './cvss-editor.tsx'

const SHORTEST_REASON = 10

/** How grave it is here, by a vector of one's own and by what is said of the asset. */
export function RatingForms({ finding }: { finding: VulnerabilityView }): ReactNode {
  return (
    <>
      <VectorForm finding={finding} />
      <EnvironmentForm key={finding.asset} finding={finding} />
    </>
  )
}

function VectorForm({ finding }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('cvss')
  const client = useQueryClient()
  const { own, published } = finding.rating
  const [draft, setDraft] = useState(() => draftOf(own?.vector ?? published.vector ?? ''))
  const [reason, setReason] = useState('')
  const save = useMutation({
    mutationFn: (vector: string | null) =>
      call(ratingReply, '/api/v1/vulnerabilities/rating', {
        method: 'POST',
        body: { asset: finding.asset, package: finding.package, id: finding.id, vector, reason },
      }),
    onSuccess: (_reply, vector) => {
      if (vector === null) setDraft(draftOf(published.vector ?? ''))
      setReason('')
      void client.invalidateQueries({ queryKey: ['ledger', 'vulnerabilities'] })
    },
  })
  const whole = scoreOf(draft) !== undefined && draft.fault === undefined
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (whole) save.mutate(writeVector(draft))
      }}
    >
      <p className="ink2">{t('lead')}</p>
      <CvssEditor draft={draft} onChange={setDraft} />
      <SaveWithReason
        saving={save}
        reason={reason}
        onReason={setReason}
        ready={whole}
        submit={{ text: t('save'), className: 'btn ink' }}
        back={own === null ? undefined : { text: t('back'), onClick: () => save.mutate(null) }}
      />
    </form>
  )
}

function EnvironmentForm({ finding: { asset, rating } }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('cvss')
  const client = useQueryClient()
  const said = rating.environment
  const [values, setValues] = useState<ReadonlyMap<string, string>>(() => readEnvironment(said?.vector ?? ''))
  const [reason, setReason] = useState('')
  const save = useMutation({
    mutationFn: (metrics: string | null) =>
      call(environmentReply, '/api/v1/vulnerabilities/environment', { method: 'POST', body: { asset, metrics, reason } }),
    onSuccess: (_reply, metrics) => {
      if (metrics === null) setValues(new Map())
      setReason('')
      void client.invalidateQueries({ queryKey: ['ledger', 'vulnerabilities'] })
    },
  })
  const text = ASSET_METRICS.flatMap((name) => (values.has(name) ? [`${name}:${values.get(name)}`] : [])).join('/')
  const known = metricsOf('3.1')
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(text)
      }}
    >
      <h3 className="sec-h">{t('environmentOf', { asset })}</h3>
      <p className="ink2">{t('environmentLead')}</p>
      <div className="cvss">
        {ASSET_METRICS.map((name) => (
          <MetricChoice
            key={name}
            version="3.1"
            metric={known.find((metric) => metric.name === name)!}
            value={values.get(name)}
            onChoose={(value) =>
              setValues(
                (before) => new Map([...before, [name, value ?? '']].filter(([, one]) => one !== '') as [string, string][]),
              )
            }
          />
        ))}
      </div>
      <SaveWithReason
        saving={save}
        reason={reason}
        onReason={setReason}
        ready={text !== ''}
        submit={{ text: t('saveEnvironment'), className: 'btn' }}
        back={said === null ? undefined : { text: t('backEnvironment'), onClick: () => save.mutate(null) }}
      />
    </form>
  )
}

/** The end of both forms: why, save, and back to what it was without. */
function SaveWithReason({
  saving,
  reason,
  onReason,
  ready,
  submit,
  back,
}: {
  saving: { readonly isPending: boolean; readonly isSuccess: boolean; readonly error: Error | null }
  reason: string
  onReason: (reason: string) => void
  ready: boolean
  submit: { readonly text: string; readonly className: string }
  back: { readonly text: string; readonly onClick: () => void } | undefined
}): ReactNode {
  const { t } = useTranslation('cvss')
  const isShort = reason.trim().length < SHORTEST_REASON
  return (
    <>
      <Field label={t('reason')} hint={t('reasonHint')}>
        <textarea
          className="input"
          rows={2}
          minLength={SHORTEST_REASON}
          maxLength={2000}
          value={reason}
          onChange={(event) => onReason(event.target.value)}
        />
      </Field>
      {saving.error === null ? null : <ProblemNote error={saving.error} />}
      <div className="row">
        <DeedButton type="submit" className={submit.className} busy={saving.isPending} disabled={isShort || !ready}>
          {submit.text}
        </DeedButton>
        {back === undefined ? null : (
          <DeedButton type="button" className="btn" busy={saving.isPending} disabled={isShort} onClick={back.onClick}>
            {back.text}
          </DeedButton>
        )}
        {saving.isSuccess ? (
          <span className="label" role="status">
            {t('saved')}
          </span>
        ) : null}
      </div>
    </>
  )
}
