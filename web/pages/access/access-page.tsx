import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { tell } from '../../api/client.ts'
import { sessionQuery, tokensQuery } from '../../api/queries.ts'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { NewTokenForm } from './new-token-form.tsx'

/** The person signed in, and the tokens machines use. */
export function AccessPage(): ReactNode {
  const { t } = useTranslation('access')
  const { t: common } = useTranslation()
  const router = useRouter()
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const signOut = useMutation({
    mutationFn: () => tell('/api/v1/session', { method: 'DELETE' }),
    onSettled: () => {
      client.clear()
      void router.navigate({ to: '/sign-in', search: {} })
    },
  })
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.access')}</h1>
          <p>{t('lead')}</p>
        </div>
        <button type="button" className="btn" onClick={() => signOut.mutate()}>
          <Icon name="signOut" />
          {t('account.signOut')}
        </button>
      </div>
      <div className="two">
        <Tokens />
        <section className="sheet log" aria-labelledby="you">
          <span className="label" id="you">
            {t('account.title')}
          </span>
          <div className="fig">{session?.user.name}</div>
          <dl>
            <dt>{t('account.role')}</dt>
            <dd>{session?.user.roles.map((role) => t(`role.${role}`)).join(', ')}</dd>
            <dt>{t('account.organisation')}</dt>
            <dd>{session?.organisation}</dd>
            <dt>{t('account.scope')}</dt>
            <dd className="mono">{session?.scope}</dd>
            <dt>{t('account.version')}</dt>
            <dd className="num">{session?.version}</dd>
          </dl>
        </section>
      </div>
    </main>
  )
}

function Tokens(): ReactNode {
  const { t } = useTranslation('access')
  const format = useFormat()
  const client = useQueryClient()
  const tokens = useQuery(tokensQuery)
  const revoke = useMutation({
    mutationFn: (id: string) => tell(`/api/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  const items = tokens.data?.items ?? []
  return (
    <section className="sheet">
      <div className="panel-h">
        <h2>{t('tokens.title')}</h2>
      </div>
      <div className="chart-p">
        <NewTokenForm />
      </div>
      {tokens.error === null ? null : <ProblemNote error={tokens.error} retry={() => void tokens.refetch()} />}
      {revoke.error === null ? null : <ProblemNote error={revoke.error} />}
      {tokens.data !== undefined && items.length === 0 ? <p className="chart-p dim">{t('tokens.none')}</p> : null}
      {items.length === 0 ? null : (
        <table className="srcs">
          <thead>
            <tr>
              <th>{t('tokens.name')}</th>
              <th>{t('tokens.scope')}</th>
              <th>{t('tokens.created')}</th>
              <th>{t('tokens.lastUsed')}</th>
              <th>{t('tokens.expires')}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {items.map((token) => (
              <tr key={token.id}>
                <td className="name">{token.name}</td>
                <td>{t(`scope.${token.scope}`)}</td>
                <td className="num">{format.date(token.created)}</td>
                <td className="num">{token.lastUsed === null ? t('tokens.never') : format.dateTime(token.lastUsed)}</td>
                <td className="num">{token.expires === null ? t('tokens.noEnd') : format.date(token.expires)}</td>
                <td className="r">
                  <button
                    type="button"
                    className="btn sm"
                    onClick={() => {
                      if (window.confirm(t('tokens.revokeSure', { name: token.name }))) revoke.mutate(token.id)
                    }}
                  >
                    {t('tokens.revoke')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
