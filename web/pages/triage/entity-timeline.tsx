import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AlertDetail } from '../../../src/detect/schema.ts'
import { useFormat } from '../../components/use-format.ts'
import { layOut, shorten, textWidth, threadPath, WIDTH } from './timeline-layout.ts'

/** What the entity did around the alert: lanes of events, the ones that fired lettered and threaded. */
export function EntityTimeline({ alert }: { alert: AlertDetail }): ReactNode {
  const { t } = useTranslation('triage')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { timeline } = alert
  const title = t('timeline.title', { entity: alert.entity.name })
  if (timeline === null) {
    return (
      <div className="sec">
        <h3>{title}</h3>
        <p className="dim">{alert.timelineMissing ?? t('timeline.missing')}</p>
      </div>
    )
  }
  const from = Date.parse(timeline.from)
  const to = Date.parse(timeline.to)
  const layout = layOut(timeline.events, from, to, new Set(alert.eventIds))
  const raised = Date.parse(alert.raisedAt)
  const raisedX = layout.x(raised)
  const inside = raised >= from && raised <= to
  const seconds = (to - from) / 1000
  const bottom = layout.height - 2
  return (
    <div className="sec">
      <h3>
        {title}
        <span className="label">{t('timeline.sub', { span: format.duration(seconds), count: timeline.total })}</span>
        <Link to="/timeline" search={{ from: timeline.from, to: timeline.to, q: entityQuery(alert) }}>
          {t('timeline.open')}
        </Link>
      </h3>
      <svg
        className="tl"
        viewBox={`0 0 ${WIDTH} ${layout.height}`}
        role="img"
        aria-label={t('timeline.label', { entity: alert.entity.name, count: timeline.total })}
      >
        {inside ? (
          <rect x={raisedX} y="20" width={892 - raisedX} height={bottom - 20} fill="var(--paper-sunken)" opacity=".7" />
        ) : null}
        {layout.grid.map((line) => (
          <g key={line.at}>
            <path d={`M${line.x.toFixed(1)} 20V${bottom}`} stroke="var(--line-1)" />
            <text x={line.x.toFixed(1)} y="12" textAnchor="middle">
              {seconds < 480 ? format.time(line.at) : format.minute(line.at)}
            </text>
          </g>
        ))}
        {layout.lanes.map((lane) => (
          <g key={lane.lane}>
            <path className="lane" d={`M120 ${lane.y}H892`} />
            <text x="0" y={lane.y + 4}>
              {t(`lane.${lane.lane}`)}
            </text>
          </g>
        ))}
        {layout.ticks.map((tick, index) => (
          <rect key={index} className="ev0" x={tick.x.toFixed(1)} y={tick.y - 4} width="1.6" height="8" opacity=".55" />
        ))}
        <path className="thread" d={threadPath(layout.dots)} />
        {inside ? (
          <>
            <path d={`M${raisedX.toFixed(1)} 20V${bottom}`} stroke="var(--ink-1)" strokeDasharray="2 3" />
            <text
              className="raised"
              x={raisedX > 760 ? raisedX - 7 : raisedX + 7}
              y={bottom - 4}
              textAnchor={raisedX > 760 ? 'end' : 'start'}
            >
              {t('timeline.raised', { time: format.time(raised) })}
            </text>
          </>
        ) : null}
        {layout.dots.map((dot) => {
          const label =
            dot.more > 0
              ? t('timeline.times', { text: shorten(dot.event.summary, 34), count: dot.more + 1 })
              : shorten(dot.event.summary, 42)
          const left = dot.x + 14 + textWidth(label) > 892
          return (
            <g key={dot.letter}>
              <title>{`${format.timeMs(dot.event.observed)} ${dot.event.summary}`}</title>
              <circle className="dotm" cx={dot.x.toFixed(1)} cy={dot.y} r="8.5" />
              <text className="hit-n" x={dot.x.toFixed(1)} y={dot.y + 3.8} textAnchor="middle">
                {dot.letter}
              </text>
              <text className="lab" x={(dot.x + (left ? -14 : 14)).toFixed(1)} y={dot.y + 4} textAnchor={left ? 'end' : 'start'}>
                {label}
              </text>
            </g>
          )
        })}
      </svg>
      <details className="table">
        <summary>{common('table')}</summary>
        <div className="table-well">
          <table>
            <tbody>
              {timeline.events.map((event) => (
                <tr key={event.id}>
                  <td className="num">{format.timeMs(event.observed)}</td>
                  <td>{t(`lane.${event.lane}`)}</td>
                  <td>
                    <Link to="/timeline" search={{ from: timeline.from, to: timeline.to, event: event.id }}>
                      {event.summary}
                    </Link>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  )
}

const FIELD = { host: 'host.name', user: 'user.name', address: 'source.ip', other: undefined } as const

/** A query for everything the entity did, where its kind says which field names it. */
export function entityQuery(alert: Pick<AlertDetail, 'entity'>): string {
  const field = FIELD[alert.entity.kind]
  const name = `"${alert.entity.name.replace(/["\\]/g, '\\$&')}"`
  return field === undefined ? name : `${field}:${name}`
}
