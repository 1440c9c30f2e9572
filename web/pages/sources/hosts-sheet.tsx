import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { HOST_STATES, type HostView } from '../../../src/collect/completeness/schema.ts'
import { hostsQuery } from '../../api/queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { duplicatesOf, glyphOfHost, lostOf, offsetText, wordOfHost } from './host-state.ts'

export type HostState = (typeof HOST_STATES)[number]

/** Which host is silent, whose clock is wrong, whose numbers never came. */
export function HostsSheet({
  state,
  now,
  onState,
}: {
  state: HostState
  now: number
  onState: (state: HostState) => void
}): ReactNode {
  const { t } = useTranslation('completeness')
  const { t: common } = useTranslation()
  const format = useFormat()
  const [typed, setTyped] = useState('')
  const { data, error, refetch } = useQuery({
    ...hostsQuery(state, typed.trim().slice(0, 120)),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })
  const counts =
    data === undefined
      ? undefined
      : {
          all: data.totals.watched + data.totals.young,
          silent: data.totals.silent,
          skewed: data.totals.skewed,
          gaps: data.totals.withGaps,
        }
  return (
    <section className="sheet" aria-label={t('tab.hosts')}>
      <search className="filters in-sheet">
        <Segmented
          label={t('hosts.show')}
          value={state}
          onChange={onState}
          choices={HOST_STATES.map((value) => ({
            value,
            label: (
              <>
                {t(`hosts.state.${value}`)} <span className="num">{counts === undefined ? '' : format.count(counts[value])}</span>
              </>
            ),
          }))}
        />
        <input
          className="input"
          type="search"
          value={typed}
          maxLength={120}
          placeholder={t('hosts.find')}
          aria-label={t('hosts.find')}
          onChange={(event) => setTyped(event.target.value)}
        />
        {data === undefined ? null : (
          <span className="label end num">{t('hosts.shown', { shown: data.hosts.length, count: data.matched })}</span>
        )}
      </search>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
      {data !== undefined && data.totals.unfollowed > 0 ? (
        <p className="note-place label bad">{t('hosts.unfollowed', { count: data.totals.unfollowed })}</p>
      ) : null}
      {data !== undefined && data.hosts.length === 0 ? (
        <div className="empty add-first">
          <h2>{t(state === 'all' ? 'hosts.noneTitle' : 'hosts.wellTitle')}</h2>
          <p>{t(state === 'all' ? 'hosts.noneText' : 'hosts.wellText')}</p>
        </div>
      ) : null}
      {data === undefined || data.hosts.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('hosts.col.host')}</th>
              <th>{t('hosts.col.state')}</th>
              <th className="r">{t('hosts.col.last')}</th>
              <th className="r x">{t('hosts.col.allowed')}</th>
              <th className="r">{t('hosts.col.clock')}</th>
              <th className="r">{t('hosts.col.lost')}</th>
              <th className="r x">{t('hosts.col.twice')}</th>
            </tr>
          </thead>
          <tbody>
            {data.hosts.map((host) => (
              <HostRow key={`${host.source} ${host.host}`} host={host} now={now} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function HostRow({ host, now }: { host: HostView; now: number }): ReactNode {
  const { t } = useTranslation('completeness')
  const { t: sources } = useTranslation('sources')
  const format = useFormat()
  const word = wordOfHost(host)
  const lost = lostOf(host)
  const sparse = host.streams.filter(({ density }) => density === 'sparse').map(({ name }) => name)
  return (
    <tr className="inert">
      <td className="named host-n">
        <Link className="name" to="/timeline" search={{ q: `host.name:${JSON.stringify(host.host)}` }}>
          <bdi>{host.host}</bdi>
        </Link>
        <div className="label mono">{host.source}</div>
      </td>
      <td>
        <span className="row">
          <StateGlyph state={glyphOfHost(word)} silent />
          {t(`hosts.word.${word}`)}
        </span>
        {sparse.length === 0 ? null : (
          <div className="label">{t('hosts.sparse', { streams: sparse.slice(0, 3).join(', ') })}</div>
        )}
      </td>
      <td className="r num">{sources('ago', { age: format.age(host.lastSeenAt, now) })}</td>
      <td className="r num x">{host.young ? '–' : format.duration(host.allowedSeconds)}</td>
      <td className="r num">
        {host.clockErrorMs === null ? (
          <span className="dim">–</span>
        ) : (
          <span className={host.skewed ? 'gap-n' : ''}>
            {t(host.clockErrorMs > 0 ? 'hosts.ahead' : 'hosts.behind', {
              time: format.duration(Math.abs(host.clockErrorMs) / 1000),
            })}
          </span>
        )}
        {host.zoneLikeMinutes === null ? null : (
          <div className="label">{t('hosts.zone', { offset: offsetText(host.zoneLikeMinutes) })}</div>
        )}
      </td>
      <td className="r num">
        {lost > 0 ? (
          <span className="gap-n">{format.count(lost)}</span>
        ) : host.streams.length === 0 ? (
          <span className="dim">–</span>
        ) : (
          0
        )}
      </td>
      <td className="r num x">{host.streams.length === 0 ? <span className="dim">–</span> : format.count(duplicatesOf(host))}</td>
    </tr>
  )
}
