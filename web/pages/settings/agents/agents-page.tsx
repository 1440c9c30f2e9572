import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import type { agentSchema } from '../../../../src/access/machines/schema.ts'
import { tell } from '../../../api/client.ts'
import { agentsQuery, authoritiesQuery } from '../../../api/house-queries.ts'
import { CopyButton } from '../../../components/copy.tsx'
import { DeedsHead } from '../../../components/deeds-head.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { useNow } from '../../../components/use-now.ts'
import { SettingsHead } from '../settings-page.tsx'
import { SureButton } from '../sure-button.tsx'
import { certificateState } from './certificate-state.ts'
import { Enrolments } from './enrolments.tsx'

type Agent = z.infer<typeof agentSchema>

/** Machines that show a certificate: how they come in, when theirs end, and how to shut one out. */
export function AgentsPage(): ReactNode {
  const { t } = useTranslation('agents')
  return (
    <>
      <SettingsHead title={t('title')} lead={t('lead')} />
      <div className="stack">
        <Enrolments />
        <Agents />
        <Authorities />
      </div>
    </>
  )
}

function Agents(): ReactNode {
  const { t } = useTranslation('agents')
  const { data, error, refetch } = useQuery(agentsQuery)
  const [all, setAll] = useState(false)
  const items = data?.items ?? []
  const revoked = items.filter((agent) => agent.revoked !== null).length
  const shown = all ? items : items.filter((agent) => agent.revoked === null)
  return (
    <section className="sheet" aria-labelledby="agents">
      <div className="panel-h">
        <h2 id="agents">{t('agents')}</h2>
        {revoked === 0 ? null : (
          <label className="end check">
            <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
            {t('showRevoked', { count: revoked })}
          </label>
        )}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data !== undefined && shown.length === 0 ? <p className="chart-p dim">{t('none')}</p> : null}
      {shown.length === 0 ? null : <AgentTable agents={shown} />}
    </section>
  )
}

function AgentTable({ agents }: { agents: readonly Agent[] }): ReactNode {
  const { t } = useTranslation('agents')
  const format = useFormat()
  const now = useNow()
  const may = useMay()
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: (id: string) => tell(`/api/v1/agents/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['agents'] }),
  })
  return (
    <>
      {revoke.error === null ? null : <ProblemNote error={revoke.error} />}
      <table className="srcs still">
        <thead>
          <tr>
            <th>{t('col.name')}</th>
            <th>{t('col.certificate')}</th>
            <th>{t('col.seen')}</th>
            <th className="x">{t('col.since')}</th>
            <DeedsHead />
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => {
            const state = certificateState(agent, now)
            return (
              <tr key={agent.id}>
                <td className="named">
                  <span className="name">
                    <bdi>{agent.name}</bdi>
                  </span>
                  <div className="label mono">{agent.id}</div>
                </td>
                <td>
                  <span className="row nw">
                    <StateGlyph state={GLYPHS[state]} silent />
                    {state === 'revoked' && agent.revoked !== null
                      ? t('revokedAt', { day: format.date(agent.revoked) })
                      : agent.certificateExpires === null
                        ? t('noCertificate')
                        : t(`until.${state === 'revoked' ? 'ended' : state}`, { day: format.date(agent.certificateExpires) })}
                  </span>
                </td>
                <td className="num">
                  {agent.lastSeen === null ? (
                    <span className="dim">{t('never')}</span>
                  ) : (
                    t('ago', { age: format.age(agent.lastSeen, now) })
                  )}
                </td>
                <td className="num dim x">{format.date(agent.created)}</td>
                <td className="r">
                  {agent.revoked === null && may('agents:write') ? (
                    <SureButton
                      label={t('revoke')}
                      sure={t('revokeSure', { name: agent.name })}
                      yes={t('revokeYes')}
                      pending={revoke.isPending}
                      onSure={() => revoke.mutate(agent.id)}
                    />
                  ) : null}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </>
  )
}

const GLYPHS = { good: 'met', ending: 'risk', ended: 'gone', revoked: 'gone' } as const

function Authorities(): ReactNode {
  const { t } = useTranslation('agents')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const rotate = useMutation({
    mutationFn: () => tell('/api/v1/authorities/rotate', { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['agents'] }),
  })
  const { data } = useQuery(authoritiesQuery)
  if (data === undefined || data.items.length === 0) return null
  return (
    <section className="sheet" aria-labelledby="authorities">
      <div className="panel-h">
        <h2 id="authorities">{t('authorities')}</h2>
        <a className="end" href="/pki/ca.pem" download>
          {t('downloadCa')}
        </a>
      </div>
      {rotate.error === null ? null : <ProblemNote error={rotate.error} />}
      <table className="srcs still">
        <thead>
          <tr>
            <th>{t('col.authority')}</th>
            <th>{t('col.fingerprint')}</th>
            <th>{t('col.trusted')}</th>
          </tr>
        </thead>
        <tbody>
          {data.items.map((one) => (
            <tr key={one.id}>
              <td className="named">
                {one.subject} {one.issuing ? <span className="chip">{t('issuing')}</span> : null}
              </td>
              <td>
                <span className="row-copy">
                  <span className="mono hash">{one.fingerprint}</span>
                  <CopyButton text={one.fingerprint} />
                </span>
              </td>
              <td className="num nw">{format.date(one.trustedUntil)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {may('installation') ? (
        <div className="chart-p sec">
          <SureButton
            label={t('rotate')}
            sure={t('rotateSure')}
            yes={t('rotateYes')}
            pending={rotate.isPending}
            onSure={() => rotate.mutate()}
          />
        </div>
      ) : null}
    </section>
  )
}
