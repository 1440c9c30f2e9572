import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, known, put, related } from '../../normalise/draft.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { urlOf } from '../../normalise/url.ts'
import { type AccessLine, readAccessLine } from './line.ts'

/**
 * Access logs of nginx (combined, also with `$http_x_forwarded_for` at the end) and Apache (common, combined, and combined
 * with the virtual host in front), from a file or through syslog, whose header then names the host. Requests are what
 * clients sent: junk in them is kept, and a request that is none at all is still an event.
 */
export const webAccess: Parser = {
  id: 'web-access',

  accepts({ text }) {
    return text !== undefined && /\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "/.test(text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an access log record is text; this is JSON' }
    const plain = readAccessLine(text)
    if (plain !== undefined && !text.startsWith('<'))
      return [{ observed: plain.observed, ecs: documentOf(plain, { message: text }) }]
    const frame = readSyslog(text, context)
    const framed = frame === undefined ? undefined : readAccessLine(frame.message)
    if (frame === undefined || framed === undefined) return { unknown: 'not a line of the common or combined log format' }
    return [{ observed: framed.observed, ecs: documentOf(framed, frameDocument(frame)) }]
  },
}

const CATEGORY = ['web']
const TYPE = ['access']

function documentOf(line: AccessLine, doc: Draft): Draft {
  const event: Draft = { kind: 'event', category: CATEGORY, type: TYPE }
  if (line.status !== undefined) event['outcome'] = line.status < 400 ? 'success' : 'failure'
  if (line.malformed) event['reason'] = 'malformed request line'
  doc['event'] = event
  const source = endpoint(line.client, undefined)
  put(doc, 'source', source)
  if (line.user !== undefined) doc['user'] = { name: line.user }
  if (line.target !== undefined) doc['url'] = urlOf(line.target, line.virtualHost, line.virtualPort)

  const request: Draft = {}
  put(request, 'method', line.method)
  put(request, 'referrer', line.referrer)
  const response: Draft = {}
  put(response, 'status_code', line.status)
  if (line.bytes !== undefined) response['body'] = { bytes: line.bytes }
  const http: Draft = { request, response }
  put(http, 'version', line.version)
  doc['http'] = http

  if (line.agent !== undefined) doc['user_agent'] = { original: line.agent }
  const forwarded = ipOf(line.forwarded)
  if (forwarded !== undefined) doc['network'] = { forwarded_ip: forwarded }
  const relation: Draft = {}
  put(relation, 'ip', related(source?.['ip'] as string | undefined, forwarded))
  put(relation, 'user', related(line.user))
  put(relation, 'hosts', related(known(line.virtualHost)))
  for (const _member in relation) {
    doc['related'] = relation
    break
  }
  return doc
}
