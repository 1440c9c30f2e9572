import type { ParsedEvent } from '../../../kernel/event.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { nestedCopy } from '../../normalise/document.ts'
import { type Draft, put, putObject, related } from '../../normalise/draft.ts'
import { pickObject, pickText } from '../../normalise/pick.ts'
import { isoTime } from '../../normalise/time.ts'
import { kindOf } from './kinds.ts'

/** A file of CloudTrail's holds some thousand records at most. */
const MAX_RECORDS = 20_000

/**
 * AWS CloudTrail: one record, or a file as S3 has it (`Records`). The record stays under `aws.cloudtrail` by its own names, where
 * Sigma's rules find them; what ECS has a name for stands there as well.
 */
export const cloudtrail: Parser = {
  id: 'cloudtrail',

  accepts({ json }) {
    if (json === undefined) return false
    if (isRecord(json)) return true
    const records = json['Records']
    return Array.isArray(records) && isJsonObject(records[0]) && isRecord(records[0])
  },

  parse({ json }) {
    if (json === undefined) return { unknown: 'a CloudTrail record is a JSON object; this is text' }
    if (isRecord(json)) {
      const event = eventOf(json)
      return typeof event === 'string' ? { unknown: event } : [event]
    }
    const records = json['Records']
    if (!Array.isArray(records)) return { unknown: 'neither a CloudTrail record nor a file of them' }
    if (records.length > MAX_RECORDS) return { unknown: `more than ${MAX_RECORDS} records in one file` }
    const events: ParsedEvent[] = []
    for (const record of records as readonly JsonValue[]) {
      const event =
        isJsonObject(record) && isRecord(record) ? eventOf(record) : 'a member of Records that is no CloudTrail record'
      if (typeof event === 'string') return { unknown: event }
      events.push(event)
    }
    return events.length === 0 ? { unknown: 'a CloudTrail file without a record' } : events
  },
}

function isRecord(json: JsonObject): boolean {
  return (
    typeof json['eventSource'] === 'string' &&
    typeof json['eventName'] === 'string' &&
    (json['awsRegion'] !== undefined || json['eventVersion'] !== undefined)
  )
}

function eventOf(record: JsonObject): ParsedEvent | string {
  const kept = nestedCopy(record)
  if (typeof kept === 'string') return kept
  const name = record['eventName'] as string
  const service = record['eventSource'] as string
  const error = pickText(record, 'errorCode')
  const reason = pickText(record, 'errorMessage')
  const login = pickText(record, 'responseElements.ConsoleLogin')
  const failed = error !== undefined || login === 'Failure' || (name === 'ConsoleLogin' && reason !== undefined)
  const event: Draft = {
    kind: 'event',
    module: 'aws',
    dataset: 'aws.cloudtrail',
    action: name,
    provider: service,
    outcome: failed ? 'failure' : 'success',
    ...kindOf(service, name, record['readOnly'] === true),
  }
  const doc: Draft = { event, aws: { cloudtrail: kept } }
  if (failed) {
    const fault: Draft = {}
    put(fault, 'code', error)
    put(fault, 'message', reason)
    putObject(doc, 'error', fault)
  }
  addCloud(doc, record)
  const names = addUser(doc, record)
  const source = endpoint(pickText(record, 'sourceIPAddress'), undefined)
  put(doc, 'source', source)
  const agent = pickText(record, 'userAgent')
  if (agent !== undefined) doc['user_agent'] = { original: agent }
  const tls: Draft = {}
  put(tls, 'version', pickText(record, 'tlsDetails.tlsVersion')?.replace(/^TLSv/, ''))
  put(tls, 'cipher', pickText(record, 'tlsDetails.cipherSuite'))
  putObject(doc, 'tls', tls)
  const relation: Draft = {}
  put(relation, 'user', related(...names))
  put(relation, 'ip', related(ipOf(source?.['address'] as string | undefined)))
  putObject(doc, 'related', relation)
  const who = names.find((one) => one !== undefined)
  doc['message'] = [name, `on ${service}`, who === undefined ? '' : `by ${who}`, error ?? login ?? '']
    .filter((one) => one !== '')
    .join(' ')
  const time = pickText(record, 'eventTime')
  return { observed: time === undefined ? undefined : isoTime(time, 0), ecs: doc }
}

function addCloud(doc: Draft, record: JsonObject): void {
  const cloud: Draft = { provider: 'aws' }
  const account = pickText(record, 'recipientAccountId', 'userIdentity.accountId')
  if (account !== undefined) cloud['account'] = { id: account }
  put(cloud, 'region', pickText(record, 'awsRegion'))
  const service = pickText(record, 'eventSource')?.replace(/\.amazonaws\.com$/, '')
  if (service !== undefined) cloud['service'] = { name: service }
  doc['cloud'] = cloud
}

/** Who: an IAM user, the issuer of a role's session, root, or a service. Names are given back for `related`. */
function addUser(doc: Draft, record: JsonObject): readonly (string | undefined)[] {
  const identity = pickObject(record, 'userIdentity') ?? {}
  const type = pickText(identity, 'type')
  const arn = pickText(identity, 'arn')
  const session = type === 'AssumedRole' ? arn?.slice(arn.lastIndexOf('/') + 1) : undefined
  const issuer = pickText(identity, 'sessionContext.sessionIssuer.userName')
  const name =
    pickText(identity, 'userName') ?? (type === 'Root' ? 'root' : undefined) ?? issuer ?? pickText(identity, 'invokedBy')
  const user: Draft = {}
  put(user, 'name', name)
  put(user, 'id', pickText(identity, 'principalId'))
  put(user, 'full_name', session)
  if (issuer !== undefined) user['roles'] = [issuer]
  const target = TARGETED.test(pickText(record, 'eventName') ?? '')
    ? pickText(record, 'requestParameters.userName', 'responseElements.user.userName')
    : undefined
  if (target !== undefined) user['target'] = { name: target }
  putObject(doc, 'user', user)
  return [name, session, target, arn]
}

/** Calls of IAM whose `userName` is whom they are about. */
const TARGETED = /User|AccessKey|LoginProfile|MFADevice|SSHPublicKey|SigningCertificate/
