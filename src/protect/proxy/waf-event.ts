import type { JsonObject } from '../../kernel/json.ts'
import type { AuditRecord } from './audit-record.ts'

/** Rules that only add up what others found: they name no attack. */
const SUMMING = /anomaly score|score \d|^stopped by/i
const MOST_MESSAGES = 50
const LONGEST = 1024

/**
 * A record as the ECS event that the lake takes (`event.dataset: waf.transaction`), from values as they came over the wire: their
 * bytes are read as UTF-8.
 */
export function wafEvent(record: AuditRecord): JsonObject {
  const { messages, blocked, status, mode, interruption } = record
  const heaviest = messages.find(({ msg }) => !SUMMING.test(msg)) ?? messages[0]
  const uri = record.uri === undefined ? undefined : text(record.uri)
  const [path = '', query] = uri === undefined ? [] : splitOnce(uri, '?')
  const host = record.host === undefined ? undefined : text(record.host).replace(/:\d+$/, '')
  const shown = messages
    .slice(0, MOST_MESSAGES)
    .map(({ id, msg, data, var: name }) => ({ id, msg: text(msg), data: text(data), var: text(name) }))
  const isStopped = blocked || record.fault !== undefined
  return {
    '@timestamp': record.time,
    event: {
      kind: blocked ? 'alert' : 'event',
      module: 'waf',
      dataset: 'waf.transaction',
      action: blocked ? 'waf-blocked' : 'waf-transaction',
      category: blocked ? ['web', 'intrusion_detection'] : ['web'],
      type: [isStopped ? 'denied' : 'access'],
      outcome: status > 0 && status < 400 ? 'success' : 'failure',
      ...(heaviest === undefined ? {} : { reason: text(heaviest.msg) }),
    },
    ...(heaviest === undefined ? {} : { rule: { id: String(heaviest.id), name: text(heaviest.msg) } }),
    source: { ip: record.client },
    related: { ip: [record.client] },
    ...(uri === undefined
      ? {}
      : {
          url: {
            original: uri,
            path,
            ...(query === undefined ? {} : { query }),
            ...(host === undefined ? {} : { domain: host }),
          },
        }),
    http: {
      request: { id: record.reference, ...(record.method === undefined ? {} : { method: record.method }) },
      ...(status === 0 ? {} : { response: { status_code: status } }),
    },
    waf: {
      mode,
      messages: shown,
      // Rule and variable together, for questions about the pair.
      ...(shown.length === 0 ? {} : { matched: shown.map(({ id, var: name }) => `${id} ${name}`) }),
      ...(interruption === undefined ? {} : { would: { status: interruption.status, rule: interruption.ruleId } }),
      ...(record.fault === undefined ? {} : { fault: record.fault }),
      ...(record.engineError === undefined ? {} : { error: record.engineError }),
    },
  }
}

/** A byte string as a person reads it. */
function text(bytes: string): string {
  return Buffer.from(bytes.slice(0, LONGEST), 'latin1').toString('utf8')
}

function splitOnce(value: string, separator: string): [string, string | undefined] {
  const at = value.indexOf(separator)
  return at === -1 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)]
}
