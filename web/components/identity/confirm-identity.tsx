import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Confirmation, confirm, confirmByPasskey, factorsQuery } from '../../api/access.ts'
import { setAsker } from '../../api/confirm.ts'
import { DeedButton } from '../deed-button.tsx'
import { Dialog } from '../dialog.tsx'
import { Icon } from '../icon.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { useSignOut } from '../use-sign-out.ts'
import { CodeField } from './code-field.tsx'

/** Waits for the server to ask again who the person is, and shows the question over whatever is open. */
export function ConfirmIdentity(): ReactNode {
  const [answer, setAnswer] = useState<{ readonly give: (confirmed: boolean) => void } | undefined>()
  useEffect(() => {
    setAsker(
      () =>
        new Promise((resolve) => {
          setAnswer({ give: resolve })
        }),
    )
    return () => setAsker(undefined)
  }, [])
  if (answer === undefined) return null
  const close = (confirmed: boolean): void => {
    setAnswer(undefined)
    answer.give(confirmed)
  }
  return <Question onAnswer={close} />
}

function Question({ onAnswer }: { onAnswer: (confirmed: boolean) => void }): ReactNode {
  const { t } = useTranslation('access')
  const { t: common } = useTranslation()
  const signOut = useSignOut()
  const factors = useQuery(factorsQuery)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const show = useMutation({
    mutationFn: (by: Confirmation | 'passkey') => (by === 'passkey' ? confirmByPasskey() : confirm(by)),
    onSuccess: () => onAnswer(true),
  })
  const ways = factors.data?.confirmBy ?? []
  return (
    <Dialog label={t('confirm.title')} className="pal ask-d" typed onClose={() => onAnswer(false)}>
      <div className="pal-i">
        <b className="grow">{t('confirm.title')}</b>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={() => onAnswer(false)}>
          <Icon name="close" />
        </button>
      </div>
      <div className="ask-b stack">
        <p className="ink2">{t('confirm.text')}</p>
        {ways.includes('passkey') ? (
          <DeedButton type="button" className="btn ink" busy={show.isPending} onClick={() => show.mutate('passkey')}>
            <Icon name="access" />
            {t('confirm.passkey')}
          </DeedButton>
        ) : null}
        {ways.includes('otp') ? (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault()
              show.mutate({ by: 'otp', code })
            }}
          >
            <CodeField label={t('step.code')} value={code} onChange={setCode} focus />
            <DeedButton type="submit" className={ways.includes('passkey') ? 'btn' : 'btn ink'} busy={show.isPending}>
              {t('confirm.submit')}
            </DeedButton>
          </form>
        ) : null}
        {ways.includes('password') ? (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault()
              show.mutate({ by: 'password', password })
            }}
          >
            <label className="field">
              <span>{t('signIn.password')}</span>
              <input
                className="input"
                type="password"
                required
                autoFocus
                autoComplete="current-password"
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </label>
            <DeedButton type="submit" className={ways.length > 1 ? 'btn' : 'btn ink'} busy={show.isPending}>
              {t('confirm.submit')}
            </DeedButton>
          </form>
        ) : null}
        {factors.data !== undefined && ways.length === 0 ? (
          <>
            <p>{t('confirm.again')}</p>
            <button type="button" className="btn" onClick={signOut}>
              {t('account.signOut')}
            </button>
          </>
        ) : null}
        {show.error === null ? null : <ProblemNote error={show.error} />}
        {factors.error === null ? null : <ProblemNote error={factors.error} />}
      </div>
    </Dialog>
  )
}
