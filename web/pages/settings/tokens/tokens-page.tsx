import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import type { tokenSchema } from '../../../../src/access/schema.ts'
import { tell } from '../../../api/client.ts'
import { tokensQuery } from '../../../api/queries.ts'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { useFormat } from '../../../components/use-format.ts'
import { useNow } from '../../../components/use-now.ts'
import { SettingsHead } from '../settings-page.tsx'
import { SureButton } from '../sure-button.tsx'
import { NewTokenForm } from './new-token-form.tsx'
import { RotateDrawer } from './rotate-drawer.tsx'

type Token = z.infer<typeof tokenSchema>

/** What machines sign in with. */
export function TokensPage(): ReactNode {
  const { t } = useTranslation('access')
  const { t: settings } = useTranslation('settings')
  const may = useMay()
  const tokens = useQuery(tokensQuery)
  const [rotating, setRotating] = useState<Token | undefined>()
  const items = tokens.data?.items ?? []
  return (
    <>
      <SettingsHead title={settings('section.tokens')} lead={settings('tokens.lead')} />
      <section className="sheet scroll-x">
        {may('tokens:write') ? (
          <div className="chart-p form-p">
            <NewTokenForm />
          </div>
        ) : null}
        {tokens.error === null ? null : <ProblemNote error={tokens.error} retry={() => void tokens.refetch()} />}
        {tokens.data !== undefined && items.length === 0 ? <p className="chart-p dim">{t('tokens.none')}</p> : null}
        {items.length === 0 ? null : (
          <table className="srcs still">
            <thead>
              <tr>
                <th scope="col">{settings('tokens.for')}</th>
                <th scope="col">{t('tokens.scope')}</th>
                <th scope="col" className="x">
                  {settings('tokens.source')}
                </th>
                <th scope="col" className="x">
                  {t('tokens.created')}
                </th>
                <th scope="col">{t('tokens.lastUsed')}</th>
                <th scope="col">{t('tokens.expires')}</th>
                <th scope="col">
                  <span className="sr">{settings('tokens.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((token) => (
                <TokenRow key={token.id} token={token} onRotate={() => setRotating(token)} />
              ))}
            </tbody>
          </table>
        )}
      </section>
      {rotating === undefined ? null : <RotateDrawer token={rotating} onClose={() => setRotating(undefined)} />}
    </>
  )
}

function TokenRow({ token, onRotate }: { token: Token; onRotate: () => void }): ReactNode {
  const { t } = useTranslation('access')
  const { t: settings } = useTranslation('settings')
  const may = useMay()
  const format = useFormat()
  const now = useNow()
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => tell(`/api/v1/tokens/${encodeURIComponent(token.id)}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  const overlap = token.formerSecretUntil
  return (
    <tr>
      <td>
        <span className="name">{token.name}</span>
        {overlap === null || Date.parse(overlap) < now ? null : (
          <span className="label block">{settings('tokens.former', { until: format.dateTime(overlap) })}</span>
        )}
        {revoke.error === null ? null : <ProblemNote error={revoke.error} />}
      </td>
      <td>{t(`scope.${token.scope}`)}</td>
      <td className="x">
        {token.source === null ? (
          <span className="dim">{settings('tokens.anySource')}</span>
        ) : (
          <span className="mono">{token.source}</span>
        )}
      </td>
      <td className="num x">{format.date(token.created)}</td>
      <td className="num">{token.lastUsed === null ? t('tokens.never') : format.dateTime(token.lastUsed)}</td>
      <td className="num">{token.expires === null ? t('tokens.noEnd') : format.date(token.expires)}</td>
      <td className="r">
        {may('tokens:write') ? (
          <span className="sure">
            <button type="button" className="btn sm" onClick={onRotate}>
              {settings('tokens.rotate')}
            </button>
            <SureButton
              label={t('tokens.revoke')}
              yes={t('tokens.revoke')}
              sure={t('tokens.revokeSure', { name: token.name })}
              pending={revoke.isPending}
              onSure={() => revoke.mutate()}
            />
          </span>
        ) : null}
      </td>
    </tr>
  )
}
