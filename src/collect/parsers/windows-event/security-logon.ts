import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, integer, known, put } from '../../normalise/draft.ts'
import { processOf } from './fields.ts'
import { relate, subjectOf, targetOf } from './plain.ts'
import type { EventData } from './record.ts'

/** Logon types (event 4624's documentation) under Winlogbeat's names. */
const LOGON_TYPES: ReadonlyMap<string, string> = new Map([
  ['0', 'System'],
  ['2', 'Interactive'],
  ['3', 'Network'],
  ['4', 'Batch'],
  ['5', 'Service'],
  ['7', 'Unlock'],
  ['8', 'NetworkCleartext'],
  ['9', 'NewCredentials'],
  ['10', 'RemoteInteractive'],
  ['11', 'CachedInteractive'],
  ['12', 'CachedRemoteInteractive'],
  ['13', 'CachedUnlock'],
])

/** NTSTATUS of refused logons ([MS-ERREF] 2.3.1), in words. */
const LOGON_FAILURES: ReadonlyMap<string, string> = new Map([
  ['0xc0000064', 'User name does not exist'],
  ['0xc000006a', 'Wrong password'],
  ['0xc000006d', 'Bad user name or password'],
  ['0xc000006e', 'Account restriction'],
  ['0xc000006f', 'Outside allowed hours'],
  ['0xc0000070', 'Workstation not allowed'],
  ['0xc0000071', 'Password expired'],
  ['0xc0000072', 'Account disabled'],
  ['0xc0000133', 'Clocks too far apart'],
  ['0xc000015b', 'Logon type not granted'],
  ['0xc0000193', 'Account expired'],
  ['0xc0000224', 'Password must be changed'],
  ['0xc0000234', 'Account locked out'],
  ['0xc0000371', 'No local credentials'],
])

function logonOf(data: EventData): Draft {
  const logon: Draft = {}
  const type = known(data['LogonType'])
  if (type !== undefined) logon['type'] = LOGON_TYPES.get(type) ?? type
  put(logon, 'id', known(data['TargetLogonId']) ?? known(data['SubjectLogonId']))
  return logon
}

function winlogOf(doc: Draft): Draft {
  return doc['winlog'] as Draft
}

/** 4624: the user is who logged on; the process is the one that asked for it. */
export function logon(doc: Draft, data: EventData): void {
  put(doc, 'user', targetOf(data))
  put(doc, 'process', processOf(data['ProcessName'], data['ProcessId']))
  put(doc, 'source', endpoint(data['IpAddress'], integer(data['IpPort']), data['WorkstationName']))
  winlogOf(doc)['logon'] = logonOf(data)
  relate(doc, data['TargetUserName'], data['SubjectUserName'])
}

/** 4625: the same, with the reason. SubStatus is the finer one where it is set. */
export function logonFailed(doc: Draft, data: EventData): void {
  logon(doc, data)
  const failure: Draft = {}
  const status = known(data['Status'])?.toLowerCase()
  const sub = known(data['SubStatus'])?.toLowerCase()
  put(failure, 'status', status)
  put(failure, 'sub_status', sub)
  const reason = reasonOf(sub) ?? reasonOf(status)
  put(failure, 'reason', reason)
  ;(winlogOf(doc)['logon'] as Draft)['failure'] = failure
  if (reason !== undefined) (doc['event'] as Draft)['reason'] = reason
}

function reasonOf(status: string | undefined): string | undefined {
  return status === undefined ? undefined : LOGON_FAILURES.get(status)
}

/** 4634, 4647, 4778, 4779: the session's user. */
export function session(doc: Draft, data: EventData): void {
  const account = data['TargetUserName'] ?? data['AccountName']
  put(doc, 'user', targetOf(data) ?? (known(data['AccountName']) === undefined ? undefined : accountOf(data)))
  put(doc, 'source', endpoint(data['ClientAddress'], undefined, data['ClientName']))
  winlogOf(doc)['logon'] = logonOf(data)
  relate(doc, account)
}

function accountOf(data: EventData): Draft {
  const user: Draft = {}
  put(user, 'name', known(data['AccountName']))
  put(user, 'domain', known(data['AccountDomain']))
  return user
}

/** 4648: the subject used the credentials of another, who becomes the effective user. */
export function explicitLogon(doc: Draft, data: EventData): void {
  const user = subjectOf(data) ?? {}
  const target = targetOf(data)
  if (target !== undefined) user['effective'] = target
  doc['user'] = user
  put(doc, 'process', processOf(data['ProcessName'], data['ProcessId']))
  put(doc, 'source', endpoint(data['IpAddress'], integer(data['IpPort'])))
  const server = known(data['TargetServerName'])
  if (server !== undefined && server !== 'localhost') doc['destination'] = { address: server, domain: server }
  relate(doc, data['SubjectUserName'], data['TargetUserName'])
}

/** 4672: the privileges stand in PrivilegeList. */
export function specialLogon(doc: Draft, data: EventData): void {
  put(doc, 'user', subjectOf(data))
  winlogOf(doc)['logon'] = logonOf(data)
  relate(doc, data['SubjectUserName'])
}

/** 4768–4773: TargetUserName may be `name@REALM`; a status other than 0x0 is a failure ([RFC 4120] 7.5.9 codes). */
export function kerberos(doc: Draft, data: EventData): void {
  const user = targetOf(data)
  const name = user?.['name']
  if (user !== undefined && typeof name === 'string' && name.indexOf('@') > 0) user['name'] = name.slice(0, name.indexOf('@'))
  put(doc, 'user', user)
  const service = known(data['ServiceName'])
  if (service !== undefined) doc['service'] = { name: service }
  const ip = ipOf(data['IpAddress'])
  put(doc, 'source', endpoint(ip ?? data['IpAddress'], integer(data['IpPort'])))
  outcomeOf(doc, data['Status'] ?? data['FailureCode'])
  relate(doc, user?.['name'] as string | undefined)
}

/** 4776: NTLM, checked by this host for the workstation named. */
export function ntlm(doc: Draft, data: EventData): void {
  put(doc, 'user', targetOf(data))
  put(doc, 'source', endpoint(undefined, undefined, data['Workstation']))
  const status = known(data['Status'])?.toLowerCase()
  outcomeOf(doc, status)
  const reason = reasonOf(status)
  if (reason !== undefined) (doc['event'] as Draft)['reason'] = reason
  relate(doc, data['TargetUserName'])
}

function outcomeOf(doc: Draft, status: string | undefined): void {
  if (status === undefined) return
  ;(doc['event'] as Draft)['outcome'] = integer(status) === 0 ? 'success' : 'failure'
}
