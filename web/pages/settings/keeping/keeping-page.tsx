import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { erasuresQuery, holdsQuery, retentionQuery } from '../../../api/care-queries.ts'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Panel } from '../panel.tsx'
import { SettingsHead } from '../settings-page.tsx'
import { ErasureDrawer } from './erasure-drawer.tsx'
import { ErasureTable } from './erasure-table.tsx'
import { HoldDrawer } from './hold-drawer.tsx'
import { HoldTable } from './hold-table.tsx'
import { Retention } from './retention.tsx'

const route = getRouteApi('/house/settings/keeping')

/** How long events are kept, what must stay in any case, and what has to go because a person asked. */
export function KeepingPage(): ReactNode {
  const { t } = useTranslation('keeping')
  const { open } = route.useSearch()
  const navigate = useNavigate({ from: '/settings/keeping' })
  const retention = useQuery(retentionQuery)
  const holds = useQuery(holdsQuery)
  const erasures = useQuery(erasuresQuery)
  const error = retention.error ?? holds.error ?? erasures.error
  const show = (next: 'hold' | 'erasure' | undefined): void =>
    void navigate({ search: (before) => ({ ...before, open: next }), replace: true })
  return (
    <>
      <SettingsHead title={t('title')} lead={t('lead')} />
      {error === null ? null : <ProblemNote error={error} retry={() => void retention.refetch()} />}
      <div className="stack">
        {retention.data === undefined ? null : <Retention retention={retention.data} />}
        <Panel
          title={t('hold.title')}
          text={t('hold.text')}
          end={
            <button type="button" className="btn sm" onClick={() => show('hold')}>
              {t('hold.add')}
            </button>
          }
        >
          {holds.data === undefined ? null : <HoldTable holds={holds.data.holds} />}
        </Panel>
        <Panel
          title={t('erasure.title')}
          text={t('erasure.text')}
          end={
            <button type="button" className="btn sm" onClick={() => show('erasure')}>
              {t('erasure.add')}
            </button>
          }
        >
          {erasures.data === undefined ? null : <ErasureTable erasures={erasures.data.erasures} />}
        </Panel>
      </div>
      {open === 'hold' ? <HoldDrawer onClose={() => show(undefined)} /> : null}
      {open === 'erasure' ? <ErasureDrawer onClose={() => show(undefined)} /> : null}
    </>
  )
}
