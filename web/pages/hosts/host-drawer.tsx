import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { agentEventsQuery, agentStatesQuery, lastHeartbeatQuery } from '../../api/hosts.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { blindSpots, heartbeatOf } from './heartbeat.ts'
import { HostCommands } from './host-commands.tsx'
import { HostHand } from './host-hand.tsx'
import { HostIntegrity } from './host-integrity.tsx'
import { LiveQuery } from './live-query.tsx'

const inUseSchema = z.object({
  package: z.object({ type: z.string(), name: z.string(), version: z.string() }),
  file: z.object({ path: z.string() }),
  process: z.object({ name: z.string() }),
})
const changeSchema = z.object({
  event: z.object({ type: z.array(z.enum(['creation', 'change', 'deletion'])).length(1) }),
  file: z.object({ path: z.string(), owner: z.string().optional(), mode: z.string().optional() }),
})

const IN_USE = 'event.action:package-in-use'
const CHANGES = 'event.category:file AND event.action:(file-creation OR file-change OR file-deletion)'

/** One host: what its agent cannot see, what changed on it, what runs there. */
export function HostDrawer({ agent, onClose }: { agent: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const last = useQuery(lastHeartbeatQuery(agent))
  const changes = useQuery(agentEventsQuery(agent, CHANGES, 20))
  const inUse = useQuery(agentEventsQuery(agent, IN_USE, 200))
  const beat = heartbeatOf(last.data?.events[0]?.doc)
  const blind = blindSpots(beat?.counters ?? {})
  const states = useQuery({ ...agentStatesQuery, enabled: may('agents:read') })
  const unknown = states.data?.items.find((one) => one.agent === agent)?.status?.unknown ?? []
  const used = [
    ...new Map(
      (inUse.data?.events ?? []).flatMap(({ doc }) => {
        const { data } = inUseSchema.safeParse(doc)
        return data === undefined ? [] : [[`${data.package.type} ${data.package.name} ${data.package.version}`, data] as const]
      }),
    ).values(),
  ].toSorted((a, b) => (a.package.name < b.package.name ? -1 : 1))
  const name = beat?.host ?? agent
  return (
    <Dialog label={name} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>
            <bdi>{name}</bdi>
          </h2>
          <p className="ink2">{t('version', { version: beat?.version ?? '?' })}</p>
        </div>
        <Link className="btn sm" to="/timeline" search={{ q: `agent.id:${JSON.stringify(agent)}` }}>
          {t('timeline')}
        </Link>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <HostHand agent={agent} />
        <h3>{t('blind')}</h3>
        {blind.length === 0 && unknown.length === 0 ? (
          <p className="ink2">{t('noBlind')}</p>
        ) : (
          <ul className="plain">
            {unknown.length === 0 ? null : (
              <li>
                {t('unknownSettings', { count: unknown.length })} <bdi className="mono">{unknown.join(', ')}</bdi>
              </li>
            )}
            {blind.map(({ name: spot, count }) => (
              <li key={spot}>{t(`spot.${spot.replace('.', '_') as 'events_dropped'}`, { count })}</li>
            ))}
          </ul>
        )}
        <HostIntegrity agent={agent} />
        <h3>{t('changes')}</h3>
        {changes.data === undefined ? null : changes.data.events.length === 0 ? (
          <p className="ink2">{t('noChanges')}</p>
        ) : (
          <table className="figs">
            <tbody>
              {changes.data.events.map(({ id, observed, received, doc }) => {
                const { data } = changeSchema.safeParse(doc)
                return data === undefined ? null : (
                  <tr key={id}>
                    <td className="num">{format.minute(observed ?? received)}</td>
                    <td>{t(`change.${data.event.type[0]!}`)}</td>
                    <td className="mono wrap">
                      <bdi>{data.file.path}</bdi>
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
        <HostCommands agent={agent} />
        <LiveQuery agent={agent} />
        <h3>{t('inUse', { count: used.length })}</h3>
        <p className="ink2">{t('inUseText')}</p>
        <table className="figs">
          <tbody>
            {used.map(({ package: { type, name: title, version }, process, file }) => (
              <tr key={`${type} ${title} ${version}`} title={file.path}>
                <td>
                  <bdi>{title}</bdi> <span className="label mono">{type}</span>
                </td>
                <td className="num">{version}</td>
                <td className="mono">
                  <bdi>{process.name}</bdi>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  )
}
