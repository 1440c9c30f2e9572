import { endpoint, ipOf } from './address.ts'
import { type Draft, integer, known, put, putObject, related, safeKey } from './draft.ts'
import { urlOf } from './url.ts'

/** Fields of IIS by their names in the log; absent where the log has `-`. */
export type IisFields = Readonly<Record<string, string | undefined>>

/** Fields that have a place in ECS; the others stay under `iis.access` by their own names. */
const PLACED: ReadonlySet<string> = new Set(
  'date time s-ip s-port cs-method cs-uri-stem cs-uri-query cs-username c-ip c-port cs(User-Agent) cs(Referer) cs(Host) cs-host sc-status cs-bytes sc-bytes time-taken s-computername cs-version X-Forwarded-For'.split(
    ' ',
  ),
)

/** The ECS document of one request; spaces in the log's texts are `+`, and stay so: a real plus looks the same. */
export function iisDocument(fields: IisFields, message: string): Draft {
  const status = integer(fields['sc-status'])
  const event: Draft = { kind: 'event', module: 'iis', dataset: 'iis.access', category: ['web'], type: ['access'] }
  if (status !== undefined) event['outcome'] = status < 400 ? 'success' : 'failure'
  const taken = integer(fields['time-taken'])
  if (taken !== undefined) event['duration'] = taken * 1_000_000
  const doc: Draft = { message, event }
  const host = known(fields['s-computername'])
  if (host !== undefined) doc['host'] = { name: host, hostname: host }

  const source = endpoint(fields['c-ip'], integer(fields['c-port']))
  put(doc, 'source', source)
  const destination = endpoint(fields['s-ip'], integer(fields['s-port']))
  put(doc, 'destination', destination)
  const domain = /^(.*?)(?::(\d{1,5}))?$/.exec(known(fields['cs(Host)']) ?? known(fields['cs-host']) ?? '')
  const stem = known(fields['cs-uri-stem'])
  if (stem !== undefined) {
    const query = known(fields['cs-uri-query'])
    const port = integer(domain?.[2]) ?? (domain?.[1] === '' ? undefined : integer(fields['s-port']))
    doc['url'] = urlOf(query === undefined ? stem : `${stem}?${query}`, known(domain?.[1]), port)
  }

  const request: Draft = {}
  put(request, 'method', known(fields['cs-method']))
  put(request, 'referrer', known(fields['cs(Referer)']))
  put(request, 'bytes', integer(fields['cs-bytes']))
  const response: Draft = {}
  put(response, 'status_code', status)
  put(response, 'bytes', integer(fields['sc-bytes']))
  const http: Draft = {}
  putObject(http, 'request', request)
  putObject(http, 'response', response)
  put(http, 'version', known(fields['cs-version'])?.replace(/^HTTP\//, ''))
  putObject(doc, 'http', http)
  const agent = known(fields['cs(User-Agent)'])
  if (agent !== undefined) doc['user_agent'] = { original: agent }
  const user = userOf(known(fields['cs-username']))
  put(doc, 'user', user)
  const forwarded = ipOf(known(fields['X-Forwarded-For'])?.split(/[,+]/, 1)[0])
  if (forwarded !== undefined) doc['network'] = { forwarded_ip: forwarded }

  const rest: Draft = {}
  for (const name in fields) {
    const value = known(fields[name])
    if (value !== undefined && !PLACED.has(name)) rest[memberOf(name)] = integer(value) ?? value
  }
  if (forwarded === undefined) put(rest, 'x_forwarded_for', known(fields['X-Forwarded-For']))
  putObject(doc, 'iis', Object.keys(rest).length === 0 ? {} : { access: rest })

  const relation: Draft = {}
  put(relation, 'ip', related(ipOf(fields['c-ip']), forwarded, ipOf(fields['s-ip'])))
  put(relation, 'user', related(user?.['name'] as string | undefined))
  put(relation, 'hosts', related(known(domain?.[1]), host))
  putObject(doc, 'related', relation)
  return doc
}

/** `DOMAIN\user` or `user@domain`. */
function userOf(name: string | undefined): Draft | undefined {
  if (name === undefined) return undefined
  const slash = name.indexOf('\\')
  return slash > 0 ? { domain: name.slice(0, slash), name: name.slice(slash + 1) } : { name }
}

/** `cs(Cookie)` → `cs_cookie`. */
function memberOf(name: string): string {
  return (
    safeKey(
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^_+|_+$/g, ''),
    ) || 'unnamed'
  )
}
