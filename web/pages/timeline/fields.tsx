import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EventRow } from '../../../src/server/schema.ts'
import { topQuery } from '../../api/queries.ts'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { fieldsOf } from './document.ts'
import type { Window } from './window.ts'

interface Asking {
  readonly query: string
  readonly window: Window
  readonly onPivot: (field: string, value: string, not: boolean) => void
}

/** The fields that the events at hand carry; opened, each shows its most frequent values. */
export function Fields({ events, asking }: { events: readonly EventRow[]; asking: Asking }): ReactNode {
  const { t } = useTranslation('timeline')
  const { known, other } = fieldsOf(events.map((event) => event.doc))
  return (
    <aside className="fields" aria-label={t('fields.title')}>
      <h2>{t('fields.title')}</h2>
      {known.map((field) => (
        <Field key={field} field={field} asking={asking} />
      ))}
      {other.length === 0 ? null : <h2>{t('fields.other')}</h2>}
      {other.map((field) => (
        <Field key={field} field={field} asking={asking} />
      ))}
    </aside>
  )
}

function Field({ field, asking }: { field: string; asking: Asking }): ReactNode {
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="clip" title={field}>
          {field}
        </span>
      </summary>
      {open ? <Tops field={field} asking={asking} /> : null}
    </details>
  )
}

const SHOWN = 8

function Tops({ field, asking }: { field: string; asking: Asking }): ReactNode {
  const { t } = useTranslation('timeline')
  const format = useFormat()
  const { data, error } = useQuery(topQuery({ query: asking.query, ...asking.window, field, limit: SHOWN }))
  if (error !== null) return <ProblemNote error={error} />
  if (data === undefined) return <p className="tops label">…</p>
  if (data.values.length === 0) return <p className="tops label">{t('fields.none')}</p>
  return (
    <ul className="tops">
      {data.values.map(({ value, count }) => (
        <li key={value}>
          <svg className="share" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
            <rect width={(100 * count) / Math.max(1, data.total)} height="2" />
          </svg>
          <button type="button" className="v clip" title={value} onClick={() => asking.onPivot(field, value, false)}>
            {value}
          </button>
          <span className="num dim">{format.count(count)}</span>
          <button
            type="button"
            className="pm"
            aria-label={t('exclude', { field, value })}
            title={t('exclude', { field, value })}
            onClick={() => asking.onPivot(field, value, true)}
          >
            <Icon name="minus" small />
          </button>
        </li>
      ))}
      <li className="label num">{t('fields.of', { count: data.total })}</li>
    </ul>
  )
}
