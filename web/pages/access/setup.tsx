import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useRouter } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { sessionSchema, setupStatusSchema } from '../../../src/access/schema.ts'
import { call } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Door } from './door.tsx'

const route = getRouteApi('/setup')
const PASSWORD_MIN = 12

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
  const router = useRouter()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const differ = again !== '' && again !== password
  const setup = useMutation({
    mutationFn: () => call(sessionSchema, '/api/v1/setup', { method: 'POST', body: { token, name, password } }),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session)
      void router.navigate({ to: '/', replace: true })
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (again === password) setup.mutate()
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
      <label className="field">
        <span>{t('setup.password')}</span>
        <input
          className="input"
          type="password"
          required
          minLength={PASSWORD_MIN}
          autoComplete="new-password"
          aria-describedby="password-hint"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
        />
        <span id="password-hint" className="label">
          {t('setup.hint', { min: PASSWORD_MIN })}
        </span>
      </label>
      <label className="field">
        <span>{t('setup.again')}</span>
        <input
          className="input"
          type="password"
          required
          autoComplete="new-password"
          aria-invalid={differ}
          value={again}
          onChange={(e) => setAgain(e.target.value)}
        />
      </label>
      {differ ? (
        <p className="label" role="status">
          {t('setup.differ')}
        </p>
      ) : null}
      {setup.error === null ? null : <ProblemNote error={setup.error} />}
      <button type="submit" className="btn ink" disabled={setup.isPending || differ}>
        {t('setup.submit')}
      </button>
    </form>
  )
}
