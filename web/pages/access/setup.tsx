import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { sessionSchema, setupStatusSchema } from '../../../src/access/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { NewPassword } from '../../components/identity/new-password.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Door } from './door.tsx'
import { useEnter } from './use-enter.ts'

const route = getRouteApi('/setup')

/** First start: whoever holds the one-time link from the terminal becomes the administrator. */
export function SetupPage(): ReactNode {
  const { t } = useTranslation('access')
  const { token = '' } = route.useSearch()
  const status = useQuery({
    queryKey: ['setup', token],
    queryFn: ({ signal }) => call(setupStatusSchema, '/api/v1/setup', { query: { token }, signal }),
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (token === '' || status.data?.valid === false) {
    return (
      <Door title={t('setup.usedTitle')} text={t('setup.used')}>
        <Link className="btn" to="/sign-in" search={{}}>
          {t('signIn.title')}
        </Link>
      </Door>
    )
  }
  return (
    <Door title={t('setup.title')} text={t('setup.text')}>
      {status.error === null ? null : <ProblemNote error={status.error} retry={() => void status.refetch()} />}
      {status.isPending ? <p className="label">{t('setup.checking')}</p> : null}
      {status.data?.valid === true ? <SetupForm token={token} /> : null}
    </Door>
  )
}

function SetupForm({ token }: { token: string }): ReactNode {
  const { t } = useTranslation('access')
  const enter = useEnter()
  const [name, setName] = useState('')
  const [password, setPassword] = useState<string | undefined>()
  const setup = useMutation({
    mutationFn: (chosen: string) =>
      call(sessionSchema, '/api/v1/setup', { method: 'POST', body: { token, name, password: chosen } }),
    onSuccess: (session) => enter(session),
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (password !== undefined) setup.mutate(password)
      }}
    >
      <label className="field">
        <span>{t('setup.name')}</span>
        <input
          className="input"
          // biome-ignore lint/a11y/noAutofocus: the page has this one purpose.
          autoFocus
          required
          maxLength={80}
          autoComplete="username"
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
      </label>
      <NewPassword onChange={setPassword} />
      {setup.error === null ? null : <ProblemNote error={setup.error} />}
      <DeedButton type="submit" className="btn ink" busy={setup.isPending} disabled={password === undefined}>
        {t('setup.submit')}
      </DeedButton>
    </form>
  )
}
