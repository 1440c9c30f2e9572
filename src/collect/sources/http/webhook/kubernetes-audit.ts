import { isJsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { BodyLimits, IngestBody, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { wholeDocument } from '../documents.ts'

/** The API server's audit webhook (audit.k8s.io/v1): an EventList a request. What an event says is its parser's business. */
export function splitKubernetesAudit(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  const list = wholeDocument(input.body, collector)
  if (list === undefined) return collector.split()
  const items = list['kind'] === 'Event' ? [list] : list['items']
  if (!Array.isArray(items)) {
    collector.unreadable(Buffer.from(input.body), 'not an EventList: it has no items')
    return collector.split()
  }
  const { apiVersion } = list
  for (const item of items as readonly JsonValue[]) {
    // Items of a list leave out what the list says already; their parser knows them by it.
    if (isJsonObject(item)) collector.document({ kind: 'Event', ...(apiVersion === undefined ? {} : { apiVersion }), ...item })
    else collector.unreadable(Buffer.from(JSON.stringify(item)), 'not an event')
  }
  return collector.split()
}
