import type { JsonObject } from '../../../../kernel/json.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { aliasTable, plainClass } from './plain-class.ts'

const ALIASES = aliasTable({
  'c-uri': ['uri'],
  'c-uri-query': ['uri'],
  'cs-uri': ['uri'],
  'cs-uri-query': ['uri'],
  'cs-uri-stem': ['uri'],
  'c-useragent': ['user_agent'],
  'cs-user-agent': ['user_agent'],
  'cs-method': ['method'],
  'cs-host': ['host'],
  'cs-referer': ['referrer'],
  'sc-status': ['status_code'],
  'c-ip': ['id.orig_h'],
  src_ip: ['id.orig_h'],
  dst_ip: ['id.resp_h'],
  src_port: ['id.orig_p'],
  dst_port: ['id.resp_p'],
  record_type: ['qtype_name'],
  answer: ['answers'],
})

const CATEGORIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['dns', ['dns']],
  ['http', ['proxy', 'webserver']],
  ['conn', ['firewall', 'network_connection']],
])

/** The log that a line belongs to, by its own fields, where no `_path` says it. */
const TELLTALE: readonly (readonly [string, readonly string[]])[] = [
  ['dns', ['qtype_name', 'rcode_name', 'rejected']],
  ['http', ['status_code', 'uri', 'user_agent', 'resp_mime_types']],
  ['dce_rpc', ['endpoint', 'operation']],
  ['smb_files', ['tree', 'times.modified']],
  ['kerberos', ['request_type', 'cipher']],
  ['x509', ['certificate.serial']],
  ['rdp', ['security_protocol', 'cookie']],
  ['conn', ['conn_state', 'history']],
]

const PATH = /^[a-z0-9_]{1,32}$/

/** Zeek logs as JSON. */
export function zeek(): EventShape {
  const classes = new Map<string, EventClass>()
  return {
    id: 'zeek',
    classify(doc) {
      const path = doc['_path']
      const isZeek = typeof path === 'string' ? PATH.test(path) : doc['uid'] !== undefined && doc['id.orig_h'] !== undefined
      if (!isZeek) return undefined
      const service = typeof path === 'string' ? path : telltale(doc)
      let known = classes.get(service)
      if (known === undefined) {
        if (classes.size > 256) classes.clear()
        known = plainClass(`zeek/${service}`, {
          product: 'zeek',
          services: [service],
          categories: CATEGORIES.get(service) ?? [],
          aliases: ALIASES,
        })
        classes.set(service, known)
      }
      return known
    },
  }
}

function telltale(doc: JsonObject): string {
  return TELLTALE.find(([, fields]) => fields.some((field) => doc[field] !== undefined))?.[0] ?? 'unknown'
}
