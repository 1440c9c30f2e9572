import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditItem } from '../../../src/prove/audit/schema.ts'
import { useFormat } from '../../components/use-format.ts'
import { addressOf } from './audit-text.ts'
import { Sentence } from './sentence.tsx'

/** One line an entry, newest first, under the day it was done. */
export function AuditTable({
  rows,
  open,
  onShow,
  onPerson,
}: {
  rows: readonly AuditItem[]
  open: number | undefined
  onShow: (index: number) => void
  onPerson: (name: string) => void
}): ReactNode {
  const { t } = useTranslation('audit')
  const format = useFormat()
  const days = new Map<string, AuditItem[]>()
  for (const row of rows) {
    const day = format.longDay(row.observed)
    days.set(day, [...(days.get(day) ?? []), row])
  }
  return (
    <table className="srcs audit-t">
      <thead>
        <tr>
          <th>{t('col.time')}</th>
          <th className="w">{t('col.who')}</th>
          <th>{t('col.what')}</th>
          <th className="w x">{t('col.action')}</th>
          <th className="w x">{t('col.where')}</th>
          <th className="r">{t('col.entry')}</th>
        </tr>
      </thead>
      <tbody>
        {[...days].map(([day, items]) => (
          <Fragment key={day}>
            <tr className="day-row">
              <th colSpan={6} scope="rowgroup">
                {day}
              </th>
            </tr>
            {items.map((item) => (
              <Row key={item.index} item={item} selected={item.index === open} onShow={onShow} onPerson={onPerson} />
            ))}
          </Fragment>
        ))}
      </tbody>
    </table>
  )
}

function Row({
  item,
  selected,
  onShow,
  onPerson,
}: {
  item: AuditItem
  selected: boolean
  onShow: (index: number) => void
  onPerson: (name: string) => void
}): ReactNode {
  const { t } = useTranslation('audit')
  const format = useFormat()
  const { by } = item
  return (
    <tr aria-selected={selected} onClick={() => onShow(item.index)}>
      <td className="num dim">
        <time dateTime={item.observed} title={format.exact(item.observed)}>
          {format.time(item.observed)}
        </time>
      </td>
      <td className="w who-c">
        {by === null ? (
          <span className="dim">{t('nobody')}</span>
        ) : (
          <button
            type="button"
            className="link"
            title={t('onlyThis')}
            onClick={(event) => {
              event.stopPropagation()
              onPerson(by.name)
            }}
          >
            <bdi>{by.name}</bdi>
          </button>
        )}
      </td>
      <td className="what">
        <span className="said">
          <Sentence item={item} />
        </span>
        <span className="label by-s">
          <bdi>{by === null ? t('nobody') : by.name}</bdi>
        </span>
      </td>
      <td className="w x mono dim nw">{item.action}</td>
      <td className="w x mono dim">{addressOf(item.body)}</td>
      <td className="r num">
        <button type="button" className="link" aria-label={t('open', { index: item.index })} onClick={() => onShow(item.index)}>
          #{format.count(item.index)}
        </button>
      </td>
    </tr>
  )
}
