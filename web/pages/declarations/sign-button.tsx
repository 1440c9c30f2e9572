import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type CardView, signResponse } from '../../../src/declare/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { useNotice } from '../../components/notice.tsx'
import { useProblemText } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'

/** Signs exactly the text that is shown: the hash goes with the request, and another one is refused. */
export function SignButton({
  card,
  hash = card.hash,
  primary = false,
}: {
  card: CardView
  hash?: string
  primary?: boolean
}): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const client = useQueryClient()
  const notice = useNotice()
  const problemText = useProblemText()
  const sign = useMutation({
    mutationFn: () => call(signResponse, `/api/v1/cards/${encodeURIComponent(card.id)}/sign`, { method: 'POST', body: { hash } }),
    onSuccess: ({ card: after }) => {
      notice({
        text: t('signedNow', {
          name: format.text(after.name),
          given: after.signatures.given.length,
          required: after.signatures.required,
        }),
      })
      void client.invalidateQueries({ queryKey: ['cards'] })
    },
    onError: (error) => notice({ text: problemText(error), sticky: true }),
  })
  const may = useMay()
  if (!may('cards:approve')) return null
  return (
    <DeedButton type="button" className={primary ? 'btn ink' : 'btn sm'} busy={sign.isPending} onClick={() => sign.mutate()}>
      {t('sign')}
    </DeedButton>
  )
}
