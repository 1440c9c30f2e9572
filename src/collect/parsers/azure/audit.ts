import { isJsonObject, type JsonObject } from '../../../kernel/json.ts'
import { type Draft, put, putObject } from '../../normalise/draft.ts'
import { pickList, pickObject, pickText } from '../../normalise/pick.ts'
import { addSource, addTenant, relate, sentence, userOf } from './common.ts'

const VERBS: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^(?:add|create|invite|register|consent|import)\b/i, 'creation'],
  [/^(?:delete|remove|hard delete|revoke|unregister)\b/i, 'deletion'],
]

/** A change in the directory: users, groups, roles, applications, policies. */
export function audit(doc: Draft, record: JsonObject): void {
  const inner = pickObject(record, 'properties') ?? record
  const activity =
    pickText(inner, 'activityDisplayName', 'ActivityDisplayName') ?? pickText(record, 'operationName', 'OperationName')
  const event = doc['event'] as Draft
  put(event, 'action', activity?.trim())
  const result = (pickText(inner, 'result', 'Result') ?? pickText(record, 'resultType', 'ResultType') ?? '').toLowerCase()
  if (result === 'success' || result === '0') event['outcome'] = 'success'
  else if (result === 'failure' || result === 'clienterror' || result === 'timeout') event['outcome'] = 'failure'
  put(event, 'reason', pickText(inner, 'resultReason', 'ResultReason', 'ResultDescription'))
  put(event, 'provider', pickText(inner, 'loggedByService', 'LoggedByService'))

  const targets = pickList(inner, 'targetResources', 'TargetResources').filter((one) => isJsonObject(one))
  const first = targets[0]
  const kind = (first === undefined ? undefined : pickText(first, 'type'))?.toLowerCase() ?? ''
  const about = kind === 'user' ? ['user'] : kind === 'group' ? ['group'] : ['admin']
  event['category'] = /policy|conditional access/i.test(activity ?? '') ? ['iam', 'configuration'] : ['iam']
  event['type'] = [...about, VERBS.find(([pattern]) => pattern.test(activity ?? ''))?.[1] ?? 'change']

  const by = pickObject(inner, 'initiatedBy', 'InitiatedBy') ?? {}
  const name =
    pickText(by, 'user.userPrincipalName', 'app.displayName', 'app.servicePrincipalName') ??
    pickText(record, 'Identity', 'identity')
  const id = pickText(by, 'user.id', 'app.servicePrincipalId', 'app.appId')
  const user = userOf(name, id, pickText(by, 'user.displayName'))
  const target = targets.find((one) => pickText(one, 'type')?.toLowerCase() === 'user')
  const targetName = target === undefined ? undefined : (pickText(target, 'userPrincipalName', 'displayName') ?? undefined)
  if (target !== undefined) putObject(user, 'target', userOf(targetName, pickText(target, 'id'), undefined))
  putObject(doc, 'user', user)
  const group = targets.find((one) => pickText(one, 'type')?.toLowerCase() === 'group')
  const groupDraft: Draft = {}
  if (group !== undefined) {
    put(groupDraft, 'name', pickText(group, 'displayName'))
    put(groupDraft, 'id', pickText(group, 'id'))
  }
  putObject(doc, 'group', groupDraft)
  addSource(doc, pickText(by, 'user.ipAddress') ?? pickText(record, 'callerIpAddress', 'CallerIpAddress'))
  addTenant(doc, record)
  relate(doc, name, targetName)
  const object = targetName ?? (first === undefined ? undefined : pickText(first, 'displayName'))
  doc['message'] = sentence(activity?.trim(), object === undefined ? '' : `(${object})`, name === undefined ? '' : `by ${name}`)
}
