import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ReplayView, replayView } from '../../../src/app/replay/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { ExceptionDialog } from '../exceptions/exception-dialog.tsx'

const DAYS = [1, 7, 30, 90] as const
const SHOWN = 8

/** Before a rule is changed or switched off: what it finds in the stored past, what it costs, and what would be missed. */
export function RulePast({
  rule,
}: {
  rule: { readonly id: string; readonly title: string; readonly titleJa: string }
}): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const may = useMay()
  const [days, setDays] = useState<number>(7)
  const [off, setOff] = useState(false)
  const replay = useMutation({
    mutationFn: () => call(replayView, `/api/v1/rules/${encodeURIComponent(rule.id)}/replay`, { method: 'POST', body: { days } }),
  })
  if (!may('alerts:write')) return null
  return (
    <div className="stack">
      <div className="row">
        <select
          className="input sm auto"
          aria-label={t('replay.days')}
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {t('replay.last', { days: one })}
            </option>
          ))}
        </select>
        <DeedButton type="button" className="btn sm" busy={replay.isPending} onClick={() => replay.mutate()}>
          {replay.isPending ? t('replay.running') : t('replay.run')}
        </DeedButton>
        <button type="button" className="btn sm" aria-haspopup="dialog" onClick={() => setOff(true)}>
          {t('switchOff')}
        </button>
      </div>
      {replay.error === null ? null : <ProblemNote error={replay.error} />}
      {replay.data === undefined ? null : <Found found={replay.data} format={format} />}
      {off ? <ExceptionDialog rule={rule} draft={[]} onClose={() => setOff(false)} /> : null}
    </div>
  )
}

function Found({ found, format }: { found: ReplayView; format: ReturnType<typeof useFormat> }): ReactNode {
  const { t } = useTranslation('rules')
  const { events, total, alerts, detections, microsecondsPerEvent, seconds, list, days } = found
  return (
    <div className="stack" role="status">
      <p className="num">
        <b>{t('replay.found', { alerts, detections, events, days })}</b>
        {events < total ? ` ${t('replay.part', { total })}` : ''}
      </p>
      <p className="label num">
        {t('replay.cost', {
          cost: microsecondsPerEvent < 0.01 ? '< 0.01' : format.decimal(microsecondsPerEvent, 2),
          seconds: format.decimal(seconds, 1),
        })}
      </p>
      {list.length === 0 ? null : (
        <ul className="rows boxed">
          {list.slice(0, SHOWN).map((alert) => (
            <li key={`${alert.entity.name} ${alert.first}`}>
              <Link className="grow" to="/timeline" search={{ event: alert.event }}>
                {alert.entity.name}
              </Link>
              <span className="num dim">×{format.count(alert.detections)}</span>
              <time className="num dim">{format.dateTime(alert.last)}</time>
            </li>
          ))}
          {alerts > SHOWN ? <li className="dim">{t('replay.more', { count: alerts - SHOWN })}</li> : null}
        </ul>
      )}
    </div>
  )
}
