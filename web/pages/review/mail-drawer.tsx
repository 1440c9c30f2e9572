import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ReviewMail, reviewMailView } from '../../../src/app/weekly/schema.ts'
import { call } from '../../api/client.ts'
import { reviewMailQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Check, Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const
/** A Monday, from which the days' names are written. */
const MONDAY = Date.UTC(2026, 10, 16, 12)
const DAY = 86_400_000

/** Whether and when the review comes to oneself by mail. */
export function ReviewMailDrawer({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('weekly')
  const { t: common } = useTranslation()
  const { data, error } = useQuery(reviewMailQuery)
  return (
    <Dialog label={t('mail.title')} className="slide" onClose={onClose} typed>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('mail.title')}</h2>
          <p className="ink2">{t('mail.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        {error === null ? null : <ProblemNote error={error} />}
        {data === undefined ? null : <MailForm kept={data} onClose={onClose} />}
      </div>
    </Dialog>
  )
}

function MailForm({ kept, onClose }: { kept: typeof reviewMailView._output; onClose: () => void }): ReactNode {
  const { t } = useTranslation('weekly')
  const format = useFormat()
  const client = useQueryClient()
  const [form, setForm] = useState<ReviewMail>({
    enabled: kept.enabled,
    email: kept.email,
    weekday: kept.weekday,
    hour: kept.hour,
    language: kept.enabled ? kept.language : format.lang,
  })
  const change = (part: Partial<ReviewMail>): void => setForm({ ...form, ...part })
  const save = useMutation({
    mutationFn: () => call(reviewMailView, '/api/v1/review/mail', { method: 'PUT', body: form }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: reviewMailQuery.queryKey })
      onClose()
    },
  })
  const dayName = (weekday: number): string =>
    new Intl.DateTimeFormat(format.lang, { weekday: 'long', timeZone: 'UTC' }).format(MONDAY + (weekday - 1) * DAY)
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      {kept.server ? null : <p className="label bad">{t('mail.noServer')}</p>}
      <Check label={t('mail.enabled')} checked={form.enabled} onChange={(enabled) => change({ enabled })} />
      <Field label={t('mail.email')}>
        <input
          className="input"
          type="email"
          value={form.email}
          required={form.enabled}
          onChange={(event) => change({ email: event.target.value })}
        />
      </Field>
      <div className="row">
        <Field label={t('mail.weekday')}>
          <select className="input" value={form.weekday} onChange={(event) => change({ weekday: Number(event.target.value) })}>
            {WEEKDAYS.map((weekday) => (
              <option key={weekday} value={weekday}>
                {dayName(weekday)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('mail.hour')} hint={t('mail.zone')}>
          <input
            className="input"
            type="number"
            min={0}
            max={23}
            value={form.hour}
            onChange={(event) => change({ hour: Number(event.target.value) })}
          />
        </Field>
        <Field label={t('mail.language')}>
          <select
            className="input"
            value={form.language}
            onChange={(event) => change({ language: event.target.value === 'ja' ? 'ja' : 'en' })}
          >
            <option value="en">English</option>
            <option value="ja">日本語</option>
          </select>
        </Field>
      </div>
      {kept.sent === null ? null : <p className="label">{t('mail.sent', { time: format.dateTime(kept.sent) })}</p>}
      {kept.error === null ? null : <p className="label bad">{t('mail.error', { reason: kept.error })}</p>}
      {save.error === null ? null : <ProblemNote error={save.error} />}
      <DeedButton type="submit" className="btn ink" busy={save.isPending}>
        {t('mail.save')}
      </DeedButton>
    </form>
  )
}
