import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** The head of a table's last column, whose buttons need no title but for readers who go from cell to cell. */
export function DeedsHead(): ReactNode {
  const { t } = useTranslation()
  return (
    <th>
      <span className="sr">{t('deeds')}</span>
    </th>
  )
}
