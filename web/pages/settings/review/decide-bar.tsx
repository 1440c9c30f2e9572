import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Decision, ReviewItemView } from '../../../../src/access/reviews/schema.ts'
import { ROLES, type Role } from '../../../../src/access/schema.ts'
import { useRoleWord } from '../role-word.ts'

/** Keep, change, remove: what the keys do is on the buttons. Removing takes effect at once, and the bar says so. */
export function DecideBar({
  chosen,
  open,
  note,
  pending,
  sure,
  onNote,
  onDecide,
}: {
  chosen: readonly ReviewItemView[]
  /** Those of the chosen that this person may decide about. */
  open: readonly ReviewItemView[]
  note: string
  pending: boolean
  /** Removing these was asked for once. */
  sure: boolean
  onNote: (note: string) => void
  onDecide: (said: { decision: Decision; role?: Role }) => void
}): ReactNode {
  const { t } = useTranslation('review')
  const roleWord = useRoleWord()
  const [role, setRole] = useState<Role | undefined>()
  const blocked = pending || open.length === 0
  const changeable = open.length > 0 && open.every(({ kind, gone }) => kind === 'assignment' && !gone)
  const onlyGone = open.some(({ gone }) => gone)
  const first = open[0]
  return (
    <div className="decide" role="toolbar" aria-label={t('decide')}>
      <p className="decide-t" role="status">
        {open.length === 0
          ? t('cannot', { count: chosen.length })
          : open.length === 1 && first !== undefined
            ? t('about', { name: first.name })
            : t('aboutMany', { count: open.length })}
      </p>
      <input
        id="review-note"
        className="input sm grow"
        maxLength={1000}
        aria-label={t('note')}
        placeholder={t('note')}
        value={note}
        onChange={(event) => onNote(event.target.value)}
      />
      <button
        type="button"
        className="btn sm ink"
        disabled={blocked || onlyGone}
        aria-keyshortcuts="E"
        onClick={() => onDecide({ decision: 'keep' })}
      >
        {t('keep')} <kbd>E</kbd>
      </button>
      <span className="row">
        <select
          id="review-role"
          className="input sm"
          aria-label={t('newRole')}
          disabled={!changeable}
          value={role ?? ''}
          onChange={(event) => setRole(ROLES.find((one) => one === event.target.value))}
        >
          <option value="">{t('newRole')}</option>
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {roleWord('assignment', one)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="btn sm"
          disabled={blocked || !changeable || role === undefined}
          aria-keyshortcuts="C"
          onClick={() => (role === undefined ? undefined : onDecide({ decision: 'change', role }))}
        >
          {t('change')} <kbd>C</kbd>
        </button>
      </span>
      <button
        type="button"
        className="btn sm"
        disabled={blocked}
        aria-keyshortcuts="D"
        title={t('removeNow')}
        onClick={() => onDecide({ decision: 'remove' })}
      >
        {t(sure ? 'removeSure' : 'remove')} <kbd>D</kbd>
      </button>
    </div>
  )
}
