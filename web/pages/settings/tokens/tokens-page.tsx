import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { tell } from '../../../api/client.ts'
import { tokensQuery } from '../../../api/queries.ts'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { useFormat } from '../../../components/use-format.ts'
import { SettingsHead } from '../settings-page.tsx'
import { NewTokenForm } from './new-token-form.tsx'

/** What machines sign in with. */
export function TokensPage(): ReactNode {
  const { t } = useTranslation('access')
  const { t: settings } = useTranslation('settings')
  const may = useMay()
  const format = useFormat()
  const client = useQueryClient()
  const tokens = useQuery(tokensQuery)
  const revoke = useMutation({
    mutationFn: (id: string) => tell(`/api/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  const items = tokens.data?.items ?? []
  return (
    <>
      <SettingsHead title={settings('section.tokens')} lead={settings('tokens.lead')} />
      <section className="sheet">
        {may('tokens:write') ? (
          <div className="chart-p form-p">
            <NewTokenForm />
          </div>
        ) : null}
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
                    {may('tokens:write') ? (
                      <button
                        type="button"
                        className="btn sm"
                        onClick={() => {
                          if (window.confirm(t('tokens.revokeSure', { name: token.name }))) revoke.mutate(token.id)
                        }}
                      >
                        {t('tokens.revoke')}
                      </button>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  )
}
