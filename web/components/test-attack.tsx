import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { demoReplySchema } from '../../src/server/schema.ts'
import { call } from '../api/client.ts'
import { DeedButton } from './deed-button.tsx'
import { Icon } from './icon.tsx'
import { useNotice } from './notice.tsx'
import { useProblemText } from './problem-note.tsx'
import { useMay } from './session.ts'

/** Sends the built-in attack through the real ingest path, and says how many events went in. */
export function useTestAttack(): { send: () => void; sending: boolean } {
  const { t } = useTranslation()
  const notice = useNotice()
  const problemText = useProblemText()
  const client = useQueryClient()
  const navigate = useNavigate()
  const attack = useMutation({
    mutationFn: () => call(demoReplySchema, '/api/v1/demo/attack', { method: 'POST' }),
    onSuccess: ({ sent }) => {
      notice({
        text: t('attack.sent', { count: sent }),
        action: { label: t('attack.watch'), run: () => void navigate({ to: '/triage' }) },
      })
      void client.invalidateQueries({ queryKey: ['sources'] })
      void client.invalidateQueries({ queryKey: ['alerts'] })
    },
    onError: (error) => notice({ text: problemText(error), sticky: true }),
  })
  return { send: () => attack.mutate(), sending: attack.isPending }
}

export function TestAttackButton({ primary = true }: { primary?: boolean }): ReactNode {
  const { t } = useTranslation()
  const { send, sending } = useTestAttack()
  const may = useMay()
  if (!may('sources:write')) return null
  return (
    <DeedButton type="button" className={primary ? 'btn ink' : 'btn'} onClick={send} busy={sending}>
      <Icon name="send" />
      {t(sending ? 'attack.sending' : 'attack.send')}
    </DeedButton>
  )
}
