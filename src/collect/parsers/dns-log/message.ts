import { endpoint, ipOf } from '../../normalise/address.ts'
import { questionOf } from '../../normalise/domain.ts'
import { type Draft, integer, put, related } from '../../normalise/draft.ts'

/** A resolver's line without its time: undefined if it tells of no query. */
export function readDnsMessage(message: string): Draft | undefined {
  return bind(message) ?? dnsmasq(message) ?? dnsmasqAnswer(message) ?? unbound(message)
}

/** Category and severity, which a channel may print, then the client; the name in brackets is the view of the first query. */
const BIND_CLIENT =
  /^(?:[a-z-]+: )?(?:[a-z]+: )?client (?:@0x[0-9a-f]+ )?([0-9a-fA-F.:%]+)#(\d{1,5})(?: \((.*?)\))?: (?:view [^:]+: )?(.*)$/s
/** `query: name class type flags (server)` */
const BIND_QUERY = /^query: (\S+) (\S+) (\S+) \S+(?: \(([^)]*)\))?/
/** `query (cache) 'name/type/class' denied`, `zone transfer 'name/AXFR/IN' denied` */
const BIND_DENIED = /^(query|query \(cache\)|zone transfer|update) '(.*)\/([^/']*)\/([^/']*)' denied/

/** `bad zone transfer request: 'name/class': why (RCODE)` */
const BIND_BAD_TRANSFER = /^bad zone transfer request: '(.*)\/([^/']*)': (.*?)(?: \(([A-Z]{2,12})\))?$/
/** `rpz QNAME NXDOMAIN rewrite name/type/class via policy`: the answer is the operator's. */
const BIND_POLICY = /^rpz (\S+) (\S+) rewrite (\S+?)\/([A-Z0-9]+)\/([A-Z]+) via (\S+)/

function bind(message: string): Draft | undefined {
  const client = BIND_CLIENT.exec(message)
  if (client === null) return undefined
  const [, address, port, , rest] = client
  const query = BIND_QUERY.exec(rest!)
  if (query !== null)
    return draftOf({ name: query[1]!, class: query[2], type: query[3], client: address, port, server: query[4] })
  const denied = BIND_DENIED.exec(rest!)
  if (denied !== null) {
    const draft = draftOf({ name: denied[2]!, class: denied[4], type: denied[3], client: address, port })
    const action = denied[1] === 'zone transfer' ? 'dns_zone_transfer' : denied[1] === 'update' ? 'dns_update' : 'dns_query'
    return refused(draft, action, 'REFUSED')
  }
  const transfer = BIND_BAD_TRANSFER.exec(rest!)
  if (transfer !== null) {
    const draft = draftOf({ name: transfer[1]!, class: transfer[2], type: 'AXFR', client: address, port })
    ;(draft['event'] as Draft)['reason'] = transfer[3]!
    return refused(draft, 'dns_zone_transfer', transfer[4] ?? 'REFUSED')
  }
  const policy = BIND_POLICY.exec(rest!)
  if (policy === null) return undefined
  const draft = draftOf({ name: policy[3]!, class: policy[5], type: policy[4], client: address, port })
  draft['rule'] = { name: policy[6]!, category: policy[1]! }
  return refused(draft, 'dns_query', policy[2] === 'NXDOMAIN' ? 'NXDOMAIN' : undefined)
}

function refused(draft: Draft, action: string, code: string | undefined): Draft {
  const event = draft['event'] as Draft
  event['action'] = action
  event['type'] = ['protocol', 'denied']
  event['outcome'] = 'failure'
  put(draft['dns'] as Draft, 'response_code', code)
  return draft
}

/** `query[A] name from 10.0.0.5`; with `log-queries=extra` a serial number and the client stand before it. */
const DNSMASQ = /^(?:\d+ [0-9a-fA-F.:]+\/(\d+) )?query\[([A-Za-z0-9=]+)\] (\S+) from ([0-9a-fA-F.:]+)$/

function dnsmasq(message: string): Draft | undefined {
  const match = DNSMASQ.exec(message)
  return match === null ? undefined : draftOf({ name: match[3]!, type: match[2], client: match[4], port: match[1] })
}

/** `reply name is 192.0.2.4`, also `cached`, `config`, or a hosts file; NXDOMAIN, `NODATA-IPv6` and `<CNAME>` stand for the address. */
const DNSMASQ_ANSWER = /^(?:\d+ ([0-9a-fA-F.:]+)\/(\d+) )?(?:reply|cached|config|hosts|\/\S+) (\S+) is (\S+)(?: .*)?$/

function dnsmasqAnswer(message: string): Draft | undefined {
  const match = DNSMASQ_ANSWER.exec(message)
  if (match === null) return undefined
  const [, client, port, name = '', value = ''] = match
  // `reply error is REFUSED` names no question.
  const draft = draftOf({ name, client, port })
  const dns = draft['dns'] as Draft
  if (name === 'error') {
    delete dns['question']
    delete draft['related']
  }
  return answered(draft, value)
}

const CODES: ReadonlySet<string> = new Set(['NXDOMAIN', 'REFUSED', 'SERVFAIL'])

function answered(draft: Draft, value: string): Draft {
  const event = draft['event'] as Draft
  event['action'] = 'dns_answer'
  const dns = draft['dns'] as Draft
  dns['type'] = 'answer'
  const ip = ipOf(value)
  if (ip !== undefined) {
    dns['answers'] = [{ type: ip.includes(':') ? 'AAAA' : 'A', data: ip }]
    dns['resolved_ip'] = [ip]
    dns['response_code'] = 'NOERROR'
  } else if (CODES.has(value)) dns['response_code'] = value
  else if (value.startsWith('NODATA')) dns['response_code'] = 'NOERROR'
  else if (!value.startsWith('<')) dns['answers'] = [{ data: value }]
  return draft
}

/** `[1234:0] info: 10.0.0.5 name. A IN`, and as a reply with code, seconds, from cache, bytes. */
const UNBOUND = /^(?:\[\d+:\d+\] )?info: ([0-9a-fA-F.:]+) (\S+) ([A-Z0-9]+) (IN|CH|HS|ANY)(?: ([A-Z]+) (\d+\.\d+) [01] (\d+))?$/

function unbound(message: string): Draft | undefined {
  const match = UNBOUND.exec(message)
  if (match === null) return undefined
  const [, client, name, type, dnsClass, code, seconds, bytes] = match
  const draft = draftOf({ name: name!, type, class: dnsClass, client })
  if (code === undefined) return draft
  const event = draft['event'] as Draft
  event['action'] = 'dns_answer'
  event['duration'] = Math.round(Number(seconds) * 1e9)
  const dns = draft['dns'] as Draft
  dns['type'] = 'answer'
  dns['response_code'] = code
  put(draft['network'] as Draft, 'bytes', integer(bytes))
  return draft
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
