import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type IocList, iocListSchema, type SkippedView } from '../../../src/detect/ioc/schema.ts'
import { call, tell } from '../../api/client.ts'
import { indicatorListsQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { DeedsHead } from '../../components/deeds-head.tsx'
import { ProblemNote, Said } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { IndicatorListForm } from './indicator-list-form.tsx'
import { IndicatorPaste } from './indicator-paste.tsx'
import { IndicatorSearch } from './indicator-search.tsx'

/** Lists of known bad values: how many, how fresh, what went wrong, what was left out. */
export function IndicatorsSheet({ now }: { now: number }): ReactNode {
  const { t } = useTranslation('rules')
  const may = useMay()
  const { data, error, refetch } = useQuery({ ...indicatorListsQuery, refetchInterval: 30_000 })
  const [open, setOpen] = useState<'new' | IocList>()
  const lists = data?.lists ?? []
  const mayWrite = may('sources:write')
  if (data !== undefined && lists.length === 0 && !mayWrite) return null
  return (
    <section className="sheet rules-place" aria-labelledby="ioc-title">
      <div className="panel-h">
        <h2 id="ioc-title">{t('ioc.title')}</h2>
        {data === undefined ? null : (
          <span className="label num">
            {t('ioc.sum', { lists: lists.length, count: lists.reduce((sum, list) => sum + list.indicators, 0) })}
          </span>
        )}
        {mayWrite ? (
          <button type="button" className="btn sm end" onClick={() => setOpen('new')}>
            {t('ioc.new')}
          </button>
        ) : null}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data !== undefined && lists.length === 0 ? <p className="chart-p dim">{t('ioc.none')}</p> : null}
      {lists.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('ioc.col.list')}</th>
              <th className="r">{t('ioc.col.indicators')}</th>
              <th>{t('ioc.col.state')}</th>
              <th>{t('ioc.col.left')}</th>
              <DeedsHead />
            </tr>
          </thead>
          <tbody>
            {lists.map((list) => (
              <ListRow key={list.id} list={list} now={now} mayWrite={mayWrite} onPaste={() => setOpen(list)} />
            ))}
          </tbody>
        </table>
      )}
      {lists.length === 0 ? null : <IndicatorSearch lists={lists} mayWrite={mayWrite} />}
      {open === 'new' ? <IndicatorListForm onClose={() => setOpen(undefined)} /> : null}
      {open === undefined || open === 'new' ? null : <IndicatorPaste list={open} onClose={() => setOpen(undefined)} />}
    </section>
  )
}

function ListRow({
  list,
  now,
  mayWrite,
  onPaste,
}: {
  list: IocList
  now: number
  mayWrite: boolean
  onPaste: () => void
}): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const client = useQueryClient()
  const done = (): void => void client.invalidateQueries({ queryKey: ['rules', 'ioc'] })
  const path = `/api/v1/ioc/lists/${encodeURIComponent(list.id)}`
  const fetchNow = useMutation({ mutationFn: () => call(iocListSchema, `${path}/fetch`, { method: 'POST' }), onSettled: done })
  const remove = useMutation({ mutationFn: () => tell(path, { method: 'DELETE' }), onSuccess: done })
  const problem = fetchNow.error ?? remove.error
  return (
    <tr className="inert">
      <td className="named">
        <b>{list.name}</b>
        <div className="label">
          {t(`ioc.kind.${list.kind}`)}
          {list.url === null ? null : <> · {new URL(list.url).host}</>} · {t('ioc.confidence', { confidence: list.confidence })}
        </div>
        {problem === null ? null : <ProblemNote error={problem} />}
      </td>
      <td className="r num">{format.count(list.indicators)}</td>
      <td>
        <ListState list={list} now={now} />
      </td>
      <td>
        <Left skipped={list.skipped} />
      </td>
      <td className="r">
        {mayWrite ? (
          <span className="row end">
            {list.kind === 'own' ? (
              <button type="button" className="btn sm" onClick={onPaste}>
                {t('ioc.add')}
              </button>
            ) : (
              <DeedButton type="button" className="btn sm" busy={fetchNow.isPending} onClick={() => fetchNow.mutate()}>
                {t('ioc.fetch')}
              </DeedButton>
            )}
            <SureButton
              label={t('ioc.delete')}
              sure={t('ioc.deleteSure', { count: list.indicators })}
              yes={t('ioc.deleteYes')}
              pending={remove.isPending}
              onSure={() => remove.mutate()}
            />
          </span>
        ) : null}
      </td>
    </tr>
  )
}

function ListState({ list, now }: { list: IocList; now: number }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const words =
    list.error !== null
      ? t('ioc.failed')
      : list.kind === 'own'
        ? t('ioc.changed', { age: format.age(list.changed, now) })
        : list.fetched === null
          ? t('ioc.waiting')
          : t('ioc.fetched', { age: format.age(list.fetched, now) })
  return (
    <>
      <span className="row">
        {list.error === null ? null : <StateGlyph state="gone" silent />}
        {words}
      </span>
      {list.error === null ? null : (
        <div>
          <Said code={list.errorCode} text={list.error} />
        </div>
      )}
      {list.pastWaiting === 0 ? null : <div className="label">{t('ioc.past', { count: list.pastWaiting })}</div>}
    </>
  )
}

function Left({ skipped }: { skipped: SkippedView }): ReactNode {
  const { t } = useTranslation('rules')
  const counts = Object.entries(skipped.counts) as [keyof SkippedView['counts'], number][]
  if (counts.length === 0) return <span className="dim">–</span>
  return (
    <details className="rule">
      <summary>{t('ioc.left', { count: counts.reduce((sum, [, count]) => sum + count, 0) })}</summary>
      <ul className="plain">
        {counts.map(([why, count]) => (
          <li key={why}>{t(`ioc.why.${why}`, { count })}</li>
        ))}
        {skipped.first.map(({ place, why, reason }) => (
          <li key={`${place} ${reason}`} className="label mono">
            {why === 'unreadable' ? `${place}: ${reason}` : place}
          </li>
        ))}
      </ul>
    </details>
  )
}
