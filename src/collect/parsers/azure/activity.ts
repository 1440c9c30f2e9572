import type { JsonObject } from '../../../kernel/json.ts'
import { type Draft, put, putObject } from '../../normalise/draft.ts'
import { pickObject, pickText } from '../../normalise/pick.ts'
import { addSource, relate, sentence, userOf } from './common.ts'

/** A call of Azure's resource manager: `MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE` on a resource of a subscription. */
export function activity(doc: Draft, record: JsonObject): void {
  const operation = pickText(record, 'operationName.value', 'operationName', 'OperationNameValue', 'OperationName') ?? ''
  const event = doc['event'] as Draft
  event['action'] = operation
  const verb = operation.slice(operation.lastIndexOf('/') + 1).toLowerCase()
  const rights = /roleassignments|roledefinitions|policyassignments|elevateaccess/i.test(operation)
  const type = verb === 'delete' ? 'deletion' : verb === 'write' ? 'change' : verb === 'read' ? 'access' : 'change'
  event['category'] = rights ? ['iam', 'configuration'] : ['configuration']
  event['type'] = rights ? ['admin', type] : [type]
  const result = (pickText(record, 'resultType', 'ResultType', 'ActivityStatusValue', 'status.value') ?? '').toLowerCase()
  if (/^(?:success|succeeded|accept|accepted|start|started)$/.test(result)) {
    event['outcome'] = result.startsWith('s') && !result.startsWith('start') ? 'success' : 'unknown'
  } else if (/^(?:fail|failure|failed)$/.test(result)) event['outcome'] = 'failure'
  put(event, 'reason', pickText(record, 'resultSignature', 'ActivitySubstatusValue', 'subStatus.value'))
  const level = pickText(record, 'level', 'Level')
  if (level !== undefined) doc['log'] = { level }

  const claims = pickObject(record, 'identity.claims', 'claims', 'Claims_d', 'Claims') ?? {}
  const name =
    pickText(
      claims,
      'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn',
      'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
      'name',
    ) ?? pickText(record, 'caller', 'Caller')
  const id = pickText(claims, 'http://schemas.microsoft.com/identity/claims/objectidentifier', 'oid')
  const user = userOf(name, id, pickText(claims, 'name'))
  putObject(doc, 'user', user)
  addSource(doc, pickText(record, 'callerIpAddress', 'CallerIpAddress', 'httpRequest.clientIpAddress'))
  const resource = pickText(record, 'resourceId', 'ResourceId', '_ResourceId')
  const subscription = /^\/subscriptions\/([^/]{1,64})/i.exec(resource ?? '')?.[1]
  const cloud = { ...(doc['cloud'] as Draft) }
  if (subscription !== undefined) cloud['account'] = { id: subscription.toLowerCase() }
  put(cloud, 'region', pickText(record, 'location'))
  doc['cloud'] = cloud
  relate(doc, name)
  doc['message'] = sentence(operation, resource === undefined ? '' : `on ${resource}`, name === undefined ? '' : `by ${name}`)
}
