import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { endOtherSessions, endOwnSession, ownSessionsQuery } from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Panel } from '../panel.tsx'
import { SessionRows } from '../session-rows.tsx'

export function Sessions(): ReactNode {
  const { t } = useTranslation('settings')
  const client = useQueryClient()
  const sessions = useQuery(ownSessionsQuery)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ['me', 'sessions'] })
  const end = useMutation({ mutationFn: endOwnSession, onSuccess: refresh })
  const endOthers = useMutation({ mutationFn: endOtherSessions, onSuccess: refresh })
  const items = sessions.data?.items ?? []
  const error = sessions.error ?? end.error ?? endOthers.error
  return (
    <Panel
      title={t('sessions.title')}
      text={t('sessions.text')}
      end={
        items.length > 1 ? (
          <DeedButton type="button" className="btn sm" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {t('sessions.endOthers')}
          </DeedButton>
        ) : undefined
      }
    >
      {error === null ? null : <ProblemNote error={error} />}
      {items.length === 0 ? null : <SessionRows sessions={items} pending={end.isPending} onEnd={(id) => end.mutate(id)} />}
    </Panel>
  )
}
