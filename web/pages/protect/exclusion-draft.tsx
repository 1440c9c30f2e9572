import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ExclusionWhat, exclusionRule, exclusionViewSchema } from '../../../src/protect/schema.ts'
import { call } from '../../api/client.ts'
import { exclusionPreviewQuery, TUNING } from '../../api/protect-tuning.ts'
import { CopyButton } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { SourceText } from '../../components/source-text.tsx'
import { useFormat } from '../../components/use-format.ts'

const DAY = 86_400_000
const DAYS = ['7', '30', '90'] as const

/** An exclusion before it is written: what of the last days it would have let pass, for how long, and why. */
export function ExclusionDraft({ what, reference, now }: { what: ExclusionWhat; reference?: string; now: number }): ReactNode {
  const { t } = useTranslation('protect')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const [days, setDays] = useState<(typeof DAYS)[number]>('30')
  const [reason, setReason] = useState('')
  const until = now + Number(days) * DAY
  const rule = exclusionRule({ ...what, until })
  const preview = useQuery(exclusionPreviewQuery(what))
  const write = useMutation({
    mutationFn: () =>
      call(exclusionViewSchema, '/api/v1/waf/exclusions', {
        method: 'POST',
        body: { ...what, reason, days: Number(days), ...(reference === undefined ? {} : { reference }) },
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: TUNING }),
  })
  if (write.isSuccess) return <p role="status">{t('written', { day: format.longDay(Date.parse(write.data.expiresAt)) })}</p>
  return (
    <section aria-label={t('exclusion')}>
      <h3>{t('exclusion')}</h3>
      <p>{t('exclusionText', { rule: String(what.rule), variable: what.variable ?? '', path: what.path })}</p>
      <Segmented
        label={t('lasts')}
        value={days}
        choices={DAYS.map((value) => ({ value, label: t('days', { days: Number(value) }) }))}
        onChange={setDays}
      />
      <p className="ink2">{t('until', { day: format.longDay(until) })}</p>
      {preview.data === undefined ? null : (
        <>
          <p>{t('preview', { count: preview.data.stopped, days: preview.data.days })}</p>
          <p className="ink2">{t('previewMore', { found: preview.data.found, clients: preview.data.clients })}</p>
          {preview.data.attacks === 0 ? null : (
            <p role="alert" className="bad">
              {t('previewAttacks', { count: preview.data.attacks })}
            </p>
          )}
        </>
      )}
      {rule === undefined ? <p>{t('notWritable')}</p> : null}
      {rule === undefined || !may('alerts:write') ? null : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            write.mutate()
          }}
        >
          <Field label={t('why')} hint={t('whyHint')}>
            <textarea
              className="input"
              required
              minLength={10}
              maxLength={2000}
              rows={2}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </Field>
          {write.error === null ? null : <ProblemNote error={write.error} />}
          {/* Not before it is said what would pass: the answer moves the button, too. */}
          <DeedButton type="submit" className="btn ink" busy={write.isPending || preview.isPending}>
            {t('write')}
          </DeedButton>
        </form>
      )}
      {rule === undefined ? null : (
        <details>
          <summary>{t('asRule')}</summary>
          <SourceText text={rule} label={t('asRule')} className="mono" />
          <CopyButton text={rule} /> <span className="label">{t('whereTo')}</span>
        </details>
      )}
    </section>
  )
}
