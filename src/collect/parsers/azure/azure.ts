import type { ParsedEvent } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { nestedCopy } from '../../normalise/document.ts'
import type { Draft } from '../../normalise/draft.ts'
import { pickText } from '../../normalise/pick.ts'
import { isoTime } from '../../normalise/time.ts'
import { activity } from './activity.ts'
import { audit } from './audit.ts'
import { signIn } from './sign-in.ts'

const MAX_RECORDS = 20_000

interface Log {
  readonly name: 'signinlogs' | 'auditlogs' | 'activitylogs'
  readonly fill: (doc: Draft, record: JsonObject) => void
}

const SIGN_IN: Log = { name: 'signinlogs', fill: signIn }
const AUDIT: Log = { name: 'auditlogs', fill: audit }
const ACTIVITY: Log = { name: 'activitylogs', fill: activity }

/**
 * Microsoft Entra ID's sign-in and audit logs and Azure's activity log, as diagnostic settings write them (also in a list of
 * `records`), as Log Analytics exports them, and as Microsoft Graph lists them. The record stays under `azure.<log>` by its own
 * names.
 */
export const azure: Parser = {
  id: 'azure',

  accepts({ json }) {
    if (json === undefined) return false
    if (logOf(json) !== undefined) return true
    const records = json['records']
    return Array.isArray(records) && isJsonObject(records[0]) && logOf(records[0]) !== undefined
  },

  parse({ json }) {
    if (json === undefined) return { unknown: 'an Azure log record is a JSON object; this is text' }
    if (logOf(json) !== undefined) {
      const event = eventOf(json)
      return typeof event === 'string' ? { unknown: event } : [event]
    }
    const records = json['records']
    if (!Array.isArray(records))
      return { unknown: 'neither a record of Azure’s sign-in, audit or activity log nor a list of them' }
    if (records.length > MAX_RECORDS) return { unknown: `more than ${MAX_RECORDS} records in one list` }
    const events: ParsedEvent[] = []
    for (const record of records as readonly JsonValue[]) {
      const event = isJsonObject(record) ? eventOf(record) : 'a member of records that is no object'
      if (typeof event === 'string') return { unknown: event }
      events.push(event)
    }
    return events.length === 0 ? { unknown: 'a list without a record' } : events
  },
}

/** By category or table, and for Graph by the fields that only one of its lists has. */
function logOf(record: JsonObject): Log | undefined {
  const operation = record['operationName'] ?? record['OperationName'] ?? record['OperationNameValue']
  if (operation !== undefined) {
    const kind = [record['category'], record['Category'], record['Type']].map((one) =>
      typeof one === 'string' ? one.toLowerCase() : '',
    )
    if (kind.some((one) => one.includes('signinlogs'))) return SIGN_IN
    if (kind.includes('auditlogs') || record['LoggedByService'] !== undefined || record['AADOperationType'] !== undefined)
      return AUDIT
    if (kind.includes('azureactivity') || kind.some((one) => ACTIVITY_CATEGORIES.has(one))) {
      return record['resourceId'] !== undefined || record['ResourceId'] !== undefined || record['_ResourceId'] !== undefined
        ? ACTIVITY
        : undefined
    }
    return undefined
  }
  if (
    record['createdDateTime'] !== undefined &&
    record['userPrincipalName'] !== undefined &&
    record['appDisplayName'] !== undefined
  )
    return SIGN_IN
  return record['activityDateTime'] !== undefined && record['activityDisplayName'] !== undefined ? AUDIT : undefined
}

/** The activity log's own categories. */
const ACTIVITY_CATEGORIES: ReadonlySet<string> = new Set([
  'administrative',
  'security',
  'servicehealth',
  'alert',
  'recommendation',
  'policy',
  'autoscale',
  'resourcehealth',
])

function eventOf(record: JsonObject): ParsedEvent | string {
  const log = logOf(record)
  if (log === undefined) return 'a record of none of Azure’s sign-in, audit and activity logs'
  const kept = nestedCopy(record)
  if (typeof kept === 'string') return kept
  const doc: Draft = {
    event: { kind: 'event', module: 'azure', dataset: `azure.${log.name}` },
    azure: { [log.name]: kept },
    cloud: { provider: 'azure' },
  }
  log.fill(doc, record)
  const time = pickText(
    record,
    'properties.createdDateTime',
    'createdDateTime',
    'CreatedDateTime',
    'properties.activityDateTime',
    'activityDateTime',
    'ActivityDateTime',
    'time',
    'TimeGenerated',
    'eventTimestamp',
  )
  return { observed: time === undefined ? undefined : isoTime(time, 0), ecs: doc }
}
