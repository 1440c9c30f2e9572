import type { Parser } from '../../../kernel/plugin.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, integer, known, put, putObject, related } from '../../normalise/draft.ts'
import { frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { urlOf } from '../../normalise/url.ts'
import { type AccessLine, readAccessLine } from './line.ts'
import { readTimeFirst } from './proxy-manager.ts'

/** The time in its brackets, and what comes behind it: the request, or at the beginning of the line anything. */
const TIME = /\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] (?:"|(?:\S+ ){3}.{0,300}"| ?\d{3} - )/

/**
 * Access logs of nginx (combined, also with `$http_x_forwarded_for` at the end) and Apache (common, combined, and combined
 * with the virtual host in front), and of nginx-proxy-manager, from a file or through syslog, whose header then names the host. Requests are what
 * clients sent: junk in them is kept, and a request that is none at all is still an event.
 */
export const webAccess: Parser = {
  id: 'web-access',

  accepts({ text }) {
    return text !== undefined && TIME.test(text)
  },

  parse({ text }, context) {
    if (text === undefined) return { unknown: 'an access log record is text; this is JSON' }
    const plain = readTimeFirst(text) ?? readAccessLine(text)
    if (plain !== undefined && !text.startsWith('<'))
      return [{ observed: plain.observed, ecs: documentOf(plain, { message: text }) }]
    const frame = readSyslog(text, context)
    const framed = frame === undefined ? undefined : (readTimeFirst(frame.message) ?? readAccessLine(frame.message))
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
  if (line.seconds !== undefined) event['duration'] = Math.round(line.seconds * 1e9)
  doc['event'] = event
  const source = endpoint(line.client, undefined)
  put(doc, 'source', source)
  if (line.user !== undefined) doc['user'] = { name: line.user }
  if (line.target !== undefined) doc['url'] = urlOf(line.target, line.virtualHost, line.virtualPort)
  if (line.scheme !== undefined) doc['url'] = { ...(doc['url'] as Draft | undefined), scheme: line.scheme }

  const request: Draft = {}
  put(request, 'method', line.method)
  put(request, 'id', line.requestId)
  put(request, 'referrer', line.referrer)
  const response: Draft = {}
  put(response, 'status_code', line.status)
  if (line.bytes !== undefined) response['body'] = { bytes: line.bytes }
  put(response, 'bytes', line.totalBytes)
  const http: Draft = { request, response }
  put(http, 'version', line.version)
  doc['http'] = http

  if (line.agent !== undefined) doc['user_agent'] = { original: line.agent }
  const forwarded = ipOf(line.forwarded)
  if (forwarded !== undefined) doc['network'] = { forwarded_ip: forwarded }
  addUpstream(doc, line)
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

/** Where nginx sent the request on to. */
function addUpstream(doc: Draft, { upstream, gzipRatio }: AccessLine): void {
  if (upstream === undefined && gzipRatio === undefined) return
  const server = /^(.*?)(?::(\d{1,5}))?$/.exec(upstream?.server ?? '')
  put(doc, 'destination', endpoint(server?.[1], integer(server?.[2])))
  const access: Draft = {}
  put(access, 'gzip_ratio', gzipRatio)
  put(access, 'upstream_status', upstream?.status)
  put(access, 'upstream_cache_status', upstream?.cache)
  putObject(doc, 'nginx', Object.keys(access).length === 0 ? {} : { access })
}
