import type { ParsedEvent } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { nestedCopy } from '../../normalise/document.ts'
import { type Draft, put, putObject, related } from '../../normalise/draft.ts'
import { pickList, pickNumber, pickObject, pickText } from '../../normalise/pick.ts'
import { isoTime } from '../../normalise/time.ts'

/**
 * Google Cloud audit logs: a LogEntry whose `protoPayload` is an AuditLog (admin activity, data access, system events, denied
 * by policy). The entry stays under `gcp.audit` by its own names.
 */
export const gcpAudit: Parser = {
  id: 'gcp-audit',

  accepts({ json }) {
    return json !== undefined && isEntry(json)
  },

  parse({ json }) {
    if (json === undefined) return { unknown: 'a Google Cloud log entry is a JSON object; this is text' }
    if (!isEntry(json)) return { unknown: 'not a LogEntry with a protoPayload' }
    const event = eventOf(json)
    return typeof event === 'string' ? { unknown: event } : [event]
  },
}

function isEntry(json: JsonObject): boolean {
  const payload = json['protoPayload']
  return isJsonObject(payload) && typeof json['logName'] === 'string' && typeof payload['methodName'] === 'string'
}

const VERBS: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/(?:^|\.)(?:get|list|search|batchGet|aggregatedList|read|query|testIam|check|access)/i, 'access'],
  [/(?:^|\.)(?:create|insert|generate|import|upload|start|run)/i, 'creation'],
  [/(?:^|\.)(?:delete|remove|destroy|stop|undelete)/i, 'deletion'],
]
const RIGHTS = /SetIamPolicy|ServiceAccount|\bRole|iam\.|SetOrgPolicy/i
const SIGN_IN = /^google\.login\.LoginService\.(login\w+)$/

function eventOf(entry: JsonObject): ParsedEvent | string {
  const kept = nestedCopy(entry)
  if (typeof kept === 'string') return kept
  const method = (entry['protoPayload'] as JsonObject)['methodName'] as string
  const service = pickText(entry, 'protoPayload.serviceName')
  const login = SIGN_IN.exec(method)
  const last = method.slice(method.lastIndexOf('.') + 1)
  const verb = VERBS.find(([pattern]) => pattern.test(last))?.[1] ?? 'change'
  const code = pickNumber(entry, 'protoPayload.status.code')
  const denied = pickList(entry, 'protoPayload.authorizationInfo').some((one) => isJsonObject(one) && one['granted'] === false)
  const failed = (code !== undefined && code !== 0) || (code === undefined && denied) || login?.[1] === 'loginFailure'
  const rights = RIGHTS.test(method)
  const event: Draft = {
    kind: 'event',
    module: 'gcp',
    dataset: 'gcp.audit',
    action: method,
    category:
      login === null ? (rights ? ['api', 'iam'] : verb === 'access' ? ['api'] : ['api', 'configuration']) : ['authentication'],
    type: login === null ? (rights && verb !== 'access' ? ['admin', verb] : [verb]) : ['start'],
    outcome: failed ? 'failure' : 'success',
  }
  if (denied && login === null) (event['type'] as string[]).push('denied')
  put(event, 'provider', service)
  const doc: Draft = { event, gcp: { audit: kept } }
  if (failed) {
    const error: Draft = {}
    put(error, 'code', code === undefined ? undefined : String(code))
    put(error, 'message', pickText(entry, 'protoPayload.status.message'))
    putObject(doc, 'error', error)
  }
  const cloud: Draft = { provider: 'gcp' }
  const project =
    pickText(entry, 'resource.labels.project_id') ?? /^projects\/([^/]{1,128})\//.exec(entry['logName'] as string)?.[1]
  if (project !== undefined) cloud['project'] = { id: project }
  put(cloud, 'region', pickText(entry, 'resource.labels.location', 'resource.labels.region'))
  put(cloud, 'availability_zone', pickText(entry, 'resource.labels.zone'))
  if (service !== undefined) cloud['service'] = { name: service }
  doc['cloud'] = cloud
  const level = pickText(entry, 'severity')
  if (level !== undefined) doc['log'] = { level }

  const name = pickText(
    entry,
    'protoPayload.authenticationInfo.principalEmail',
    'protoPayload.authenticationInfo.principalSubject',
  )
  const delegates = pickList(entry, 'protoPayload.authenticationInfo.serviceAccountDelegationInfo')
  const first = delegates.find((one) => isJsonObject(one))
  const behind = isJsonObject(first) ? pickText(first, 'firstPartyPrincipal.principalEmail', 'principalSubject') : undefined
  const user: Draft = {}
  put(user, 'name', name)
  if (name?.includes('@') === true) user['email'] = name
  putObject(doc, 'user', user)
  const metadata = pickObject(entry, 'protoPayload.requestMetadata') ?? {}
  const source = endpoint(pickText(metadata, 'callerIp'), undefined)
  put(doc, 'source', source)
  const agent = pickText(metadata, 'callerSuppliedUserAgent')
  if (agent !== undefined) doc['user_agent'] = { original: agent }
  const relation: Draft = {}
  put(relation, 'user', related(name, behind))
  put(relation, 'ip', related(ipOf(source?.['address'] as string | undefined)))
  putObject(doc, 'related', relation)
  const resource = pickText(entry, 'protoPayload.resourceName')
  doc['message'] = [method, resource === undefined ? '' : `on ${resource}`, name === undefined ? '' : `by ${name}`]
    .filter((one) => one !== '')
    .join(' ')
  const time = pickText(entry, 'timestamp', 'receiveTimestamp')
  return { observed: time === undefined ? undefined : isoTime(time, 0), ecs: doc }
}
