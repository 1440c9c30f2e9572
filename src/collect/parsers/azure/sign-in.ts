import type { JsonObject } from '../../../kernel/json.ts'
import { type Draft, put, putObject } from '../../normalise/draft.ts'
import { pickNumber, pickObject, pickText } from '../../normalise/pick.ts'
import { addSource, addTenant, relate, sentence, userOf } from './common.ts'

/**
 * A sign-in, interactive or not, of a user, a service principal or a managed identity. Error code 0 is success; 50140, 50125 and
 * the like interrupt one that goes on, and are told by their code.
 */
export function signIn(doc: Draft, record: JsonObject): void {
  const inner = pickObject(record, 'properties') ?? record
  const status = pickObject(inner, 'status', 'Status') ?? {}
  const code = pickNumber(status, 'errorCode') ?? pickNumber(record, 'resultType', 'ResultType')
  const event = doc['event'] as Draft
  event['action'] = 'sign-in'
  event['category'] = ['authentication']
  event['type'] = ['start']
  if (code !== undefined) event['outcome'] = code === 0 ? 'success' : INTERRUPTED.has(code) ? 'unknown' : 'failure'
  const reason = pickText(status, 'failureReason') ?? pickText(record, 'resultDescription', 'ResultDescription')
  if (code !== undefined && code !== 0) {
    event['code'] = String(code)
    put(event, 'reason', reason)
  }
  const name = pickText(inner, 'userPrincipalName', 'UserPrincipalName', 'servicePrincipalName', 'ServicePrincipalName')
  const id = pickText(inner, 'userId', 'UserId', 'servicePrincipalId', 'ServicePrincipalId')
  putObject(doc, 'user', userOf(name, id, pickText(inner, 'userDisplayName', 'UserDisplayName')))
  addSource(doc, pickText(inner, 'ipAddress', 'IPAddress') ?? pickText(record, 'callerIpAddress', 'CallerIpAddress'))
  addGeo(doc, inner)
  addTenant(doc, record)
  const agent = pickText(inner, 'userAgent', 'UserAgent')
  if (agent !== undefined) doc['user_agent'] = { original: agent }
  const application = pickText(inner, 'appDisplayName', 'AppDisplayName')
  if (application !== undefined) doc['service'] = { name: application }
  relate(doc, name)
  doc['message'] = sentence(
    'sign-in',
    name === undefined ? '' : `of ${name}`,
    application === undefined ? '' : `to ${application}`,
    code === 0 ? '' : reason,
  )
}

/** AADSTS codes of sign-ins that wait for the user: keep me signed in, more information, a second factor. */
const INTERRUPTED: ReadonlySet<number> = new Set([
  50_055, 50_072, 50_074, 50_076, 50_079, 50_125, 50_127, 50_129, 50_140, 50_143, 50_144,
])

/** Where Microsoft believes the address to be. */
function addGeo(doc: Draft, inner: JsonObject): void {
  const source = doc['source'] as Draft | undefined
  const location = pickObject(inner, 'location', 'LocationDetails')
  if (source === undefined || location === undefined) return
  const geo: Draft = {}
  put(geo, 'city_name', pickText(location, 'city'))
  put(geo, 'region_name', pickText(location, 'state'))
  put(geo, 'country_iso_code', pickText(location, 'countryOrRegion'))
  putObject(source, 'geo', geo)
}
