import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { DEFAULT_SCOPE } from '../../../src/kernel/event.ts'
import { EVERY_SCOPE } from '../../../src/platform/http/route.ts'
import { ownScopesQuery } from '../../api/queries.ts'
import { useSession } from '../session.ts'
import { ROOMS, type RoomId } from './rooms.ts'

/** Which team or customer this page is about. Shown only to those who have a choice. */
export function ScopeSwitch({ here }: { here: RoomId }): ReactNode {
  const { t } = useTranslation()
  const { scope, scopes } = useSession()
  const navigate = useNavigate()
  const { data } = useQuery({ ...ownScopesQuery, enabled: scopes.length > 1 || scopes.includes(EVERY_SCOPE) })
  const choices = data?.items ?? []
  if (choices.length < 2) return null
  const room = ROOMS.find(({ id }) => id === here)?.to ?? '/'
  return (
    <label className="scope-switch">
      <span className="sr">{t('bar.scope')}</span>
      <select
        className="input sm"
        title={t('bar.scope')}
        value={scope}
        // What was open in one scope is not in another: the room opens anew.
        onChange={(event) => void navigate({ to: room, search: { scope: event.target.value } })}
      >
        {choices.map((choice) => (
          <option key={choice.scope} value={choice.scope}>
            {choice.scope === DEFAULT_SCOPE ? t('bar.sharedScope') : choice.title}
          </option>
        ))}
      </select>
    </label>
  )
}
