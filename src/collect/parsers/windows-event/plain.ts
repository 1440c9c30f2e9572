import { endpoint } from '../../normalise/address.ts'
import { type Draft, integer, put, related } from '../../normalise/draft.ts'
import { processOf, userOf } from './fields.ts'
import type { EventData } from './record.ts'

/** The subject: who did it. */
export function subjectOf(data: EventData): Draft | undefined {
  return userOf(data['SubjectUserName'], data['SubjectDomainName'], data['SubjectUserSid'])
}

/** The target: to whom it was done, or who logged on. */
export function targetOf(data: EventData): Draft | undefined {
  return userOf(data['TargetUserName'], data['TargetDomainName'], data['TargetUserSid'] ?? data['TargetSid'])
}

/** What many events of the audit log share, whatever their id: subject, process and network address. */
export function enrichPlain(doc: Draft, data: EventData): void {
  const user = subjectOf(data)
  put(doc, 'user', user)
  put(doc, 'process', processOf(data['ProcessName'], data['ProcessId']))
  put(doc, 'source', endpoint(data['IpAddress'], integer(data['IpPort'])))
  relate(doc, data['SubjectUserName'], data['TargetUserName'])
}

/** `related.*` from what stands in the document, and the names of users given. */
export function relate(doc: Draft, ...users: readonly (string | undefined)[]): void {
  const names = related(...users)
  const source = doc['source'] as Draft | undefined
  const destination = doc['destination'] as Draft | undefined
  const ips = related(source?.['ip'] as string | undefined, destination?.['ip'] as string | undefined)
  if (names === undefined && ips === undefined) return
  const draft: Draft = {}
  put(draft, 'user', names)
  put(draft, 'ip', ips)
  doc['related'] = draft
}
