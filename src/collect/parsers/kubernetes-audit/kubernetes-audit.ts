import type { ParsedEvent } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { nestedCopy } from '../../normalise/document.ts'
import { type Draft, put, putObject, related } from '../../normalise/draft.ts'
import { pickInteger, pickList, pickObject, pickText } from '../../normalise/pick.ts'
import { isoTime } from '../../normalise/time.ts'
import { urlOf } from '../../normalise/url.ts'

const MAX_ITEMS = 20_000

/**
 * Audit events of a Kubernetes API server (audit.k8s.io/v1 and its betas), one each or in an EventList. The event stays under
 * `kubernetes.audit` by its own names.
 */
export const kubernetesAudit: Parser = {
  id: 'kubernetes-audit',

  accepts({ json }) {
    return json !== undefined && isAudit(json) && (json['kind'] === 'Event' || json['kind'] === 'EventList')
  },

  parse({ json }) {
    if (json === undefined) return { unknown: 'a Kubernetes audit event is a JSON object; this is text' }
    if (!isAudit(json)) return { unknown: 'no apiVersion of audit.k8s.io' }
    if (json['kind'] === 'Event') {
      const event = eventOf(json)
      return typeof event === 'string' ? { unknown: event } : [event]
    }
    const items = json['items']
    if (!Array.isArray(items)) return { unknown: 'an EventList without items' }
    if (items.length > MAX_ITEMS) return { unknown: `more than ${MAX_ITEMS} events in one list` }
    const events: ParsedEvent[] = []
    for (const item of items as readonly JsonValue[]) {
      const event = isJsonObject(item) ? eventOf(item) : 'an item that is no event'
      if (typeof event === 'string') return { unknown: event }
      events.push(event)
    }
    return events.length === 0 ? { unknown: 'an EventList without an event' } : events
  },
}

/** An event out of a list does not say its version itself. */
function isAudit(json: JsonObject): boolean {
  const version = json['apiVersion']
  if (version === undefined) return typeof json['auditID'] === 'string' && typeof json['stage'] === 'string'
  return typeof version === 'string' && version.startsWith('audit.k8s.io/')
}

const TYPES: Readonly<Record<string, string>> = {
  create: 'creation',
  update: 'change',
  patch: 'change',
  delete: 'deletion',
  deletecollection: 'deletion',
  get: 'access',
  list: 'access',
  watch: 'access',
  connect: 'access',
}

/** Resources that say who may do what. */
const RIGHTS = /^(?:cluster)?role(?:binding)?s$|^serviceaccounts$|^certificatesigningrequests$|^tokenreviews$/

function eventOf(audit: JsonObject): ParsedEvent | string {
  const kept = nestedCopy(audit)
  if (typeof kept === 'string') return kept
  const verb = pickText(audit, 'verb') ?? ''
  const resource = pickText(audit, 'objectRef.resource')
  const code = pickInteger(audit, 'responseStatus.code')
  const decision = pickObject(audit, 'annotations')?.['authorization.k8s.io/decision']
  const category = ['api']
  if (resource !== undefined && RIGHTS.test(resource)) category.push('iam')
  else if (resource === 'secrets' || resource === 'configmaps') category.push('configuration')
  const event: Draft = {
    kind: 'event',
    module: 'kubernetes',
    dataset: 'kubernetes.audit',
    category,
    type: category.includes('iam') && TYPES[verb] !== 'access' ? ['admin', TYPES[verb] ?? 'info'] : [TYPES[verb] ?? 'info'],
  }
  if (verb !== '') event['action'] = verb
  if (decision === 'forbid' || code === 403 || code === 401) (event['type'] as string[]).push('denied')
  if (code !== undefined) event['outcome'] = code < 400 ? 'success' : 'failure'
  put(event, 'reason', pickText(audit, 'responseStatus.reason'))
  const doc: Draft = { event, kubernetes: { audit: kept } }
  addOrchestrator(doc, audit, resource)
  const names = addUsers(doc, audit)

  const addresses = pickList(audit, 'sourceIPs').filter((one) => typeof one === 'string')
  const source = endpoint(addresses[0], undefined)
  put(doc, 'source', source)
  const uri = pickText(audit, 'requestURI')
  if (uri !== undefined) doc['url'] = urlOf(uri)
  if (code !== undefined) doc['http'] = { response: { status_code: code } }
  const agent = pickText(audit, 'userAgent')
  if (agent !== undefined) doc['user_agent'] = { original: agent }
  const relation: Draft = {}
  put(relation, 'user', related(...names))
  put(relation, 'ip', related(...addresses.map((one) => ipOf(one))))
  putObject(doc, 'related', relation)
  doc['message'] = messageOf(audit, verb, resource, names, code)
  const time = pickText(audit, 'stageTimestamp', 'requestReceivedTimestamp', 'timestamp', 'metadata.creationTimestamp')
  return { observed: time === undefined ? undefined : isoTime(time, 0), ecs: doc }
}

function addOrchestrator(doc: Draft, audit: JsonObject, resource: string | undefined): void {
  const orchestrator: Draft = { type: 'kubernetes' }
  put(orchestrator, 'namespace', pickText(audit, 'objectRef.namespace'))
  put(orchestrator, 'api_version', pickText(audit, 'objectRef.apiVersion'))
  const about: Draft = {}
  put(about, 'type', resource)
  put(about, 'name', pickText(audit, 'objectRef.name'))
  putObject(orchestrator, 'resource', about)
  doc['orchestrator'] = orchestrator
}

function addUsers(doc: Draft, audit: JsonObject): readonly (string | undefined)[] {
  const name = pickText(audit, 'user.username')
  const user: Draft = {}
  put(user, 'name', name)
  put(user, 'id', pickText(audit, 'user.uid'))
  const groups = pickList(audit, 'user.groups').filter((group) => typeof group === 'string')
  if (groups.length > 0) user['roles'] = [...groups]
  const as = pickText(audit, 'impersonatedUser.username')
  if (as !== undefined) user['effective'] = { name: as }
  putObject(doc, 'user', user)
  return [name, as]
}

function messageOf(
  audit: JsonObject,
  verb: string,
  resource: string | undefined,
  [name]: readonly (string | undefined)[],
  code: number | undefined,
): string {
  const sub = pickText(audit, 'objectRef.subresource')
  const place = [pickText(audit, 'objectRef.namespace'), pickText(audit, 'objectRef.name')].filter((one) => one !== undefined)
  const what = resource === undefined ? pickText(audit, 'requestURI') : `${resource}${sub === undefined ? '' : `/${sub}`}`
  return [verb, what, place.join('/'), name === undefined ? '' : `by ${name}`, code === undefined ? '' : `(${code})`]
    .filter((one) => one !== undefined && one !== '')
    .join(' ')
}
