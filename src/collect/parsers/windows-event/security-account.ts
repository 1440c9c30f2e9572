import { type Draft, known, put } from '../../normalise/draft.ts'
import { userOf } from './fields.ts'
import { relate, subjectOf, targetOf } from './plain.ts'
import type { EventData } from './record.ts'

/** Changes of an account: who did it, and whose it is. */
export function account(doc: Draft, data: EventData): void {
  const user = subjectOf(data) ?? {}
  const target = targetOf(data)
  if (target !== undefined) user['target'] = target
  doc['user'] = user
  relate(doc, data['SubjectUserName'], data['TargetUserName'])
}

/** 4740: TargetDomainName is the computer where the wrong passwords were typed. */
export function lockout(doc: Draft, data: EventData): void {
  account(doc, data)
  const caller = known(data['TargetDomainName'])
  if (caller !== undefined) doc['source'] = { address: caller, domain: caller }
}

/** 4781. */
export function rename(doc: Draft, data: EventData): void {
  const user = subjectOf(data) ?? {}
  put(user, 'target', userOf(data['OldTargetUserName'], data['TargetDomainName'], data['TargetSid']))
  const name = known(data['NewTargetUserName'])
  if (name !== undefined) user['changes'] = { name }
  doc['user'] = user
  relate(doc, data['SubjectUserName'], data['OldTargetUserName'], data['NewTargetUserName'])
}

/** Groups: TargetUserName is the group, MemberName (`CN=…,OU=…`, often `-`) and MemberSid the member. */
export function group(doc: Draft, data: EventData): void {
  const user = subjectOf(data) ?? {}
  const member = userOf(commonName(data['MemberName']), undefined, data['MemberSid'])
  const draft = groupOf(data)
  if (member !== undefined) {
    member['group'] = draft
    user['target'] = member
  }
  doc['group'] = draft
  doc['user'] = user
  relate(doc, data['SubjectUserName'], member?.['name'] as string | undefined)
}

/** 4799: a group's members were listed by a process. */
export function groupOf(data: EventData): Draft {
  const draft: Draft = {}
  put(draft, 'name', known(data['TargetUserName']))
  put(draft, 'domain', known(data['TargetDomainName']))
  put(draft, 'id', known(data['TargetSid']))
  return draft
}

/** `CN=Ann\, Lee,OU=…` → `Ann, Lee` (RFC 4514: a comma inside a value is escaped). */
function commonName(name: string | undefined): string | undefined {
  const whole = known(name)
  if (whole === undefined || !/^cn=/i.test(whole)) return whole
  let text = ''
  for (let at = 3; at < whole.length && whole[at] !== ','; at++) {
    if (whole[at] === '\\') at++
    text += whole[at] ?? ''
  }
  return text
}
