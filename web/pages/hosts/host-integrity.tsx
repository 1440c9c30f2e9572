import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import type { Drift, IntegrityView } from '../../../src/hosts/schema.ts'
import { acceptBaseline, integrityQuery } from '../../api/hosts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { ScrollArea } from '../../components/scroll-area.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'

/** Changes shown before the rest is asked for. */
const SHOWN = 20

/** How the host's files stand against their baseline: what changed since, who did it, and taking that as the new one. */
export function HostIntegrity({ agent }: { agent: string }): ReactNode {
  const { t } = useTranslation('hosts')
  const may = useMay()
  const { data } = useQuery({ ...integrityQuery(agent), enabled: may('agents:read') })
  if (!may('agents:read')) return null
  return (
    <>
      <h3>{t('drift.title')}</h3>
      {data === undefined || data === null ? <p className="ink2">{t('drift.silent')}</p> : <Standing view={data} />}
    </>
  )
}

function Standing({ view }: { view: IntegrityView }): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const may = useMay()
  const [all, setAll] = useState(false)
  const [accepting, setAccepting] = useState<string | undefined>()
  const { report, accepted } = view
  const { changes } = report
  return (
    <>
      <p className="row">
        <StateGlyph state={report.unverified > 0 ? 'miss' : view.stale || accepted === null ? 'risk' : 'met'} silent />
        {report.broken
          ? t('drift.broken')
          : accepted === null
            ? t('drift.noBaseline', { paths: report.paths })
            : report.changed === 0
              ? t('drift.asAccepted', { paths: report.paths })
              : t('drift.changed', { count: report.changed, unverified: report.unverified })}
      </p>
      <p className="label">
        {report.frozen ? `${t('drift.frozen')} ` : ''}
        {accepted === null
          ? ''
          : `${t('drift.acceptedBy', { by: accepted.by, time: format.dateTime(accepted.at), reason: accepted.reason ?? '' })} `}
        {report.checked === null ? '' : t('drift.checked', { time: format.dateTime(report.checked), missed: report.missed })}
        {view.stale ? ` ${t('drift.stale', { time: format.dateTime(view.at) })}` : ''}
      </p>
      {changes.length === 0 ? null : (
        <ScrollArea label={t('drift.title')}>
          <table className="srcs still">
            <thead>
              <tr>
                <th>{t('drift.col.last')}</th>
                <th>{t('drift.col.what')}</th>
                <th>{t('drift.col.path')}</th>
                <th>{t('drift.col.by')}</th>
              </tr>
            </thead>
            <tbody>
              {(all ? changes : changes.slice(0, SHOWN)).map((one) => (
                <Changed key={one.path} drift={one} />
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
      {!all && changes.length > SHOWN ? (
        <p>
          <button type="button" className="btn sm" onClick={() => setAll(true)}>
            {t('drift.all', { count: changes.length })}
          </button>
        </p>
      ) : null}
      {report.changed > changes.length ? (
        <p className="label">{t('drift.cut', { shown: changes.length, all: report.changed })}</p>
      ) : null}
      {!may('agents:respond') || (accepted !== null && report.changed === 0) ? null : accepting === undefined ? (
        <p className="rules-place">
          <button type="button" className="btn sm" onClick={() => setAccepting(report.state)}>
            {t('drift.accept')}
          </button>
        </p>
      ) : (
        <Accepting agent={view.agent} seen={accepting} now={report.state} onDone={() => setAccepting(undefined)} />
      )}
    </>
  )
}

const bySchema = z.object({
  process: z.object({ name: z.string().optional(), command_line: z.string().optional() }).optional(),
  user: z.object({ name: z.string().optional(), login: z.object({ name: z.string() }).optional() }).optional(),
  package: z.object({ name: z.string(), version: z.string() }).optional(),
})

function Changed({ drift }: { drift: Drift }): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const by = bySchema.safeParse(drift.by).data
  const who = by?.user?.login?.name ?? by?.user?.name
  const aspects = drift.changed.map((one) => t(`drift.aspect.${one as 'content'}`, { defaultValue: one }))
  return (
    <tr>
      <td className="num">{format.minute(drift.last)}</td>
      <td>
        <span className="row">
          <StateGlyph state={drift.verified ? 'met' : 'miss'} silent />
          {t(`change.${drift.kind}`)}
        </span>
        {aspects.length === 0 ? null : <div className="label">{aspects.join(t('drift.and'))}</div>}
      </td>
      <td className="mono wrap">
        <bdi>{drift.path}</bdi>
      </td>
      <td title={by?.process?.command_line}>
        {by?.process?.name === undefined && who === undefined && by?.package === undefined ? (
          <span className="dim">{t('drift.unknown')}</span>
        ) : null}
        {by?.process?.name === undefined ? null : (
          <div className="mono">
            <bdi>{by.process.name}</bdi>
          </div>
        )}
        {who === undefined ? null : (
          <div className="label">
            <bdi>{who}</bdi>
          </div>
        )}
        {by?.package === undefined ? null : <div className="label">{t('drift.package', by.package)}</div>}
      </td>
    </tr>
  )
}

function Accepting({ agent, seen, now, onDone }: { agent: string; seen: string; now: string; onDone: () => void }): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const notice = useNotice()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const accept = useMutation({
    mutationFn: () => acceptBaseline(agent, seen, reason.trim()),
    onSuccess: ({ state, failed }) => {
      void client.invalidateQueries({ queryKey: ['hosts'] })
      if (failed !== null || state === 'failed') return
      notice({ text: t(state === 'done' ? 'drift.accepted' : 'hand.sent') })
      onDone()
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        accept.mutate()
      }}
    >
      <p>
        <b>{t('drift.acceptText')}</b>
      </p>
      {seen === now ? null : <p className="label bad">{t('drift.moved')}</p>}
      <Field label={t('hand.reason')}>
        <input
          className="input"
          required
          pattern=".*\S.*"
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Field>
      <p className="row">
        <DeedButton type="submit" className="btn ink" busy={accept.isPending} disabled={seen !== now}>
          {t('drift.do')}
        </DeedButton>
        <button type="button" className="btn quiet" onClick={onDone}>
          {common('cancel')}
        </button>
      </p>
      {accept.error === null ? null : <ProblemNote error={accept.error} />}
      {accept.data?.failed == null ? null : <ProblemNote error={new Error(accept.data.failed)} />}
    </form>
  )
}
