import type { JsonObject } from '../../../kernel/json.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { questionOf } from '../../normalise/domain.ts'
import { type Draft, put, putObject } from '../../normalise/draft.ts'
import { fileOf } from '../../normalise/path.ts'
import { pick, pickInteger, pickList, pickText } from '../../normalise/pick.ts'
import { urlOf } from '../../normalise/url.ts'
import { body, classify, first, protocol, relate, user } from './parts.ts'

export function dns(doc: Draft, row: JsonObject): void {
  classify(doc, ['network'], ['protocol', 'info'])
  protocol(doc, 'dns')
  const name = pickText(row, 'query')
  const answers = pickList(row, 'answers').filter((one) => typeof one === 'string')
  const made: Draft = { type: answers.length > 0 || row['rcode'] !== undefined ? 'answer' : 'query' }
  if (name !== undefined) {
    const question = questionOf(name)
    put(question, 'type', pickText(row, 'qtype_name'))
    put(question, 'class', pickText(row, 'qclass_name')?.replace('C_INTERNET', 'IN'))
    made['question'] = question
    relate(doc, 'hosts', name)
  }
  const id = pickInteger(row, 'trans_id')
  if (id !== undefined) made['id'] = String(id)
  put(made, 'response_code', pickText(row, 'rcode_name'))
  if (answers.length > 0) made['answers'] = answers.map((data) => ({ data }))
  const ips = answers.map((one) => ipOf(one)).filter((ip) => ip !== undefined)
  if (ips.length > 0) made['resolved_ip'] = ips
  relate(doc, 'ip', ...ips)
  doc['dns'] = made
  const code = pickText(row, 'rcode_name')
  if (code !== undefined) (doc['event'] as Draft)['outcome'] = code === 'NOERROR' ? 'success' : 'failure'
}

export function http(doc: Draft, row: JsonObject): void {
  const status = pickInteger(row, 'status_code')
  classify(
    doc,
    ['network', 'web'],
    ['connection', 'protocol', 'access'],
    status === undefined ? undefined : status < 400 ? 'success' : 'failure',
  )
  protocol(doc, 'http')
  const host = pickText(row, 'host')
  const uri = pickText(row, 'uri')
  if (uri !== undefined) doc['url'] = urlOf(uri, host, pickInteger(row, 'id.resp_p'))
  const request: Draft = {}
  put(request, 'method', pickText(row, 'method'))
  put(request, 'referrer', pickText(row, 'referrer'))
  body(request, pickInteger(row, 'request_body_len'))
  const response: Draft = {}
  put(response, 'status_code', status)
  put(response, 'mime_type', pickText(row, 'resp_mime_types.0') ?? first(pickList(row, 'resp_mime_types')))
  body(response, pickInteger(row, 'response_body_len'))
  const made: Draft = {}
  putObject(made, 'request', request)
  putObject(made, 'response', response)
  put(made, 'version', pickText(row, 'version'))
  putObject(doc, 'http', made)
  const agent = pickText(row, 'user_agent')
  if (agent !== undefined) doc['user_agent'] = { original: agent }
  user(doc, pickText(row, 'username'))
  relate(doc, 'hosts', host)
}

export function ssl(doc: Draft, row: JsonObject): void {
  const established = pick(row, 'established')
  classify(
    doc,
    ['network'],
    ['connection', 'protocol'],
    typeof established === 'boolean' ? (established ? 'success' : 'failure') : undefined,
  )
  protocol(doc, 'tls')
  const tls: Draft = {}
  const version = /^(TLS|SSL|DTLS)v?(\d+)$/i.exec(pickText(row, 'version') ?? '')
  if (version !== null) {
    tls['version_protocol'] = version[1]!.toLowerCase()
    tls['version'] = version[2]!.length === 2 ? `${version[2]![0]}.${version[2]![1]}` : version[2]!
  }
  put(tls, 'cipher', pickText(row, 'cipher'))
  put(tls, 'curve', pickText(row, 'curve'))
  if (typeof established === 'boolean') tls['established'] = established
  const resumed = pick(row, 'resumed')
  if (typeof resumed === 'boolean') tls['resumed'] = resumed
  put(tls, 'next_protocol', pickText(row, 'next_protocol'))
  const name = pickText(row, 'server_name')
  const client: Draft = {}
  put(client, 'server_name', name)
  put(client, 'ja3', pickText(row, 'ja3'))
  put(client, 'subject', pickText(row, 'client_subject'))
  putObject(tls, 'client', client)
  const server: Draft = {}
  put(server, 'ja3s', pickText(row, 'ja3s'))
  put(server, 'subject', pickText(row, 'subject'))
  put(server, 'issuer', pickText(row, 'issuer'))
  putObject(tls, 'server', server)
  putObject(doc, 'tls', tls)
  relate(doc, 'hosts', name)
}

export function files(doc: Draft, row: JsonObject): void {
  classify(doc, ['file', 'network'], ['info'])
  const name = pickText(row, 'filename')
  const file: Draft = name === undefined ? {} : fileOf(name)
  put(file, 'mime_type', pickText(row, 'mime_type'))
  put(file, 'size', pickInteger(row, 'total_bytes', 'seen_bytes'))
  const hash: Draft = {}
  for (const kind of ['md5', 'sha1', 'sha256']) put(hash, kind, pickText(row, kind))
  putObject(file, 'hash', hash)
  putObject(doc, 'file', file)
  relate(doc, 'hash', ...Object.values(hash).map(String))
  const from = first(pickList(row, 'tx_hosts'))
  const to = first(pickList(row, 'rx_hosts'))
  if (doc['source'] === undefined) put(doc, 'source', endpoint(from, undefined))
  if (doc['destination'] === undefined) put(doc, 'destination', endpoint(to, undefined))
  relate(doc, 'ip', ipOf(from), ipOf(to))
}

export function smtp(doc: Draft, row: JsonObject): void {
  classify(doc, ['network', 'email'], ['protocol', 'info'])
  protocol(doc, 'smtp')
  const email: Draft = {}
  put(email, 'subject', pickText(row, 'subject'))
  put(email, 'message_id', pickText(row, 'msg_id'))
  const from = pickText(row, 'mailfrom', 'from')
  if (from !== undefined) email['from'] = { address: [from] }
  const to = pickList(row, 'rcptto', 'to').filter((one) => typeof one === 'string')
  if (to.length > 0) email['to'] = { address: [...to] }
  putObject(doc, 'email', email)
}

export function x509(doc: Draft, row: JsonObject): void {
  classify(doc, ['network'], ['info'])
  const certificate: Draft = {}
  put(certificate, 'serial_number', pickText(row, 'certificate.serial'))
  const server: Draft = {}
  put(server, 'subject', pickText(row, 'certificate.subject'))
  put(server, 'issuer', pickText(row, 'certificate.issuer'))
  putObject(server, 'x509', certificate)
  if (Object.keys(server).length > 0) doc['tls'] = { server }
}
