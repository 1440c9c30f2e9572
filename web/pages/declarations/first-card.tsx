import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Code } from '../../components/copy.tsx'
import { useMay } from '../../components/session.ts'

/** The empty wall teaches: what a card is, and a file that works. */
export function FirstCard({ onPropose }: { onPropose: () => void }): ReactNode {
  const { t } = useTranslation('declarations')
  const may = useMay()
  return (
    <article className="sheet card blank">
      <div className="empty grow">
        <h2>{t('emptyTitle')}</h2>
        <p>{t('emptyText')}</p>
        {may('cards:write') ? (
          <div className="row draft-row">
            <button type="button" className="btn ink" onClick={onPropose}>
              {t('new')}
            </button>
          </div>
        ) : null}
      </div>
      <Code text={'./kanpeki declare validate card.yaml\n./kanpeki declare apply card.yaml'} />
    </article>
  )
}
