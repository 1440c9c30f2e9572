import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Factors } from '../../../../src/access/people/schema.ts'
import { newRecoveryCodes } from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { RecoveryCodes } from '../../../components/identity/recovery-codes.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Panel } from '../panel.tsx'

/** Codes for the day when phone and key are lost. They belong to a second factor. */
export function Recovery({ factors }: { factors: Factors }): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const make = useMutation({
    mutationFn: newRecoveryCodes,
    onSuccess: () => client.invalidateQueries({ queryKey: ['me'] }),
  })
  if (factors.totp === null && factors.passkeys.length === 0) return null
  const codes = make.data?.codes ?? null
  return (
    <Panel title={t('recovery.title')} text={t('recovery.left', { count: factors.recoveryCodesLeft })}>
      {codes === null ? (
        <div>
          <DeedButton type="button" className="btn" busy={make.isPending} onClick={() => make.mutate()}>
            {t('recovery.make')}
          </DeedButton>
        </div>
      ) : (
        <RecoveryCodes codes={codes} onKept={() => make.reset()} />
      )}
      {make.error === null ? null : <ProblemNote error={make.error} />}
    </Panel>
  )
}
