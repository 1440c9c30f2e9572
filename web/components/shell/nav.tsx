import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { alertCountsQuery, ledgerHeadQuery, sourcesQuery } from '../../api/queries.ts'
import { Icon } from '../icon.tsx'
import { BrandMark } from '../seal.tsx'
import { useMay } from '../session.ts'
import { useFormat } from '../use-format.ts'
import { ROOMS, type RoomId } from './rooms.ts'

const GROUPS = ['top', 'detect', 'respond', 'prove', 'house'] as const

export function Nav({ here, live }: { here: RoomId; live: boolean }): ReactNode {
  const { t } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const counts = useQuery({ ...alertCountsQuery, enabled: may('alerts:read') })
  const open = ROOMS.filter((room) => may(room.permission))
  return (
    <nav className="nav" aria-label={t('nav.label')}>
      <Link className="brand" to="/">
        <BrandMark />
        <b>Kanpeki</b>
        <span className="label" lang="ja">
          完璧
        </span>
      </Link>
      <div className="rooms">
        {GROUPS.filter((group) => open.some((room) => room.group === group)).map((group) => (
          <Fragment key={group}>
            {group === 'top' ? null : <h2>{t(`nav.${group}`)}</h2>}
            {open
              .filter((room) => room.group === group)
              .map((room) => (
                <Link
                  key={room.id}
                  to={room.to}
                  title={t(`room.${room.id}`)}
                  aria-current={here === room.id ? 'page' : undefined}
                >
                  <Icon name={room.icon} />
                  <span className="t">{t(`room.${room.id}`)}</span>
                  {room.id === 'triage' && counts.data !== undefined ? (
                    <span className="n num">{format.count(counts.data.openGroups)}</span>
                  ) : null}
                </Link>
              ))}
          </Fragment>
        ))}
      </div>
      <Pulse live={live} />
    </nav>
  )
}

/** The three numbers that say the house is awake: the log grows, its copies follow, sources report. */
function Pulse({ live }: { live: boolean }): ReactNode {
  const { t } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const head = useQuery({ ...ledgerHeadQuery, enabled: may('ledger:read') })
  const sources = useQuery({ ...sourcesQuery, enabled: may('sources:read') })
  const copies = head.data?.copies ?? []
  const current = copies.filter((copy) => copy.state === 'current').length
  const watched = sources.data?.totals
  const sound = watched !== undefined && watched.silent + watched.failed === 0
  return (
    <div className="pulse">
      {may('ledger:read') ? (
        <>
          <div>
            <span className="t">{t('pulse.logHead')}</span>
            <span className="num">{head.data === undefined ? '–' : format.count(head.data.size)}</span>
          </div>
          <div>
            <span className="t">{t('pulse.copies')}</span>
            {copies.length === 0 ? (
              <span className="num dim">{t('pulse.none')}</span>
            ) : (
              <span className={current === copies.length ? 'ok num' : 'num'}>
                {current === copies.length ? <Icon name="check" /> : null}
                {current}/{copies.length}
              </span>
            )}
          </div>
        </>
      ) : null}
      <div>
        <span className="t">{t('pulse.sources')}</span>
        <span className="num">
          {watched === undefined ? '–' : `${watched.sources - watched.silent - watched.failed}/${watched.sources}`}{' '}
          {watched === undefined ? null : (
            <span className={sound ? 'dim t' : 't'}>{t('pulse.gaps', { count: watched.lastDay.gaps })}</span>
          )}
        </span>
      </div>
      {live ? null : (
        <div role="status">
          <span className="t">{t('pulse.reconnecting')}</span>
        </div>
      )}
    </div>
  )
}
