import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { aliasTable, plainClass } from './plain-class.ts'

/** Shapes that one or two fields give away: the class is one of a few fixed ones. */
interface FixedShape {
  readonly id: string
  classify(doc: JsonObject): EventClass | undefined
}

function fixed(id: string, eventClass: EventClass, isOne: (doc: JsonObject) => boolean): FixedShape {
  return { id, classify: (doc) => (isOne(doc) ? eventClass : undefined) }
}

const cloudTrail = fixed(
  'aws-cloudtrail',
  plainClass('aws-cloudtrail', { product: 'aws', services: ['cloudtrail'] }),
  (doc) =>
    typeof doc['eventSource'] === 'string' &&
    typeof doc['eventName'] === 'string' &&
    (doc['awsRegion'] !== undefined || doc['eventVersion'] !== undefined),
)

const okta = fixed(
  'okta',
  plainClass('okta', { product: 'okta', services: ['okta'] }),
  (doc) =>
    typeof doc['eventType'] === 'string' &&
    isJsonObject(doc['actor']) &&
    (doc['published'] !== undefined || doc['outcome'] !== undefined),
)

const kubernetes = fixed(
  'kubernetes-audit',
  plainClass('kubernetes-audit', { product: 'kubernetes', services: ['audit'], categories: ['application'] }),
  (doc) => doc['kind'] === 'Event' && typeof doc['apiVersion'] === 'string' && doc['apiVersion'].startsWith('audit.k8s.io/'),
)

const github = fixed(
  'github-audit',
  plainClass('github-audit', { product: 'github', services: ['audit'] }),
  (doc) =>
    typeof doc['action'] === 'string' &&
    (doc['_document_id'] !== undefined || (doc['org'] !== undefined && doc['actor'] !== undefined)),
)

const openCanary = fixed(
  'opencanary',
  plainClass('opencanary', { product: 'opencanary', categories: ['application'] }),
  (doc) => doc['logtype'] !== undefined && doc['node_id'] !== undefined,
)

export const GCP_NAMES: Readonly<Record<string, readonly string[]>> = {
  'gcp.audit.method_name': ['protoPayload.methodName'],
  'data.protoPayload.methodName': ['protoPayload.methodName'],
  'data.protoPayload.serviceName': ['protoPayload.serviceName'],
  'data.protoPayload.resource.type': ['resource.type'],
  'data.protoPayload.logName': ['logName'],
  'data.protoPayload.authorizationInfo.permission': ['protoPayload.authorizationInfo.permission'],
  'data.protoPayload.authorizationInfo.granted': ['protoPayload.authorizationInfo.granted'],
}

const gcp = fixed(
  'gcp-audit',
  plainClass('gcp-audit', {
    product: 'gcp',
    services: ['gcp.audit'],
    aliases: aliasTable(GCP_NAMES),
  }),
  (doc) => isJsonObject(doc['protoPayload']) && doc['logName'] !== undefined,
)

const m365 = fixed(
  'm365-audit',
  plainClass('m365-audit', { product: 'm365', services: ['audit', 'exchange', 'threat_management', 'threat_detection'] }),
  (doc) => typeof doc['Operation'] === 'string' && typeof doc['Workload'] === 'string',
)

/** Linux audit records as one object each, fields at top level or under `data`. */
const auditd = fixed(
  'auditd',
  plainClass('auditd', { product: 'linux', services: ['auditd'] }),
  (doc) =>
    typeof doc['type'] === 'string' &&
    /^[A-Z_]{3,}$/.test(doc['type']) &&
    (doc['a0'] !== undefined || doc['exe'] !== undefined || doc['auid'] !== undefined || doc['msg'] !== undefined),
)

/** Azure writes the same names with a capital (Log Analytics) or a small letter (diagnostic settings). */
export const AZURE_NAMES: Readonly<Record<string, readonly string[]>> = {
  'properties.message': ['properties.message', 'ActivityDisplayName', 'OperationName', 'operationName'],
  operationName: ['operationName', 'OperationName', 'OperationNameValue'],
  OperationName: ['OperationName', 'operationName'],
  category: ['category', 'Category'],
  Category: ['Category', 'category'],
  resultType: ['resultType', 'ResultType'],
  ResultType: ['ResultType', 'resultType'],
  ActivityDisplayName: ['ActivityDisplayName', 'activityDisplayName', 'properties.activityDisplayName', 'OperationName'],
  'properties.initiatedBy': ['properties.initiatedBy', 'InitiatedBy'],
  'properties.targetResources': ['properties.targetResources', 'TargetResources'],
  LoggedByService: ['LoggedByService', 'properties.loggedByService'],
}

const AZURE = aliasTable(AZURE_NAMES)

const azureClass = (service: string) => plainClass(`azure/${service}`, { product: 'azure', services: [service], aliases: AZURE })
const AZURE_AUDIT = azureClass('auditlogs')
const AZURE_SIGN_IN = azureClass('signinlogs')
const AZURE_ACTIVITY = azureClass('activitylogs')
const AZURE_RISK = plainClass('azure/riskdetection', { product: 'azure', services: ['riskdetection', 'pim'], aliases: AZURE })

const azure: FixedShape = {
  id: 'azure',
  classify(doc) {
    if (doc['riskEventType'] !== undefined) return AZURE_RISK
    const operation = doc['OperationName'] ?? doc['operationName']
    if (operation === undefined) return undefined
    const kind = [doc['Type'], doc['category'], doc['Category']].map((value) =>
      typeof value === 'string' ? value.toLowerCase() : '',
    )
    if (kind.some((each) => each.includes('signin'))) return AZURE_SIGN_IN
    if (kind.some((each) => each === 'administrative' || each === 'azureactivity')) return AZURE_ACTIVITY
    const isAudit = kind.includes('auditlogs') || doc['SourceSystem'] === 'Azure AD' || doc['LoggedByService'] !== undefined
    return isAudit ? AZURE_AUDIT : undefined
  },
}

/** Sources that write JSON of their own; tried in this order. */
export function cloudShapes(): readonly EventShape[] {
  return [cloudTrail, okta, kubernetes, gcp, m365, azure, github, openCanary, auditd]
}
