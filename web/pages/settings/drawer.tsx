import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'

/** A sheet over the page for one matter, with its head and a way out. */
export function Drawer({
  title,
  lead,
  end,
  onClose,
  children,
}: {
  title: string
  lead?: string
  end?: ReactNode
  onClose: () => void
  children: ReactNode
}): ReactNode {
  const { t } = useTranslation()
  return (
    <Dialog label={title} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{title}</h2>
          {lead === undefined ? null : <p className="ink2">{lead}</p>}
        </div>
        {end}
        <button type="button" className="btn sm quiet square" aria-label={t('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">{children}</div>
    </Dialog>
  )
}
