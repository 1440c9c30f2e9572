import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { type Draft, integer, put, putObject, safeKey } from '../../normalise/draft.ts'
import { baseName } from '../../normalise/path.ts'
import { frameDocument } from '../../normalise/syslog-frame.ts'

/**
 * Entries of systemd's journal: `journalctl -o json`, and the export format, which the sources turn into the same. Fields that
 * the journal itself vouches for (those with an underscore) win over those that the program sent. The entry stays under
 * `journald` by its own names, in small letters.
 */
export const journald: Parser = {
  id: 'journald',

  accepts({ json }) {
    return json !== undefined && json['__REALTIME_TIMESTAMP'] !== undefined && json['__CURSOR'] !== undefined
  },

  parse({ json }) {
    if (json === undefined) return { unknown: 'a journal entry is a JSON object; this is text' }
    const micros = integer(textOf(json['__REALTIME_TIMESTAMP']))
    if (micros === undefined) return { unknown: 'a journal entry without __REALTIME_TIMESTAMP' }
    const observed = Math.trunc(micros / 1000)
    const of = (name: string): string | undefined => textOf(json[name])
    const comm = of('_COMM')
    const identifier = of('SYSLOG_IDENTIFIER')
    const severity = digit(of('PRIORITY'), 7)
    const facility = digit(of('SYSLOG_FACILITY'), 23)
    const doc = frameDocument({
      priority: severity === undefined || facility === undefined ? undefined : facility * 8 + severity,
      observed,
      host: of('_HOSTNAME'),
      app: identifier ?? comm,
      process: of('SYSLOG_PID') ?? of('_PID'),
      messageId: undefined,
      version: undefined,
      structured: undefined,
      message: of('MESSAGE') ?? '',
    })
    if (doc['message'] === '') delete doc['message']
    if (severity !== undefined && facility === undefined) doc['log'] = { ...(doc['log'] as Draft), level: LEVELS[severity]! }
    const event = doc['event'] as Draft
    event['module'] = 'journald'
    const code = of('MESSAGE_ID')
    put(event, 'code', code)
    addProcess(doc, of, identifier ?? comm)
    const user: Draft = {}
    put(user, 'id', of('_UID'))
    const group: Draft = {}
    put(group, 'id', of('_GID'))
    putObject(user, 'group', group)
    putObject(doc, 'user', user)
    const host = (doc['host'] ?? {}) as Draft
    put(host, 'id', of('_MACHINE_ID'))
    put(host, 'boot', of('_BOOT_ID') === undefined ? undefined : { id: of('_BOOT_ID')! })
    putObject(doc, 'host', host)
    const unit = of('_SYSTEMD_UNIT') ?? of('UNIT')
    if (unit !== undefined) doc['service'] = { name: unit }
    const kept = keptOf(json)
    if (typeof kept === 'string') return { unknown: kept }
    doc['journald'] = kept
    return [{ observed, ecs: doc }]
  },
}

const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'informational', 'debug']

function digit(text: string | undefined, highest: number): number | undefined {
  const number = integer(text)
  return number !== undefined && number <= highest ? number : undefined
}

function addProcess(doc: Draft, of: (name: string) => string | undefined, name: string | undefined): void {
  const process = { ...(doc['process'] as Draft | undefined) }
  put(process, 'pid', integer(of('_PID')) ?? integer(of('SYSLOG_PID')))
  const executable = of('_EXE')
  put(process, 'executable', executable)
  const command = of('_CMDLINE')
  put(process, 'command_line', command)
  const called = name ?? (executable === undefined ? undefined : baseName(executable))
  put(process, 'name', called)
  const thread = integer(of('TID'))
  if (thread !== undefined) process['thread'] = { id: thread }
  putObject(doc, 'process', process)
}

/** A text, the first of several, or bytes: what is no UTF-8 comes as a list of numbers. */
function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number') return String(value)
  if (!Array.isArray(value) || value.length === 0) return undefined
  const items = value as readonly JsonValue[]
  if (items.every((one) => typeof one === 'number' && Number.isInteger(one) && one >= 0 && one < 256)) {
    return Buffer.from(items as readonly number[] as number[]).toString('utf8')
  }
  return textOf(items.find((one) => typeof one === 'string' || Array.isArray(one)))
}

/** A journal entry has a few dozen fields; a program may add its own. */
const MAX_FIELDS = 1_024

/** What the document has in another place. */
const PLACED: ReadonlySet<string> = new Set(['MESSAGE', '__REALTIME_TIMESTAMP'])

/** Names in small letters, without the underscore; where a program sent one that the journal vouches for, that stands under `sent`. */
function keptOf(json: JsonObject): Draft | string {
  const kept: Draft = {}
  const sent: Draft = {}
  let fields = 0
  for (const name in json) {
    if (++fields > MAX_FIELDS) return `a journal entry of more than ${MAX_FIELDS} fields`
    const value = json[name]
    if (PLACED.has(name) || value === null || value === undefined) continue
    const items = Array.isArray(value) ? (value as readonly JsonValue[]) : undefined
    const several = items?.filter((one) => typeof one === 'string') ?? []
    const kind = several.length > 1 ? several : textOf(value)
    const vouched = name.startsWith('_') || !(`_${name}` in json || `__${name}` in json)
    put(vouched ? kept : sent, safeKey(name.toLowerCase().replace(/^_+/, '')), kind)
  }
  putObject(kept, 'sent', sent)
  return kept
}
