import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { enveloped } from '../../../envelope.ts'
import type { BodyLimits, IngestBody, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { wholeDocument } from '../documents.ts'

/** What Alertmanager writes for "has not ended". */
const NEVER = '0001-01-01T00:00:00Z'

/**
 * Alertmanager's webhook, version 4 (prometheus.io, "webhook_config"): a group of alerts a request, each an event. What it
 * left out of a group that was too large is counted as lost.
 */
export function splitAlertmanager(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const group = wholeDocument(input.body, collector)
  if (group === undefined) return collector.split()
  const alerts = group['alerts']
  if (!Array.isArray(alerts)) {
    collector.unreadable(Buffer.from(input.body), 'not an Alertmanager notification: it has no alerts')
    return collector.split()
  }
  for (const alert of alerts as readonly JsonValue[]) {
    if (isJsonObject(alert)) collector.document(documentOf(alert, group))
    else collector.unreadable(Buffer.from(JSON.stringify(alert)), 'not an alert')
  }
  const truncated = group['truncatedAlerts']
  return collector.split(Number.isSafeInteger(truncated) && Number(truncated) > 0 ? { gaps: Number(truncated) } : {})
}

function documentOf(alert: JsonObject, group: JsonObject): JsonObject {
  const labels = isJsonObject(alert['labels']) ? alert['labels'] : {}
  const annotations = isJsonObject(alert['annotations']) ? alert['annotations'] : {}
  const { status, startsAt, endsAt, generatorURL, fingerprint } = alert
  const resolved = status === 'resolved'
  const name = labels['alertname'] ?? 'alert'
  const instance = labels['instance']
  return enveloped(
    { message: textOf(annotations['summary'] ?? annotations['description'] ?? annotations['message'] ?? name) },
    {
      '@timestamp': resolved ? endsAt : startsAt,
      'event.kind': 'alert',
      'event.module': 'prometheus',
      'event.dataset': 'prometheus.alertmanager',
      'event.action': resolved ? 'alert-resolved' : 'alert-firing',
      'event.start': startsAt,
      'event.end': endsAt === NEVER ? undefined : endsAt,
      'event.url': generatorURL,
      'rule.name': name,
      'log.level': labels['severity'],
      'host.name': typeof instance === 'string' ? hostOf(instance) : undefined,
      labels,
      alertmanager: {
        annotations,
        ...(fingerprint === undefined ? {} : { fingerprint }),
        ...pick(group, { group_key: 'groupKey', receiver: 'receiver', external_url: 'externalURL' }),
      },
    },
  )
}

/** Not `String`: an object may have a `toString` of its own. */
function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The host of `web1:9100`; a URL or a bracketed address is none that we could name. */
function hostOf(instance: string): string | undefined {
  return /^([^\s:/[\]]+)(:\d+)?$/.exec(instance)?.[1]
}

function pick(from: JsonObject, names: Readonly<Record<string, string>>): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([to, name]): [string, JsonValue][] => {
      const value = from[name]
      return value === undefined ? [] : [[to, value]]
    }),
  )
}
