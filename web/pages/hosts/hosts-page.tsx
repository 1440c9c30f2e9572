import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { agentHostsQuery, agentStatesQuery, integritiesQuery, lastHeartbeatQuery } from '../../api/hosts.ts'
import { Code } from '../../components/copy.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { blindSpots, type HostState, heartbeatOf, stateOf } from './heartbeat.ts'
import { HostDrawer } from './host-drawer.tsx'
import { Policies } from './policies.tsx'
import { Releases } from './releases.tsx'

const route = getRouteApi('/house/hosts')
const GLYPH: Readonly<Record<HostState, GlyphState>> = { live: 'met', quiet: 'risk', stopped: 'gone' }

/** Every host with an agent: whether it speaks, what it cannot see, what it costs. */
export function HostsPage(): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const { host: open } = route.useSearch()
  const navigate = useNavigate({ from: '/hosts' })
  const { data, error, refetch } = useQuery(agentHostsQuery)
  const show = (host: string | undefined): void => void navigate({ search: (before) => ({ ...before, host }), replace: true })
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.hosts')}</h1>
          <p>{t('lead')}</p>
        </div>
        <Link className="btn" to="/settings/agents">
          {t('enrol')}
        </Link>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
      {data !== undefined && data.values.length === 0 ? (
        <section className="sheet empty add-first">
          <h2>{t('noneTitle')}</h2>
          <p>{t('noneText')}</p>
          <Code text={`./kanpeki agent enrol --to ${location.origin} --token kpe_…\n./kanpeki agent run`} />
        </section>
      ) : null}
      {data === undefined || data.values.length === 0 ? null : (
        <section className="sheet">
          <table className="srcs">
            <thead>
              <tr>
                <th>{t('col.host')}</th>
                <th>{t('col.state')}</th>
                <th className="r">{t('col.last')}</th>
                <th>{t('col.drift')}</th>
                <th>{t('col.blind')}</th>
                <th className="r x">{t('col.waiting')}</th>
                <th className="r x">{t('col.memory')}</th>
                <th className="r x">{t('col.cpu')}</th>
              </tr>
            </thead>
            <tbody>
              {data.values.map(({ value }) => (
                <HostRow key={value} agent={value} onOpen={() => show(value)} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Policies />
      <Releases />
      {open === undefined ? null : <HostDrawer key={open} agent={open} onClose={() => show(undefined)} />}
    </main>
  )
}

function HostRow({ agent, onOpen }: { agent: string; onOpen: () => void }): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: sources } = useTranslation('sources')
  const format = useFormat()
  const now = useNow()
  const { data } = useQuery(lastHeartbeatQuery(agent))
  const may = useMay()
  const states = useQuery({ ...agentStatesQuery, enabled: may('agents:read') })
  const event = data?.events[0]
  const beat = heartbeatOf(event?.doc)
  if (event === undefined || beat === undefined) return null
  const state = stateOf(Date.parse(event.received), beat.stopped, now)
  const blind = blindSpots(beat.counters)
  const unknown = states.data?.items.find((one) => one.agent === agent)?.status?.unknown ?? []
  const spots = blind.length + (unknown.length > 0 ? 1 : 0)
  const isolated = states.data?.items.some((one) => one.agent === agent && one.status !== null && one.status.isolated !== null)
  return (
    <tr>
      <td className="named">
        <button type="button" className="name" onClick={onOpen}>
          <bdi>{beat.host}</bdi>
        </button>
        <div className="label mono">
          {beat.version} {beat.kernel ?? ''}
        </div>
      </td>
      <td>
        <span className="row">
          <StateGlyph state={isolated ? 'risk' : GLYPH[state]} silent />
          {isolated ? t('hand.isolated') : t(`state.${state}`)}
        </span>
      </td>
      <td className="r num">{sources('ago', { age: format.age(event.received, now) })}</td>
      <td>
        <DriftCell agent={agent} />
      </td>
      <td>{spots === 0 ? <span className="dim">–</span> : t('blindCount', { count: spots })}</td>
      <td className="r num x">{format.bytes(beat.spoolBytes)}</td>
      <td className="r num x">{format.bytes(beat.residentBytes)}</td>
      <td className="r num x">{format.percent(beat.cpuShare)}</td>
    </tr>
  )
}

/** Changes of files that nobody verified; a dash where the files are as they were accepted. */
function DriftCell({ agent }: { agent: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const may = useMay()
  const { data } = useQuery({ ...integritiesQuery, enabled: may('agents:read') })
  const view = data?.items.find((one) => one.agent === agent)
  if (view === undefined) return <span className="dim">{t('drift.none')}</span>
  const { report, accepted, stale } = view
  if (report.unverified > 0)
    return (
      <span className="row">
        <StateGlyph state="miss" silent />
        {t('drift.count', { count: report.unverified })}
      </span>
    )
  if (accepted === null || stale) return <span className="dim">{t(accepted === null ? 'drift.none' : 'drift.old')}</span>
  return (
    <span className="row">
      <StateGlyph state="met" silent />
      {t('drift.fine')}
    </span>
  )
}
