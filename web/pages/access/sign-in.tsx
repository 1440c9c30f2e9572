import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { sessionSchema } from '../../../src/access/schema.ts'
import { call } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Door } from './door.tsx'

const route = getRouteApi('/sign-in')

/** Only paths of this console: an address that leaves it is not followed. */
function inside(to: string | undefined): string {
  return to?.startsWith('/') === true && !to.startsWith('//') && !to.startsWith('/\\') ? to : '/'
}

export function SignInPage(): ReactNode {
  const { t } = useTranslation('access')
  const { to } = route.useSearch()
  const router = useRouter()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => call(sessionSchema, '/api/v1/session', { method: 'POST', body: { name, password } }),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session)
      router.history.push(inside(to))
    },
  })
  return (
    <Door title={t('signIn.title')} text={t('signIn.text')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          signIn.mutate()
        }}
      >
        <label className="field">
          <span>{t('signIn.name')}</span>
          <input
            className="input"
            // biome-ignore lint/a11y/noAutofocus: the page has this one purpose.
            autoFocus
            required
            autoComplete="username"
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
        {signIn.error === null ? null : <ProblemNote error={signIn.error} />}
        <button type="submit" className="btn ink" disabled={signIn.isPending}>
          {t('signIn.submit')}
        </button>
        <p className="label">{t('signIn.firstTime')}</p>
      </form>
    </Door>
  )
}
