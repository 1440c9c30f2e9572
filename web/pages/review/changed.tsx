import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChangeGroup } from '../../../src/app/weekly/schema.ts'
import { useFormat } from '../../components/use-format.ts'
import { ItemLine } from './item-line.tsx'

/** What changed, by what it is about; the newest of each kind, each with its entry. */
export function Changed({ groups }: { groups: readonly ChangeGroup[] }): ReactNode {
  const { t } = useTranslation('weekly')
  const format = useFormat()
  if (groups.length === 0) return <p className="dim">{t('changed.none')}</p>
  return groups.map(({ kind, count, atLeast, items }) => (
    <details key={kind} className="changed" open={kind === 'card'}>
      <summary>
        {t(`changed.kind.${kind}`)} <span className="num">{atLeast ? `${format.count(count)}+` : format.count(count)}</span>
      </summary>
      <ul className="rows">
        {items.map((item) => (
          <ItemLine key={item.id} item={item} />
        ))}
      </ul>
      {count > items.length ? <p className="label">{t('changed.more', { count: count - items.length })}</p> : null}
    </details>
  ))
}
