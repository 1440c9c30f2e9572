import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { erasureReplySchema, IDENTITY_KINDS } from '../../../../src/app/erasure/schema.ts'
import { call } from '../../../api/client.ts'
import { Code } from '../../../components/copy.tsx'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Field } from '../../../components/fields.tsx'
import { Icon } from '../../../components/icon.tsx'
import { usePreferences } from '../../../components/preferences.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Drawer } from '../drawer.tsx'
import { SureButton } from '../sure-button.tsx'
import { spanAsked } from './asked.ts'
import { NO_SPAN, SpanFields } from './span-fields.tsx'

interface Line {
  readonly key: number
  readonly kind: (typeof IDENTITY_KINDS)[number]
  readonly value: string
}

/** One person's events: first they are counted, then they go. Whatever is changed after counting is counted again. */
export function ErasureDrawer({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('keeping')
  const utc = usePreferences().timeZone === 'UTC'
  const client = useQueryClient()
  const [lines, setLines] = useState<readonly Line[]>([{ key: 0, kind: 'user', value: '' }])
  const [span, setSpan] = useState(NO_SPAN)
  const [reason, setReason] = useState('')
  const ask = useMutation({
    mutationFn: (dryRun: boolean) => {
      const identities = lines.map(({ kind, value }) => ({ kind, value }))
      return call(erasureReplySchema, '/api/v1/erasures', {
        method: 'POST',
        body: { identities, reason, dryRun, ...spanAsked(span, utc) },
      })
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['keeping'] }),
  })
  const changed = <T,>(set: (value: T) => void) => {
    return (value: T): void => {
      set(value)
      ask.reset()
    }
  }
  const { data } = ask
  return (
    <Drawer title={t('erasure.add')} lead={t('erasure.form.lead')} onClose={onClose}>
      {data?.receipt === undefined || data.receipt === null ? (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            ask.mutate(true)
          }}
        >
          <Identities lines={lines} onChange={changed(setLines)} />
          <SpanFields span={span} onChange={changed(setSpan)} />
          <Field label={t('erasure.form.reason')} hint={t('erasure.form.reasonHint')}>
            <input
              className="input"
              required
              minLength={3}
              maxLength={500}
              value={reason}
              onChange={(event) => changed(setReason)(event.target.value)}
            />
          </Field>
          {ask.error === null ? null : <ProblemNote error={ask.error} />}
          {data === undefined ? null : (
            <div role="status">
              <p>{t('erasure.form.found', data.found)}</p>
              {data.found.others.events === 0 ? null : (
                <p className="note-missed">
                  {t('erasure.form.others', { events: data.found.others.events })}{' '}
                  <span className="mono">{data.found.others.names.join(', ')}</span>
                </p>
              )}
            </div>
          )}
          <div className="row">
            <DeedButton type="submit" className={data === undefined ? 'btn ink' : 'btn'} busy={ask.isPending}>
              {t('erasure.form.count')}
            </DeedButton>
            {data === undefined || data.found.events + data.found.incidents === 0 ? null : (
              <SureButton
                label={t('erasure.form.erase')}
                sure={t('erasure.form.sure', { events: data.found.events })}
                yes={t('erasure.form.yes')}
                pending={ask.isPending}
                onSure={() => ask.mutate(false)}
              />
            )}
          </div>
        </form>
      ) : (
        <div role="status" className="stack">
          <p>
            <b>{t('erasure.receipt.title')}</b>
          </p>
          <p className="ink2">{t('erasure.receipt.text')}</p>
          <Code text={data.receipt} />
          <div className="row">
            <button type="button" className="btn" onClick={onClose}>
              {t('erasure.receipt.kept')}
            </button>
          </div>
        </div>
      )}
    </Drawer>
  )
}

function Identities({ lines, onChange }: { lines: readonly Line[]; onChange: (lines: readonly Line[]) => void }): ReactNode {
  const { t } = useTranslation('keeping')
  const change = (key: number, next: Partial<Line>): void =>
    onChange(lines.map((line) => (line.key === key ? { ...line, ...next } : line)))
  return (
    <fieldset className="form-part">
      <legend>{t('erasure.form.who')}</legend>
      <p className="label">{t('erasure.form.whoHint')}</p>
      <div className="role-rows">
        {lines.map(({ key, kind, value }) => (
          <div className="row" key={key}>
            <select
              className="input"
              aria-label={t('erasure.form.kind')}
              value={kind}
              onChange={(event) => change(key, { kind: IDENTITY_KINDS.find((one) => one === event.target.value) ?? 'user' })}
            >
              {IDENTITY_KINDS.map((one) => (
                <option key={one} value={one}>
                  {t(`erasure.kind.${one}`)}
                </option>
              ))}
            </select>
            <input
              className="input"
              aria-label={t('erasure.form.value')}
              required
              minLength={2}
              maxLength={300}
              autoCapitalize="none"
              spellCheck={false}
              value={value}
              onChange={(event) => change(key, { value: event.target.value })}
            />
            {lines.length === 1 ? null : (
              <button
                type="button"
                className="btn sm quiet square"
                aria-label={t('erasure.form.remove', { value })}
                onClick={() => onChange(lines.filter((line) => line.key !== key))}
              >
                <Icon name="close" />
              </button>
            )}
          </div>
        ))}
        <button
          type="button"
          className="btn sm"
          disabled={lines.length >= 20}
          onClick={() => onChange([...lines, { key: Math.max(...lines.map(({ key }) => key)) + 1, kind: 'user', value: '' }])}
        >
          <Icon name="plus" />
          {t('erasure.form.more')}
        </button>
      </div>
    </fieldset>
  )
}
