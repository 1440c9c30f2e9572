import type { JsonValue } from '../../../../kernel/json.ts'
import { at, type Field, type FieldTable, jsonPointer, type Place, textAt, textForm } from './field.ts'

/** Fields of Falco's cloudtrail plugin over a record that stands under `root`. */
export function cloudtrailFields(root: readonly string[]): FieldTable {
  const text = (...keys: readonly string[]) => textAt(root, ...keys)
  const request = (key: string) => text('requestParameters', key)
  return new Map<string, Field>([
    ['ct.id', text('eventID')],
    ['ct.error', text('errorCode')],
    ['ct.errormessage', text('errorMessage')],
    ['ct.time', text('eventTime')],
    ['ct.src', text('eventSource')],
    [
      'ct.shortsrc',
      { places: () => [derived([...root, 'eventSource'], (source) => textForm(source).replace(/\.amazonaws\.com$/, ''))] },
    ],
    ['ct.name', text('eventName')],
    ['ct.user', { places: () => [derived([...root, 'userIdentity'], userOf)] }],
    ['ct.user.accountid', text('userIdentity', 'accountId')],
    ['ct.user.identitytype', text('userIdentity', 'type')],
    ['ct.user.principalid', text('userIdentity', 'principalId')],
    ['ct.user.arn', text('userIdentity', 'arn')],
    ['ct.region', text('awsRegion')],
    ['ct.response', text('responseElements')],
    ['ct.response.subnetid', text('responseElements', 'subnetId')],
    ['ct.response.reservationid', text('responseElements', 'reservationId')],
    ['ct.request', text('requestParameters')],
    ['ct.request.availabilityzone', request('availabilityZone')],
    ['ct.request.cluster', request('cluster')],
    ['ct.request.functionname', request('functionName')],
    ['ct.request.groupname', request('groupName')],
    ['ct.request.host', request('Host')],
    ['ct.request.name', request('name')],
    ['ct.request.policy', request('policy')],
    ['ct.request.serialnumber', request('serialNumber')],
    ['ct.request.servicename', request('serviceName')],
    ['ct.request.subnetid', request('subnetId')],
    ['ct.request.taskdefinition', request('taskDefinition')],
    ['ct.request.username', request('userName')],
    ['ct.srcip', text('sourceIPAddress')],
    ['ct.useragent', text('userAgent')],
    ['ct.managementevent', { places: () => [derived([...root, 'managementEvent'], (value) => String(value === true))] }],
    ['ct.readonly', text('readOnly')],
    ['s3.bucket', request('bucketName')],
    ['s3.key', request('key')],
    ['ecr.repository', request('repositoryName')],
    ['json.value', jsonPointer(root)],
    ['jevt.value', jsonPointer(root)],
    ['json.obj', text()],
  ])
}

function userOf(identity: JsonValue): JsonValue | undefined {
  switch (at(identity, ['type'])) {
    case 'Root':
    case 'IAMUser':
      return at(identity, ['userName'])
    case 'AWSService':
      return at(identity, ['invokedBy'])
    case 'AssumedRole':
      return at(identity, ['sessionContext', 'sessionIssuer', 'userName']) ?? 'AssumedRole'
    case 'AWSAccount':
      return 'AWSAccount'
    case 'FederatedUser':
      return 'FederatedUser'
    default:
      return undefined
  }
}

/** Fields of Falco's gcpaudit plugin over a LogEntry that stands under `root`. */
export function gcpFields(root: readonly string[]): FieldTable {
  const text = (...keys: readonly string[]) => textAt(root, ...keys)
  const label = (name: string) => text('resource', 'labels', name)
  const policyDelta: Field = {
    places: () => [
      derived([...root], (entry) => {
        const path =
          at(entry, ['resource', 'type']) === 'gcs_bucket' ? ['serviceData', 'policyDelta'] : ['metadata', 'datasetChange']
        const deltas = at(entry, ['protoPayload', ...path, 'bindingDeltas'])
        return deltas === undefined || deltas === null ? undefined : textForm(deltas)
      }),
    ],
  }
  const location: Field = {
    places: () => [
      derived([...root, 'resource', 'labels'], (labels) => {
        const zone = at(labels, ['zone'])
        return (
          at(labels, ['location']) ??
          at(labels, ['region']) ??
          (typeof zone === 'string' ? zone.replace(/-[a-z]$/, '') : undefined)
        )
      }),
    ],
  }
  return new Map<string, Field>([
    ['gcp.user', text('protoPayload', 'authenticationInfo', 'principalEmail')],
    ['gcp.callerIP', text('protoPayload', 'requestMetadata', 'callerIp')],
    ['gcp.userAgent', text('protoPayload', 'requestMetadata', 'callerSuppliedUserAgent')],
    ['gcp.authorizationInfo', text('protoPayload', 'authorizationInfo')],
    ['gcp.serviceName', text('protoPayload', 'serviceName')],
    ['gcp.request', text('protoPayload', 'request')],
    ['gcp.policyDelta', policyDelta],
    ['gcp.methodName', text('protoPayload', 'methodName')],
    ['gcp.cloudfunctions.function', label('function_name')],
    ['gcp.cloudsql.databaseId', label('database_id')],
    ['gcp.compute.instanceId', label('instance_id')],
    ['gcp.compute.networkId', label('network_id')],
    ['gcp.compute.subnetwork', label('subnetwork_name')],
    ['gcp.compute.subnetworkId', label('subnetwork_id')],
    ['gcp.dns.zone', label('zone_name')],
    ['gcp.iam.serviceAccount', label('email_id')],
    ['gcp.iam.serviceAccountId', label('unique_id')],
    ['gcp.location', location],
    ['gcp.projectId', label('project_id')],
    ['gcp.resourceName', text('protoPayload', 'resourceName')],
    ['gcp.resourceType', text('resource', 'type')],
    ['gcp.storage.bucket', label('bucket_name')],
    ['json.value', jsonPointer(root)],
    ['jevt.value', jsonPointer(root)],
    ['json.obj', text()],
  ])
}

/** Fields of Falco's okta plugin over an event of Okta's System Log. Its counts of failures over time are no event's field. */
export function oktaFields(root: readonly string[]): FieldTable {
  const text = (...keys: readonly string[]) => textAt(root, ...keys)
  const target = (type: RegExp, key: string): Field => ({
    places: () => [
      derived([...root, 'target'], (targets) =>
        Array.isArray(targets)
          ? at((targets as readonly JsonValue[]).find((one) => type.test(String(at(one, ['type'])))) as JsonValue, [key])
          : undefined,
      ),
    ],
  })
  const kinds: readonly (readonly [string, RegExp])[] = [
    ['user', /^User$/],
    ['group', /^UserGroup$/],
    ['app', /^App/],
  ]
  const targets = kinds.flatMap(([kind, type]) => [
    [`okta.target.${kind}.id`, target(type, 'id')] as const,
    [`okta.target.${kind}.alternateid`, target(type, 'alternateId')] as const,
    [`okta.target.${kind}.name`, target(type, 'displayName')] as const,
  ])
  return new Map<string, Field>([
    ['okta.evt.type', text('eventType')],
    ['okta.evt.legacytype', text('legacyEventType')],
    ['okta.severity', text('severity')],
    ['okta.message', text('displayMessage')],
    ['okta.published', text('published')],
    ['okta.actor.id', text('actor', 'id')],
    ['okta.actor.Type', text('actor', 'type')],
    ['okta.actor.alternateid', text('actor', 'alternateId')],
    ['okta.actor.name', text('actor', 'displayName')],
    ['okta.client.zone', text('client', 'zone')],
    ['okta.client.ip', text('client', 'ipAddress')],
    ['okta.client.device', text('client', 'device')],
    ['okta.client.id', text('client', 'id')],
    ['okta.client.geo.city', text('client', 'geographicalContext', 'city')],
    ['okta.client.geo.state', text('client', 'geographicalContext', 'state')],
    ['okta.client.geo.country', text('client', 'geographicalContext', 'country')],
    ['okta.client.geo.postalcode', text('client', 'geographicalContext', 'postalCode')],
    ['okta.useragent.os', text('client', 'userAgent', 'os')],
    ['okta.useragent.browser', text('client', 'userAgent', 'browser')],
    ['okta.useragent.raw', text('client', 'userAgent', 'rawUserAgent')],
    ['okta.result', text('outcome', 'result')],
    ['okta.reason', text('outcome', 'reason')],
    ['okta.transaction.id', text('transaction', 'id')],
    ['okta.transaction.type', text('transaction', 'type')],
    ['okta.requesturi', text('debugContext', 'debugData', 'requestUri')],
    ['okta.authentication.sessionid', text('authenticationContext', 'externalSessionId')],
    ['okta.authentication.provider', text('authenticationContext', 'authenticationProvider')],
    ['okta.authentication.credentialprovider', text('authenticationContext', 'credentialProvider')],
    ['okta.security.asnumber', text('securityContext', 'asNumber')],
    ['okta.security.asorg', text('securityContext', 'asOrg')],
    ['okta.security.isp', text('securityContext', 'isp')],
    ['okta.security.domain', text('securityContext', 'domain')],
    ['okta.security.isproxy', text('securityContext', 'isProxy')],
    ...targets,
    ['json.value', jsonPointer(root)],
    ['jevt.value', jsonPointer(root)],
    ['json.obj', text()],
  ])
}

function derived(keys: readonly string[], convert: (value: JsonValue) => JsonValue | undefined): Place {
  return { keys, convert: (value) => convert(value) }
}
