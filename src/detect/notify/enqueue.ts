import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { rfc3339 } from '../alerts-view.ts'
import type { AlertsTable } from '../tables.ts'
import { enabledChannels, insertDeliveries, type NotifyDb } from './queries.ts'
import type { Letter, Notice } from './schema.ts'
import type { NotifyTables } from './tables.ts'

export type Told = Pick<
  AlertsTable,
  | 'id'
  | 'scope'
  | 'title'
  | 'title_ja'
  | 'severity'
  | 'entity_kind'
  | 'entity_name'
  | 'rule_id'
  | 'techniques'
  | 'count'
  | 'last_observed'
>

/**
 * Writes down who has to be told of these alerts, in the transaction that raises them: it is told exactly when they exist.
 * @returns how many deliveries wait because of it.
 */
export async function enqueueNotices<T>(
  trx: Kysely<T>,
  alerts: readonly Told[],
  type: Exclude<Notice['type'], 'test'>,
  now: number,
): Promise<number> {
  if (alerts.length === 0) return 0
  const db = trx as unknown as NotifyDb
  const all = await enabledChannels(db)
  const rows = alerts.flatMap((alert) =>
    all
      .filter((channel) => channel.scope === alert.scope && alert.severity <= channel.severity)
      .map((channel) => deliveryOf(channel.id, alert.scope, alert.id, noticeOf(alert, type, now), now)),
  )
  await insertDeliveries(db, rows)
  return rows.length
}

export function deliveryOf(
  channelId: string,
  scope: string,
  alertId: string,
  notice: Notice | Letter,
  now: number,
): NotifyTables['detect_deliveries'] {
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    scope,
    channel_id: channelId,
    alert_id: alertId,
    notice: jsonText(notice),
    state: 'waiting',
    tries: 0,
    next: now,
    created: now,
    done: null,
  }
}

function noticeOf(alert: Told, type: Notice['type'], now: number): Notice {
  return {
    type,
    timestamp: rfc3339(now),
    data: {
      id: alert.id,
      scope: alert.scope,
      title: alert.title,
      titleJa: alert.title_ja,
      severity: alert.severity,
      entity: { kind: alert.entity_kind, name: alert.entity_name },
      rule: alert.rule_id,
      techniques: readJson<string[]>(alert.techniques),
      count: alert.count,
      lastObserved: rfc3339(alert.last_observed),
      url: `/triage?alert=${encodeURIComponent(alert.id)}`,
    },
  }
}
