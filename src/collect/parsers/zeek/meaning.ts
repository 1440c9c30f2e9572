import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { endpoint, ipOf } from '../../normalise/address.ts'
import { type Draft, put, putObject } from '../../normalise/draft.ts'
import { fileOf } from '../../normalise/path.ts'
import { pick, pickInteger, pickNumber, pickText } from '../../normalise/pick.ts'
import { dns, files, http, smtp, ssl, x509 } from './content.ts'
import { classify, protocol, relate, side, user } from './parts.ts'

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
  const nanoseconds = seconds === undefined ? undefined : Math.round(seconds * 1e9)
  if (nanoseconds !== undefined && Number.isSafeInteger(nanoseconds)) event['duration'] = nanoseconds
  const service = pickText(row, 'service')
  if (service !== undefined) protocol(doc, service.split(',', 1)[0]!)
  const sent = pickInteger(row, 'orig_ip_bytes', 'orig_bytes')
  const got = pickInteger(row, 'resp_ip_bytes', 'resp_bytes')
  side(doc, 'source', 'bytes', sent)
  side(doc, 'destination', 'bytes', got)
  side(doc, 'source', 'packets', pickInteger(row, 'orig_pkts'))
  side(doc, 'destination', 'packets', pickInteger(row, 'resp_pkts'))
  side(doc, 'source', 'mac', pickText(row, 'orig_l2_addr')?.toUpperCase().replaceAll(':', '-'))
  side(doc, 'destination', 'mac', pickText(row, 'resp_l2_addr')?.toUpperCase().replaceAll(':', '-'))
  if (sent !== undefined && got !== undefined) doc['network'] = { ...(doc['network'] as Draft | undefined), bytes: sent + got }
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
  if (doc['destination'] === undefined) put(doc, 'destination', endpoint(pickText(row, 'dst'), pickInteger(row, 'p')))
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
  const code = pickInteger(row, 'reply_code')
  classify(doc, ['network', 'file'], ['connection', 'info'], code === undefined ? undefined : code < 400 ? 'success' : 'failure')
  protocol(doc, 'ftp')
  user(doc, pickText(row, 'user'))
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

function plain(name: string): Fill {
  return (doc) => {
    classify(doc, ['network'], ['protocol', 'info'])
    protocol(doc, name)
  }
}
