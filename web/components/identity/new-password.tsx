import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'

const PASSWORD_MIN = 12
const PASSWORD_MAX = 256

/** A password chosen anew, typed twice. Calls back with it once both agree, otherwise with undefined. */
export function NewPassword({ onChange }: { onChange: (password: string | undefined) => void }): ReactNode {
  const { t } = useTranslation('access')
  const id = useId()
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const differ = again !== '' && again !== password
  const change = (first: string, second: string): void => {
    setPassword(first)
    setAgain(second)
    onChange(first === second && first.length >= PASSWORD_MIN ? first : undefined)
  }
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-one`}>{t('setup.password')}</label>
        <input
          id={`${id}-one`}
          className="input"
          type="password"
          required
          minLength={PASSWORD_MIN}
          maxLength={PASSWORD_MAX}
          autoComplete="new-password"
          aria-describedby={`${id}-hint`}
          value={password}
          onChange={(event) => change(event.target.value, again)}
        />
        <span id={`${id}-hint`} className="label">
          {t('setup.hint', { min: PASSWORD_MIN })}
        </span>
      </div>
      <div className="field">
        <label htmlFor={`${id}-two`}>{t('setup.again')}</label>
        <input
          id={`${id}-two`}
          className="input"
          type="password"
          required
          autoComplete="new-password"
          aria-invalid={differ}
          aria-describedby={`${id}-differ`}
          value={again}
          onChange={(event) => change(password, event.target.value)}
        />
        <span id={`${id}-differ`} className="label" role="status">
          {differ ? t('setup.differ') : ''}
        </span>
      </div>
    </>
  )
}
