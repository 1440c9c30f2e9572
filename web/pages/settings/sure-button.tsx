import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { DeedButton } from '../../components/deed-button.tsx'

/** A deed that cannot be undone: the first press says what follows, the second does it, Escape or leaving calls it off. */
export function SureButton({
  label,
  sure,
  yes,
  pending,
  onSure,
  size = 'sm',
}: {
  label: string
  /** What will follow, said after the first press. */
  sure: string
  yes: string
  pending: boolean
  onSure: () => void
  /** `md` beside other buttons of a page's head. */
  size?: 'sm' | 'md'
}): ReactNode {
  const { t } = useTranslation()
  const button = size === 'sm' ? 'btn sm' : 'btn'
  const [asked, setAsked] = useState(false)
  return (
    <span className="sure">
      {asked ? (
        <span className="label" role="alert">
          {sure}
        </span>
      ) : null}
      {asked ? (
        <button type="button" className={`${button} quiet`} onClick={() => setAsked(false)}>
          {t('cancel')}
        </button>
      ) : null}
      <DeedButton
        type="button"
        className={button}
        busy={pending}
        onClick={(event) => {
          // The second half of a double click has read nothing.
          if (asked && event.detail > 1) return
          if (asked) onSure()
          setAsked(!asked)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && asked) {
            event.preventDefault()
            event.stopPropagation()
            setAsked(false)
          }
        }}
      >
        {asked ? yes : label}
      </DeedButton>
    </span>
  )
}
