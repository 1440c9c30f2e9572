import { endpoint } from '../../normalise/address.ts'
import { questionOf } from '../../normalise/domain.ts'
import { type Draft, integer, put, related } from '../../normalise/draft.ts'

/** A resolver's line without its time: undefined if it tells of no query. */
export function readDnsMessage(message: string): Draft | undefined {
  return bind(message) ?? dnsmasq(message) ?? unbound(message)
}

/** Category and severity, which a channel may print, then the client; the name in brackets is the view of the first query. */
const BIND_CLIENT =
  /^(?:[a-z-]+: )?(?:[a-z]+: )?client (?:@0x[0-9a-f]+ )?([0-9a-fA-F.:%]+)#(\d{1,5})(?: \((.*?)\))?: (?:view [^:]+: )?(.*)$/s
/** `query: name class type flags (server)` */
const BIND_QUERY = /^query: (\S+) (\S+) (\S+) \S+(?: \(([^)]*)\))?/
/** `query (cache) 'name/type/class' denied`, `zone transfer 'name/AXFR/IN' denied` */
const BIND_DENIED = /^(query|query \(cache\)|zone transfer|update) '(.*)\/([^/']*)\/([^/']*)' denied/

function bind(message: string): Draft | undefined {
  const client = BIND_CLIENT.exec(message)
  if (client === null) return undefined
  const [, address, port, , rest] = client
  const query = BIND_QUERY.exec(rest!)
  if (query !== null)
    return draftOf({ name: query[1]!, class: query[2], type: query[3], client: address, port, server: query[4] })
  const denied = BIND_DENIED.exec(rest!)
  if (denied === null) return undefined
  const draft = draftOf({ name: denied[2]!, class: denied[4], type: denied[3], client: address, port })
  const event = draft['event'] as Draft
  event['action'] = denied[1] === 'zone transfer' ? 'dns_zone_transfer' : denied[1] === 'update' ? 'dns_update' : 'dns_query'
  event['type'] = ['protocol', 'denied']
  event['outcome'] = 'failure'
  ;(draft['dns'] as Draft)['response_code'] = 'REFUSED'
  return draft
}

/** `query[A] name from 10.0.0.5`; with `log-queries=extra` a serial number and the client stand before it. */
const DNSMASQ = /^(?:\d+ [0-9a-fA-F.:]+\/(\d+) )?query\[([A-Za-z0-9=]+)\] (\S+) from ([0-9a-fA-F.:]+)$/

function dnsmasq(message: string): Draft | undefined {
  const match = DNSMASQ.exec(message)
  return match === null ? undefined : draftOf({ name: match[3]!, type: match[2], client: match[4], port: match[1] })
}

/** `[1234:0] info: 10.0.0.5 name. A IN` */
const UNBOUND = /^(?:\[\d+:\d+\] )?info: ([0-9a-fA-F.:]+) (\S+) ([A-Z0-9]+) (IN|CH|HS|ANY)$/

function unbound(message: string): Draft | undefined {
  const match = UNBOUND.exec(message)
  return match === null ? undefined : draftOf({ name: match[2]!, type: match[3], class: match[4], client: match[1] })
}

interface Query {
  readonly name: string
  readonly class?: string | undefined
  readonly type?: string | undefined
  readonly client?: string | undefined
  readonly port?: string | undefined
  readonly server?: string | undefined
}

function draftOf(query: Query): Draft {
  const question = questionOf(query.name)
  put(question, 'class', query.class)
  put(question, 'type', query.type)
  const source = endpoint(query.client, integer(query.port))
  const draft: Draft = {
    event: { kind: 'event', action: 'dns_query', category: ['network'], type: ['protocol', 'info'] },
    dns: { type: 'query', question },
    network: { protocol: 'dns' },
  }
  put(draft, 'source', source)
  put(draft, 'destination', endpoint(query.server, undefined))
  const relation: Draft = {}
  put(relation, 'ip', related(source?.['ip'] as string | undefined))
  put(relation, 'hosts', related(question['name'] as string))
  draft['related'] = relation
  return draft
}
