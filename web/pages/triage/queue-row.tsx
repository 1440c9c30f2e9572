import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { QueueGroup } from '../../../src/detect/schema.ts'
import { SeverityTag } from '../../components/severity.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { sameDay } from '../../format/time.ts'
import { gravest } from './groups.ts'

/** One entity and its story; when it is on show, its alerts hang under it, oldest first. */
export function QueueRow({
  group,
  shownAlert,
  picked,
  now,
}: {
  group: QueueGroup
  /** The alert on show, where it is one of this group's. */
  shownAlert: string | undefined
  picked: ReadonlySet<string>
  now: number
}): ReactNode {
  const { t } = useTranslation('triage')
  const { t: common } = useTranslation()
  const format = useFormat()
  const first = gravest(group)
  const selected = shownAlert !== undefined
  const title = common('pair', { name: group.entity.name, text: format.text({ en: group.title, ja: group.titleJa }) })
  const closed = group.state === 'closed'
  const isPicked = group.alerts.some((alert) => picked.has(alert.id))
  const row = (
    <Link
      id={`group-${group.id}`}
      className={`al${closed ? ' done' : ''}${isPicked ? ' picked' : ''}`}
      to="/triage"
      search={(before) => ({ ...before, alert: first?.id })}
      aria-current={selected ? 'true' : undefined}
      data-selected={selected}
    >
      {closed ? (
        <StateGlyph state="met" silent />
      ) : (
        <span>
          <SeverityTag severity={group.severity} />
        </span>
      )}
      <span className="ti" title={title}>
        {title}
      </span>
      <span className="ct num">×{format.count(group.count)}</span>
      <span className="su">
        {t('group.sub', {
          rules: group.rules,
          alerts: group.alertCount,
          techniques: group.techniques.length === 0 ? 'none' : group.techniques.slice(0, 3).join(' '),
          risk: Math.round(group.risk),
        })}
      </span>
      <span className="ag num">{format.age(group.raisedAt, now)}</span>
    </Link>
  )
  if (!selected || closed) return row
  return (
    <div className="grp">
      {row}
      <ul className="kids">
        {group.alerts
          .toSorted((a, b) => a.firstObserved.localeCompare(b.firstObserved))
          .map((alert) => (
            <li
              key={alert.id}
              className={picked.has(alert.id) ? 'picked' : ''}
              {...(alert.id === shownAlert ? { 'aria-current': 'true' as const } : {})}
            >
              <Link to="/triage" search={(before) => ({ ...before, alert: alert.id })}>
                <time className="num">
                  {sameDay(Date.parse(alert.firstObserved), now, format.timeZone)
                    ? format.time(alert.firstObserved)
                    : format.day(alert.firstObserved)}
                </time>
                <span className="clip">{format.text({ en: alert.rule.title, ja: alert.rule.titleJa })}</span>
                <span className="num dim">×{format.count(alert.count)}</span>
              </Link>
            </li>
          ))}
      </ul>
    </div>
  )
}
