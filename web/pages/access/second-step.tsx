import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NextStep } from '../../../src/access/people/schema.ts'
import { signInCode, signInPasskey } from '../../api/access.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { CodeField } from '../../components/identity/code-field.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import type { Session } from '../../components/session.ts'
import { Door } from './door.tsx'

/** After the password: a code, a passkey or a recovery code, whichever of them the account has. */
export function SecondStep({
  step,
  onEnter,
  onBack,
}: {
  step: NextStep
  onEnter: (session: Session) => void
  onBack: () => void
}): ReactNode {
  const { t } = useTranslation('access')
  const [way, setWay] = useState(step.next)
  const [code, setCode] = useState('')
  const show = useMutation({
    mutationFn: () => (way === 'passkey' ? signInPasskey(step.ticket) : signInCode(step.ticket, way, code)),
    onSuccess: onEnter,
  })
  return (
    <Door title={t('step.title')} text={t(`step.text.${way}`)}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          show.mutate()
        }}
      >
        {way === 'otp' ? <CodeField label={t('step.code')} value={code} onChange={setCode} focus /> : null}
        {way === 'recovery' ? (
          <label className="field">
            <span>{t('step.recovery')}</span>
            <input
              className="input mono"
              // biome-ignore lint/a11y/noAutofocus: the step has this one purpose.
              autoFocus
              required
              maxLength={40}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={code}
              onChange={(event) => setCode(event.target.value.normalize('NFKC'))}
            />
          </label>
        ) : null}
        {show.error === null ? null : <ProblemNote error={show.error} />}
        <DeedButton type="submit" className="btn ink" busy={show.isPending}>
          {way === 'passkey' ? <Icon name="access" /> : null}
          {t(way === 'passkey' ? 'step.usePasskey' : 'step.submit')}
        </DeedButton>
      </form>
      <ul className="ways">
        {step.offers
          .filter((offer) => offer !== way)
          .map((offer) => (
            <li key={offer}>
              <button
                type="button"
                className="link"
                onClick={() => {
                  setWay(offer)
                  setCode('')
                  show.reset()
                }}
              >
                {t(`step.instead.${offer}`)}
              </button>
            </li>
          ))}
        <li>
          <button type="button" className="link" onClick={onBack}>
            {t('step.back')}
          </button>
        </li>
      </ul>
    </Door>
  )
}
