import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Factors } from '../../../../src/access/people/schema.ts'
import { endTotp } from '../../../api/access.ts'
import { TotpSetup } from '../../../components/identity/totp-setup.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { Panel } from '../panel.tsx'
import { SureButton } from '../sure-button.tsx'

export function Totp({ factors }: { factors: Factors }): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const format = useFormat()
  const client = useQueryClient()
  const remove = useMutation({ mutationFn: endTotp, onSuccess: () => client.invalidateQueries({ queryKey: ['me'] }) })
  return (
    <Panel title={access('totp.title')} text={access('totp.text')}>
      {factors.totp === null ? null : (
        <div className="row">
          <StateGlyph state="met" silent />
          <span className="grow">{t('totp.since', { since: format.date(factors.totp.since) })}</span>
          <SureButton
            label={t('remove')}
            yes={t('remove')}
            sure={t('totp.removeSure')}
            pending={remove.isPending}
            onSure={() => remove.mutate()}
          />
        </div>
      )}
      {remove.error === null ? null : <ProblemNote error={remove.error} />}
      {/* It stays in place while the codes are shown, although the app counts as added by then. */}
      <div className={factors.totp === null ? '' : 'totp-after'}>
        <TotpSetup label={factors.totp === null ? access('totp.add') : t('totp.another')} onDone={() => undefined} />
      </div>
    </Panel>
  )
}
