import type { JsonObject } from '../../../kernel/json.ts'
import { pick } from '../../normalise/pick.ts'

/** The log that a line belongs to, by fields that only it has, where nothing says its name. */
const TELLTALE: readonly (readonly [log: string, fields: readonly string[]])[] = [
  ['dns', ['qtype_name', 'rcode_name', 'rejected']],
  ['http', ['trans_depth', 'status_code', 'request_body_len']],
  ['notice', ['note']],
  ['weird', ['peer']],
  ['intel', ['seen']],
  ['files', ['fuid']],
  ['dce_rpc', ['endpoint', 'operation']],
  ['smb_files', ['tree']],
  ['smb_mapping', ['share_type', 'native_file_system']],
  ['kerberos', ['request_type', 'cipher']],
  ['ntlm', ['server_nb_computer_name', 'server_dns_computer_name']],
  ['x509', ['certificate']],
  ['ssh', ['auth_attempts', 'cipher_alg', 'host_key']],
  ['ssl', ['cipher', 'server_name', 'ssl_history']],
  ['rdp', ['security_protocol', 'cookie']],
  ['ftp', ['command', 'reply_code']],
  ['smtp', ['helo', 'mailfrom', 'rcptto']],
  ['conn', ['conn_state', 'history']],
]

export function logOf(row: JsonObject): string {
  return TELLTALE.find(([, fields]) => fields.some((field) => pick(row, field) !== undefined))?.[0] ?? 'unknown'
}
