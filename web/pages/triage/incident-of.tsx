import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AlertDetail } from '../../../src/detect/schema.ts'
import { incidentDetail } from '../../../src/respond/incidents/schema.ts'
import { call } from '../../api/client.ts'
import { incidentsQuery } from '../../api/incidents.ts'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { useNotice } from '../../components/notice.tsx'
import { useProblemText } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'

/** The incident that an alert is worked on in, or the way to one: with everything open of its story. */
export function IncidentOf({ alert }: { alert: AlertDetail }): ReactNode {
  const may = useMay()
  return may('incidents:read') ? <Known key={alert.id} alert={alert} writes={may('incidents:write')} /> : null
}

function Known({ alert, writes }: { alert: AlertDetail; writes: boolean }): ReactNode {
  const { t } = useTranslation('incidents')
  const client = useQueryClient()
  const navigate = useNavigate()
  const notice = useNotice()
  const problemText = useProblemText()
  const { data } = useInfiniteQuery(incidentsQuery({ state: 'all', exercises: 'with', alert: alert.id }))
  const found = data?.pages[0]?.incidents.find(({ state }) => state !== 'merged')
  const story = alert.related.filter(({ storyId, state }) => storyId === alert.storyId && state === 'open')
  // The gravest of the story may have opened one by itself: this alert then belongs there.
  const gravest = story.toSorted((a, b) => a.severity - b.severity)[0]?.id
  const ofStory = useInfiniteQuery({
    ...incidentsQuery({ state: 'open', exercises: 'with', ...(gravest === undefined ? {} : { alert: gravest }) }),
    enabled: gravest !== undefined && data !== undefined && found === undefined,
  })
  const near = gravest === undefined ? undefined : ofStory.data?.pages[0]?.incidents[0]
  const open = useMutation({
    mutationFn: () =>
      near === undefined
        ? call(incidentDetail, '/api/v1/incidents', {
            method: 'POST',
            body: { alerts: [...new Set([alert.id, ...story.map(({ id }) => id)])] },
          })
        : call(incidentDetail, `/api/v1/incidents/${encodeURIComponent(near.id)}/deeds`, {
            method: 'POST',
            body: { do: 'alerts', alerts: [alert.id] },
          }),
    onSuccess: async ({ id, number }) => {
      notice({ text: t(near === undefined ? 'fromAlert.opened' : 'fromAlert.added', { number }) })
      await client.invalidateQueries({ queryKey: ['incidents'] })
      await navigate({ to: '/incidents', search: { incident: id } })
    },
    onError: (error) => notice({ text: problemText(error), sticky: true }),
  })
  const offered = writes && data !== undefined && found === undefined && !open.isPending
  useKeys(offered ? { i: () => open.mutate() } : {})
  if (found !== undefined)
    return (
      <Link className="chip" to="/incidents" search={{ incident: found.id }}>
        <Icon name="incidents" small />
        {t('fromAlert.in', { number: found.number })}
      </Link>
    )
  if (!offered) return null
  return (
    <button type="button" className="chip as-button" aria-keyshortcuts="I" onClick={() => open.mutate()}>
      {near === undefined ? t('fromAlert.open') : t('fromAlert.add', { number: near.number })} <kbd>I</kbd>
    </button>
  )
}
