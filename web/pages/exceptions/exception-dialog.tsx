import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CONDITION_OPS, exceptionView, type NewException } from '../../../src/detect/exceptions/schema.ts'
import { call } from '../../api/client.ts'
import { exceptionPreviewQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { conditionsOf, type DraftCondition, opOf } from './draft.ts'
import { Preview } from './preview.tsx'

const DAYS = [7, 30, 90, 180, 365] as const

/**
 * Proposes an exception: which fields it asks for, until when, why, and what it would have hidden of the past, as one
 * types. Without any condition the rule is switched off.
 */
export function ExceptionDialog({
  rule,
  draft,
  onClose,
}: {
  rule: { readonly id: string; readonly title: string; readonly titleJa: string }
  draft: readonly DraftCondition[]
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('exceptions')
  const { t: common } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  const [rows, setRows] = useState(draft)
  const [reason, setReason] = useState('')
  const [days, setDays] = useState<number>(30)
  const conditions = conditionsOf(rows)
  const settled = useDeferredValue(JSON.stringify({ rule: rule.id, conditions }))
  const preview = useQuery(exceptionPreviewQuery(settled))
  const propose = useMutation({
    mutationFn: (body: NewException) => call(exceptionView, '/api/v1/exceptions', { method: 'POST', body }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['exceptions'] }),
  })
  const change = (at: number, next: Partial<DraftCondition>): void =>
    setRows((before) => before.map((row, index) => (index === at ? { ...row, ...next } : row)))
  const off = conditions.length === 0
  const title = format.text({ en: rule.title, ja: rule.titleJa })
  return (
    <Dialog label={t('title')} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t(off ? 'titleOff' : 'title')}</h2>
          <p className="ink2">{title}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        {propose.isSuccess ? (
          <div className="stack" role="status">
            <p>{t('proposed')}</p>
            <div className="row">
              <Link className="btn" to="/rules" hash="exceptions" onClick={onClose}>
                {t('toList')}
              </Link>
              <button type="button" className="btn ink" onClick={onClose}>
                {common('close')}
              </button>
            </div>
          </div>
        ) : (
          <form
            className="form"
            onSubmit={(event) => {
              event.preventDefault()
              propose.mutate({ rule: rule.id, conditions, reason: reason.trim(), days })
            }}
          >
            <fieldset className="form-part">
              <legend>{t('when')}</legend>
              <p className="label">{t(off ? 'whenOff' : 'whenAll')}</p>
              {rows.map((row, at) => (
                <ConditionRow key={at} row={row} onChange={(next) => change(at, next)} />
              ))}
              <button
                type="button"
                className="btn sm start"
                onClick={() => setRows((before) => [...before, { field: '', op: 'is', text: '', on: true }])}
              >
                {t('addField')}
              </button>
            </fieldset>
            <section className="form-part" aria-label={t('preview.title')} aria-busy={preview.isFetching}>
              <h3 className="sec-h">{t('preview.title')}</h3>
              {preview.error === null ? null : <ProblemNote error={preview.error} />}
              {preview.data === undefined ? <p className="dim">{common('loading')}</p> : <Preview preview={preview.data} />}
            </section>
            <Field label={t('reason')} hint={t('reasonHint')}>
              <textarea
                className="input"
                rows={3}
                required
                minLength={10}
                maxLength={2000}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            </Field>
            <Field label={t('days')} hint={t('daysHint')}>
              <select className="input" value={days} onChange={(event) => setDays(Number(event.target.value))}>
                {DAYS.map((one) => (
                  <option key={one} value={one}>
                    {format.days(one)}
                  </option>
                ))}
              </select>
            </Field>
            {propose.error === null ? null : <ProblemNote error={propose.error} />}
            <div className="row">
              <DeedButton type="submit" className="btn ink" busy={propose.isPending} disabled={reason.trim().length < 10}>
                {t('propose')}
              </DeedButton>
              <span className="label">{t('needsAnother')}</span>
            </div>
          </form>
        )}
      </div>
    </Dialog>
  )
}

function ConditionRow({ row, onChange }: { row: DraftCondition; onChange: (next: Partial<DraftCondition>) => void }): ReactNode {
  const { t } = useTranslation('exceptions')
  return (
    <div className="cond-row">
      <input
        type="checkbox"
        checked={row.on}
        aria-label={t('use', { field: row.field })}
        onChange={(event) => onChange({ on: event.target.checked })}
      />
      <input
        className="input sm mono"
        value={row.field}
        aria-label={t('field')}
        spellCheck={false}
        onChange={(event) => onChange({ field: event.target.value })}
      />
      <select
        className="input sm"
        value={row.op}
        aria-label={t('op.label')}
        onChange={(event) => onChange({ op: opOf(event.target.value) })}
      >
        {CONDITION_OPS.map((op) => (
          <option key={op} value={op}>
            {t(`op.${op}`)}
          </option>
        ))}
      </select>
      <textarea
        className="input sm mono"
        rows={Math.min(4, row.text.split('\n').length)}
        value={row.text}
        aria-label={t('values')}
        title={t('valuesHint')}
        spellCheck={false}
        onChange={(event) => onChange({ text: event.target.value, on: true })}
      />
    </div>
  )
}
