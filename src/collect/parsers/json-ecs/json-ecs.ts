import { isJsonObject } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { normaliseDocument } from '../../normalise/document.ts'
import { type Draft, put } from '../../normalise/draft.ts'
import { addDns } from './dns.ts'
import { observedOf, timeOf } from './time.ts'

/**
 * Any JSON object: ECS passes through, with dotted keys nested and ECS fields in their types; foreign fields stay. The
 * words that loggers have for message, level, host and pid are added in ECS beside them.
 */
export const jsonEcs: Parser = {
  id: 'json-ecs',

  accepts({ json }) {
    return json !== undefined
  },

  parse({ json }, { zoneMinutes }) {
    if (json === undefined) return { unknown: 'not a JSON object' }
    const doc = normaliseDocument(json)
    if (typeof doc === 'string') return { unknown: doc }
    const observed = observedOf(doc, zoneMinutes)
    // Read, it stands in `@timestamp`; one that is no time stays.
    if (timeOf(doc['timestamp_original'] ?? null, 0) !== undefined) delete doc['timestamp_original']
    const event = doc['event']
    if (!isJsonObject(event)) doc['event'] = { kind: 'event' }
    else (event as Draft)['kind'] ??= 'event'
    addLoggerWords(doc)
    addDns(doc)
    return [{ observed, ecs: doc }]
  },
}

/** pino and bunyan count their levels. */
const NUMBERED_LEVELS: ReadonlyMap<unknown, string> = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
])

function addLoggerWords(doc: Draft): void {
  if (doc['message'] === undefined) {
    const log = doc['log']
    // Docker's json-file has the line itself as `log`; it was taken for a level.
    const line = isJsonObject(log) && doc['stream'] !== undefined ? log['level'] : undefined
    const message = doc['msg'] ?? line
    if (typeof message === 'string') doc['message'] = message
    if (line !== undefined) delete doc['log']
  }
  const level = doc['level']
  const name = typeof level === 'string' ? level.toLowerCase() : NUMBERED_LEVELS.get(level)
  if (name !== undefined) addMember(doc, 'log', 'level', name)
  const host = doc['hostname']
  if (typeof host === 'string') addMember(doc, 'host', 'name', host)
  const pid = doc['pid']
  if (typeof pid === 'number' && Number.isSafeInteger(pid)) addMember(doc, 'process', 'pid', pid)
}

function addMember(doc: Draft, fieldSet: string, member: string, value: string | number): void {
  const draft = (isJsonObject(doc[fieldSet]) ? doc[fieldSet] : {}) as Draft
  if (draft[member] === undefined) put(draft, member, value)
  doc[fieldSet] = draft
}
