import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { identitiesQuery, linkIdentity, providersQuery, unlinkIdentity } from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { Panel } from '../panel.tsx'
import { SureButton } from '../sure-button.tsx'

/** Accounts at the organisation's identity providers that sign this person in. Not shown where there is no provider. */
export function Identities(): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  const client = useQueryClient()
  const providers = useQuery(providersQuery)
  const identities = useQuery(identitiesQuery)
  const unlink = useMutation({
    mutationFn: unlinkIdentity,
    onSuccess: () => client.invalidateQueries({ queryKey: ['me', 'identities'] }),
  })
  const link = useMutation({ mutationFn: linkIdentity, onSuccess: ({ url }) => window.location.assign(url) })
  const items = identities.data?.items ?? []
  const linked = new Set(items.map(({ provider }) => provider.id))
  const others = (providers.data?.items ?? []).filter(({ id }) => !linked.has(id))
  if (items.length === 0 && others.length === 0) return null
  const error = unlink.error ?? link.error
  return (
    <Panel title={t('identities.title')} text={t('identities.text')}>
      {items.length === 0 ? null : (
        <ul className="rows boxed">
          {items.map((identity) => (
            <li key={identity.id}>
              <span className="grow">
                <b>{format.text(identity.provider.title)}</b> {identity.name}
                <span className="label block">
                  {identity.lastUsed === null
                    ? t('identities.neverUsed', { made: format.date(identity.created) })
                    : t('identities.used', { made: format.date(identity.created), used: format.dateTime(identity.lastUsed) })}
                </span>
              </span>
              <SureButton
                label={t('remove')}
                yes={t('remove')}
                sure={t('identities.removeSure')}
                pending={unlink.isPending}
                onSure={() => unlink.mutate(identity.id)}
              />
            </li>
          ))}
        </ul>
      )}
      {others.map((provider) => (
        <div key={provider.id}>
          <DeedButton type="button" className="btn" busy={link.isPending} onClick={() => link.mutate(provider.id)}>
            {t('identities.link', { provider: format.text(provider.title) })}
          </DeedButton>
        </div>
      ))}
      {error === null ? null : <ProblemNote error={error} />}
    </Panel>
  )
}
