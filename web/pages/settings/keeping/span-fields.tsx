import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { scopesQuery } from '../../../api/house-queries.ts'
import { Field } from '../../../components/fields.tsx'

export interface SpanDraft {
  /** Empty for every scope. */
  readonly scope: string
  /** Days, `2026-11-22`; empty for no bound. */
  readonly from: string
  readonly to: string
}

export const NO_SPAN: SpanDraft = { scope: '', from: '', to: '' }

/** Which events of the installation are meant at all. */
export function SpanFields({ span, onChange }: { span: SpanDraft; onChange: (span: SpanDraft) => void }): ReactNode {
  const { t } = useTranslation('keeping')
  const { data } = useQuery(scopesQuery)
  return (
    <>
      <Field label={t('span.in')}>
        <select className="input" value={span.scope} onChange={(event) => onChange({ ...span, scope: event.target.value })}>
          <option value="">{t('span.everyScope')}</option>
          {data?.items.map(({ scope, title, shared }) => (
            <option key={scope} value={scope}>
              {shared ? t('span.shared') : title}
            </option>
          ))}
        </select>
      </Field>
      <div className="row ask">
        <Field label={t('span.from')}>
          <input
            className="input"
            type="date"
            max={span.to}
            value={span.from}
            onChange={(event) => onChange({ ...span, from: event.target.value })}
          />
        </Field>
        <Field label={t('span.to')}>
          <input
            className="input"
            type="date"
            min={span.from}
            value={span.to}
            onChange={(event) => onChange({ ...span, to: event.target.value })}
          />
        </Field>
        <small className="label">{t('span.hint')}</small>
      </div>
    </>
  )
}
