import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'

interface Notice {
  readonly text: string
  readonly action?: { readonly label: string; readonly run: () => void }
  /** A refusal stays until it is dismissed. */
  readonly sticky?: boolean
}

const Context = createContext<(notice: Notice) => void>(() => undefined)
const SHOWN_MS = 6000

/** One line at the foot of the page that says what has just happened; announced to screen readers. */
export function NoticeProvider({ children }: { children: ReactNode }): ReactNode {
  const { t } = useTranslation()
  const [notice, setNotice] = useState<Notice | undefined>()
  const show = useCallback((next: Notice) => setNotice(next), [])
  useEffect(() => {
    if (notice === undefined || notice.sticky === true) return
    const timer = setTimeout(() => setNotice(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <Context value={show}>
      {children}
      <div className="notice-place" role="status">
        {notice === undefined ? null : (
          <div className="toast notice">
            <span>{notice.text}</span>
            {notice.action === undefined ? null : (
              <button
                type="button"
                onClick={() => {
                  notice.action?.run()
                  setNotice(undefined)
                }}
              >
                {notice.action.label}
              </button>
            )}
            <button type="button" aria-label={t('close')} onClick={() => setNotice(undefined)}>
              <Icon name="close" small />
            </button>
          </div>
        )}
      </div>
    </Context>
  )
}

export function useNotice(): (notice: Notice) => void {
  return useContext(Context)
}
