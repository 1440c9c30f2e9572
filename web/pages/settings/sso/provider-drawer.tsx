import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Provider } from '../../../../src/access/sso/schema.ts'
import { tell } from '../../../api/client.ts'
import { Dialog } from '../../../components/dialog.tsx'
import { Icon } from '../../../components/icon.tsx'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { SureButton } from '../sure-button.tsx'
import { ProviderForm } from './provider-form.tsx'

/** A provider to add or to change. */
export function ProviderDrawer({ provider, onClose }: { provider: Provider | undefined; onClose: () => void }): ReactNode {
  const { t } = useTranslation('sso')
  const { t: common } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  const notice = useNotice()
  const heading = provider === undefined ? t('add') : format.text(provider.title)
  const remove = useMutation({
    mutationFn: () => tell(`/api/v1/sso/providers/${provider?.id ?? ''}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sso'] })
      notice({ text: t('removed', { title: heading }) })
      onClose()
    },
  })
  return (
    <Dialog label={heading} className="slide" onClose={onClose} typed={provider === undefined}>
      <div className="slide-h">
        <div className="grow">
          <h2>
            <bdi>{heading}</bdi>
          </h2>
          {provider === undefined ? <p className="ink2">{t('form.text')}</p> : <p className="label mono">{provider.id}</p>}
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <ProviderForm
          provider={provider}
          onSaved={(saved) => {
            notice({ text: t('saved', { title: format.text(saved.title) }) })
            onClose()
          }}
        />
        {provider === undefined ? null : (
          <div className="sec danger">
            {remove.error === null ? null : <ProblemNote error={remove.error} />}
            <SureButton
              label={t('remove')}
              sure={t('removeSure', { count: provider.accounts })}
              yes={t('removeYes')}
              pending={remove.isPending}
              onSure={() => remove.mutate()}
            />
          </div>
        )}
      </div>
    </Dialog>
  )
}
