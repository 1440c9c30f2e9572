import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { iocListSchema, LIST_KINDS, type ListKind } from '../../../src/detect/ioc/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Check, Field, NumberInput } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'

interface Draft {
  name: string
  kind: ListKind
  url: string
  user: string
  secret: string
  confidence: number
  /** 0: never. */
  days: number
  hours: number
  guarded: boolean
}

const EMPTY: Draft = { name: '', kind: 'own', url: '', user: '', secret: '', confidence: 70, days: 0, hours: 6, guarded: true }

/** A new list of indicators: filled by people, or fetched from where somebody keeps it. */
export function IndicatorListForm({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('rules')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [draft, setDraft] = useState(EMPTY)
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change })
  const save = useMutation({
    mutationFn: () => call(iocListSchema, '/api/v1/ioc/lists', { method: 'POST', body: bodyOf(draft) }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['rules', 'ioc'] })
      onClose()
    },
  })
  return (
    <Dialog label={t('ioc.new')} className="slide" typed onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('ioc.new')}</h2>
          <p className="ink2">{t('ioc.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <form
          className="stack sec"
          onSubmit={(event) => {
            event.preventDefault()
            save.mutate()
          }}
        >
          <Field label={t('ioc.form.name')}>
            <input
              className="input"
              required
              maxLength={120}
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          </Field>
          <Field label={t('ioc.form.kind')}>
            <select
              className="input"
              value={draft.kind}
              onChange={(event) => set({ kind: LIST_KINDS.find((one) => one === event.target.value) ?? 'own' })}
            >
              {LIST_KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {t(`ioc.kind.${kind}`)}
                </option>
              ))}
            </select>
          </Field>
          {draft.kind === 'own' ? null : <FetchFields kind={draft.kind} draft={draft} set={set} />}
          <Field label={t('ioc.form.confidence')} hint={t('ioc.form.confidenceHint')}>
            <NumberInput min={0} max={100} value={draft.confidence} onChange={(confidence) => set({ confidence })} />
          </Field>
          <Field label={t('ioc.form.days')} hint={t('ioc.form.daysHint')}>
            <NumberInput min={0} max={3650} value={draft.days} onChange={(days) => set({ days })} />
          </Field>
          <Check
            label={t('ioc.form.guarded')}
            hint={t('ioc.form.guardedHint')}
            checked={draft.guarded}
            onChange={(guarded) => set({ guarded })}
          />
          {save.error === null ? null : <ProblemNote error={save.error} />}
          <DeedButton type="submit" className="btn ink" busy={save.isPending}>
            {t('ioc.form.save')}
          </DeedButton>
        </form>
      </div>
    </Dialog>
  )
}

function FetchFields({
  kind,
  draft,
  set,
}: {
  kind: Exclude<ListKind, 'own'>
  draft: Draft
  set: (change: Partial<Draft>) => void
}): ReactNode {
  const { t } = useTranslation('rules')
  return (
    <>
      <Field label={t('ioc.form.url')} hint={t(`ioc.form.urlHint.${kind}`)}>
        <input
          className="input mono"
          type="url"
          required
          value={draft.url}
          onChange={(event) => set({ url: event.target.value })}
        />
      </Field>
      <Field label={t('ioc.form.user')} hint={t('ioc.form.userHint')}>
        <input className="input" autoComplete="off" value={draft.user} onChange={(event) => set({ user: event.target.value })} />
      </Field>
      <Field label={t('ioc.form.secret')}>
        <input
          className="input"
          type="password"
          autoComplete="off"
          value={draft.secret}
          onChange={(event) => set({ secret: event.target.value })}
        />
      </Field>
      <Field label={t('ioc.form.hours')}>
        <NumberInput min={1} max={720} value={draft.hours} onChange={(hours) => set({ hours })} />
      </Field>
    </>
  )
}

function bodyOf({ name, kind, url, user, secret, confidence, days, hours, guarded }: Draft): unknown {
  const fetched = kind !== 'own'
  return {
    name,
    kind,
    url: fetched ? url : null,
    user: fetched && user !== '' ? user : null,
    secret: fetched && secret !== '' ? secret : null,
    confidence,
    days: days === 0 ? null : days,
    everyMinutes: hours * 60,
    guarded,
  }
}
