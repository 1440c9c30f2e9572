import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SeriesView } from '../../../src/declare/series/schema.ts'
import { seriesQuery } from '../../api/queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { SeriesForm } from './series-form.tsx'

/** Figures that others measure, which cards may name: what they are, where they come from, and how old they are. */
export function SeriesSheet({ now }: { now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...seriesQuery, refetchInterval: 30_000 })
  const [editing, setEditing] = useState<SeriesView | 'new'>()
  const items = data?.items ?? []
  if (data !== undefined && items.length === 0 && !may('cards:write')) return null
  return (
    <section className="sheet series-sheet" aria-labelledby="series-title">
      <div className="filters in-sheet">
        <div className="grow">
          <h2 id="series-title">{t('series.title')}</h2>
          <p className="ink2">{t('series.lead')}</p>
        </div>
        {may('cards:write') ? (
          <button type="button" className="btn sm" onClick={() => setEditing('new')}>
            {t('series.new')}
          </button>
        ) : null}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {items.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('series.col.series')}</th>
              <th>{t('series.col.way')}</th>
              <th className="r">{t('series.col.newest')}</th>
              <th className="r">{t('series.col.age')}</th>
              <th className="r">{t('series.col.samples')}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <SeriesRow key={item.id} item={item} now={now} onEdit={may('cards:write') ? () => setEditing(item) : undefined} />
            ))}
          </tbody>
        </table>
      )}
      {editing === undefined ? null : (
        <SeriesForm series={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />
      )}
    </section>
  )
}

function SeriesRow({ item, now, onEdit }: { item: SeriesView; now: number; onEdit: (() => void) | undefined }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const { newest, fault } = item
  const way =
    item.pull === null
      ? t('series.pushed')
      : item.pull.kind === 'otlp'
        ? t('series.sent', { metric: item.pull.metric })
        : t('series.asked', { host: new URL(item.pull.url).host })
  return (
    <tr className="inert">
      <td className="named">
        {onEdit === undefined ? (
          <b>{format.text(item.title)}</b>
        ) : (
          <button type="button" className="link" onClick={onEdit}>
            <b>{format.text(item.title)}</b>
          </button>
        )}
        <div className="label mono">
          {item.measure} · {item.id}
        </div>
      </td>
      <td>
        <span className="row" title={fault?.reason}>
          {fault === null ? null : <StateGlyph state="gone" silent />}
          {way}
        </span>
        {fault === null ? null : (
          <div className="label">{t('series.failing', { age: format.age(fault.since, now), reason: fault.reason })}</div>
        )}
      </td>
      <td className="r num">{newest === null ? <span className="dim">–</span> : format.figure(newest.value, item.unit)}</td>
      <td className="r num">{newest === null ? <span className="dim">{t('series.never')}</span> : format.age(newest.at, now)}</td>
      <td className="r num">{format.count(item.samples)}</td>
    </tr>
  )
}
