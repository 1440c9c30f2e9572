import { isJsonObject, type JsonValue } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { keepTime, normaliseDocument } from '../../normalise/document.ts'
import { type Draft, integer, put } from '../../normalise/draft.ts'
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
    const sent = timeOf(json['@timestamp'] ?? null, 0)
    if (sent === undefined) keepTime(doc, json)
    const observed = sent ?? observedOf(doc, zoneMinutes)
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
    const message = doc['msg'] ?? line ?? doc['MESSAGE']
    if (typeof message === 'string') doc['message'] = message
    if (line !== undefined) delete doc['log']
  }
  const level = doc['level']
  const name = typeof level === 'string' ? level.toLowerCase() : NUMBERED_LEVELS.get(level)
  if (name !== undefined) addMember(doc, 'log', 'level', name)
  for (const [name, fieldSet, member] of WORDS) {
    const value = doc[name]
    if (typeof value === 'string' && value !== '') addMember(doc, fieldSet, member, value)
  }
  for (const name of ['pid', '_PID', 'SYSLOG_PID']) {
    const pid = asPid(doc[name])
    if (pid !== undefined) addMember(doc, 'process', 'pid', pid)
  }
}

/** Words of pino, rsyslog, Fluentd and journald; ECS that the sender gave itself wins. */
const WORDS: readonly (readonly [name: string, fieldSet: string, member: string])[] = [
  ['hostname', 'host', 'name'],
  ['_HOSTNAME', 'host', 'name'],
  ['programname', 'process', 'name'],
  ['program', 'process', 'name'],
  ['ident', 'process', 'name'],
  ['SYSLOG_IDENTIFIER', 'process', 'name'],
]

function asPid(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  return typeof value === 'string' ? integer(value) : undefined
}

function addMember(doc: Draft, fieldSet: string, member: string, value: string | number): void {
  const draft = (isJsonObject(doc[fieldSet]) ? doc[fieldSet] : {}) as Draft
  if (draft[member] === undefined) put(draft, member, value)
  doc[fieldSet] = draft
}
