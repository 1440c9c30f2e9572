import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NextStep } from '../../../src/access/people/schema.ts'
import { followLink, followLinkByPasskey, linkQuery } from '../../api/access.ts'
import { passkeysWork } from '../../api/passkeys.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { NewPassword } from '../../components/identity/new-password.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Door } from './door.tsx'
import { SecondStep } from './second-step.tsx'
import { useEnter } from './use-enter.ts'

const route = getRouteApi('/invite')

/** Whoever holds a one-time link, an invitation or a reset, chooses how to sign in from now on. */
export function InvitePage(): ReactNode {
  const { t } = useTranslation('access')
  const { token = '' } = route.useSearch()
  const enter = useEnter()
  const [step, setStep] = useState<NextStep | undefined>()
  const status = useQuery({ ...linkQuery(token), enabled: token !== '' })
  const link = status.data
  if (step !== undefined)
    return <SecondStep step={step} onEnter={(session) => enter(session)} onBack={() => setStep(undefined)} />
  if (token === '' || link?.valid === false) {
    return (
      <Door title={t('setup.usedTitle')} text={t('invite.used')}>
        <Link className="btn" to="/sign-in" search={{}}>
          {t('signIn.title')}
        </Link>
      </Door>
    )
  }
  const kind = link?.kind ?? 'invite'
  return (
    <Door
      title={t(`invite.title.${kind}`)}
      text={link === undefined ? '' : t(`invite.text.${kind}`, { organisation: link.organisation })}
    >
      {status.error === null ? null : <ProblemNote error={status.error} retry={() => void status.refetch()} />}
      {status.isPending ? <p className="label">{t('setup.checking')}</p> : null}
      {link === undefined ? null : (
        <LinkForm token={token} name={link.name ?? ''} passkeys={link.passkeys && passkeysWork()} onStep={setStep} />
      )}
    </Door>
  )
}

function LinkForm({
  token,
  name,
  passkeys,
  onStep,
}: {
  token: string
  name: string
  passkeys: boolean
  onStep: (step: NextStep) => void
}): ReactNode {
  const { t } = useTranslation('access')
  const enter = useEnter()
  const [password, setPassword] = useState<string | undefined>()
  const use = useMutation({
    mutationFn: (chosen: string) => followLink(token, chosen),
    onSuccess: (reply) => ('ticket' in reply ? onStep(reply) : enter(reply)),
  })
  const byPasskey = useMutation({
    mutationFn: () => followLinkByPasskey(token, t('passkey.first')),
    onSuccess: (session) => enter(session),
  })
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (password !== undefined) use.mutate(password)
        }}
      >
        <label className="field">
          <span>{t('invite.name')}</span>
          <input className="input" readOnly autoComplete="username" value={name} />
        </label>
        <NewPassword onChange={setPassword} />
        {use.error === null ? null : <ProblemNote error={use.error} />}
        <DeedButton type="submit" className="btn ink" busy={use.isPending} disabled={password === undefined}>
          {t('setup.submit')}
        </DeedButton>
      </form>
      {passkeys ? (
        <div className="other-ways">
          <span className="label">{t('signIn.or')}</span>
          <DeedButton type="button" className="btn" busy={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
            <Icon name="access" />
            {t('invite.passkey')}
          </DeedButton>
          {byPasskey.error === null ? null : <ProblemNote error={byPasskey.error} />}
        </div>
      ) : null}
    </>
  )
}
