import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { questionOf } from '../../normalise/domain.ts'
import { type Draft, put, putObject, related } from '../../normalise/draft.ts'
import { fileOf } from '../../normalise/path.ts'
import { pick, pickList, pickNumber, pickText } from '../../normalise/pick.ts'
import { urlOf } from '../../normalise/url.ts'

/** What all logs of connections share: the two ends, the transport, the service. */
export function fillCommon(doc: Draft, row: JsonObject): void {
  const source = endpoint(pickText(row, 'id.orig_h'), pickNumber(row, 'id.orig_p'))
  const destination = endpoint(pickText(row, 'id.resp_h'), pickNumber(row, 'id.resp_p'))
  put(doc, 'source', source)
  put(doc, 'destination', destination)
  const network: Draft = {}
  put(network, 'transport', pickText(row, 'proto'))
  put(network, 'community_id', pickText(row, 'community_id'))
  const address = source?.['ip'] as string | undefined
  if (address !== undefined) network['type'] = address.includes(':') ? 'ipv6' : 'ipv4'
  putObject(doc, 'network', network)
  relate(doc, 'ip', address, destination?.['ip'] as string | undefined)
}

function relate(doc: Draft, kind: 'ip' | 'user' | 'hosts' | 'hash', ...values: readonly (string | undefined)[]): void {
  const list = related(...values)
  if (list === undefined) return
  const relation = { ...(doc['related'] as Draft | undefined) }
  relation[kind] = [...new Set([...((relation[kind] as readonly string[] | undefined) ?? []), ...(list as readonly string[])])]
  doc['related'] = relation
}

function classify(doc: Draft, category: readonly string[], type: readonly string[], outcome?: string): void {
  const event = doc['event'] as Draft
  event['category'] = [...category]
  event['type'] = [...type]
  put(event, 'outcome', outcome)
}

function protocol(doc: Draft, name: string): void {
  doc['network'] = { ...(doc['network'] as Draft | undefined), protocol: name }
}

type Fill = (doc: Draft, row: JsonObject) => void

const FILLS: Readonly<Record<string, Fill>> = {
  conn,
  dns,
  http,
  ssl,
  files,
  ssh,
  notice,
  weird,
  intel,
  kerberos: authentication('kerberos', 'client', (row) => pick(row, 'success')),
  ntlm: authentication('ntlm', 'username', (row) => pick(row, 'success')),
  rdp,
  ftp,
  smtp,
  smb_files: smbFiles,
  smb_mapping: plain('smb'),
  dce_rpc: plain('dce_rpc'),
  x509,
  dhcp: plain('dhcp'),
}

export function fillLog(doc: Draft, row: JsonObject, log: string): void {
  if (Object.hasOwn(FILLS, log)) FILLS[log]!(doc, row)
  else if (doc['source'] !== undefined || doc['destination'] !== undefined) classify(doc, ['network'], ['info'])
}

/** `conn_state`: S0 had no answer, REJ was rejected, and so on. */
const FAILED: ReadonlySet<string> = new Set(['S0', 'REJ', 'RSTOS0', 'RSTRH', 'SH', 'SHR'])

function conn(doc: Draft, row: JsonObject): void {
  const state = pickText(row, 'conn_state')
  classify(doc, ['network'], state === 'REJ' ? ['connection', 'denied'] : ['connection', 'end'])
  const event = doc['event'] as Draft
  if (state !== undefined) event['outcome'] = FAILED.has(state) ? 'failure' : 'success'
  const seconds = pickNumber(row, 'duration')
  if (seconds !== undefined) event['duration'] = Math.round(seconds * 1e9)
  const service = pickText(row, 'service')
  if (service !== undefined) protocol(doc, service.split(',', 1)[0]!)
  const sent = pickNumber(row, 'orig_ip_bytes', 'orig_bytes')
  const got = pickNumber(row, 'resp_ip_bytes', 'resp_bytes')
  side(doc, 'source', 'bytes', sent)
  side(doc, 'destination', 'bytes', got)
  side(doc, 'source', 'packets', pickNumber(row, 'orig_pkts'))
  side(doc, 'destination', 'packets', pickNumber(row, 'resp_pkts'))
  side(doc, 'source', 'mac', pickText(row, 'orig_l2_addr')?.toUpperCase().replaceAll(':', '-'))
  side(doc, 'destination', 'mac', pickText(row, 'resp_l2_addr')?.toUpperCase().replaceAll(':', '-'))
  if (sent !== undefined && got !== undefined) doc['network'] = { ...(doc['network'] as Draft | undefined), bytes: sent + got }
}

function side(doc: Draft, name: 'source' | 'destination', member: string, value: string | number | undefined): void {
  if (value !== undefined && doc[name] !== undefined) doc[name] = { ...(doc[name] as Draft), [member]: value }
}

function dns(doc: Draft, row: JsonObject): void {
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
  const id = pickNumber(row, 'trans_id')
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

function http(doc: Draft, row: JsonObject): void {
  const status = pickNumber(row, 'status_code')
  classify(
    doc,
    ['network', 'web'],
    ['connection', 'protocol', 'access'],
    status === undefined ? undefined : status < 400 ? 'success' : 'failure',
  )
  protocol(doc, 'http')
  const host = pickText(row, 'host')
  const uri = pickText(row, 'uri')
  if (uri !== undefined) doc['url'] = urlOf(uri, host, pickNumber(row, 'id.resp_p'))
  const request: Draft = {}
  put(request, 'method', pickText(row, 'method'))
  put(request, 'referrer', pickText(row, 'referrer'))
  body(request, pickNumber(row, 'request_body_len'))
  const response: Draft = {}
  put(response, 'status_code', status)
  put(response, 'mime_type', pickText(row, 'resp_mime_types.0') ?? first(pickList(row, 'resp_mime_types')))
  body(response, pickNumber(row, 'response_body_len'))
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

function body(part: Draft, bytes: number | undefined): void {
  if (bytes !== undefined) part['body'] = { bytes }
}

function first(list: readonly JsonValue[]): string | undefined {
  const value = list[0]
  return typeof value === 'string' ? value : undefined
}

function user(doc: Draft, name: string | undefined): void {
  if (name === undefined) return
  doc['user'] = { name }
  relate(doc, 'user', name)
}

function ssl(doc: Draft, row: JsonObject): void {
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

function files(doc: Draft, row: JsonObject): void {
  classify(doc, ['file', 'network'], ['info'])
  const name = pickText(row, 'filename')
  const file: Draft = name === undefined ? {} : fileOf(name)
  put(file, 'mime_type', pickText(row, 'mime_type'))
  put(file, 'size', pickNumber(row, 'total_bytes', 'seen_bytes'))
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

/** `auth_success` is what Zeek infers from the sizes of packets. */
function ssh(doc: Draft, row: JsonObject): void {
  const success = pick(row, 'auth_success')
  const known = typeof success === 'boolean'
  classify(
    doc,
    known ? ['network', 'authentication'] : ['network'],
    ['connection', 'info'],
    known ? (success ? 'success' : 'failure') : undefined,
  )
  protocol(doc, 'ssh')
}

function notice(doc: Draft, row: JsonObject): void {
  classify(doc, ['intrusion_detection', 'network'], ['info'])
  ;(doc['event'] as Draft)['kind'] = 'alert'
  const rule: Draft = {}
  put(rule, 'name', pickText(row, 'note'))
  put(rule, 'description', pickText(row, 'msg'))
  putObject(doc, 'rule', rule)
  put(doc, 'message', pickText(row, 'msg'))
  if (doc['source'] === undefined) put(doc, 'source', endpoint(pickText(row, 'src'), undefined))
  if (doc['destination'] === undefined) put(doc, 'destination', endpoint(pickText(row, 'dst'), pickNumber(row, 'p')))
  relate(doc, 'ip', ipOf(pickText(row, 'src')), ipOf(pickText(row, 'dst')))
}

function weird(doc: Draft, row: JsonObject): void {
  classify(doc, ['network'], ['info'])
  const name = pickText(row, 'name')
  if (name !== undefined) doc['rule'] = { name }
}

function intel(doc: Draft, row: JsonObject): void {
  classify(doc, ['threat', 'network'], ['indicator'])
  ;(doc['event'] as Draft)['kind'] = 'enrichment'
  const indicator: Draft = {}
  put(indicator, 'name', pickText(row, 'seen.indicator'))
  put(
    indicator,
    'type',
    pickText(row, 'seen.indicator_type')
      ?.replace(/^Intel::/, '')
      .toLowerCase(),
  )
  const threat: Draft = {}
  putObject(threat, 'indicator', indicator)
  putObject(doc, 'threat', threat)
}

function authentication(name: string, field: string, of: (row: JsonObject) => JsonValue | undefined): Fill {
  return (doc, row) => {
    const success = of(row)
    classify(
      doc,
      ['network', 'authentication'],
      ['connection', 'info'],
      typeof success === 'boolean' ? (success ? 'success' : 'failure') : undefined,
    )
    protocol(doc, name)
    user(doc, pickText(row, field))
  }
}

function rdp(doc: Draft, row: JsonObject): void {
  classify(doc, ['network'], ['connection', 'info'])
  protocol(doc, 'rdp')
  user(doc, pickText(row, 'cookie'))
}

function ftp(doc: Draft, row: JsonObject): void {
  const code = pickNumber(row, 'reply_code')
  classify(doc, ['network', 'file'], ['connection', 'info'], code === undefined ? undefined : code < 400 ? 'success' : 'failure')
  protocol(doc, 'ftp')
  user(doc, pickText(row, 'user'))
}

function smtp(doc: Draft, row: JsonObject): void {
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

const SMB_TYPES: Readonly<Record<string, string>> = {
  'SMB::FILE_OPEN': 'access',
  'SMB::FILE_READ': 'access',
  'SMB::FILE_WRITE': 'change',
  'SMB::FILE_RENAME': 'change',
  'SMB::FILE_DELETE': 'deletion',
}

function smbFiles(doc: Draft, row: JsonObject): void {
  const action = pickText(row, 'action')
  classify(doc, ['network', 'file'], [SMB_TYPES[action ?? ''] ?? 'info'])
  put(doc['event'] as Draft, 'action', action)
  protocol(doc, 'smb')
  const name = pickText(row, 'name')
  const share = pickText(row, 'path')
  if (name !== undefined) doc['file'] = fileOf(share === undefined ? name : `${share}\\${name}`)
}

function x509(doc: Draft, row: JsonObject): void {
  classify(doc, ['network'], ['info'])
  const certificate: Draft = {}
  put(certificate, 'serial_number', pickText(row, 'certificate.serial'))
  const server: Draft = {}
  put(server, 'subject', pickText(row, 'certificate.subject'))
  put(server, 'issuer', pickText(row, 'certificate.issuer'))
  putObject(server, 'x509', certificate)
  if (Object.keys(server).length > 0) doc['tls'] = { server }
}

function plain(name: string): Fill {
  return (doc) => {
    classify(doc, ['network'], ['protocol', 'info'])
    protocol(doc, name)
  }
}
