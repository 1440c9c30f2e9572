import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type Provider, providerCheckSchema } from '../../../../src/access/sso/schema.ts'
import { call } from '../../../api/client.ts'
import { providersQuery } from '../../../api/house-queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { SettingsHead } from '../settings-page.tsx'
import { ProviderDrawer } from './provider-drawer.tsx'
import { Provisioning } from './provisioning.tsx'

const route = getRouteApi('/house/settings/sso')
const NEW = 'new'

/** Where people sign in instead of here, and how their accounts come and go. */
export function SsoPage(): ReactNode {
  const { t } = useTranslation('sso')
  const { open } = route.useSearch()
  const navigate = useNavigate({ from: '/settings/sso' })
  const { data, error, refetch } = useQuery(providersQuery)
  const providers = data?.items ?? []
  const show = (next: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, open: next }), replace: true })
  const opened = providers.find(({ id }) => id === open)
  return (
    <>
      <SettingsHead title={t('title')} lead={t('lead')}>
        <button type="button" className="btn ink" onClick={() => show(NEW)}>
          <Icon name="plus" />
          {t('add')}
        </button>
      </SettingsHead>
      <div className="stack">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {data === undefined ? null : (
          <section className="sheet" aria-label={t('title')}>
            {providers.length === 0 ? (
              <div className="empty add-first">
                <h2>{t('emptyTitle')}</h2>
                <p>{t('emptyText')}</p>
              </div>
            ) : (
              <table className="srcs">
                <thead>
                  <tr>
                    <th>{t('col.provider')}</th>
                    <th>{t('col.state')}</th>
                    <th className="r">{t('col.accounts')}</th>
                    <th>{t('col.check')}</th>
                  </tr>
                </thead>
                <tbody>
                  {providers.map((provider) => (
                    <ProviderRow
                      key={provider.id}
                      provider={provider}
                      open={provider.id === open}
                      onOpen={() => show(provider.id)}
                    />
                  ))}
                </tbody>
              </table>
            )}
          </section>
        )}
        <Provisioning />
      </div>
      {open === NEW ? <ProviderDrawer provider={undefined} onClose={() => show(undefined)} /> : null}
      {opened === undefined ? null : <ProviderDrawer key={opened.updated} provider={opened} onClose={() => show(undefined)} />}
    </>
  )
}

function ProviderRow({ provider, open, onOpen }: { provider: Provider; open: boolean; onOpen: () => void }): ReactNode {
  const { t } = useTranslation('sso')
  const format = useFormat()
  const check = useMutation({
    mutationFn: () => call(providerCheckSchema, `/api/v1/sso/providers/${provider.id}/check`, { method: 'POST' }),
  })
  return (
    <tr aria-selected={open} onClick={onOpen}>
      <td className="named">
        <button type="button" className="name" onClick={onOpen}>
          <bdi>{format.text(provider.title)}</bdi>
        </button>
        <div className="label mono">{provider.issuer}</div>
      </td>
      <td className="nw">{provider.enabled ? t('on') : <span className="dim">{t('off')}</span>}</td>
      <td className="r num">{format.count(provider.accounts)}</td>
      <td className="named">
        <span className="row">
          <DeedButton
            type="button"
            className="btn sm"
            busy={check.isPending}
            onClick={(event) => {
              event.stopPropagation()
              check.mutate()
            }}
          >
            <Icon name="refresh" small />
            {t(check.isPending ? 'checking' : 'check')}
          </DeedButton>
          <span role="status" className="row">
            {check.data === undefined ? null : (
              <>
                <StateGlyph state={check.data.ok ? 'met' : 'risk'} silent />
                {check.data.ok ? t('answers') : check.data.message}
              </>
            )}
          </span>
        </span>
        {check.error === null ? null : <ProblemNote error={check.error} />}
      </td>
    </tr>
  )
}
