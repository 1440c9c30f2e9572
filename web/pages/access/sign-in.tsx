import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NextStep } from '../../../src/access/people/schema.ts'
import { SSO_PROBLEMS } from '../../../src/access/sso/schema.ts'
import { offersQuery, providersQuery, signIn, signInPasskey, signInSuggested } from '../../api/access.ts'
import { passkeysAutofill, passkeysWork } from '../../api/passkeys.ts'
import { Problem } from '../../api/problem.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import type { Session } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { Door } from './door.tsx'
import { inside } from './inside.ts'
import { SecondStep } from './second-step.tsx'
import { useEnter } from './use-enter.ts'

const route = getRouteApi('/sign-in')

/** By password and second step, by a passkey alone, or through the organisation's identity provider. */
export function SignInPage(): ReactNode {
  const { t } = useTranslation('access')
  const { to, problem } = route.useSearch()
  const enterHouse = useEnter()
  const [step, setStep] = useState<NextStep | undefined>()
  const offers = useQuery(offersQuery)
  const providers = useQuery(providersQuery)
  const passkeys = offers.data?.passkeys === true && passkeysWork()
  const enter = (session: Session): void => enterHouse(session, to)
  const byPasskey = useMutation({ mutationFn: () => signInPasskey(), onSuccess: enter })
  // Whoever presses the button has asked: the suggestions must not take the question away again.
  usePasskeySuggestions(passkeys && step === undefined && byPasskey.isIdle, enter)

  if (step !== undefined) return <SecondStep step={step} onEnter={enter} onBack={() => setStep(undefined)} />
  const items = providers.data?.items ?? []
  const emergency = providers.data?.passwordSignIn === 'break-glass'
  const password = <PasswordForm onEnter={enter} onStep={setStep} focus={!emergency} />
  return (
    <Door title={t('signIn.title')} text={t('signIn.text')}>
      {problem === undefined ? null : <SsoProblem code={problem} />}
      {emergency || providers.isPending ? null : password}
      {passkeys || items.length > 0 ? (
        <div className="other-ways">
          {emergency ? null : <span className="label">{t('signIn.or')}</span>}
          {passkeys ? (
            <DeedButton type="button" className="btn" busy={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
              <Icon name="access" />
              {t('signIn.passkey')}
            </DeedButton>
          ) : null}
          {byPasskey.error === null ? null : <ProblemNote error={byPasskey.error} />}
          {items.map((provider) => (
            <ProviderLink key={provider.id} provider={provider} to={inside(to, window.location.origin)} />
          ))}
        </div>
      ) : null}
      {emergency ? (
        <details className="emergency">
          <summary>{t('signIn.emergency')}</summary>
          <p className="label">{t('signIn.emergencyText')}</p>
          {password}
        </details>
      ) : null}
    </Door>
  )
}

function ProviderLink({
  provider,
  to,
}: {
  provider: { readonly id: string; readonly title: { readonly en: string; readonly ja: string } }
  to: string
}): ReactNode {
  const { t } = useTranslation('access')
  const format = useFormat()
  return (
    <a className="btn" href={`/api/v1/sso/${encodeURIComponent(provider.id)}/start?to=${encodeURIComponent(to)}`}>
      {t('signIn.through', { provider: format.text(provider.title) })}
    </a>
  )
}

/** The provider sent the person back with a code; an unknown one is not shown as it stands. */
function SsoProblem({ code }: { code: string }): ReactNode {
  const known = SSO_PROBLEMS.find((one) => one === code) ?? 'sso_invalid'
  return <ProblemNote error={new Problem(0, { code: known })} />
}

/** Lets the browser suggest passkeys in the name field. Silent where it cannot, or where the person ignores them. */
function usePasskeySuggestions(enabled: boolean, onEnter: (session: Session) => void): void {
  const latest = useRef(onEnter)
  latest.current = onEnter
  useEffect(() => {
    if (!enabled) return
    const ended = new AbortController()
    void passkeysAutofill()
      .then(async (can) => {
        if (can) latest.current(await signInSuggested(ended.signal))
      })
      .catch(() => undefined)
    return () => ended.abort()
  }, [enabled])
}

function PasswordForm({
  onEnter,
  onStep,
  focus,
}: {
  onEnter: (session: Session) => void
  onStep: (step: NextStep) => void
  focus: boolean
}): ReactNode {
  const { t } = useTranslation('access')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const send = useMutation({
    mutationFn: async () => {
      try {
        return await signIn(name, password)
      } catch (error) {
        throw error instanceof Problem && error.code === 'unauthenticated' ? new Problem(401, { code: 'sign_in_wrong' }) : error
      }
    },
    onSuccess: (reply) => ('ticket' in reply ? onStep(reply) : onEnter(reply)),
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      <label className="field">
        <span>{t('signIn.name')}</span>
        <input
          className="input"
          // biome-ignore lint/a11y/noAutofocus: the page has this one purpose.
          autoFocus={focus}
          required
          autoComplete="username webauthn"
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
      </label>
      <label className="field">
        <span>{t('signIn.password')}</span>
        <input
          className="input"
          type="password"
          required
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
        />
      </label>
      {send.error === null ? null : <ProblemNote error={send.error} />}
      <DeedButton type="submit" className="btn ink" busy={send.isPending}>
        {t('signIn.submit')}
      </DeedButton>
      <p className="label">{t('signIn.firstTime')}</p>
    </form>
  )
}
