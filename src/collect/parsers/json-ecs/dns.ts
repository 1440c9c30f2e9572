import { isJsonObject, type JsonValue } from '../../../kernel/json.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { questionOf } from '../../normalise/domain.ts'
import { type Draft, integer, put } from '../../normalise/draft.ts'

/**
 * DNS queries become ECS `dns.question` with its registered domain, whoever logged them: ECS senders that gave the name
 * alone, Zeek's `dns.log` (`query`, `id.orig_h`), Suricata's EVE (`event_type: dns`, `dns.rrname` or `dns.queries`).
 */
export function addDns(doc: Draft): void {
  const dns = isJsonObject(doc['dns']) ? (doc['dns'] as Draft) : undefined
  const question = isJsonObject(dns?.['question']) ? (dns['question'] as Draft) : undefined
  const name = question?.['name']
  if (typeof name === 'string') {
    if (question!['registered_domain'] === undefined) dns!['question'] = { ...question, ...questionOf(name) }
    classify(doc)
    return
  }
  const zeek = doc['query']
  if (typeof zeek === 'string' && (doc['qtype_name'] !== undefined || doc['qtype'] !== undefined)) fromZeek(doc, dns, zeek)
  else if (doc['event_type'] === 'dns' && dns !== undefined) fromSuricata(doc, dns)
}

function fromZeek(doc: Draft, dns: Draft | undefined, name: string): void {
  const question = questionOf(name)
  put(question, 'type', text(doc['qtype_name']))
  const made: Draft = { ...dns, question }
  put(made, 'response_code', text(doc['rcode_name']))
  const answers = doc['answers']
  if (Array.isArray(answers)) {
    const data = (answers as readonly JsonValue[]).filter((answer) => typeof answer === 'string')
    if (data.length > 0) made['answers'] = data.map((answer) => ({ data: answer }))
    const ips = data.map((answer) => ipOf(answer)).filter((ip) => ip !== undefined)
    if (ips.length > 0) made['resolved_ip'] = ips
  }
  doc['dns'] = made
  const id = isJsonObject(doc['id']) ? doc['id'] : {}
  fillEndpoint(doc, 'source', text(id['orig_h']), number(id['orig_p']))
  fillEndpoint(doc, 'destination', text(id['resp_h']), number(id['resp_p']))
  classify(doc)
}

function fromSuricata(doc: Draft, dns: Draft): void {
  const queries = dns['queries']
  const first = Array.isArray(queries) ? (queries as readonly JsonValue[])[0] : dns
  const name = isJsonObject(first) ? text(first['rrname']) : undefined
  if (name === undefined) return
  const question = questionOf(name)
  put(question, 'type', isJsonObject(first) ? text(first['rrtype']) : undefined)
  dns['question'] = question
  put(dns, 'response_code', text(dns['rcode']))
  fillEndpoint(doc, 'source', text(doc['src_ip']), number(doc['src_port']))
  fillEndpoint(doc, 'destination', text(doc['dest_ip']), number(doc['dest_port']))
  classify(doc)
}

function fillEndpoint(doc: Draft, name: 'source' | 'destination', address: string | undefined, port: number | undefined): void {
  if (doc[name] === undefined) put(doc, name, endpoint(address, port))
}

/** Category and type only where the sender gave none. */
function classify(doc: Draft): void {
  const event = (isJsonObject(doc['event']) ? doc['event'] : {}) as Draft
  event['category'] ??= ['network']
  event['type'] ??= ['protocol', 'info']
  doc['event'] = event
  const network = (isJsonObject(doc['network']) ? doc['network'] : {}) as Draft
  network['protocol'] ??= 'dns'
  doc['network'] = network
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function number(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : integer(text(value))
}
